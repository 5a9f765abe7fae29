// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipts} from "../libraries/Receipts.sol";
import {Evidence} from "./Evidence.sol";
import {Opening, Proof} from "./IEvidence.sol";
import {IOpenings} from "./IOpenings.sol";

/// @title Openings
/// @notice See IOpenings.
contract Openings is IOpenings, Evidence {
    /// @param sources The contracts below. Grants needed: none.
    constructor(Sources memory sources) Evidence(sources) {}

    /// @inheritdoc IOpenings
    function prove(bytes32 id, Proof memory proof) public returns (uint64 prefix) {
        (, prefix) = _prove(proof);
        emit LeafProved(msg.sender, id, proof.leaf, proof.path);
    }

    /// @inheritdoc IOpenings
    function open(bytes32 id, Proof memory proof, Opening calldata opening)
        external
        returns (uint64 prefix, bytes32 outputHash)
    {
        prefix = prove(id, proof);
        Receipts.LeafFields memory leaf = proof.leaf;
        (, uint32 limit,,) = _models.model(leaf.modelId);
        uint256 size = opening.inputs.length + opening.outputs.length;
        if (size > limit) revert EvidenceTooLarge(size, limit);
        bytes32 inputHash = _hash(opening.inputs);
        if (inputHash != leaf.inputHash) revert EvidenceWrongInputs(inputHash, leaf.inputHash);
        outputHash = _hash(opening.outputs);
        _requireSeal(opening.salt, outputHash, leaf.sealedOutput);
        emit LeafOpened(msg.sender, id, opening.salt, opening.inputs, opening.outputs);
    }
}
