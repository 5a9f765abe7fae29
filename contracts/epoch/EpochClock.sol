// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEpochClock, Times, Windows} from "./IEpochClock.sol";

/// @title Time
/// @notice Epochs of a fixed length from a fixed genesis, and the windows of their steps, versioned by epoch.
/// @dev docs/protocol.md section 3. What has begun keeps its deadlines: windows change from two epochs ahead on, and
/// genesis, length and exit delay never.
contract EpochClock is IEpochClock, AccessManaged {
    /// @dev Windows and the first epoch in which they hold. The first slot has all that the moments of an epoch follow from.
    struct Version {
        uint32 firstEpoch;
        uint32 logWindow;
        uint32 beaconLag;
        uint32 openWindow;
        uint32 commitWindow;
        uint32 outputWindow;
        uint32 revealWindow;
        uint32 disputeWindow;
        uint32 answerWindow;
        uint32 juryWindow;
        uint32 grace;
    }

    uint64 private immutable _genesis;
    uint64 private immutable _length;
    uint64 private immutable _exitDelay;

    /// @dev Nearly everybody asks about these.
    Version private _newest;
    /// @dev All before them, the first epochs in order.
    Version[] private _older;

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
        _setNewest(0, windows_);
    }

    /// @inheritdoc IEpochClock
    function setWindows(uint64 firstEpoch, Windows calldata windows_) external restricted {
        uint256 last = _newest.firstEpoch;
        uint256 need = uint256(current()) + 2;
        if (last > need) need = last;
        if (firstEpoch < need) revert EpochClockTooEarly(firstEpoch, need);
        _checkLaws(windows_, _length, _exitDelay);
        _checkShrink(windows(firstEpoch - 2), windows_);
        _checkShrink(windows(firstEpoch - 1), windows_);
        // One that has not begun is replaced.
        if (firstEpoch > last) _older.push(_newest);
        _setNewest(SafeCast.toUint32(firstEpoch), windows_);
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
        Version memory v = _versionOf(epoch);
        return Windows({
            logWindow: v.logWindow,
            beaconLag: v.beaconLag,
            openWindow: v.openWindow,
            commitWindow: v.commitWindow,
            outputWindow: v.outputWindow,
            revealWindow: v.revealWindow,
            disputeWindow: v.disputeWindow,
            answerWindow: v.answerWindow,
            juryWindow: v.juryWindow,
            grace: v.grace
        });
    }

    /// @inheritdoc IEpochClock
    function times(uint64 epoch) external view returns (Times memory moments) {
        Version storage w = _versionOf(epoch);
        uint256 disputeEnd;
        // In 256 bits none of these sums overflows, and one cast at the end refuses an epoch beyond all time.
        unchecked {
            uint256 end = _genesis + (uint256(epoch) + 1) * _length;
            uint256 logEnd = end + w.logWindow;
            uint256 seedTime = logEnd + w.beaconLag;
            uint256 openEnd = seedTime + w.openWindow;
            uint256 commitEnd = openEnd + w.commitWindow;
            uint256 outputEnd = commitEnd + w.outputWindow;
            uint256 revealEnd = outputEnd + w.revealWindow;
            uint256 redrawCommitEnd = revealEnd + w.commitWindow;
            uint256 settleEnd = revealEnd + _length;
            disputeEnd = settleEnd + w.disputeWindow;
            moments = Times({
                start: uint64(end - _length),
                end: uint64(end),
                logEnd: uint64(logEnd),
                seedTime: uint64(seedTime),
                openEnd: uint64(openEnd),
                commitEnd: uint64(commitEnd),
                outputEnd: uint64(outputEnd),
                revealEnd: uint64(revealEnd),
                redrawCommitEnd: uint64(redrawCommitEnd),
                redrawEnd: uint64(redrawCommitEnd + w.revealWindow),
                settleEnd: uint64(settleEnd),
                disputeEnd: uint64(disputeEnd)
            });
        }
        // All others come before disputeEnd.
        SafeCast.toUint64(disputeEnd);
    }

    function _setNewest(uint32 firstEpoch, Windows memory w) private {
        _newest = Version({
            firstEpoch: firstEpoch,
            logWindow: w.logWindow,
            beaconLag: w.beaconLag,
            openWindow: w.openWindow,
            commitWindow: w.commitWindow,
            outputWindow: w.outputWindow,
            revealWindow: w.revealWindow,
            disputeWindow: w.disputeWindow,
            answerWindow: w.answerWindow,
            juryWindow: w.juryWindow,
            grace: w.grace
        });
        emit WindowsSet(firstEpoch, w);
    }

    /// @dev The last version that had begun in `epoch`; of the older ones, the first holds from epoch 0 on.
    function _versionOf(uint64 epoch) private view returns (Version storage) {
        if (epoch >= _newest.firstEpoch) return _newest;
        uint256 low = 0;
        uint256 high = _older.length;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (_older[middle].firstEpoch > epoch) high = middle;
            else low = middle;
        }
        return _older[low];
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
