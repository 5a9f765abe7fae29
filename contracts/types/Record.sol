// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One reliability word in one storage slot: decayed counts at two speeds, the CUSUM and the last epoch.
/// @dev Fields, low bits first: slowGood 48, slowTotal 48, fastGood 48, fastTotal 48, cusum 40, epoch 24. Counts and the
/// CUSUM are Q24: one sample is 2^24. A word that was never updated is zero. Rules: docs/protocol.md section 7.
type Record is uint256;

using RecordType for Record global;

/// @title RecordType
/// @notice Reads and packs the fields of a `Record`.
library RecordType {
    /// @notice A field does not fit its bits, or good samples exceed samples. `need` is the largest value that passes.
    error RecordTypeOverflow(uint256 have, uint256 need);

    uint256 private constant COUNT_MAX = type(uint48).max;
    uint256 private constant CUSUM_MAX = type(uint40).max;
    uint256 private constant EPOCH_MAX = type(uint24).max;

    /// @notice Packs six fields into a word.
    /// @param slowGood_ Good samples at the slow speed, Q24, at most `slowTotal_`.
    /// @param slowTotal_ All samples at the slow speed, Q24, below 2^48.
    /// @param fastGood_ Good samples at the fast speed, Q24, at most `fastTotal_`.
    /// @param fastTotal_ All samples at the fast speed, Q24, below 2^48.
    /// @param cusum_ Change detector, Q24 natural logarithms, below 2^40.
    /// @param epoch_ Last epoch taken, below 2^24.
    /// @return The packed word.
    function pack(
        uint256 slowGood_,
        uint256 slowTotal_,
        uint256 fastGood_,
        uint256 fastTotal_,
        uint256 cusum_,
        uint256 epoch_
    ) internal pure returns (Record) {
        _fits(slowGood_, slowTotal_);
        _fits(slowTotal_, COUNT_MAX);
        _fits(fastGood_, fastTotal_);
        _fits(fastTotal_, COUNT_MAX);
        _fits(cusum_, CUSUM_MAX);
        _fits(epoch_, EPOCH_MAX);
        return Record.wrap(
            slowGood_ | (slowTotal_ << 48) | (fastGood_ << 96) | (fastTotal_ << 144) | (cusum_ << 192)
                | (epoch_ << 232)
        );
    }

    /// @notice Good samples at the slow speed, Q24.
    function slowGood(Record word) internal pure returns (uint256) {
        return Record.unwrap(word) & COUNT_MAX;
    }

    /// @notice All samples at the slow speed, Q24.
    function slowTotal(Record word) internal pure returns (uint256) {
        return (Record.unwrap(word) >> 48) & COUNT_MAX;
    }

    /// @notice Good samples at the fast speed, Q24.
    function fastGood(Record word) internal pure returns (uint256) {
        return (Record.unwrap(word) >> 96) & COUNT_MAX;
    }

    /// @notice All samples at the fast speed, Q24.
    function fastTotal(Record word) internal pure returns (uint256) {
        return (Record.unwrap(word) >> 144) & COUNT_MAX;
    }

    /// @notice The change detector, Q24 natural logarithms; `Sampling.sampleCount` reads it.
    function cusum(Record word) internal pure returns (uint256) {
        return (Record.unwrap(word) >> 192) & CUSUM_MAX;
    }

    /// @notice The last epoch that the word took; 0 for a new word.
    function lastEpoch(Record word) internal pure returns (uint256) {
        return Record.unwrap(word) >> 232;
    }

    /// @notice Whether the word was never updated.
    function isNew(Record word) internal pure returns (bool) {
        return Record.unwrap(word) == 0;
    }

    function _fits(uint256 value, uint256 largest) private pure {
        if (value > largest) revert RecordTypeOverflow(value, largest);
    }
}
