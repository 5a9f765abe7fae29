// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Commitment, ICommitmentBook} from "../availability/ICommitmentBook.sol";
import {IReceiptLog, Log} from "../availability/IReceiptLog.sol";
import {IEpochClock, Times} from "../epoch/IEpochClock.sol";
import {ISeedBeacon} from "../epoch/ISeedBeacon.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {ReliabilityMath} from "../libraries/ReliabilityMath.sol";
import {Reports} from "../libraries/Reports.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Seats} from "../libraries/Seats.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IVerifierRegistry} from "../registry/IVerifierRegistry.sol";
import {IReliabilityLedger, Outcome} from "../reliability/IReliabilityLedger.sol";
import {IRewardDistributor} from "../rewards/IRewardDistributor.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {IAttestationHub, Reveal} from "./IAttestationHub.sol";

/// @title Attestations and settlement
/// @notice Commit, reveal, settle; see IAttestationHub.
contract AttestationHub is IAttestationHub {
    /// @notice The contracts below, in order of deployment.
    struct Parts {
        IEpochClock clock;
        IReliabilityLedger ledger;
        IStakePool pool;
        ISeedBeacon beacon;
        IProviderRegistry providers;
        IVerifierRegistry verifiers;
        ICommitmentBook book;
        IReceiptLog log;
        IRewardDistributor rewards;
    }

    /// @dev What a settlement leaves for the court, one slot.
    struct Finding {
        uint48 mismatches;
        uint64 settledAt;
    }

    /// @dev Seats of a committee, `Settlement.SEATS`; an array type needs a constant of this contract.
    uint256 private constant SEATS = 5;
    /// @dev The commitment's round; the redraw has its own.
    uint8 private constant ROUND = 0;
    /// @dev Marks a report as revealed: a report of all zeros is one too.
    uint256 private constant REVEALED = 1 << 255;
    /// @dev Records keep bonds in gwei of the asset.
    uint256 private constant GWEI = 1e9;
    /// @dev A flag of the record's summary, see Reliability.
    uint8 private constant RECHECK = 1;

    IEpochClock private immutable _clock;
    IReliabilityLedger private immutable _ledger;
    IStakePool private immutable _pool;
    ISeedBeacon private immutable _beacon;
    IProviderRegistry private immutable _providers;
    IVerifierRegistry private immutable _verifiers;
    ICommitmentBook private immutable _book;
    IReceiptLog private immutable _log;
    IRewardDistributor private immutable _rewards;

    mapping(uint64 epoch => mapping(address verifier => bytes32)) private _commitments;
    mapping(
        address provider => mapping(
            bytes32 modelId => mapping(uint64 epoch => mapping(uint8 role => uint256[SEATS]))
        )
    ) private _reports;
    mapping(address provider => mapping(bytes32 modelId => mapping(uint64 epoch => Finding))) private _findings;
    /// @dev First epoch that is not settled, if it is promised.
    mapping(address provider => mapping(bytes32 modelId => uint64)) private _cursor;

    /// @param parts Grants needed by this contract: `ReliabilityLedger.settle`, `CommitmentBook.measure`,
    /// `RewardDistributor.addWeight`, `RewardDistributor.addPoints`.
    constructor(Parts memory parts) {
        _clock = parts.clock;
        _ledger = parts.ledger;
        _pool = parts.pool;
        _beacon = parts.beacon;
        _providers = parts.providers;
        _verifiers = parts.verifiers;
        _book = parts.book;
        _log = parts.log;
        _rewards = parts.rewards;
    }

    /* COMMIT */

    /// @inheritdoc IAttestationHub
    function commit(uint64 epoch, bytes32 commitment) external {
        Times memory times = _clock.times(epoch);
        _requireTime(times.openEnd, times.commitEnd);
        if (commitment == 0) revert AttestationHubZeroCommitment();
        if (_commitments[epoch][msg.sender] != 0) revert AttestationHubCommitted(msg.sender, epoch);
        _commitments[epoch][msg.sender] = commitment;
        emit Committed(epoch, msg.sender, commitment);
    }

    /* REVEAL */

    /// @inheritdoc IAttestationHub
    function reveal(uint64 epoch, Reveal[] calldata reveals) external {
        Times memory times = _clock.times(epoch);
        _requireTime(times.outputEnd, times.revealEnd);
        bytes32 commitment = _commitments[epoch][msg.sender];
        for (uint256 i = 0; i < reveals.length; ++i) {
            _reveal(epoch, commitment, i, reveals[i]);
        }
        if (reveals.length > 0) _rewards.addPoints(msg.sender, epoch, reveals.length);
    }

    function _reveal(uint64 epoch, bytes32 commitment, uint256 i, Reveal calldata item) private {
        if (item.role > Seats.ROLE_RERUN || item.seat >= SEATS) {
            revert AttestationHubNoSuchSeat(i, item.role, item.seat);
        }
        _requireOpens(epoch, commitment, i, item);
        _requireSeat(epoch, i, item);
        _requireReport(epoch, i, item);
        uint256[SEATS] storage reports = _reports[item.provider][item.modelId][epoch][item.role];
        if (reports[item.seat] != 0) revert AttestationHubRevealed(i);
        reports[item.seat] = item.report | REVEALED;
        emit Revealed(
            item.provider, item.modelId, epoch, item.role, item.seat, msg.sender, item.report, item.dataRoot
        );
    }

    /// @dev A re-run's verdicts follow only now, so its committed report is 0.
    function _requireOpens(uint64 epoch, bytes32 commitment, uint256 i, Reveal calldata item) private view {
        bytes32 leaf = Commitments.assignmentLeaf(
            item.role,
            item.provider,
            item.modelId,
            item.role == Seats.ROLE_PROBE ? item.report : 0,
            item.dataRoot,
            item.salt
        );
        bytes32 root = MerkleProof.processProofCalldata(item.proof, leaf);
        bytes32 opened = Commitments.commitment(address(this), epoch, ROUND, msg.sender, root);
        if (opened != commitment) revert AttestationHubWrongOpening(i, opened, commitment);
    }

    function _requireSeat(uint64 epoch, uint256 i, Reveal calldata item) private view {
        (bytes32 seed, uint64 seedEpoch) = _seedFor(epoch, item.role);
        if (seed == 0) revert AttestationHubNoSeed(i, seedEpoch);
        // Seats above the caller's do not matter: seat s depends on lower seats alone.
        address[] memory seats = _seats(item.provider, item.modelId, epoch, item.role, uint256(item.seat) + 1, seed);
        if (seats[item.seat] != msg.sender) revert AttestationHubWrongSeat(i, msg.sender, seats[item.seat]);
    }

    function _requireReport(uint64 epoch, uint256 i, Reveal calldata item) private view {
        (bool found,, Commitment memory made) = _book.commitmentAt(item.provider, item.modelId, epoch);
        if (!found) revert AttestationHubNoPromise(i);
        if (item.role == Seats.ROLE_PROBE) {
            Reports.checkProbe(item.report, Sampling.probesPerSeat(Sampling.probesFor(made.target)));
        } else {
            Log memory log = _log.log(item.provider, item.modelId, epoch);
            if (!log.exists) revert AttestationHubNoLog(i);
            Reports.checkRerun(item.report, log.m);
        }
    }

    /* SETTLEMENT */

    /// @inheritdoc IAttestationHub
    function settle(address provider, bytes32 modelId) external returns (uint64 epoch) {
        bool found;
        (found, epoch) = nextToSettle(provider, modelId);
        if (!found) revert AttestationHubNothingToSettle(provider, modelId);
        Times memory times = _clock.times(epoch);
        _requireTime(times.revealEnd, type(uint64).max);
        _cursor[provider][modelId] = epoch + 1;

        (,, Commitment memory made) = _book.commitmentAt(provider, modelId, epoch);
        Log memory log = _log.log(provider, modelId, epoch);
        (Outcome memory outcome, uint256 atCapacity) = _outcome(provider, modelId, epoch, made.target, log);
        _findings[provider][modelId][epoch] = Finding(outcome.mismatches, uint64(block.timestamp));

        (uint256 score, uint256 age) = _ledger.settle(provider, modelId, outcome);
        uint256 cut = _measure(provider, modelId, outcome, atCapacity);
        uint256 weight = 0;
        // A late settlement updates the record and earns nothing: the epoch's sum of weights is closed.
        if (block.timestamp < times.settleEnd) weight = _weight(provider, epoch, made, score, age, cut);
        _rewards.addWeight(provider, modelId, epoch, weight);
        _emitSettled(provider, modelId, outcome, score, weight);
    }

    function _outcome(address provider, bytes32 modelId, uint64 epoch, uint256 target, Log memory log)
        private
        view
        returns (Outcome memory outcome, uint256 atCapacity)
    {
        outcome.epoch = epoch;
        outcome.tenureStart = _providers.tenureStartAt(provider, epoch);
        outcome.bond = uint64(Math.min(_pool.stakeOf(provider) / GWEI, type(uint64).max));
        if (!log.exists) {
            // Who hides what it served has answered nothing in time.
            outcome.noLog = true;
            outcome.probes = uint32(Sampling.probesFor(target));
            outcome.rerunUnknown = true;
            outcome.recheck = true;
            return (outcome, 0);
        }
        atCapacity = _judgeProbes(provider, modelId, epoch, outcome);
        outcome.m = log.m;
        _judgeReruns(provider, modelId, epoch, log, outcome);
    }

    function _judgeProbes(address provider, bytes32 modelId, uint64 epoch, Outcome memory outcome)
        private
        view
        returns (uint256)
    {
        (uint256[SEATS] memory reports, bool[SEATS] memory revealed) =
            _load(provider, modelId, epoch, Seats.ROLE_PROBE);
        (
            bool quorum,
            uint256 probes,
            uint256 timely,
            uint256 peakProbes,
            uint256 peakTimely,
            uint256 atCapacity
        ) = Settlement.aggregateProbes(reports, revealed);
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

    function _judgeReruns(address provider, bytes32 modelId, uint64 epoch, Log memory log, Outcome memory outcome)
        private
        view
    {
        if (log.m == 0) {
            // Nothing was served, so nothing was learned either way.
            outcome.recheck = _ledger.reliability(provider, modelId).flags & RECHECK != 0;
            return;
        }
        (uint256[SEATS] memory reports, bool[SEATS] memory revealed) =
            _load(provider, modelId, epoch, Seats.ROLE_RERUN);
        Settlement.Samples memory found = Settlement.judgeSamples(reports, revealed, log.m);
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
    function nextToSettle(address provider, bytes32 modelId) public view returns (bool found, uint64 epoch) {
        return _book.nextPromised(provider, modelId, _cursor[provider][modelId]);
    }

    /// @inheritdoc IAttestationHub
    function commitmentOf(uint64 epoch, address verifier) external view returns (bytes32) {
        return _commitments[epoch][verifier];
    }

    /// @inheritdoc IAttestationHub
    function reportOf(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat)
        external
        view
        returns (bool revealed, uint256 report)
    {
        if (seat >= SEATS) return (false, 0);
        uint256 stored = _reports[provider][modelId][epoch][role][seat];
        return (stored != 0, stored & ~REVEALED);
    }

    /// @inheritdoc IAttestationHub
    function mismatchesOf(address provider, bytes32 modelId, uint64 epoch) external view returns (uint48) {
        return _findings[provider][modelId][epoch].mismatches;
    }

    /// @inheritdoc IAttestationHub
    function settledAt(address provider, bytes32 modelId, uint64 epoch) external view returns (uint64) {
        return _findings[provider][modelId][epoch].settledAt;
    }

    /// @inheritdoc IAttestationHub
    function seatsOf(address provider, bytes32 modelId, uint64 epoch, uint8 role)
        external
        view
        returns (address[] memory)
    {
        (bytes32 seed,) = _seedFor(epoch, role);
        if (seed == 0) return new address[](0);
        return _seats(provider, modelId, epoch, role, SEATS, seed);
    }

    /// @dev The seed that seats of a role come from, zero if there is none: probe seats know their task two epochs
    /// ahead, re-run seats only once the log is fixed, and not if the seed came too late to commit.
    function _seedFor(uint64 epoch, uint8 role) private view returns (bytes32 seed, uint64 seedEpoch) {
        if (role == Seats.ROLE_PROBE) {
            if (epoch < 2) return (0, 0);
            (seed,) = _beacon.seedOf(epoch - 2);
            return (seed, epoch - 2);
        }
        uint64 drawnAt;
        (seed, drawnAt) = _beacon.seedOf(epoch);
        if (drawnAt >= _clock.times(epoch).commitEnd) seed = 0;
        return (seed, epoch);
    }

    function _seats(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint256 count, bytes32 seed)
        private
        view
        returns (address[] memory)
    {
        return _verifiers.seats(seed, provider, modelId, epoch, role, count);
    }

    function _load(address provider, bytes32 modelId, uint64 epoch, uint8 role)
        private
        view
        returns (uint256[SEATS] memory reports, bool[SEATS] memory revealed)
    {
        uint256[SEATS] storage stored = _reports[provider][modelId][epoch][role];
        for (uint256 seat = 0; seat < SEATS; ++seat) {
            uint256 report = stored[seat];
            revealed[seat] = report != 0;
            reports[seat] = report & ~REVEALED;
        }
    }

    function _requireTime(uint256 from, uint256 until) private view {
        if (block.timestamp < from || block.timestamp >= until) {
            revert AttestationHubWrongTime(block.timestamp, from, until);
        }
    }
}
