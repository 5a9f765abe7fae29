// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The lengths of an epoch's steps, in seconds (docs/protocol.md section 3).
struct Windows {
    /// How long after its epoch a provider may commit the epoch's log.
    uint32 logWindow;
    /// From the close of the log to the time whose first beacon value is the seed.
    uint32 beaconLag;
    /// How long the provider serves the sampled inputs before commits begin.
    uint32 openWindow;
    /// How long verifiers may commit.
    uint32 commitWindow;
    /// How long the provider serves leaf salts and outputs before reveals begin.
    uint32 outputWindow;
    /// How long verifiers may reveal.
    uint32 revealWindow;
    /// How long after the settlement's end the epoch can be disputed.
    uint32 disputeWindow;
    /// How long a provider has to answer a demand.
    uint32 answerWindow;
    /// How long a jury has.
    uint32 juryWindow;
    /// Margin added to the exit delay.
    uint32 grace;
}

/// @notice The moments of one epoch, Unix seconds. A step is open while start <= block.timestamp < end.
struct Times {
    uint64 start;
    uint64 end;
    uint64 logEnd;
    uint64 seedTime;
    uint64 openEnd;
    uint64 commitEnd;
    uint64 outputEnd;
    uint64 revealEnd;
    uint64 redrawCommitEnd;
    uint64 redrawEnd;
    uint64 settleEnd;
    uint64 disputeEnd;
}

/// @title Time
/// @notice Epochs of a fixed length from a fixed genesis, and the windows of their steps, versioned by epoch.
/// @dev Rules: docs/protocol.md section 3. The lowest contract: it calls nothing.
interface IEpochClock {
    /// @notice New windows apply from `firstEpoch` on.
    event WindowsSet(uint64 indexed firstEpoch, Windows windows);

    /// @notice The time asked about lies before genesis.
    error EpochClockBeforeGenesis(uint256 have, uint256 need);
    /// @notice New windows must start at `need` or later: what has begun keeps its deadlines.
    error EpochClockTooEarly(uint256 have, uint256 need);
    /// @notice The epoch length is zero.
    error EpochClockNoLength();
    /// @notice A window that must be at least one second long is zero.
    error EpochClockEmptyWindow();
    /// @notice `logWindow + beaconLag` must be below the epoch length.
    error EpochClockLogTooLong(uint256 have, uint256 limit);
    /// @notice `commitWindow + revealWindow` must be below the epoch length.
    error EpochClockRevealTooLong(uint256 have, uint256 limit);
    /// @notice The new windows would open reveals before the epoch two before has closed: `have` and `need` are seconds
    /// after an epoch's end.
    error EpochClockShrinksTooFast(uint256 have, uint256 need);
    /// @notice The exit delay does not cover the longest way from a fault to its slash.
    error EpochClockExitDelayTooShort(uint256 have, uint256 need);

    /// @notice Start of epoch 0, Unix seconds.
    function genesis() external view returns (uint64);

    /// @notice Epoch length L in seconds.
    function length() external view returns (uint64);

    /// @notice Seconds between asking for an exit and claiming it; immutable.
    function exitDelay() external view returns (uint64);

    /// @notice The epoch of the current block. Reverts before genesis.
    function current() external view returns (uint64 epoch);

    /// @notice The epoch that contains `timestamp` (Unix seconds). Reverts before genesis.
    function epochAt(uint256 timestamp) external view returns (uint64 epoch);

    /// @notice The windows that hold for `epoch`.
    function windows(uint64 epoch) external view returns (Windows memory);

    /// @notice All moments of `epoch`.
    function times(uint64 epoch) external view returns (Times memory);

    /// @notice Sets the windows from `firstEpoch` on. Caller: by the access manager.
    /// @param firstEpoch At least the current epoch + 2, and not before an earlier change.
    function setWindows(uint64 firstEpoch, Windows calldata windows_) external;
}
