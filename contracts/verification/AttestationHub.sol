// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Commitment} from "../availability/ICommitmentBook.sol";
import {Measures} from "../availability/IReceiptLog.sol";
import {Times} from "../epoch/IEpochClock.sol";
import {ReliabilityMath} from "../libraries/ReliabilityMath.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Seats} from "../libraries/Seats.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IReliabilityLedger, Outcome} from "../reliability/IReliabilityLedger.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {Attestations} from "./Attestations.sol";
import {IAttestationHub, RecordKey} from "./IAttestationHub.sol";

/// @title Attestations and settlement
/// @notice Makes one update of the record out of an epoch's reports; see IAttestationHub.
contract AttestationHub is Attestations {
    /// @dev Records keep bonds in gwei of the asset.
    uint256 private constant GWEI = 1e9;
    /// @dev A flag of the record's summary, see Reliability.
    uint8 private constant RECHECK = 1;

    IReliabilityLedger private immutable _ledger;
    IStakePool private immutable _pool;
    IProviderRegistry private immutable _providers;

    /// @param authority Access manager: whether commitments are paused.
    /// @param parts Grants needed by this contract: `ReliabilityLedger.settle`, `CommitmentBook.measure`,
    /// `RewardDistributor.addWeight`, `RewardDistributor.addPoints`.
    constructor(address authority, Parts memory parts) Attestations(authority, parts) {
        _ledger = parts.ledger;
        _pool = parts.pool;
        _providers = parts.providers;
    }

    /* SETTLEMENT */

    /// @inheritdoc IAttestationHub
    function settle(address provider, bytes32 modelId) external returns (uint64 epoch) {
        Due memory due = _dueOf(provider, modelId);
        if (!due.found) revert AttestationHubNothingToSettle(provider, modelId);
        _requireTime(due.from, type(uint64).max);
        _settle(provider, modelId, due);
        return due.epoch;
    }

    /// @inheritdoc IAttestationHub
    function settleAll(RecordKey[] calldata records) external returns (uint256 settled) {
        for (uint256 i = 0; i < records.length; ++i) {
            (address provider, bytes32 modelId) = (records[i].provider, records[i].modelId);
            Due memory due = _dueOf(provider, modelId);
            if (!due.found || block.timestamp < due.from) continue;
            _settle(provider, modelId, due);
            ++settled;
        }
    }

    /// @dev What a record's next settlement goes by.
    struct Due {
        bool found;
        uint64 epoch;
        /// From when on it may be settled, Unix seconds.
        uint64 from;
        uint64 settleEnd;
        Commitment made;
        Measures log;
    }

    /// @dev After the reveals, and those of a redraw if one is needed.
    function _dueOf(address provider, bytes32 modelId) private view returns (Due memory due) {
        (due.found, due.epoch, due.made) = _nextToSettle(provider, modelId);
        if (!due.found) return due;
        Times memory times = _clock.times(due.epoch);
        due.log = _log.measuresOf(provider, modelId, due.epoch);
        bool redraws = _lacksQuorum(_pairs[provider][modelId][due.epoch], due.log.m)
            && _rerunSeed(due.epoch, times.commitEnd) != 0;
        (due.from, due.settleEnd) = (redraws ? times.redrawEnd : times.revealEnd, times.settleEnd);
    }

    function _settle(address provider, bytes32 modelId, Due memory due) private {
        uint64 epoch = due.epoch;
        _pairs[provider][modelId][epoch].settledAt = uint40(block.timestamp);

        (Outcome memory outcome, uint256 atCapacity) = _outcome(provider, modelId, epoch, due.made.target, due.log);
        (uint256 score, uint256 age) = _ledger.settle(provider, modelId, outcome);
        uint256 cut = _measure(provider, modelId, outcome, atCapacity);
        uint256 weight = 0;
        // A late settlement updates the record and earns nothing: the epoch's sum of weights is closed.
        if (block.timestamp < due.settleEnd) weight = _weight(provider, epoch, due.made, score, age, cut);
        _rewards.addWeight(provider, modelId, epoch, weight);
        _emitSettled(provider, modelId, outcome, score, weight);
    }

    function _outcome(address provider, bytes32 modelId, uint64 epoch, uint256 target, Measures memory log)
        private
        returns (Outcome memory outcome, uint256 atCapacity)
    {
        outcome.epoch = epoch;
        outcome.bond = uint64(Math.min(_pool.stakeOf(provider) / GWEI, type(uint64).max));
        if (!log.exists) {
            // Who hides what it served has answered nothing in time.
            outcome.tenureStart = _providers.tenureStartAt(provider, epoch);
            outcome.noLog = true;
            outcome.probes = uint32(Sampling.probesFor(target));
            outcome.rerunUnknown = true;
            outcome.recheck = true;
            return (outcome, 0);
        }
        Pair storage pair = _pairs[provider][modelId][epoch];
        atCapacity = _judgeProbes(pair, outcome);
        (outcome.m, outcome.tenureStart) = (log.m, log.tenureStart);
        _judgeReruns(provider, modelId, epoch, log, outcome);
        if (outcome.mismatches != 0) pair.mismatches = outcome.mismatches;
    }

    function _judgeProbes(Pair storage pair, Outcome memory outcome) private view returns (uint256) {
        (
            bool quorum,
            uint256 probes,
            uint256 timely,
            uint256 peakProbes,
            uint256 peakTimely,
            uint256 atCapacity
        ) = Settlement.aggregateProbes(_load(pair, Seats.ROLE_PROBE, 0));
        outcome.probesUnknown = !quorum;
        outcome.probes = uint32(probes);
        outcome.timely = uint32(timely);
        outcome.peakProbes = uint32(peakProbes);
        outcome.peakTimely = uint32(peakTimely);
        return atCapacity;
    }

    /// @dev Without a quorum of probes the epoch says nothing of the promise.
    function _measure(address provider, bytes32 modelId, Outcome memory outcome, uint256 atCapacity)
        private
        returns (uint256 cut)
    {
        if (outcome.probes == 0) return 0;
        return _book.measure(provider, modelId, outcome.epoch, outcome.probes, outcome.timely, atCapacity);
    }

    function _judgeReruns(address provider, bytes32 modelId, uint64 epoch, Measures memory log, Outcome memory outcome)
        private
        view
    {
        if (log.m == 0) {
            // Nothing was served, so nothing was learned either way.
            outcome.recheck = _ledger.reliability(provider, modelId).flags & RECHECK != 0;
            return;
        }
        Pair storage pair = _pairs[provider][modelId][epoch];
        uint256[] memory reports = _load(pair, Seats.ROLE_RERUN, log.m);
        uint256 quorum = Settlement.QUORUM;
        if (reports.length < quorum) {
            reports = _load(pair, Seats.ROLE_REDRAW, log.m);
            quorum = Settlement.REDRAW_QUORUM;
        }
        Settlement.Samples memory found = Settlement.judgeSamples(reports, quorum, log.m);
        outcome.rerunUnknown = !found.quorum;
        outcome.recheck = found.recheck;
        outcome.matches = uint8(found.matches);
        outcome.mismatches = found.mismatches;
        if (found.mismatches != 0) {
            outcome.newCases = _distinct(provider, modelId, epoch, log.units, found.mismatches);
        }
    }

    /// @dev Mismatching samples at different positions: a position drawn twice is one case.
    function _distinct(address provider, bytes32 modelId, uint64 epoch, uint256 units, uint48 mismatches)
        private
        view
        returns (uint8 count)
    {
        (bytes32 seed,) = _beacon.seedOf(epoch);
        uint256[48] memory positions;
        for (uint256 j = 0; j < 48; ++j) {
            if (mismatches & (1 << j) == 0) continue;
            uint256 position = Sampling.position(seed, provider, modelId, epoch, j, units);
            bool known = false;
            for (uint256 i = 0; i < count && !known; ++i) known = positions[i] == position;
            if (!known) positions[count++] = position;
        }
    }

    /// @dev Stake and what promises bind of it as the epoch began: who bonds for a settlement earns nothing by it.
    function _weight(
        address provider,
        uint64 epoch,
        Commitment memory made,
        uint256 score,
        uint256 age,
        uint256 cut
    )
        private
        view
        returns (uint256)
    {
        uint256 stake = _pool.stakeAt(provider, epoch);
        uint256 allBonded = _book.totalBondedAt(provider, epoch);
        uint256 bonded = _book.bondedFor(made.capacity, made.unitPrice);
        uint256 weight = ReliabilityMath.payWeight(score, age, bonded, stake, allBonded);
        return weight - Math.mulDiv(weight, cut, ReliabilityMath.SCALE, Math.Rounding.Ceil);
    }

    function _emitSettled(
        address provider,
        bytes32 modelId,
        Outcome memory outcome,
        uint256 score,
        uint256 weight
    ) private {
        emit Settled(
            provider,
            modelId,
            outcome.epoch,
            outcome.probes,
            outcome.timely,
            outcome.peakProbes,
            outcome.peakTimely,
            outcome.m,
            outcome.matches,
            outcome.mismatches,
            score,
            weight
        );
    }

    /* READS */

    /// @inheritdoc IAttestationHub
    function nextToSettle(address provider, bytes32 modelId) external view returns (bool found, uint64 epoch) {
        (found, epoch,) = _nextToSettle(provider, modelId);
    }

    function _nextToSettle(address provider, bytes32 modelId)
        private
        view
        returns (bool found, uint64 epoch, Commitment memory made)
    {
        return _book.nextPromised(provider, modelId, _ledger.nextEpoch(provider, modelId));
    }

    /// @inheritdoc IAttestationHub
    function mismatchesOf(address provider, bytes32 modelId, uint64 epoch) external view returns (uint48) {
        return _pairs[provider][modelId][epoch].mismatches;
    }

    /// @inheritdoc IAttestationHub
    function settledAt(address provider, bytes32 modelId, uint64 epoch) external view returns (uint64) {
        return _pairs[provider][modelId][epoch].settledAt;
    }
}
