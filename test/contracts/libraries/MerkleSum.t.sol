// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {SumTree} from "../SumTree.sol";
import {vm} from "../Vm.sol";

contract MerkleSumTest {
    LibraryHarness private immutable harness = new LibraryHarness();

    function testFuzz_everyLeafProves(uint256 entropy, uint8 size) public view {
        uint32 count = uint32(size) % 40 + 1;
        MerkleSum.Node[] memory leaves = _leaves(entropy, count);
        (bytes32 root, uint64 units,) = SumTree.build(leaves, 0);
        uint256 prefix = 0;
        for (uint32 i = 0; i < count; ++i) {
            (,, MerkleSum.Node[] memory path) = SumTree.build(leaves, i);
            vm.assertEq(harness.verifySum(root, units, count, leaves[i].hash, leaves[i].sum, i, path), prefix);
            prefix += leaves[i].sum;
        }
        vm.assertEq(prefix, units);
    }

    function testFuzz_nothingElseProves(uint256 entropy, uint8 size, uint8 what) public {
        uint32 count = uint32(size) % 40 + 2;
        MerkleSum.Node[] memory leaves = _leaves(entropy, count);
        uint32 i = uint32(entropy % count);
        (bytes32 root, uint64 units, MerkleSum.Node[] memory path) = SumTree.build(leaves, i);
        MerkleSum.Node memory leaf = leaves[i];
        uint256 level = entropy % path.length;
        what %= 7;
        if (what == 0) leaf.hash = keccak256(abi.encode(leaf.hash));
        if (what == 1) ++leaf.sum;
        if (what == 2) i = i == 0 ? count - 1 : i - 1;
        if (what == 3) path[level].hash = keccak256(abi.encode(path[level].hash));
        if (what == 4) ++path[level].sum;
        if (what == 5) ++units;
        if (what == 6) root = keccak256(abi.encode(root));
        vm.expectRevert();
        harness.verifySum(root, units, count, leaf.hash, leaf.sum, i, path);
    }

    function test_oneLeafIsTheRoot() public view {
        vm.assertEq(harness.verifySum("leaf", 5, 1, "leaf", 5, 0, new MerkleSum.Node[](0)), 0);
    }

    function test_refusesAnEmptyTree() public {
        vm.expectRevert(abi.encodeWithSelector(MerkleSum.MerkleSumEmpty.selector, 0, 1));
        harness.verifySum(0, 0, 0, 0, 0, 0, new MerkleSum.Node[](0));
    }

    function test_refusesAnIndexBeyondTheCount() public {
        MerkleSum.Node[] memory leaves = _leaves(1, 5);
        (bytes32 root, uint64 units, MerkleSum.Node[] memory path) = SumTree.build(leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(MerkleSum.MerkleSumIndexTooHigh.selector, 5, 4));
        harness.verifySum(root, units, 5, leaves[0].hash, leaves[0].sum, 5, path);
    }

    function test_refusesAnotherDepth() public {
        MerkleSum.Node[] memory leaves = _leaves(1, 5);
        (bytes32 root, uint64 units, MerkleSum.Node[] memory path) = SumTree.build(leaves, 0);
        vm.expectRevert(abi.encodeWithSelector(MerkleSum.MerkleSumDepthWrong.selector, 3, 2));
        harness.verifySum(root, units, 4, leaves[0].hash, leaves[0].sum, 0, path);
    }

    /// @dev A tree of six leaves, committed as one of five: what lies beyond the count cannot hide units.
    function test_refusesLeavesBeyondTheCount() public {
        MerkleSum.Node[] memory leaves = _leaves(1, 6);
        (bytes32 root, uint64 units, MerkleSum.Node[] memory path) = SumTree.build(leaves, 4);
        harness.verifySum(root, units, 6, leaves[4].hash, leaves[4].sum, 4, path);
        vm.expectRevert(abi.encodeWithSelector(MerkleSum.MerkleSumNotEmpty.selector, 0, leaves[5].hash, leaves[5].sum));
        harness.verifySum(root, units, 5, leaves[4].hash, leaves[4].sum, 4, path);
    }

    /// @dev Sums that wrap around 64 bits to the committed total.
    function test_refusesSumsThatWrap() public {
        MerkleSum.Node[] memory leaves = new MerkleSum.Node[](2);
        leaves[0] = MerkleSum.Node("a", type(uint64).max);
        leaves[1] = MerkleSum.Node("b", 11);
        bytes32 root = keccak256(abi.encode(leaves[0].hash, leaves[0].sum, leaves[1].hash, leaves[1].sum));
        MerkleSum.Node[] memory path = new MerkleSum.Node[](1);
        path[0] = leaves[1];
        vm.expectRevert(abi.encodeWithSelector(MerkleSum.MerkleSumTotalWrong.selector, uint256(type(uint64).max) + 11, 10));
        harness.verifySum(root, 10, 2, "a", type(uint64).max, 0, path);
    }

    function testFuzz_depthHoldsTheCount(uint32 count) public view {
        if (count == 0) return;
        uint256 depth = harness.depthOf(count);
        vm.assertLe(count, 1 << depth);
        if (depth > 0) vm.assertLt(1 << (depth - 1), count);
        vm.assertEq(harness.depthOf(type(uint32).max), 32);
    }

    function _leaves(uint256 entropy, uint256 count) private pure returns (MerkleSum.Node[] memory leaves) {
        leaves = new MerkleSum.Node[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 hash = keccak256(abi.encode(entropy, i));
            leaves[i] = MerkleSum.Node(hash, uint8(hash[31]) & 7);
        }
    }
}
