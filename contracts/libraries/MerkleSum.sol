// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title MerkleSum
/// @notice Proves that a leaf stands at an index of a committed tree, and how many units stand before it.
/// @dev docs/protocol.md section 5, "Tree": `node = keccak256(abi.encode(left, leftSum, right, rightSum))`, empty
/// subtrees are (0, 0), depth = ceil(log2 count). A leaf hash is the hash of 32 bytes and a node that of 128, so neither
/// passes for the other.
library MerkleSum {
    /// @notice A subtree: its hash and the units in it.
    struct Node {
        bytes32 hash;
        uint64 sum;
    }

    /// @notice The index is not below the number of leaves; `need` is the largest index.
    error MerkleSumIndexTooHigh(uint256 have, uint256 need);
    /// @notice The tree has no leaves.
    error MerkleSumEmpty(uint256 have, uint256 need);
    /// @notice The number of siblings is not the depth of the tree.
    error MerkleSumDepthWrong(uint256 have, uint256 need);
    /// @notice A sibling beyond the last leaf is not (0, 0).
    /// @param level Its level, 0 = leaves.
    error MerkleSumNotEmpty(uint256 level, bytes32 hash, uint256 sum);
    /// @notice The units of leaf and siblings do not add to the committed total.
    error MerkleSumTotalWrong(uint256 have, uint256 need);
    /// @notice The path does not lead to the committed root.
    error MerkleSumRootWrong(bytes32 have, bytes32 need);

    /// @notice Reverts unless `leaf` with `leafUnits` is leaf number `index` of the tree.
    /// @param root Committed root hash; of one leaf, the leaf hash itself.
    /// @param units Committed total units.
    /// @param count Committed number of leaves.
    /// @param leaf Leaf hash.
    /// @param leafUnits Units of the leaf.
    /// @param index Place of the leaf, from 0.
    /// @param siblings From the leaves' level upwards, `depthOf(count)` of them.
    /// @return prefix Units of all leaves left of this one; a position p is in this leaf if prefix <= p < prefix +
    /// leafUnits.
    function verify(
        bytes32 root,
        uint64 units,
        uint32 count,
        bytes32 leaf,
        uint64 leafUnits,
        uint32 index,
        Node[] memory siblings
    ) internal pure returns (uint64 prefix) {
        if (count == 0) revert MerkleSumEmpty(0, 1);
        if (index >= count) revert MerkleSumIndexTooHigh(index, count - 1);
        if (siblings.length != depthOf(count)) revert MerkleSumDepthWrong(siblings.length, depthOf(count));
        (bytes32 hash, uint256 sum, uint256 left) = _climb(leaf, leafUnits, index, count, siblings);
        if (sum != units) revert MerkleSumTotalWrong(sum, units);
        if (hash != root) revert MerkleSumRootWrong(hash, root);
        return uint64(left);
    }

    /// @notice Depth of a tree: ceil(log2 count), at most 32.
    /// @param count Number of leaves, at least 1.
    function depthOf(uint32 count) internal pure returns (uint256) {
        return Math.log2(count, Math.Rounding.Ceil);
    }

    /// @dev Sums are kept in 256 bits and only grow, so one that passes 64 bits on the way cannot equal the total.
    function _climb(bytes32 hash, uint256 sum, uint256 index, uint256 count, Node[] memory siblings)
        private
        pure
        returns (bytes32, uint256, uint256 left)
    {
        for (uint256 level = 0; level < siblings.length; ++level) {
            bytes32 hashBeside = siblings[level].hash;
            uint256 sumBeside = siblings[level].sum;
            if (index & 1 == 1) {
                left += sumBeside;
                hash = keccak256(abi.encode(hashBeside, sumBeside, hash, sum));
            } else {
                if ((index + 1) << level >= count && (hashBeside != 0 || sumBeside != 0)) {
                    revert MerkleSumNotEmpty(level, hashBeside, sumBeside);
                }
                hash = keccak256(abi.encode(hash, sum, hashBeside, sumBeside));
            }
            sum += sumBeside;
            index >>= 1;
        }
        return (hash, sum, left);
    }
}
