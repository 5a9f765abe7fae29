// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReliability} from "./IReliability.sol";
import {Record} from "../types/Record.sol";

/// @notice What the settlement of one epoch found (docs/protocol.md section 6).
struct Outcome {
    uint64 epoch;
    /// First epoch of the provider's present tenure (last change of owner or operator).
    uint64 tenureStart;
    /// Probes counted, 0 if unknown.
    uint32 probes;
    uint32 timely;
    uint32 peakProbes;
    uint32 peakTimely;
    /// Samples that a majority found to match.
    uint8 matches;
    /// Bitmap of samples that a majority found not to match; bit j is sample j.
    uint48 mismatches;
    /// Mismatching samples, a position drawn twice counted once.
    uint8 newCases;
    /// Samples that the log fixed.
    uint8 m;
    /// The provider's own active bond, in gwei of the asset.
    uint64 bond;
    bool recheck;
    bool noLog;
    bool probesUnknown;
    bool rerunUnknown;
}

/// @notice One settled epoch, kept until the epoch 32 later takes its place. Scales as in `Outcome`.
struct EpochEntry {
    uint32 epoch;
    uint16 probes;
    uint16 timely;
    uint16 peakProbes;
    uint16 peakTimely;
    uint8 m;
    uint8 matches;
    uint8 mismatches;
    /// As `Reliability.flags`.
    uint8 flags;
    /// Score after the epoch, 1e9 = 100 %.
    uint32 score;
}

/// @notice The whole record of one provider and model.
struct FullRecord {
    /// Timely answers (speeds 30 and 3 epochs).
    Record timely;
    /// Timely answers at the demand's peak (30 and 3).
    Record peak;
    /// Correct answers (90 and 10).
    Record correct;
    /// Last settled epoch; meaningful if `settled` > 0.
    uint64 lastSettled;
    /// First epoch of the tenure that the record belongs to.
    uint64 tenureStart;
    /// Epochs settled since the tenure began.
    uint32 settled;
    /// Epochs settled ever.
    uint32 settledEver;
}

/// @title The record
/// @notice Two-speed decayed counts with a drop detector per provider and model, a ring of the last 32 epochs, and the
/// summary that dapps read. Evidence only: no price, stake or backing ever moves it.
/// @dev Rules: docs/protocol.md section 7, maths in libraries/ReliabilityMath.sol.
interface IReliabilityLedger is IReliability {
    /// @notice A record took one epoch. `score` and `mean` 1e9 = 100 %.
    event RecordUpdated(
        address indexed provider, bytes32 indexed modelId, uint64 indexed epoch, uint256 score, uint256 mean, uint256 alarms
    );
    /// @notice The provider changed hands: the record was capped at 100 samples and its tenure begins again.
    event TenureRestarted(address indexed provider, bytes32 indexed modelId, uint64 tenureStart);
    /// @notice Cases were opened or closed: `openCases` are left; `confirmed` if the next settlement counts one bad sample.
    event CasesChanged(address indexed provider, bytes32 indexed modelId, uint256 openCases, bool confirmed);

    /// @notice Epochs settle in order: `have` is not after `last`.
    error ReliabilityLedgerOutOfOrder(uint256 have, uint256 last);

    /// @notice Takes the outcome of one epoch. Caller: the attestation hub, by the access manager.
    /// @return score The record's score after it, 1e9 = 100 %.
    /// @return age Epochs since the tenure began.
    function settle(address provider, bytes32 modelId, Outcome calldata outcome)
        external
        returns (uint256 score, uint256 age);

    /// @notice Counts one more open case. Caller: the court, by the access manager.
    function openCase(address provider, bytes32 modelId) external;

    /// @notice Takes `positions` open cases off; a confirmed one adds one bad sample to the word of correct answers at the
    /// next settlement, another leaves nothing. Caller: the court, by the access manager.
    function closeCases(address provider, bytes32 modelId, uint256 positions, bool confirmed) external;

    /// @notice The whole record; all zero if there is none. Never reverts.
    function record(address provider, bytes32 modelId) external view returns (FullRecord memory);

    /// @notice A settled epoch among the last 32; all zero if it is not there. Never reverts.
    function epochAt(address provider, bytes32 modelId, uint64 epoch) external view returns (EpochEntry memory);

    /// @notice The first epoch that the record can still take: the one after the last that it took.
    function nextEpoch(address provider, bytes32 modelId) external view returns (uint64);

    /// @notice What decides the number of samples of the next log: epochs settled since `tenureStart`, the drop detector
    /// of the word of correct answers (Q24), and whether a recheck is due.
    function sampling(address provider, bytes32 modelId, uint64 tenureStart)
        external
        view
        returns (uint256 settled, uint256 cusum, bool recheck);
}
