// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Log} from "../availability/IReceiptLog.sol";
import {Commitments} from "../libraries/Commitments.sol";
import {MerkleSum} from "../libraries/MerkleSum.sol";
import {Receipts} from "../libraries/Receipts.sol";
import {Reports} from "../libraries/Reports.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Evidence} from "./Evidence.sol";
import {Demand, DemandKind, DemandState, IDemands} from "./IDemands.sol";
import {Opening, Proof, Attested} from "./IEvidence.sol";
import {IOpenings} from "./IOpenings.sol";
import {Payouts} from "./Payouts.sol";

/// @title Demands
/// @notice See IDemands.
/// @dev Nothing can be demanded before outputs open: an answer is public, and seats that have not committed could copy it.
/// Structs are taken from memory, which takes less code than calldata.
contract Demands is IDemands, Evidence, Payouts {
    /// @dev Shares of stake, 1e18 = 100 % (docs/protocol.md section 8, "Schedule").
    uint256 private constant NOT_OPENED = 0.05e18;
    uint256 private constant OMISSION = 0.1e18;
    uint256 private constant NOT_SHOWN = 0.05e18;

    IOpenings private immutable _openings;
    /// @inheritdoc IDemands
    uint256 public immutable bond;

    mapping(bytes32 id => Demand) private _demands;
    /// @dev By `_leafKey`.
    mapping(bytes32 leaf => uint64) private _openedUntil;

    /// @param sources The contracts below. Grant needed: `Penalties.punish`.
    /// @param asset Token of all stake. @param openings Where leaves are proved and opened.
    /// @param bond_ What a demand costs until it is decided: above the gas of an answer.
    constructor(Sources memory sources, IERC20 asset, IOpenings openings, uint256 bond_)
        Evidence(sources)
        Payouts(asset)
    {
        if (bond_ == 0) revert DemandsNoBond();
        _openings = openings;
        bond = bond_;
    }

    /* DEMANDS */

    /// @inheritdoc IDemands
    function demandSample(address provider, bytes32 modelId, uint64 epoch, uint8 j)
        external
        nonReentrant
        returns (bytes32)
    {
        _requireTime(provider, modelId, epoch);
        // Two samples on one unit are one demand.
        uint64 position = _position(provider, modelId, epoch, j);
        bytes32 subject = _logKey(provider, modelId, epoch);
        bytes32 id = keccak256(abi.encode(DemandKind.Sample, subject, position));
        return _demand(id, modelId, epoch, _made(DemandKind.Sample, provider, position, subject), true);
    }

    /// @inheritdoc IDemands
    function demandLeaf(Receipts.Receipt memory receipt, bytes calldata signature)
        external
        nonReentrant
        returns (bytes32)
    {
        Log memory log = _requireReceipt(receipt, signature);
        if (receipt.seq >= log.count) revert DemandsNoLeaf(receipt.seq, log.count);
        bytes32 subject = _logKey(receipt.provider, receipt.modelId, receipt.epoch);
        Demand memory made = _made(DemandKind.Leaf, receipt.provider, receipt.seq, subject);
        _restore(made, receipt);
        bytes32 id = keccak256(abi.encode(DemandKind.Leaf, subject, receipt.seq));
        return _demand(id, receipt.modelId, receipt.epoch, made, true);
    }

    /// @inheritdoc IDemands
    function demandReceipt(Receipts.Receipt memory receipt, bytes calldata signature)
        external
        nonReentrant
        returns (bytes32)
    {
        Log memory log = _requireReceipt(receipt, signature);
        bytes32 subject = Receipts.structHash(receipt);
        Demand memory made = _made(DemandKind.Omission, receipt.provider, receipt.seq, subject);
        _restore(made, receipt);
        bytes32 id = keccak256(abi.encode(DemandKind.Omission, subject));
        return _demand(id, receipt.modelId, receipt.epoch, made, receipt.seq < log.count);
    }

    /// @inheritdoc IDemands
    function demandOutputs(Attested memory rerun, uint8 j) external nonReentrant returns (bytes32) {
        _requireDisputable(rerun.provider, rerun.modelId, rerun.epoch);
        uint256 report = _proveRerun(rerun);
        Demand memory made = _made(DemandKind.Outputs, rerun.verifier, j, rerun.dataRoot);
        if (j < Reports.samples(report)) _requireRun(report, j);
        else made.free = _requireOwnRun(rerun, report, j);
        bytes32 id = outputsId(rerun.provider, rerun.modelId, rerun.epoch, rerun.role, rerun.seat, j);
        return _demand(id, rerun.modelId, rerun.epoch, made, true);
    }

    function _requireRun(uint256 report, uint256 j) private pure {
        uint256 verdict = Reports.verdict(report, j);
        if (verdict != Reports.MATCH && verdict != Reports.MISMATCH) revert DemandsNoVerdict(verdict);
    }

    /// @dev The seat's own input, number m, is mixed from two samples: it owes its outputs where it ran both.
    /// @return free Whether the next epoch's seed has it redone, which nobody has to pay for.
    function _requireOwnRun(Attested memory rerun, uint256 report, uint8 j) private view returns (bool free) {
        uint256 m = Reports.samples(report);
        if (j > m || m == 0) revert EvidenceNoSample(j, m);
        (uint256 i, uint256 k) = Sampling.ownInput(
            _needSeed(rerun.epoch), rerun.provider, rerun.modelId, rerun.role, rerun.seat, m
        );
        _requireRun(report, i);
        _requireRun(report, k);
        bytes32 next = _seedOf(rerun.epoch + 1);
        return next != 0 && Sampling.isRedone(next, rerun.provider, rerun.modelId, rerun.role, rerun.seat);
    }

    /// @inheritdoc IDemands
    function demandProbe(Attested memory probes, uint16 i) external nonReentrant returns (bytes32) {
        (address provider, bytes32 modelId, uint64 epoch) = (probes.provider, probes.modelId, probes.epoch);
        _requireDisputable(provider, modelId, epoch);
        uint256 answered = Reports.answered(_proveProbes(probes));
        if (i >= answered) revert DemandsNoReceipt(i, answered);
        bytes32 subject = _probeSubject(provider, modelId, epoch, probes.dataRoot);
        Demand memory made = _made(DemandKind.Probe, probes.verifier, i, subject);
        made.free = _isAsked(probes, i, answered);
        return _demand(probeId(provider, modelId, epoch, probes.seat, i), modelId, epoch, made, true);
    }

    /// @dev Whether the next epoch's seed asks for the receipt, which nobody has to pay for.
    function _isAsked(Attested memory probes, uint256 number, uint256 answered) private view returns (bool) {
        bytes32 next = _seedOf(probes.epoch + 1);
        if (next == 0) return false;
        (bool asked, uint256 i, uint256 k) =
            Sampling.askedReceipts(next, probes.provider, probes.modelId, probes.seat, answered);
        return asked && (number == i || number == k);
    }

    /// @dev Stores a demand and takes its bond; one that cannot be answered fails at once.
    function _demand(bytes32 id, bytes32 modelId, uint64 epoch, Demand memory made, bool answerable)
        private
        returns (bytes32)
    {
        if (_demands[id].state != DemandState.None) revert DemandsMade(id);
        made.deadline = answerable ? _answerEnd(epoch) : uint64(block.timestamp);
        made.state = answerable ? DemandState.Open : DemandState.Failed;
        _demands[id] = made;
        emit Demanded(id, made.accused, msg.sender, made.kind, modelId, epoch, made.place, made.deadline);
        if (!answerable) _punish(id, made);
        else if (!made.free) _take(bond);
        return id;
    }

    function _made(DemandKind kind, address accused, uint64 place, bytes32 subject)
        private
        view
        returns (Demand memory made)
    {
        made.demander = msg.sender;
        made.kind = kind;
        made.accused = accused;
        made.place = place;
        made.subject = subject;
    }

    function _restore(Demand memory made, Receipts.Receipt memory receipt) private view {
        made.client = receipt.client;
        made.clientCap = _restitution(receipt.client, receipt.provider, receipt.modelId, receipt.epoch, receipt.units);
    }

    function _requireReceipt(Receipts.Receipt memory receipt, bytes calldata signature)
        private
        view
        returns (Log memory)
    {
        _requireTime(receipt.provider, receipt.modelId, receipt.epoch);
        _requireSigned(receipt, signature);
        return _needLog(receipt.provider, receipt.modelId, receipt.epoch);
    }

    function _requireTime(address provider, bytes32 modelId, uint64 epoch) private view {
        _requireFrom(_timesOf(epoch).outputEnd);
        _requireDisputable(provider, modelId, epoch);
    }

    /* ANSWERS */

    // An answer is noted before it is proved: what does not prove it takes the note back.

    /// @inheritdoc IDemands
    function answerLeaf(bytes32 id, Proof memory proof, Opening calldata opening) external {
        Demand storage made = _needOpen(id);
        // Before the subject: a verifier chooses its data root, and could choose the name of a log.
        if (made.kind > DemandKind.Leaf) revert DemandsOtherKind(DemandKind.Leaf, made.kind);
        Receipts.LeafFields memory leaf = proof.leaf;
        _requireSubject(_logKey(leaf.provider, leaf.modelId, leaf.epoch), made.subject);
        _answered(id, made, _ownerOf(leaf.provider));
        uint64 prefix;
        if (leaf.units == 0) {
            prefix = _openings.prove(id, proof);
        } else {
            _openedUntil[_leafKey(leaf.provider, leaf.modelId, leaf.epoch, leaf.seq)] =
                _answerEnd(leaf.epoch);
            (prefix,) = _openings.open(id, proof, opening);
        }
        if (made.kind == DemandKind.Sample) _requireHolds(prefix, leaf.units, made.place);
        else _requireSubject(bytes32(uint256(leaf.seq)), bytes32(uint256(made.place)));
    }

    /// @inheritdoc IDemands
    function answerReceipt(
        bytes32 id,
        Receipts.Receipt memory receipt,
        bytes32 salt,
        MerkleSum.Node[] memory path
    ) external {
        Demand storage made = _needOpen(id);
        if (made.kind != DemandKind.Omission) revert DemandsOtherKind(DemandKind.Omission, made.kind);
        _requireSubject(Receipts.structHash(receipt), made.subject);
        _answered(id, made, _ownerOf(receipt.provider));
        // The leaf that an honest log holds for the receipt.
        _openings.prove(id, Proof(Receipts.leafOf(receipt, Receipts.seal(salt, receipt.outputHash)), path));
    }

    /// @inheritdoc IDemands
    function answerOutputs(
        bytes32 id,
        bytes calldata nativeOutputs,
        bytes calldata wasmOutputs,
        bytes32[] calldata proof
    ) external {
        Demand storage made = _needOpen(id);
        if (made.kind != DemandKind.Outputs) revert DemandsOtherKind(DemandKind.Outputs, made.kind);
        _requireOwnOutputs(made.subject, uint8(made.place), _hash(nativeOutputs), _hash(wasmOutputs), proof);
        emit OutputsShown(id, nativeOutputs, wasmOutputs, proof);
        _answered(id, made, made.accused);
    }

    /// @inheritdoc IDemands
    function answerProbe(
        bytes32 id,
        Receipts.Receipt memory receipt,
        bytes calldata signature,
        bytes32[] calldata proof
    ) external {
        Demand storage made = _needOpen(id);
        if (made.kind != DemandKind.Probe) revert DemandsOtherKind(DemandKind.Probe, made.kind);
        _requireSigned(receipt, signature);
        bytes32 receiptHash = Receipts.structHash(receipt);
        bytes32 root =
            MerkleProof.processProofCalldata(proof, Commitments.probeLeaf(uint16(made.place), receiptHash));
        bytes32 subject = _probeSubject(receipt.provider, receipt.modelId, receipt.epoch, root);
        // A request of an epoch's last moments may be served in the next.
        if (subject != made.subject && receipt.epoch > 0) {
            subject = _probeSubject(receipt.provider, receipt.modelId, receipt.epoch - 1, root);
        }
        _requireSubject(subject, made.subject);
        emit ProbeShown(id, receiptHash, proof);
        _answered(id, made, made.accused);
    }

    function _answered(bytes32 id, Demand storage made, address payee) private {
        made.state = DemandState.Answered;
        uint256 paid = _bondOf(made.free);
        emit Answered(id, payee, paid);
        _owe(payee, paid);
    }

    /* FAILURES */

    /// @inheritdoc IDemands
    function fail(bytes32 id) external returns (uint256 taken) {
        Demand memory made = demandOf(id);
        if (made.state != DemandState.Open) revert DemandsNotOpen(id, made.state);
        _requireFrom(made.deadline);
        _demands[id].state = DemandState.Failed;
        _owe(made.demander, _bondOf(made.free));
        return _punish(id, made);
    }

    function _punish(bytes32 id, Demand memory made) private returns (uint256 taken) {
        (uint256 wad, bytes32 cause) = (NOT_OPENED, "not opened");
        if (made.kind == DemandKind.Omission) (wad, cause) = (OMISSION, "omission");
        if (made.kind == DemandKind.Outputs) (wad, cause) = (NOT_SHOWN, "own outputs not shown");
        if (made.kind == DemandKind.Probe) (wad, cause) = (NOT_SHOWN, "own receipts not shown");
        taken = _penalties.punish(made.accused, wad, cause, made.demander, made.client, made.clientCap);
        emit Unanswered(id, made.accused, taken);
    }

    function _bondOf(bool free) private view returns (uint256) {
        return free ? 0 : bond;
    }

    /* READS */

    /// @inheritdoc IDemands
    function outputsId(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat, uint8 j)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DemandKind.Outputs, provider, modelId, epoch, role, seat, j));
    }

    /// @inheritdoc IDemands
    function probeId(address provider, bytes32 modelId, uint64 epoch, uint8 seat, uint16 i)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(DemandKind.Probe, provider, modelId, epoch, seat, i));
    }

    /// @inheritdoc IDemands
    function demandOf(bytes32 id) public view returns (Demand memory) {
        return _demands[id];
    }

    /// @inheritdoc IDemands
    function openedUntil(address provider, bytes32 modelId, uint64 epoch, uint32 seq) external view returns (uint64) {
        return _openedUntil[_leafKey(provider, modelId, epoch, seq)];
    }

    function _needOpen(bytes32 id) private view returns (Demand storage made) {
        made = _demands[id];
        if (made.state != DemandState.Open) revert DemandsNotOpen(id, made.state);
        _requireBefore(made.deadline);
    }

    function _requireSubject(bytes32 have, bytes32 need) private pure {
        if (have != need) revert DemandsOtherSubject(have, need);
    }

    /// @dev Whose money the provider's is now.
    function _ownerOf(address provider) private view returns (address) {
        return _providers.ownerAt(provider, _clock.current());
    }

    function _logKey(address provider, bytes32 modelId, uint64 epoch) private pure returns (bytes32) {
        return keccak256(abi.encode(provider, modelId, epoch));
    }

    /// @dev A receipt names its provider, model and epoch itself; the root says which seat.
    function _probeSubject(address provider, bytes32 modelId, uint64 epoch, bytes32 dataRoot)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(provider, modelId, epoch, dataRoot));
    }

    function _leafKey(address provider, bytes32 modelId, uint64 epoch, uint32 seq) private pure returns (bytes32) {
        return keccak256(abi.encode(provider, modelId, epoch, seq));
    }
}
