// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {vm} from "../Vm.sol";

contract CommitmentsTest {
    LibraryHarness private immutable harness = new LibraryHarness();

    function testFuzz_commitmentNamesItsPlace(address hub, uint64 epoch, uint8 round, address sender, bytes32 root)
        public
        pure
    {
        bytes32 made = Commitments.commitment(hub, epoch, round, sender, root);
        vm.assertEq(made, keccak256(abi.encode(hub, uint256(epoch), uint256(round), sender, root)));
        vm.assertTrue(made != Commitments.commitment(hub, epoch, round ^ 1, sender, root));
    }

    function testFuzz_leavesAreDoubleHashed(
        uint8 role,
        address provider,
        bytes32 model,
        uint256 report,
        bytes32 data,
        bytes32 salt
    ) public pure {
        bytes32 once = keccak256(abi.encode(uint256(role), provider, model, report, data, salt));
        vm.assertEq(
            Commitments.assignmentLeaf(role, provider, model, report, data, salt), keccak256(abi.encode(once))
        );
        once = keccak256(abi.encode(uint256(role), data));
        vm.assertEq(Commitments.probeLeaf(role, data), keccak256(abi.encode(once)));
        once = keccak256(abi.encode(uint256(role), data, salt));
        vm.assertEq(Commitments.rerunLeaf(role, data, salt), keccak256(abi.encode(once)));
    }

    /// @dev Two assignments under one root, the way a reveal shows them.
    function test_assignmentsProveUnderTheCommittedRoot() public view {
        bytes32 a = Commitments.assignmentLeaf(0, address(1), "model", 11, "data", "salt");
        bytes32 b = Commitments.assignmentLeaf(1, address(1), "model", 0, "data", "pepper");
        bytes32 root = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = b;
        vm.assertTrue(harness.verifyLeaf(proof, root, a));
        vm.assertFalse(harness.verifyLeaf(proof, root, Commitments.assignmentLeaf(0, address(1), "model", 12, "data", "salt")));
    }
}
