// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleSum} from "../libraries/MerkleSum.sol";
import {Receipts} from "../libraries/Receipts.sol";
import {IEvidence, Opening, Proof, Attested} from "./IEvidence.sol";
import {IPayouts} from "./IPayouts.sol";

/// @notice What a demand asks for.
enum DemandKind {
    /// The leaf that a sample hits, with its tensors.
    Sample,
    /// The leaf of a signed receipt's number, with its tensors.
    Leaf,
    /// Proof that the log holds a signed receipt.
    Omission,
    /// A verifier's own outputs for a sample.
    Outputs,
    /// The receipt that a verifier got for a probe.
    Probe
}

/// @notice Where a demand stands.
enum DemandState {
    None,
    Open,
    Answered,
    Failed
}

/// @notice One demand; everything that decides it is fixed when it is made.
struct Demand {
    /// Who made it, and paid the bond unless it is free.
    address demander;
    /// Answers are taken before this (Unix seconds).
    uint64 deadline;
    DemandKind kind;
    DemandState state;
    /// Without a bond: the next epoch's seed asks for it.
    bool free;
    /// Whose stake it is about.
    address accused;
    /// Unit of the log, number of the receipt, sample, or number of the seat's receipt.
    uint64 place;
    /// Who gets restitution if it fails; zero: nobody.
    address client;
    /// Most that the client gets, in the asset's smallest unit.
    uint128 clientCap;
    /// Which log, receipt or data root it is about; of a probe, provider, model, epoch and data root, hashed.
    bytes32 subject;
}

/// @title Demands
/// @notice Anyone with a bond asks a provider to open a leaf or to show a receipt in its log, or a verifier to show its own
/// outputs or the receipts of its probes. Whoever is asked answers in time and gets the bond, or it is a fault.
/// @dev Rules: docs/protocol.md sections 6 (Opening) and 8 (Objective).
interface IDemands is IEvidence, IPayouts {
    /// @notice A demand was made, to be answered before `deadline` (Unix seconds).
    event Demanded(
        bytes32 indexed id,
        address indexed accused,
        address indexed demander,
        DemandKind kind,
        bytes32 modelId,
        uint64 epoch,
        uint64 place,
        uint64 deadline
    );
    /// @notice A demand was answered: its bond belongs to `payee`.
    event Answered(bytes32 indexed id, address indexed payee, uint256 bond);
    /// @notice A demand was not answered; `taken` was slashed.
    event Unanswered(bytes32 indexed id, address indexed accused, uint256 taken);
    /// @notice A verifier showed its own outputs.
    /// @param proof Their path under the seat's data root, which a case about them needs.
    event OutputsShown(bytes32 indexed id, bytes nativeOutputs, bytes wasmOutputs, bytes32[] proof);
    /// @notice A verifier showed the receipt of a probe; `proof` is the path of its hash under the seat's data root.
    event ProbeShown(bytes32 indexed id, bytes32 receiptHash, bytes32[] proof);

    /// @notice The bond is zero.
    error DemandsNoBond();
    /// @notice This was demanded before.
    error DemandsMade(bytes32 id);
    /// @notice There is no such open demand.
    error DemandsNotOpen(bytes32 id, DemandState state);
    /// @notice The demand asks for something else.
    error DemandsOtherKind(DemandKind have, DemandKind need);
    /// @notice The answer is about another log, receipt or place.
    error DemandsOtherSubject(bytes32 have, bytes32 need);
    /// @notice The receipt's number is beyond the log: there is no leaf to open.
    error DemandsNoLeaf(uint256 have, uint256 need);
    /// @notice The seat did not say match or mismatch, so it needs no outputs.
    error DemandsNoVerdict(uint256 verdict);
    /// @notice The seat says that `need` of its probes were answered: their receipts are counted from 0.
    error DemandsNoReceipt(uint256 have, uint256 need);

