// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title Commitments
/// @notice What a verifier commits to before it may see a provider's outputs.
/// @dev docs/protocol.md section 5, "Commitment". Leaves are hashed twice, as OpenZeppelin's StandardMerkleTree does,
/// and their trees are verified with OpenZeppelin's MerkleProof.
library Commitments {
    /// @notice The commitment of one verifier for one epoch and round.
    /// @param hub Contract that takes the commitment.
    /// @param epoch Epoch judged.
    /// @param round 0, or 1 for the redraw.
    /// @param sender The verifier.
    /// @param root Root of its assignment leaves.
    function commitment(address hub, uint64 epoch, uint8 round, address sender, bytes32 root)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(hub, epoch, round, sender, root));
    }

    /// @notice Leaf of one assignment.
    /// @param role 0 probe, 1 re-run, 2 redraw.
    /// @param provider Provider judged.
    /// @param modelId Model judged.
    /// @param report The probe report; 0 for a re-run, whose verdicts follow at reveal.
    /// @param dataRoot Root of the evidence leaves, zero if there are none.
    /// @param salt Chosen by the verifier.
    function assignmentLeaf(
        uint8 role,
        address provider,
        bytes32 modelId,
        uint256 report,
        bytes32 dataRoot,
        bytes32 salt
    ) internal pure returns (bytes32) {
        return _double(abi.encode(role, provider, modelId, report, dataRoot, salt));
    }

    /// @notice Evidence leaf of a probe: the receipt it got.
    /// @param i Number of the receipt, dense from 0.
    /// @param receiptStructHash `Receipts.structHash` of it.
    function probeLeaf(uint16 i, bytes32 receiptStructHash) internal pure returns (bytes32) {
        return _double(abi.encode(i, receiptStructHash));
    }

    /// @notice Evidence leaf of a re-run: the verifier's own outputs for a sample.
    /// @param j Number of the sample; the number of samples for the own input.
    /// @param nativeHash Tensor hash of the native runtime's outputs.
    /// @param wasmHash Tensor hash of the WASM runtime's outputs.
    function rerunLeaf(uint8 j, bytes32 nativeHash, bytes32 wasmHash) internal pure returns (bytes32) {
        return _double(abi.encode(j, nativeHash, wasmHash));
    }

    /// @notice Root of the tree that these leaves are, in the layout of OpenZeppelin's merkle-tree: as its multiproof, with
    /// nothing to prove.
    /// @param leaves At least one, in the order of the tree; nodes take their place.
    function rootOf(bytes32[] memory leaves) internal pure returns (bytes32) {
        uint256 count = leaves.length;
        // What is joined are the leaves and then the nodes, in order; node `i` stands where leaf `i` was, joined before.
        for (uint256 i = 0; i + 1 < count; ++i) {
            (uint256 a, uint256 b) = (2 * i, 2 * i + 1);
            leaves[i] = Hashes.commutativeKeccak256(leaves[a < count ? a : a - count], leaves[b < count ? b : b - count]);
        }
        return leaves[count == 1 ? 0 : count - 2];
    }

    function _double(bytes memory data) private pure returns (bytes32 hash) {
        hash = keccak256(data);
        assembly ("memory-safe") {
            mstore(0, hash)
            hash := keccak256(0, 32)
        }
    }
}
