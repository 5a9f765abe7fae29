// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Commitment, ICommitmentBook} from "../availability/ICommitmentBook.sol";
import {IReceiptLog} from "../availability/IReceiptLog.sol";
import {Closable} from "../access/Closable.sol";
import {IEpochClock, Times} from "../epoch/IEpochClock.sol";
import {ISeedBeacon} from "../epoch/ISeedBeacon.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {Reports} from "../libraries/Reports.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Seats} from "../libraries/Seats.sol";
import {Settlement} from "../libraries/Settlement.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IVerifierRegistry} from "../registry/IVerifierRegistry.sol";
import {IReliabilityLedger} from "../reliability/IReliabilityLedger.sol";
import {IRewardDistributor} from "../rewards/IRewardDistributor.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {IAttestationHub, Reveal} from "./IAttestationHub.sol";
import {ReportStore} from "./ReportStore.sol";

/// @title Attestations
/// @notice Commitments and reveals of the seats, in two rounds; see IAttestationHub.
abstract contract Attestations is IAttestationHub, ReportStore, Closable {
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

    /// @dev Rounds of an epoch: everybody's, and the redraw's.
    uint8 private constant FIRST = 0;
    uint8 private constant REDRAW = 1;
    /// @dev What a seat earns at most.
    uint256 private constant POINT = 1e9;

    /// @dev What the reveals of one call share, each read once; and the one that is looked at.
    struct Batch {
        uint64 epoch;
        uint8 round;
        /// Zero if there is none.
        bytes32 probeSeed;
        bytes32 rerunSeed;
        /// Of the log of the provider and model below.
        bool isLogged;
        uint8 m;
        uint32 target;
        /// Of the reveal, as in Reveal.
        address provider;
        bytes32 modelId;
        uint8 role;
        uint8 seat;
        uint256 report;
    }

    IEpochClock internal immutable _clock;
    ISeedBeacon internal immutable _beacon;
    ICommitmentBook internal immutable _book;
    IReceiptLog internal immutable _log;
    IRewardDistributor internal immutable _rewards;
    IVerifierRegistry private immutable _verifiers;

    mapping(uint64 epoch => mapping(uint8 round => mapping(address verifier => bytes32))) private _commitments;

    constructor(address authority, Parts memory parts) AccessManaged(authority) {
        _clock = parts.clock;
        _beacon = parts.beacon;
        _verifiers = parts.verifiers;
        _book = parts.book;
        _log = parts.log;
        _rewards = parts.rewards;
    }

    /* COMMIT */

    /// @inheritdoc IAttestationHub
    function commit(uint64 epoch, bytes32 commitment) external whileOpen {
        Times memory times = _clock.times(epoch);
        uint8 round = _round(times);
        if (round == FIRST) _requireTime(times.openEnd, times.commitEnd);
        else _requireTime(times.revealEnd, times.redrawCommitEnd);
        if (commitment == 0) revert AttestationHubZeroCommitment();
        if (_commitments[epoch][round][msg.sender] != 0) revert AttestationHubCommitted(msg.sender, epoch, round);
        _commitments[epoch][round][msg.sender] = commitment;
        emit Committed(epoch, msg.sender, round, commitment);
    }

    /* REVEAL */

    /// @inheritdoc IAttestationHub
    function reveal(uint64 epoch, Reveal[] calldata reveals, bytes32[] calldata proof, bool[] calldata flags) external {
        Times memory times = _clock.times(epoch);
        uint8 round = _round(times);
        if (round == FIRST) _requireTime(times.outputEnd, times.revealEnd);
        else _requireTime(times.redrawCommitEnd, times.redrawEnd);
        // A proof of no leaves proves nothing.
        if (reveals.length == 0) return;
        _requireOpens(epoch, round, reveals, proof, flags);
        Batch memory batch;
        (batch.epoch, batch.round) = (epoch, round);
        if (round == FIRST) batch.probeSeed = _probeSeed(epoch);
        batch.rerunSeed = _rerunSeed(epoch, times.commitEnd);
        uint256 points = 0;
        for (uint256 i = 0; i < reveals.length; ++i) {
            _next(batch, reveals[i]);
            points += _reveal(batch, i, reveals[i]);
        }
        emit Opened(epoch, msg.sender, proof, flags);
        if (points > 0) _rewards.addPoints(msg.sender, epoch, points);
    }

    function _round(Times memory times) private view returns (uint8) {
        return block.timestamp < times.revealEnd ? FIRST : REDRAW;
    }

    /// @dev The next reveal is mostly about the same provider and model.
    function _next(Batch memory batch, Reveal calldata item) private view {
        (batch.role, batch.seat, batch.report) = (item.role, item.seat, item.report);
        (address provider, bytes32 modelId) = (item.provider, item.modelId);
        // Nobody's address is zero, so the first one is read.
        if (provider == batch.provider && modelId == batch.modelId) return;
        (batch.provider, batch.modelId) = (provider, modelId);
        (batch.isLogged, batch.m, batch.target) = _log.termsOf(provider, modelId, batch.epoch);
    }

    /// @return points What the seat earns.
    function _reveal(Batch memory batch, uint256 i, Reveal calldata item) private returns (uint256 points) {
        (uint8 role, uint8 seat) = (batch.role, batch.seat);
        bool ofRound = batch.round == FIRST ? role <= Seats.ROLE_RERUN : role == Seats.ROLE_REDRAW;
        if (!ofRound || seat >= _seatCount(role)) revert AttestationHubNoSuchSeat(i, role, seat);
        Pair storage pair = _pairs[batch.provider][batch.modelId][batch.epoch];
        if (batch.round == REDRAW && (batch.rerunSeed == 0 || !_lacksQuorum(pair, batch.m))) {
            revert AttestationHubNoRedraw(i);
        }
        _requireSeat(batch, i);
        points = _pointsFor(batch, i);
        if (!_keep(pair, role, seat, batch.m, batch.report)) revert AttestationHubRevealed(i);
        _emitRevealed(batch, item.dataRoot, item.salt);
    }

    function _emitRevealed(Batch memory batch, bytes32 dataRoot, bytes32 salt) private {
        emit Revealed(
            batch.provider,
            batch.modelId,
            batch.epoch,
            batch.role,
            batch.seat,
            msg.sender,
            batch.report,
            dataRoot,
            salt
        );
    }

    /// @dev The reveals are leaves of the tree that the caller has committed to. A leaf is hashed twice, so that no node of
    /// the tree is taken for one; whether one comes twice, its seat tells.
    function _requireOpens(
        uint64 epoch,
        uint8 round,
        Reveal[] calldata reveals,
        bytes32[] calldata proof,
        bool[] calldata flags
    ) private view {
        bytes32[] memory leaves = new bytes32[](reveals.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = _leafOf(reveals[i]);
        }
        bytes32 root = proof.length == 0 && flags.length == 0
            ? Commitments.rootOf(leaves)
            : MerkleProof.processMultiProofCalldata(proof, flags, leaves);
        bytes32 have = Commitments.commitment(address(this), epoch, round, msg.sender, root);
        bytes32 need = _commitments[epoch][round][msg.sender];
        if (have != need) revert AttestationHubWrongOpening(have, need);
    }

    /// @dev A re-run's verdicts follow only now, so its committed report is 0.
    function _leafOf(Reveal calldata item) private pure returns (bytes32) {
        uint256 report = item.role == Seats.ROLE_PROBE ? item.report : 0;
        return Commitments.assignmentLeaf(item.role, item.provider, item.modelId, report, item.dataRoot, item.salt);
    }

    function _requireSeat(Batch memory batch, uint256 i) private view {
        bool probes = batch.role == Seats.ROLE_PROBE;
        bytes32 seed = probes ? batch.probeSeed : batch.rerunSeed;
        if (seed == 0) revert AttestationHubNoSeed(i, probes ? _probeSeedEpoch(batch.epoch) : batch.epoch);
        address holder =
            _verifiers.seatAt(seed, batch.provider, batch.modelId, batch.epoch, batch.role, batch.seat);
        if (holder != msg.sender) revert AttestationHubWrongSeat(i, msg.sender, holder);
    }

    /// @dev Reverts unless the report is possible. Who abstains has missed nothing and earns nothing; a probe without an
    /// answer leaves no receipt that could be demanded, so it earns nothing either.
    function _pointsFor(Batch memory batch, uint256 i) private view returns (uint256) {
        uint256 target = batch.target;
        if (!batch.isLogged) {
            (bool found,, Commitment memory made) =
                _book.commitmentAt(batch.provider, batch.modelId, batch.epoch);
            if (!found) revert AttestationHubNoPromise(i);
            if (batch.role != Seats.ROLE_PROBE) revert AttestationHubNoLog(i);
            target = made.target;
        }
        if (batch.role == Seats.ROLE_PROBE) {
            uint256 owed = Sampling.probesPerSeat(Sampling.probesFor(target));
            Reports.checkProbe(batch.report, owed);
            return POINT * Reports.answered(batch.report) / owed;
        }
        Reports.checkRerun(batch.report, batch.m);
        return Reports.judgesSamples(batch.report) ? POINT : 0;
    }

    /* READS */

    /// @inheritdoc IAttestationHub
    function commitmentOf(uint64 epoch, uint8 round, address verifier) external view returns (bytes32) {
        return _commitments[epoch][round][verifier];
    }

    /// @inheritdoc IAttestationHub
    function reportOf(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat)
        external
        view
        returns (bool revealed, uint256 report)
    {
        if (role > Seats.ROLE_REDRAW || seat >= _seatCount(role)) return (false, 0);
        (, uint8 m,) = _log.termsOf(provider, modelId, epoch);
        return _report(_pairs[provider][modelId][epoch], role, seat, m);
    }

    /// @inheritdoc IAttestationHub
    function needsRedraw(address provider, bytes32 modelId, uint64 epoch) external view returns (bool) {
        (, uint8 m,) = _log.termsOf(provider, modelId, epoch);
        return _lacksQuorum(_pairs[provider][modelId][epoch], m)
            && _rerunSeed(epoch, _clock.times(epoch).commitEnd) != 0;
    }

    /// @inheritdoc IAttestationHub
    function seatsOf(address provider, bytes32 modelId, uint64 epoch, uint8 role)
        external
        view
        returns (address[] memory)
    {
        bytes32 seed =
            role == Seats.ROLE_PROBE ? _probeSeed(epoch) : _rerunSeed(epoch, _clock.times(epoch).commitEnd);
        if (seed == 0) return new address[](0);
        return _verifiers.seats(seed, provider, modelId, epoch, role, _seatCount(role));
    }

    /// @dev Probe seats know their task two epochs ahead.
    function _probeSeedEpoch(uint64 epoch) private pure returns (uint64) {
        return epoch < 2 ? 0 : epoch - 2;
    }

    /// @dev The seed of the seats that probe, zero if there is none.
    function _probeSeed(uint64 epoch) private view returns (bytes32 seed) {
        if (epoch >= 2) (seed,) = _beacon.seedOf(_probeSeedEpoch(epoch));
    }

    /// @dev The seed of the seats that re-run, zero if there is none: they are drawn once the log is fixed, and not if the seed
    /// came too late to commit.
    function _rerunSeed(uint64 epoch, uint64 commitEnd) internal view returns (bytes32 seed) {
        uint64 drawnAt;
        (seed, drawnAt) = _beacon.seedOf(epoch);
        if (drawnAt >= commitEnd) seed = 0;
    }

    function _requireTime(uint256 from, uint256 until) internal view {
        if (block.timestamp < from || block.timestamp >= until) {
            revert AttestationHubWrongTime(block.timestamp, from, until);
        }
    }
}
