// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleSum} from "../libraries/MerkleSum.sol";
import {Receipts} from "../libraries/Receipts.sol";

/// @notice A leaf of a committed log; its fields name the log and the place.
struct Proof {
    Receipts.LeafFields leaf;
    /// Siblings from the leaf to the root.
    MerkleSum.Node[] path;
}

/// @notice What a leaf hides: the salt of its seal and the canonical tensors (docs/protocol.md section 5).
struct Opening {
    bytes32 salt;
    bytes inputs;
    bytes outputs;
}

/// @notice What a seat has revealed, as its commitment holds it.
struct Attested {
    address provider;
    bytes32 modelId;
    uint64 epoch;
    /// 0 probe, 1 re-run, 2 redraw.
    uint8 role;
    /// Place in the committee.
    uint8 seat;
    address verifier;
    bytes32 dataRoot;
    bytes32 salt;
    /// Path of the assignment's leaf to the committed root.
    bytes32[] proof;
}

/// @title Evidence
/// @notice How the rooms of the court read facts: leaves, openings, receipts and re-runs, each against what was committed.
/// @dev Rules: docs/protocol.md sections 5 and 8.
interface IEvidence {
    /// @notice Not before `need` (Unix seconds).
    error EvidenceTooEarly(uint256 have, uint256 need);
    /// @notice Only before `need` (Unix seconds).
    error EvidenceTooLate(uint256 have, uint256 need);
    /// @notice No log was committed for this epoch.
    error EvidenceNoLog(address provider, bytes32 modelId, uint64 epoch);
    /// @notice The seed of this epoch was not drawn.
    error EvidenceNoSeed(uint64 epoch);
    /// @notice There are `need` samples, counted from 0.
    error EvidenceNoSample(uint256 have, uint256 need);
    /// @notice The leaf holds the units from `from` until before `until`, not `position`.
    error EvidenceNotInLeaf(uint256 position, uint256 from, uint256 until);
    /// @notice The signature is not of the provider's operator in that epoch.
    error EvidenceNotSigned(address have, address need);
    /// @notice Inputs and outputs are together longer than the model's leaves may be.
    error EvidenceTooLarge(uint256 have, uint256 limit);
    /// @notice The inputs have another hash than the leaf.
    error EvidenceWrongInputs(bytes32 have, bytes32 need);
    /// @notice Salt and outputs do not open the leaf's seal.
    error EvidenceWrongSeal(bytes32 have, bytes32 need);
    /// @notice The seat is another verifier's.
    error EvidenceWrongSeat(address have, address need);
    /// @notice Only re-runs (1) and redraws (2) have outputs.
    error EvidenceNoRerun(uint8 role);
    /// @notice Only probes (0) have receipts.
    error EvidenceNoProbe(uint8 role);
    /// @notice The seat revealed nothing.
    error EvidenceNotRevealed(uint8 seat);
    /// @notice This is not what the verifier committed to.
    error EvidenceWrongCommitment(bytes32 have, bytes32 need);
    /// @notice The receipt is not in the seat's data root at this number.
    error EvidenceWrongReceipt(bytes32 have, bytes32 need);
    /// @notice These outputs are not in the re-run's data root.
    error EvidenceWrongOutputs(bytes32 have, bytes32 need);

    /// @notice Until when an epoch can be disputed (Unix seconds): `disputeWindow` after the later of settleEnd and its
    /// settlement; without end (2^64 - 1) while it is promised and not settled.
    function disputeEnd(address provider, bytes32 modelId, uint64 epoch) external view returns (uint64);
}
