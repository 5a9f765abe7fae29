// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {IEpochClock} from "./IEpochClock.sol";
import {ISeedBeacon} from "./ISeedBeacon.sol";
import {ITippedBeacon} from "./ITippedBeacon.sol";

/// @title What every beacon keeps
/// @notice One seed per epoch, and a tip to whoever drew it. A beacon adds `draw`, which proves the value.
abstract contract TippedBeacon is ITippedBeacon, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Drawn {
        bytes32 seed;
        uint64 time;
    }

    IEpochClock private immutable _clock;
    IERC20 private immutable _asset;
    uint256 private immutable _tip;

    mapping(uint64 epoch => Drawn) private _drawn;
    /// @dev What tips are paid from, not yet promised to anybody.
    uint256 private _pot;
    mapping(address account => uint256) private _tips;

    /// @param clock Says when an epoch's seed time is.
    /// @param asset Token that tips are paid in.
    /// @param tip_ Tip per draw in the asset's smallest unit.
    constructor(IEpochClock clock, IERC20 asset, uint256 tip_) {
        _clock = clock;
        _asset = asset;
        _tip = tip_;
    }

    /// @inheritdoc ITippedBeacon
    function fundTips(uint256 amount) external nonReentrant {
        uint256 received = ExactTransfer.pull(_asset, msg.sender, amount);
        if (received != amount) revert TippedBeaconWrongTransfer(received, amount);
        _pot += amount;
        emit TipsFunded(msg.sender, amount);
    }

    /// @inheritdoc ITippedBeacon
    function claimTips() external nonReentrant returns (uint256 amount) {
        amount = _tips[msg.sender];
        if (amount == 0) return 0;
        _tips[msg.sender] = 0;
        emit TipsClaimed(msg.sender, amount);
        _asset.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ISeedBeacon
    function seedOf(uint64 epoch) external view returns (bytes32 seed, uint64 drawnAt) {
        Drawn storage drawn = _drawn[epoch];
        return (drawn.seed, drawn.time);
    }

    /// @inheritdoc ITippedBeacon
    function tip() external view returns (uint256) {
        return _tip;
    }

    /// @inheritdoc ITippedBeacon
    function tipsOf(address account) external view returns (uint256) {
        return _tips[account];
    }

    /// @dev Keeps the seed that `value` gives and owes the caller its tip. After `_undrawnSeedTime`.
    function _record(uint64 epoch, bytes32 value) internal returns (bytes32 seed) {
        seed = Sampling.seed(value, epoch);
        _drawn[epoch] = Drawn({seed: seed, time: uint64(block.timestamp)});
        emit SeedDrawn(epoch, seed, value, msg.sender);

        uint256 paid = Math.min(_tip, _pot);
        if (paid > 0) {
            _pot -= paid;
            _tips[msg.sender] += paid;
        }
    }

    /// @dev Seed time of an epoch that has no seed yet, Unix seconds.
    function _undrawnSeedTime(uint64 epoch) internal view returns (uint256) {
        if (_drawn[epoch].time != 0) revert TippedBeaconAlreadyDrawn(epoch);
        return _seedTime(epoch);
    }

    /// @dev Seed time of an epoch, Unix seconds.
    function _seedTime(uint64 epoch) internal view returns (uint256) {
        return _clock.times(epoch).seedTime;
    }

    /// @dev Refuses calls before `time`, Unix seconds.
    function _notBefore(uint256 time) internal view {
        if (block.timestamp < time) revert TippedBeaconTooEarly(block.timestamp, time);
    }
}
