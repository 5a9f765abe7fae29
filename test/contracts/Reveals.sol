// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reveal} from "../../contracts/verification/IAttestationHub.sol";

/// @notice The tree over a verifier's assignments, in the layout of OpenZeppelin's merkle-tree but with the leaves in the
/// order given, and how some of them are opened.
library Reveals {
    function leafOf(Reveal memory r) internal pure returns (bytes32) {
        uint256 report = r.role == 0 ? r.report : 0;
        return keccak256(
            bytes.concat(keccak256(abi.encode(r.role, r.provider, r.modelId, report, r.dataRoot, r.salt)))
        );
    }

    function rootOf(Reveal[] memory all) internal pure returns (bytes32) {
        return _treeOf(all)[0];
    }

    /// @notice Path of one assignment alone.
    function pathOf(Reveal[] memory all, uint256 i) internal pure returns (bytes32[] memory proof) {
        (, proof,) = open(all, i, i + 1);
    }

    /// @notice What opens the assignments from `from` until before `until`.
    function open(Reveal[] memory all, uint256 from, uint256 until)
        internal
        pure
        returns (Reveal[] memory some, bytes32[] memory proof, bool[] memory flags)
    {
        bytes32[] memory tree = _treeOf(all);
        some = new Reveal[](until - from);
        // Places of the tree whose values are known and not joined yet, lowest level first; the first leaf is last of all.
        uint256[] memory queue = new uint256[](2 * all.length);
        uint256 end = 0;
        for (uint256 i = from; i < until; ++i) {
            some[end] = all[i];
            queue[end++] = tree.length - 1 - i;
        }
        (proof, flags) = (new bytes32[](tree.length), new bool[](tree.length));
        uint256 proofs = 0;
        uint256 steps = 0;
        for (uint256 head = 0; queue[head] != 0; ++head) {
            uint256 place = queue[head];
            uint256 sibling = place % 2 == 0 ? place - 1 : place + 1;
            if (head + 1 < end && queue[head + 1] == sibling) {
                flags[steps] = true;
                ++head;
            } else {
                proof[proofs++] = tree[sibling];
            }
            ++steps;
            queue[end++] = (place - 1) / 2;
        }
        // All of them are the whole tree, which needs no flags.
        if (until - from == all.length) steps = 0;
        assembly ("memory-safe") {
            mstore(proof, proofs)
            mstore(flags, steps)
        }
    }

    function _treeOf(Reveal[] memory all) private pure returns (bytes32[] memory tree) {
        tree = new bytes32[](2 * all.length - 1);
        for (uint256 i = 0; i < all.length; ++i) {
            tree[tree.length - 1 - i] = leafOf(all[i]);
        }
        for (uint256 i = all.length - 1; i > 0; --i) {
            (bytes32 a, bytes32 b) = (tree[2 * i - 1], tree[2 * i]);
            tree[i - 1] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        }
    }
}
