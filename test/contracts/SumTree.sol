// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleSum} from "../../contracts/libraries/MerkleSum.sol";

/// @notice Builds the trees that `MerkleSum` verifies.
library SumTree {
    /// @notice Root, total and the path of one leaf, built level by level; an empty pair stays empty.
    function build(MerkleSum.Node[] memory leaves, uint256 index)
        internal
        pure
        returns (bytes32, uint64, MerkleSum.Node[] memory path)
    {
        uint256 depth = 0;
        while ((1 << depth) < leaves.length) ++depth;
        path = new MerkleSum.Node[](depth);
        MerkleSum.Node[] memory row = new MerkleSum.Node[](1 << depth);
        for (uint256 i = 0; i < leaves.length; ++i) row[i] = leaves[i];
        for (uint256 level = 0; level < depth; ++level) {
            path[level] = row[(index >> level) ^ 1];
            MerkleSum.Node[] memory above = new MerkleSum.Node[](row.length / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                MerkleSum.Node memory left = row[2 * i];
                MerkleSum.Node memory right = row[2 * i + 1];
                if (left.hash == 0 && right.hash == 0) continue;
                above[i] = MerkleSum.Node(
                    keccak256(abi.encode(left.hash, left.sum, right.hash, right.sum)), left.sum + right.sum
                );
            }
            row = above;
        }
        return (row[0].hash, row[0].sum, path);
    }
}
