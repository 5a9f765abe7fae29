// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Commitment, ICommitmentBook} from "../availability/ICommitmentBook.sol";
import {IReceiptLog, Log} from "../availability/IReceiptLog.sol";
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

/// @title Attestations
/// @notice Commitments and reveals of the seats, in two rounds; see IAttestationHub.
abstract contract Attestations is IAttestationHub, Closable {
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
    /// @dev Seats of the larger committee, `Settlement.REDRAW_SEATS`; an array type needs a constant of this contract.
    uint256 private constant MOST_SEATS = 9;
    /// @dev Marks a report as revealed: a report of all zeros is one too.
    uint256 private constant REVEALED = 1 << 255;

    IEpochClock internal immutable _clock;
    ISeedBeacon internal immutable _beacon;
    ICommitmentBook internal immutable _book;
    IReceiptLog internal immutable _log;
    IRewardDistributor internal immutable _rewards;
    IVerifierRegistry private immutable _verifiers;

    mapping(uint64 epoch => mapping(uint8 round => mapping(address verifier => bytes32))) private _commitments;
    mapping(
        address provider => mapping(
            bytes32 modelId => mapping(uint64 epoch => mapping(uint8 role => uint256[MOST_SEATS]))
        )
    ) private _reports;

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
    function reveal(uint64 epoch, Reveal[] calldata reveals) external {
        Times memory times = _clock.times(epoch);
        uint8 round = _round(times);
        if (round == FIRST) _requireTime(times.outputEnd, times.revealEnd);
        else _requireTime(times.redrawCommitEnd, times.redrawEnd);
        uint256 points = 0;
        for (uint256 i = 0; i < reveals.length; ++i) {
            _reveal(epoch, round, i, reveals[i]);
            if (_judges(reveals[i])) ++points;
        }
        if (points > 0) _rewards.addPoints(msg.sender, epoch, points);
    }

    function _round(Times memory times) private view returns (uint8) {
        return block.timestamp < times.revealEnd ? FIRST : REDRAW;
    }

    function _reveal(uint64 epoch, uint8 round, uint256 i, Reveal calldata item) private {
        bool ofRound = round == FIRST ? item.role <= Seats.ROLE_RERUN : item.role == Seats.ROLE_REDRAW;
        if (!ofRound || item.seat >= _seatCount(item.role)) revert AttestationHubNoSuchSeat(i, item.role, item.seat);
        if (round == REDRAW && !needsRedraw(item.provider, item.modelId, epoch)) revert AttestationHubNoRedraw(i);
        _requireOpens(epoch, round, i, item);
        _requireSeat(epoch, i, item);
        _requireReport(epoch, i, item);
        uint256[MOST_SEATS] storage reports = _reports[item.provider][item.modelId][epoch][item.role];
        if (reports[item.seat] != 0) revert AttestationHubRevealed(i);
        reports[item.seat] = item.report | REVEALED;
        emit Revealed(
            item.provider, item.modelId, epoch, item.role, item.seat, msg.sender, item.report, item.dataRoot
        );
    }

    /// @dev Who abstains has missed nothing, and earns nothing.
    function _judges(Reveal calldata item) private pure returns (bool) {
        return item.role == Seats.ROLE_PROBE
            ? Reports.judgesProbes(item.report)
            : Reports.judgesSamples(item.report);
    }

    /// @dev A re-run's verdicts follow only now, so its committed report is 0.
    function _requireOpens(uint64 epoch, uint8 round, uint256 i, Reveal calldata item) private view {
        bytes32 leaf = Commitments.assignmentLeaf(
            item.role,
            item.provider,
            item.modelId,
            item.role == Seats.ROLE_PROBE ? item.report : 0,
            item.dataRoot,
            item.salt
        );
        bytes32 root = MerkleProof.processProofCalldata(item.proof, leaf);
        bytes32 opened = Commitments.commitment(address(this), epoch, round, msg.sender, root);
        bytes32 commitment = _commitments[epoch][round][msg.sender];
        if (opened != commitment) revert AttestationHubWrongOpening(i, opened, commitment);
    }

    function _requireSeat(uint64 epoch, uint256 i, Reveal calldata item) private view {
        (bytes32 seed, uint64 seedEpoch) = _seedFor(epoch, item.role);
        if (seed == 0) revert AttestationHubNoSeed(i, seedEpoch);
        // Seats above the caller's do not matter: seat s depends on lower seats alone.
        address[] memory seats =
            _verifiers.seats(seed, item.provider, item.modelId, epoch, item.role, uint256(item.seat) + 1);
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
        if (seat >= MOST_SEATS) return (false, 0);
        uint256 stored = _reports[provider][modelId][epoch][role][seat];
        return (stored != 0, stored & ~REVEALED);
    }

    /// @inheritdoc IAttestationHub
    function needsRedraw(address provider, bytes32 modelId, uint64 epoch) public view returns (bool) {
        if (_log.log(provider, modelId, epoch).m == 0) return false;
        (bytes32 seed,) = _seedFor(epoch, Seats.ROLE_REDRAW);
        return seed != 0 && _load(provider, modelId, epoch, Seats.ROLE_RERUN).length < Settlement.QUORUM;
    }

    /// @inheritdoc IAttestationHub
    function seatsOf(address provider, bytes32 modelId, uint64 epoch, uint8 role)
        external
        view
        returns (address[] memory)
    {
        (bytes32 seed,) = _seedFor(epoch, role);
        if (seed == 0) return new address[](0);
        return _verifiers.seats(seed, provider, modelId, epoch, role, _seatCount(role));
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

    function _seatCount(uint8 role) private pure returns (uint256) {
        return role == Seats.ROLE_REDRAW ? Settlement.REDRAW_SEATS : Settlement.SEATS;
    }

    /// @dev The reports that a committee revealed, in the order of its seats.
    function _load(address provider, bytes32 modelId, uint64 epoch, uint8 role)
        internal
        view
        returns (uint256[] memory reports)
    {
        uint256[MOST_SEATS] storage stored = _reports[provider][modelId][epoch][role];
        uint256 seats = _seatCount(role);
        uint256[MOST_SEATS] memory found;
        uint256 count = 0;
        for (uint256 seat = 0; seat < seats; ++seat) {
            uint256 report = stored[seat];
            if (report != 0) found[count++] = report & ~REVEALED;
        }
        reports = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            reports[i] = found[i];
        }
    }

    function _requireTime(uint256 from, uint256 until) internal view {
        if (block.timestamp < from || block.timestamp >= until) {
            revert AttestationHubWrongTime(block.timestamp, from, until);
        }
    }
}
