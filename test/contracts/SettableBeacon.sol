// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISeedBeacon} from "../../contracts/epoch/ISeedBeacon.sol";
import {Sampling} from "../../contracts/libraries/Sampling.sol";

/// @notice A beacon whose values tests choose; anybody sets, as often as they like.
contract SettableBeacon is ISeedBeacon {
    struct Drawn {
        bytes32 seed;
        uint64 time;
    }

    mapping(uint64 epoch => Drawn) internal _drawn;

    /// @notice Draws the seed of `epoch` from `value` now.
    function set(uint64 epoch, bytes32 value) external returns (bytes32 seed) {
        seed = Sampling.seed(value, epoch);
        _drawn[epoch] = Drawn({seed: seed, time: uint64(block.timestamp)});
        emit SeedDrawn(epoch, seed, value, msg.sender);
    }

    /// @inheritdoc ISeedBeacon
    function seedOf(uint64 epoch) external view returns (bytes32 seed, uint64 drawnAt) {
        return (_drawn[epoch].seed, _drawn[epoch].time);
    }
}
