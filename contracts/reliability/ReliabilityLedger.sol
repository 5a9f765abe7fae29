// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Rights} from "../access/Rights.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {ReliabilityMath} from "../libraries/ReliabilityMath.sol";
import {Record} from "../types/Record.sol";
import {IReliability, Reliability} from "./IReliability.sol";
import {EpochEntry, FullRecord, IReliabilityLedger, Outcome} from "./IReliabilityLedger.sol";

/// @title The record
/// @notice Keeps one record per provider and model, and answers dapps from one slot; see IReliabilityLedger.
contract ReliabilityLedger is IReliabilityLedger, Rights {
    using ReliabilityMath for Record;
    using SafeCast for uint256;

    /// @dev Where settlement stands, one slot.
    struct Progress {
        uint64 lastSettled;
        uint64 tenureStart;
        uint32 settled;
        uint32 settledEver;
        /// Confirmed cases that the next settlement adds to the word of correct answers.
        uint16 wrong;
    }

    /// @dev Everything of one provider and model.
    struct Entry {
        Reliability summary;
        Progress progress;
        Record timely;
        Record peak;
        Record correct;
        EpochEntry[32] ring;
    }

    uint256 private constant RING = 32;
    /// @dev Samples that a record keeps when its provider changes hands.
    uint256 private constant KEPT_SAMPLES = 100;
    /// @dev Confirmed cases that one settlement takes at most: an update keeps no more than a hundred failures anyway.
    uint256 private constant MOST_WRONG = 1000;

    uint8 private constant RECHECK = 1;
    uint8 private constant NO_LOG = 2;
    uint8 private constant PROBES_UNKNOWN = 4;
    uint8 private constant RERUN_UNKNOWN = 8;
    uint8 private constant MEASURED = 128;

    IEpochClock private immutable _clock;

    mapping(address provider => mapping(bytes32 modelId => Entry)) private _entries;

    /// @param authority Access manager: who may settle.
    /// @param clock Time.
    constructor(address authority, IEpochClock clock) AccessManaged(authority) {
        _clock = clock;
    }

    /* SETTLEMENT */

    /// @inheritdoc IReliabilityLedger
    function settle(address provider, bytes32 modelId, Outcome calldata outcome)
        external
        alsoClosed
        returns (uint256 score, uint256 age)
    {
        Entry storage entry = _entries[provider][modelId];
        Progress memory progress = entry.progress;
        if (progress.settledEver > 0 && outcome.epoch <= progress.lastSettled) {
            revert ReliabilityLedgerOutOfOrder(outcome.epoch, progress.lastSettled);
        }
        if (outcome.tenureStart > progress.tenureStart || progress.settledEver == 0) {
            if (progress.settledEver > 0) _restart(entry, provider, modelId, outcome.tenureStart);
            progress.tenureStart = outcome.tenureStart;
            progress.settled = 0;
        }
        progress.lastSettled = outcome.epoch;
        ++progress.settled;
        ++progress.settledEver;
        uint256 wrong = progress.wrong;
        progress.wrong = 0;
        entry.progress = progress;

        uint256 alarms = _update(entry, outcome, wrong);
        Reliability memory summary = _summarise(entry, outcome, alarms);
        entry.summary = summary;
        entry.ring[outcome.epoch % RING] = _entryOf(outcome, summary);
        emit RecordUpdated(provider, modelId, outcome.epoch, summary.score, summary.mean, summary.alarms);
        return (summary.score, outcome.epoch - progress.tenureStart);
    }

    /// @dev A record that is bought keeps a hundred samples of its history (docs/protocol.md section 4).
    function _restart(Entry storage entry, address provider, bytes32 modelId, uint64 tenureStart) private {
        entry.timely = entry.timely.capSamples(KEPT_SAMPLES);
        entry.peak = entry.peak.capSamples(KEPT_SAMPLES);
        entry.correct = entry.correct.capSamples(KEPT_SAMPLES);
        emit TenureRestarted(provider, modelId, tenureStart);
    }

    /// @dev A word without new samples is not written: its next update decays by the gap. A mismatch waits for its case,
    /// so the word of correct answers takes the matches, and what the court confirmed since the last settlement.
    function _update(Entry storage entry, Outcome calldata outcome, uint256 wrong) private returns (uint256 alarms) {
        bool alarm;
        if (outcome.probes > 0) {
            (entry.timely, alarm) = entry.timely.update(outcome.epoch, outcome.timely, outcome.probes, false);
            if (alarm) ++alarms;
        }
        if (outcome.peakProbes > 0) {
            (entry.peak, alarm) = entry.peak.update(outcome.epoch, outcome.peakTimely, outcome.peakProbes, false);
            if (alarm) ++alarms;
        }
        uint256 judged = outcome.matches + wrong;
        if (judged > 0) {
            (entry.correct, alarm) = entry.correct.update(outcome.epoch, outcome.matches, judged, true);
            if (alarm) ++alarms;
        }
    }

    function _summarise(Entry storage entry, Outcome calldata outcome, uint256 alarms)
        private
        view
        returns (Reliability memory summary)
    {
        summary = entry.summary;
        (Record timely, Record correct) = (entry.timely, entry.correct);
        summary.score = ReliabilityMath.score(timely, entry.peak, correct).toUint32();
        summary.mean = (timely.mean() * correct.mean() / ReliabilityMath.SCALE).toUint32();
        summary.samples = (timely.slowTotal() / ReliabilityMath.ONE).toUint32();
        summary.bond = outcome.bond;
        summary.openCases = _saturate(uint256(summary.openCases) + outcome.newCases);
        summary.alarms = _saturate(summary.alarms + alarms);
        uint8 flags = summary.flags & MEASURED;
        if (outcome.probes > 0) {
            summary.lastEpoch = uint256(outcome.epoch).toUint32();
            flags |= MEASURED;
        }
        if (outcome.recheck) flags |= RECHECK;
        if (outcome.noLog) flags |= NO_LOG;
        if (outcome.probesUnknown) flags |= PROBES_UNKNOWN;
        if (outcome.rerunUnknown) flags |= RERUN_UNKNOWN;
        summary.flags = flags;
    }

    function _entryOf(Outcome calldata outcome, Reliability memory summary) private pure returns (EpochEntry memory) {
        uint8 mismatches = 0;
        for (uint48 left = outcome.mismatches; left != 0; left &= left - 1) ++mismatches;
        return EpochEntry({
            epoch: uint256(outcome.epoch).toUint32(),
            probes: uint256(outcome.probes).toUint16(),
            timely: uint256(outcome.timely).toUint16(),
            peakProbes: uint256(outcome.peakProbes).toUint16(),
            peakTimely: uint256(outcome.peakTimely).toUint16(),
            m: outcome.m,
            matches: outcome.matches,
            mismatches: mismatches,
            flags: summary.flags,
            score: summary.score
        });
    }

    /// @dev Counters stop at their end: a settlement must never fail for a full one.
    function _saturate(uint256 value) private pure returns (uint16) {
        return uint16(Math.min(value, type(uint16).max));
    }

    /* CASES */

    /// @inheritdoc IReliabilityLedger
    function openCase(address provider, bytes32 modelId) external alsoClosed {
        Reliability storage summary = _entries[provider][modelId].summary;
        summary.openCases = _saturate(uint256(summary.openCases) + 1);
        emit CasesChanged(provider, modelId, summary.openCases, false);
    }

    /// @inheritdoc IReliabilityLedger
    function closeCases(address provider, bytes32 modelId, uint256 positions, bool confirmed) external alsoClosed {
        Entry storage entry = _entries[provider][modelId];
        uint256 open = entry.summary.openCases;
        // A counter that once stopped at its end may have missed some.
        open -= Math.min(open, positions);
        entry.summary.openCases = _saturate(open);
        if (confirmed && entry.progress.wrong < MOST_WRONG) ++entry.progress.wrong;
        emit CasesChanged(provider, modelId, open, confirmed);
    }

    /* READS */

    /// @inheritdoc IReliability
    function reliability(address provider, bytes32 modelId) external view returns (Reliability memory) {
        return _entries[provider][modelId].summary;
    }

    /// @inheritdoc IReliability
    function requireReliable(address provider, bytes32 modelId, uint256 minScore, uint256 maxAge) external view {
        _requireReliable(provider, modelId, minScore, maxAge);
    }

    /// @inheritdoc IReliability
    function requireUndisputed(address provider, bytes32 modelId, uint256 minScore, uint256 maxAge) external view {
        uint256 openCases = _requireReliable(provider, modelId, minScore, maxAge).openCases;
        if (openCases > 0) revert ReliabilityDisputed(openCases);
    }

    /// @inheritdoc IReliabilityLedger
    function record(address provider, bytes32 modelId) external view returns (FullRecord memory) {
        Entry storage entry = _entries[provider][modelId];
        Progress memory progress = entry.progress;
        return FullRecord({
            timely: entry.timely,
            peak: entry.peak,
            correct: entry.correct,
            lastSettled: progress.lastSettled,
            tenureStart: progress.tenureStart,
            settled: progress.settled,
            settledEver: progress.settledEver
        });
    }

    /// @inheritdoc IReliabilityLedger
    function epochAt(address provider, bytes32 modelId, uint64 epoch) external view returns (EpochEntry memory entry) {
        EpochEntry memory kept = _entries[provider][modelId].ring[epoch % RING];
        // A place that was never written reads as epoch 0, with nothing in it.
        if (kept.epoch == epoch) return kept;
    }

    /// @inheritdoc IReliabilityLedger
    function nextEpoch(address provider, bytes32 modelId) external view returns (uint64) {
        Progress storage progress = _entries[provider][modelId].progress;
        return progress.settledEver == 0 ? 0 : progress.lastSettled + 1;
    }

    /// @inheritdoc IReliabilityLedger
    function sampling(address provider, bytes32 modelId, uint64 tenureStart)
        external
        view
        returns (uint256 settled, uint256 cusum, bool recheck)
    {
        Entry storage entry = _entries[provider][modelId];
        Progress memory progress = entry.progress;
        settled = tenureStart > progress.tenureStart ? 0 : progress.settled;
        return (settled, entry.correct.cusum(), entry.summary.flags & RECHECK != 0);
    }

    function _requireReliable(address provider, bytes32 modelId, uint256 minScore, uint256 maxAge)
        private
        view
        returns (Reliability memory summary)
    {
        summary = _entries[provider][modelId].summary;
        if (summary.flags & MEASURED == 0) revert ReliabilityUnknown(provider, modelId);
        if (summary.score < minScore) revert ReliabilityScoreTooLow(summary.score, minScore);
        uint256 age = _clock.current() - summary.lastEpoch;
        if (age > maxAge) revert ReliabilityTooOld(age, maxAge);
    }
}