    /// @notice Demands the leaf that sample `j` hits. Anyone, from outputEnd until the dispute end.
    function demandSample(address provider, bytes32 modelId, uint64 epoch, uint8 j) external returns (bytes32 id);

    /// @notice Demands the leaf with a signed receipt's number. Anyone, in the same time.
    function demandLeaf(Receipts.Receipt calldata receipt, bytes calldata signature) external returns (bytes32 id);

    /// @notice Demands proof that the log holds a signed receipt. With a number beyond the log it is a fault at once and
    /// takes no bond. Anyone, in the same time.
    function demandReceipt(Receipts.Receipt calldata receipt, bytes calldata signature) external returns (bytes32 id);

    /// @notice Demands a seat's own outputs for sample `j`, on which it said match or mismatch; or, with `j` the number of
    /// samples, for the seat's own input, if it said match or mismatch on both samples that this is mixed from. One own input
    /// in ten is redone in the next epoch, drawn by its seed: then the demand takes no bond. Anyone, once the seat revealed,
    /// until the dispute end.
    function demandOutputs(Attested calldata rerun, uint8 j) external returns (bytes32 id);

    /// @notice Demands the receipt number `i` of a probe seat, below the answers that its report counts. The next epoch's seed
    /// asks a tenth of the seats for two receipts each: then the demand takes no bond. Anyone, once the seat revealed, until
    /// the dispute end.
    function demandProbe(Attested calldata probes, uint16 i) external returns (bytes32 id);

    /// @notice Answers a demand for a leaf. Anyone; the bond goes to the provider's owner. A leaf of no units has no tensors.
    function answerLeaf(bytes32 id, Proof calldata proof, Opening calldata opening) external;

    /// @notice Answers a demand for a receipt: the leaf is the receipt, sealed with `salt`. Anyone.
    function answerReceipt(
        bytes32 id,
        Receipts.Receipt calldata receipt,
        bytes32 salt,
        MerkleSum.Node[] calldata path
    ) external;

    /// @notice Answers a demand for a seat's outputs. Anyone; the bond goes to the verifier. Of a model without float inputs
    /// the own input has no outputs: both are empty.
    /// @param nativeOutputs Canonical tensors of its native run. @param wasmOutputs Of its WASM run.
    /// @param proof Path of their hashes under the data root.
    function answerOutputs(
        bytes32 id,
        bytes calldata nativeOutputs,
        bytes calldata wasmOutputs,
        bytes32[] calldata proof
    ) external;

    /// @notice Answers a demand for a probe's receipt: one of the provider and model probed, of that epoch or, as a request of
    /// its last moments may be served later, the next, signed by who was the operator then. Anyone; the bond goes to the
    /// verifier.
    /// @param proof Path of the receipt's hash, with its number, under the data root.
    function answerProbe(
        bytes32 id,
        Receipts.Receipt calldata receipt,
        bytes calldata signature,
        bytes32[] calldata proof
    ) external;

    /// @notice Closes a demand that was not answered in time: the accused loses a share of its stake, the demander gets its
    /// bond back and is the challenger. Anyone may.
    function fail(bytes32 id) external returns (uint256 taken);

    /// @notice Number of the demand for a seat's own outputs.
    function outputsId(address provider, bytes32 modelId, uint64 epoch, uint8 role, uint8 seat, uint8 j)
        external
        pure
        returns (bytes32);

    /// @notice Number of the demand for a probe seat's receipt.
    function probeId(address provider, bytes32 modelId, uint64 epoch, uint8 seat, uint16 i)
        external
        pure
        returns (bytes32);

    /// @notice A demand.
    function demandOf(bytes32 id) external view returns (Demand memory);

    /// @notice Until when a case may be opened on a leaf that was opened here (Unix seconds); 0 if it was not.
    function openedUntil(address provider, bytes32 modelId, uint64 epoch, uint32 seq) external view returns (uint64);

    /// @notice What a demand costs until it is decided, in the asset's smallest unit.
    function bond() external view returns (uint256);
}
