// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Commitment, ICommitmentBook} from "../availability/ICommitmentBook.sol";
import {IReceiptLog, Log} from "../availability/IReceiptLog.sol";
import {IEpochClock, Times} from "../epoch/IEpochClock.sol";
import {ISeedBeacon} from "../epoch/ISeedBeacon.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {MerkleSum} from "../libraries/MerkleSum.sol";
import {Receipts} from "../libraries/Receipts.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Seats} from "../libraries/Seats.sol";
import {IModelRegistry} from "../registry/IModelRegistry.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IAttestationHub} from "../verification/IAttestationHub.sol";
import {IEvidence, Proof, Attested} from "./IEvidence.sol";
import {IPenalties} from "./IPenalties.sol";

/// @title Evidence
/// @notice How the rooms of the court read facts; see IEvidence. Holds no storage.
abstract contract Evidence is IEvidence {
    /// @notice The contracts below.
    struct Sources {
        IEpochClock clock;
        ISeedBeacon beacon;
        IProviderRegistry providers;
        IModelRegistry models;
        ICommitmentBook book;
        IReceiptLog log;
        IAttestationHub hub;
        IPenalties penalties;
    }

    /// @dev A harmed client gets at most twice what its inference cost.
    uint256 private constant RESTITUTION = 2;

    IEpochClock internal immutable _clock;
    ISeedBeacon internal immutable _beacon;
    IProviderRegistry internal immutable _providers;
    IModelRegistry internal immutable _models;
    ICommitmentBook internal immutable _book;
    IReceiptLog internal immutable _log;
    IAttestationHub internal immutable _hub;
    IPenalties internal immutable _penalties;

    /// @param sources The contracts below.
    constructor(Sources memory sources) {
        _clock = sources.clock;
        _beacon = sources.beacon;
        _providers = sources.providers;
        _models = sources.models;
        _book = sources.book;
        _log = sources.log;
        _hub = sources.hub;
        _penalties = sources.penalties;
    }

    /* TIME */

    /// @inheritdoc IEvidence
    function disputeEnd(address provider, bytes32 modelId, uint64 epoch) public view returns (uint64) {
        Times memory times = _timesOf(epoch);
        uint64 settled = _hub.settledAt(provider, modelId, epoch);
        if (settled == 0) {
            (bool promised,) = _promiseAt(provider, modelId, epoch);
            return promised ? type(uint64).max : times.disputeEnd;
        }
        // Settlement in good time changes nothing, a late one moves the end by as much as it is late.
        return settled > times.settleEnd ? settled + (times.disputeEnd - times.settleEnd) : times.disputeEnd;
    }

    function _timesOf(uint64 epoch) internal view returns (Times memory) {
        return _clock.times(epoch);
    }

    function _requireDisputable(address provider, bytes32 modelId, uint64 epoch) internal view {
        _requireBefore(disputeEnd(provider, modelId, epoch));
    }

    function _requireBefore(uint256 end) internal view {
        if (block.timestamp >= end) revert EvidenceTooLate(block.timestamp, end);
    }

    function _requireFrom(uint256 start) internal view {
        if (block.timestamp < start) revert EvidenceTooEarly(block.timestamp, start);
    }

    /// @dev Until when what is asked now about an epoch may be answered (Unix seconds).
    function _answerEnd(uint64 epoch) internal view returns (uint64) {
        return uint64(block.timestamp) + _clock.windows(epoch).answerWindow;
    }

    /* THE PROVIDER'S LOG */

    function _needLog(address provider, bytes32 modelId, uint64 epoch) internal view returns (Log memory log) {
        log = _log.log(provider, modelId, epoch);
        if (!log.exists) revert EvidenceNoLog(provider, modelId, epoch);
    }

    /// @dev The leaf stands in its log at its number; `prefix` is the units before it.
    function _prove(Proof memory proof) internal view returns (Log memory log, uint64 prefix) {
        Receipts.LeafFields memory leaf = proof.leaf;
        log = _needLog(leaf.provider, leaf.modelId, leaf.epoch);
        prefix = MerkleSum.verify(
            log.root, log.units, log.count, Receipts.leafHash(leaf), leaf.units, leaf.seq, proof.path
        );
    }

    /// @dev Tensor hash of canonical tensors.
    function _hash(bytes calldata tensors) internal pure returns (bytes32) {
        return sha256(tensors);
    }

    function _requireSeal(bytes32 salt, bytes32 outputHash, bytes32 need) internal pure {
        bytes32 have = Receipts.seal(salt, outputHash);
        if (have != need) revert EvidenceWrongSeal(have, need);
    }

    /// @dev Unit of the log that sample `j` hits.
    function _position(address provider, bytes32 modelId, uint64 epoch, uint8 j) internal view returns (uint64) {
        Log memory log = _needLog(provider, modelId, epoch);
        if (j >= log.m) revert EvidenceNoSample(j, log.m);
        return uint64(Sampling.position(_needSeed(epoch), provider, modelId, epoch, j, log.units));
    }

    /// @dev Zero while it is not drawn.
    function _seedOf(uint64 epoch) internal view returns (bytes32 seed) {
        (seed,) = _beacon.seedOf(epoch);
    }

    function _needSeed(uint64 epoch) internal view returns (bytes32 seed) {
        seed = _seedOf(epoch);
        if (seed == 0) revert EvidenceNoSeed(epoch);
    }

    function _requireHolds(uint64 prefix, uint32 units, uint64 position) internal pure {
        uint256 until = uint256(prefix) + units;
        if (position < prefix || position >= until) revert EvidenceNotInLeaf(position, prefix, until);
    }

    /// @dev Twice what the promise says that the units cost; nothing where there is no client.
    function _restitution(address client, address provider, bytes32 modelId, uint64 epoch, uint32 units)
        internal
        view
        returns (uint128)
    {
        if (client == address(0)) return 0;
        (, Commitment memory made) = _promiseAt(provider, modelId, epoch);
        // 2 * 2^32 * 2^88 fits.
        return uint128(RESTITUTION * units * made.unitPrice);
    }

    function _promiseAt(address provider, bytes32 modelId, uint64 epoch)
        internal
        view
        returns (bool promised, Commitment memory made)
    {
        (promised,, made) = _book.commitmentAt(provider, modelId, epoch);
    }

    /* SIGNATURES */

    /// @dev Signed by who was the provider's operator in the receipt's epoch, in the domain of this chain's log.
    function _requireSigned(Receipts.Receipt memory receipt, bytes calldata signature)
        internal
        view
        returns (address operator)
    {
        bytes32 digest = MessageHashUtils.toTypedDataHash(_log.domainSeparator(), Receipts.structHash(receipt));
        (address signer,,) = ECDSA.tryRecover(digest, signature);
        operator = _providers.operatorAt(receipt.provider, receipt.epoch);
        if (signer == address(0) || signer != operator) revert EvidenceNotSigned(signer, operator);
    }

    /* WHAT A SEAT REVEALED */

    /// @dev As `_proveSeat`, for a re-run or redraw.
    function _proveRerun(Attested memory rerun) internal view returns (uint256 report) {
        if (rerun.role != Seats.ROLE_REDRAW && rerun.role != Seats.ROLE_RERUN) revert EvidenceNoRerun(rerun.role);
        return _proveSeat(rerun, false);
    }

    /// @dev As `_proveSeat`, for probes.
    function _proveProbes(Attested memory probes) internal view returns (uint256 report) {
        if (probes.role != Seats.ROLE_PROBE) revert EvidenceNoProbe(probes.role);
        return _proveSeat(probes, true);
    }

    /// @dev The seat is the verifier's, has revealed, and what it committed to holds this data root.
    /// @param withReport Whether it committed to its report too. @return report What it revealed.
    function _proveSeat(Attested memory made, bool withReport) private view returns (uint256 report) {
        bool revealed;
        (revealed, report) = _hub.reportOf(made.provider, made.modelId, made.epoch, made.role, made.seat);
        if (!revealed) revert EvidenceNotRevealed(made.seat);
        address holder = _hub.seatsOf(made.provider, made.modelId, made.epoch, made.role)[made.seat];
        if (holder != made.verifier) revert EvidenceWrongSeat(made.verifier, holder);
        bytes32 leaf = Commitments.assignmentLeaf(
            made.role, made.provider, made.modelId, withReport ? report : 0, made.dataRoot, made.salt
        );
        bytes32 root = MerkleProof.processProof(made.proof, leaf);
        uint8 round = made.role == Seats.ROLE_REDRAW ? 1 : 0;
        bytes32 have = Commitments.commitment(address(_hub), made.epoch, round, made.verifier, root);
        bytes32 need = _hub.commitmentOf(made.epoch, round, made.verifier);
        if (have != need) revert EvidenceWrongCommitment(have, need);
    }

    /// @dev The receipt of this hash stands under a probe seat's data root with the number `i`.
    function _requireProbe(bytes32 dataRoot, uint16 i, bytes32 receiptHash, bytes32[] calldata proof) internal pure {
        bytes32 root = MerkleProof.processProofCalldata(proof, Commitments.probeLeaf(i, receiptHash));
        if (root != dataRoot) revert EvidenceWrongReceipt(root, dataRoot);
    }

    /// @dev The hashes of a seat's own outputs for sample `j` stand under its data root.
    function _requireOwnOutputs(
        bytes32 dataRoot,
        uint8 j,
        bytes32 nativeHash,
        bytes32 wasmHash,
        bytes32[] calldata proof
    ) internal pure {
        bytes32 root = MerkleProof.processProofCalldata(proof, Commitments.rerunLeaf(j, nativeHash, wasmHash));
        if (root != dataRoot) revert EvidenceWrongOutputs(root, dataRoot);
    }
}
