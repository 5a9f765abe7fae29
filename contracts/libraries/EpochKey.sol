// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title EpochKey
/// @notice Epochs as keys of `Checkpoints.Trace208`, whose keys have 48 bits.
library EpochKey {
    /// @notice The key under which something that begins with `epoch` is written. Reverts if it does not fit.
    function write(uint256 epoch) internal pure returns (uint48) {
        return SafeCast.toUint48(epoch);
    }

    /// @notice The key to look `epoch` up by. No entry is later than the largest key, so a later epoch reads as that.
    function read(uint64 epoch) internal pure returns (uint48) {
        return epoch > type(uint48).max ? type(uint48).max : uint48(epoch);
    }
}
