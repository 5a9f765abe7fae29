// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a dapp reads of one provider and model: one storage slot (docs/protocol.md section 7).
struct Reliability {
    /// Lower confidence bound on "answered, in time, correctly, as demand arrives"; 1e9 = 100 %.
    uint32 score;
    /// Point estimate of the same; 1e9 = 100 %.
    uint32 mean;
    /// Effective number of probes behind the score: the decayed slow count, prior included, rounded down.
    uint32 samples;
    /// The provider's own active bond at the last settlement, in gwei of the asset (1e9 of its smallest unit).
    uint64 bond;
    /// Last epoch with a probe quorum or a missing log.
    uint32 lastEpoch;
    /// Mismatches found by a majority that no court has closed.
    uint16 openCases;
    /// Alarms raised by the record's drop detectors.
    uint16 alarms;
    /// Bit 0: the next log is sampled at full depth (recheck). Bit 1: the last settled epoch had no log. Bit 2: no
    /// probe quorum in it. Bit 3: no re-run quorum in it. Bit 7: at least one epoch was measured.
    uint8 flags;
}

/// @title What a dapp imports
/// @notice Reads of the reliability record. `maxAge` is in epochs and compares with the current epoch.
interface IReliability {
    /// @notice No epoch of this provider and model was measured yet.
    error ReliabilityUnknown(address provider, bytes32 modelId);
    /// @notice The score is below what the caller asks for (both 1e9 = 100 %).
    error ReliabilityScoreTooLow(uint256 have, uint256 need);
    /// @notice The last measured epoch is `have` epochs ago; the caller allows `need`.
    error ReliabilityTooOld(uint256 have, uint256 need);
    /// @notice There are open cases against the provider for this model.
    error ReliabilityDisputed(uint256 openCases);

    /// @notice The summary of a record, from one slot; all zero if there is none. Never reverts.
    function reliability(address provider, bytes32 modelId) external view returns (Reliability memory);

    /// @notice Reverts unless the score is at least `minScore` (1e9 = 100 %) and was measured at most `maxAge` epochs ago.
    function requireReliable(address provider, bytes32 modelId, uint256 minScore, uint256 maxAge) external view;

    /// @notice As `requireReliable`, and reverts also while there are open cases.
    function requireUndisputed(address provider, bytes32 modelId, uint256 minScore, uint256 maxAge) external view;
}
