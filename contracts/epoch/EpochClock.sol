// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EpochKey} from "../libraries/EpochKey.sol";
import {IEpochClock, Times, Windows} from "./IEpochClock.sol";

/// @title Time
/// @notice Epochs of a fixed length from a fixed genesis, and the windows of their steps, versioned by epoch.
/// @dev docs/protocol.md section 3. What has begun keeps its deadlines: windows change from two epochs ahead on, and
/// genesis, length and exit delay never.
contract EpochClock is IEpochClock, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;

    uint64 private immutable _genesis;
    uint64 private immutable _length;
    uint64 private immutable _exitDelay;

    /// @dev Every set of windows there ever was; `_indexes` maps a first epoch to its place here.
    Windows[] private _windows;
    Checkpoints.Trace208 private _indexes;

    /// @param authority The access manager that decides who may set windows.
    /// @param genesis_ Start of epoch 0, Unix seconds; may lie ahead.
    /// @param length_ Epoch length L, seconds.
    /// @param exitDelay_ Seconds between asking for an exit of stake and claiming it.
    /// @param windows_ Windows from epoch 0 on.
    constructor(address authority, uint64 genesis_, uint64 length_, uint64 exitDelay_, Windows memory windows_)
        AccessManaged(authority)
    {
        if (length_ == 0) revert EpochClockNoLength();
        _genesis = genesis_;
        _length = length_;
        _exitDelay = exitDelay_;
        _checkLaws(windows_, length_, exitDelay_);
        _append(0, windows_);
    }

    /// @inheritdoc IEpochClock
    function setWindows(uint64 firstEpoch, Windows calldata windows_) external restricted {
        (, uint48 last,) = _indexes.latestCheckpoint();
        uint256 need = uint256(current()) + 2;
        if (last > need) need = last;
        if (firstEpoch < need) revert EpochClockTooEarly(firstEpoch, need);
        _checkLaws(windows_, _length, _exitDelay);
        _checkShrink(windows(firstEpoch - 2), windows_);
        _checkShrink(windows(firstEpoch - 1), windows_);
        _append(firstEpoch, windows_);
    }

    /// @inheritdoc IEpochClock
    function genesis() external view returns (uint64) {
        return _genesis;
    }

    /// @inheritdoc IEpochClock
    function length() external view returns (uint64) {
        return _length;
    }

    /// @inheritdoc IEpochClock
    function exitDelay() external view returns (uint64) {
        return _exitDelay;
    }

    /// @inheritdoc IEpochClock
    function current() public view returns (uint64 epoch) {
        return epochAt(block.timestamp);
    }

    /// @inheritdoc IEpochClock
    function epochAt(uint256 timestamp) public view returns (uint64 epoch) {
        if (timestamp < _genesis) revert EpochClockBeforeGenesis(timestamp, _genesis);
        return SafeCast.toUint64((timestamp - _genesis) / _length);
    }

    /// @inheritdoc IEpochClock
    function windows(uint64 epoch) public view returns (Windows memory) {
        return _windows[_indexes.upperLookupRecent(EpochKey.read(epoch))];
    }

    /// @inheritdoc IEpochClock
    function times(uint64 epoch) external view returns (Times memory moments) {
        Windows memory w = windows(epoch);
        // Counted in 256 bits, so that an epoch beyond all time is refused by one cast at the end.
        uint256 start = _genesis + uint256(epoch) * _length;
        uint256 end = start + _length;
        uint256 logEnd = end + w.logWindow;
        uint256 seedTime = logEnd + w.beaconLag;
        uint256 openEnd = seedTime + w.openWindow;
        uint256 commitEnd = openEnd + w.commitWindow;
        uint256 outputEnd = commitEnd + w.outputWindow;
        uint256 revealEnd = outputEnd + w.revealWindow;
        uint256 settleEnd = revealEnd + _length;
        uint64 disputeEnd = SafeCast.toUint64(settleEnd + w.disputeWindow);
        // All others come before disputeEnd.
        moments = Times({
            start: uint64(start),
            end: uint64(end),
            logEnd: uint64(logEnd),
            seedTime: uint64(seedTime),
            openEnd: uint64(openEnd),
            commitEnd: uint64(commitEnd),
            outputEnd: uint64(outputEnd),
            revealEnd: uint64(revealEnd),
            redrawCommitEnd: uint64(revealEnd + w.commitWindow),
            redrawEnd: uint64(revealEnd + w.commitWindow + w.revealWindow),
            settleEnd: uint64(settleEnd),
            disputeEnd: disputeEnd
        });
    }

    function _append(uint64 firstEpoch, Windows memory windows_) private {
        _indexes.push(EpochKey.write(firstEpoch), SafeCast.toUint208(_windows.length));
        _windows.push(windows_);
        emit WindowsSet(firstEpoch, windows_);
    }

    /// @dev Reveals of e wait for the close of e - 2, also across a change: pay keeps two epochs open, not three
    /// (docs/decisions/0002-two-pending-epochs.md).
    function _checkShrink(Windows memory old, Windows calldata w) private view {
        uint256 have = uint256(w.logWindow) + w.beaconLag + w.openWindow + w.commitWindow + w.outputWindow + _length;
        uint256 need = uint256(old.logWindow) + old.beaconLag + old.openWindow + old.commitWindow + old.outputWindow
            + old.revealWindow;
        if (have < need) revert EpochClockShrinksTooFast(have, need);
    }

    /// @dev The laws of docs/protocol.md section 3. Every step but the margin needs time: without a lag between log and
    /// seed, for one, whoever proposes the last block of the log window knows the seed while it can still choose a log.
    function _checkLaws(Windows memory w, uint256 length_, uint256 exitDelay_) private pure {
        if (
            w.logWindow == 0 || w.beaconLag == 0 || w.openWindow == 0 || w.commitWindow == 0 || w.outputWindow == 0
                || w.revealWindow == 0 || w.disputeWindow == 0 || w.answerWindow == 0 || w.juryWindow == 0
        ) revert EpochClockEmptyWindow();
        uint256 log = uint256(w.logWindow) + w.beaconLag;
        if (log >= length_) revert EpochClockLogTooLong(log, length_);
        uint256 attest = uint256(w.commitWindow) + w.revealWindow;
        if (attest >= length_) revert EpochClockRevealTooLong(attest, length_);
        uint256 longest = 4 * length_ + 2 * log + w.openWindow + w.outputWindow + 2 * attest + w.disputeWindow
            + 2 * uint256(w.answerWindow) + w.juryWindow + w.grace;
        if (exitDelay_ < longest) revert EpochClockExitDelayTooShort(exitDelay_, longest);
    }
}
