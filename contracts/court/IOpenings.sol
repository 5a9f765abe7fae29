// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleSum} from "../libraries/MerkleSum.sol";
import {Receipts} from "../libraries/Receipts.sol";
import {IEvidence, Opening, Proof} from "./IEvidence.sol";

/// @title Openings
/// @notice Where rooms of the court have leaves proved and opened, so that both are told in events whoever brought them, and
/// by way of which contracts. Keeps nothing. Anyone may call it, about its own numbers: whoever reads names the room.
/// @dev Rules: docs/protocol.md sections 6 (Opening) and 8.
interface IOpenings is IEvidence {
    /// @notice A leaf stands in its log at its number. A case about it takes these two.
    /// @param room Who had it proved. @param id Of the demand or case, as the room says.
    event LeafProved(address indexed room, bytes32 indexed id, Receipts.LeafFields leaf, MerkleSum.Node[] path);
    /// @notice What a leaf hides is public: the salt of its seal and the canonical tensors.
    /// @param room Who had it opened. @param id Of the demand or case, as the room says.
    event LeafOpened(address indexed room, bytes32 indexed id, bytes32 salt, bytes inputs, bytes outputs);

    /// @notice Proves that a leaf stands in its log, and tells its path.
    /// @param id Number under which it is told.
    /// @return prefix Units of the log before the leaf.
    function prove(bytes32 id, Proof calldata proof) external returns (uint64 prefix);

    /// @notice As `prove`, of a leaf whose tensors are then told too.
    /// @return prefix Units of the log before the leaf. @return outputHash Hash of the outputs.
    function open(bytes32 id, Proof calldata proof, Opening calldata opening)
        external
        returns (uint64 prefix, bytes32 outputHash);
}
