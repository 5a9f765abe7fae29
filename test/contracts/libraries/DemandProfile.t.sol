// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DemandProfile} from "../../../contracts/libraries/DemandProfile.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {vm} from "../Vm.sol";

contract DemandProfileTest {
    LibraryHarness private immutable harness = new LibraryHarness();

    function test_sharesMustAddUp() public {
        harness.checkSlots(1023 << 230);
        harness.checkSlots(1000 | (23 << 10));
        vm.expectRevert(abi.encodeWithSelector(DemandProfile.DemandProfileSumWrong.selector, 0, 1023));
        harness.checkSlots(0);
        vm.expectRevert(abi.encodeWithSelector(DemandProfile.DemandProfileSumWrong.selector, 1024, 1023));
        harness.checkSlots(1000 | (24 << 10));
        vm.expectRevert(abi.encodeWithSelector(DemandProfile.DemandProfileStrayBits.selector, 1, 0));
        harness.checkSlots(1023 | (1 << 240));
    }

    function testFuzz_shareIsTenBits(uint240 slots) public pure {
        uint256 rest = slots;
        for (uint256 k = 0; k < 24; ++k) {
            vm.assertEq(DemandProfile.share(slots, k), rest % 1024);
            rest /= 1024;
        }
    }

    function test_threeEqualOwners() public pure {
        DemandProfile.Profile memory p = DemandProfile.profile(_logs(17, 1023 << 70), 20);
        vm.assertFalse(p.flat);
        uint256 sum = 3 * 65_536 * 1023 * uint256(10);
        vm.assertEq(p.total, 192 * sum);
        vm.assertEq(p.weights[7], 169 * sum); // 7/8 of everything and 1/192
        vm.assertEq(p.weights[0], sum);
        vm.assertEq(p.peak, (1 << 7) | 15); // ties to the lower slot
    }

    function test_capLimitsUnits() public pure {
        DemandProfile.Log[] memory logs = _logs(17, 1023);
        logs[0].units = 1_000_000;
        vm.assertEq(DemandProfile.profile(logs, 20).total, DemandProfile.profile(_logs(17, 1023), 20).total);
    }

    function test_onlySevenEpochsCount() public pure {
        vm.assertTrue(DemandProfile.profile(_logs(18, 1023), 20).flat);
        vm.assertFalse(DemandProfile.profile(_logs(17, 1023), 20).flat);
        DemandProfile.Profile memory oldest = DemandProfile.profile(_logs(11, 1023), 20);
        vm.assertEq(oldest.total, 192 * 3 * 25_989 * 1023 * uint256(10));
        vm.assertTrue(DemandProfile.profile(_logs(10, 1023), 20).flat);
        vm.assertTrue(DemandProfile.profile(_logs(type(uint64).max, 1023), 20).flat);
        vm.assertTrue(DemandProfile.profile(_logs(0, 1023), 2).flat);
        vm.assertFalse(DemandProfile.profile(_logs(0, 1023), 3).flat);
    }

    function test_twoOwnersAreFlat() public pure {
        DemandProfile.Log[] memory logs = _logs(17, 1023);
        logs[2].owner = logs[0].owner;
        DemandProfile.Profile memory p = DemandProfile.profile(logs, 20);
        vm.assertTrue(p.flat);
        vm.assertEq(p.total, 24);
        vm.assertEq(p.weights[23], 1);
        vm.assertEq(p.peak, 0);
        logs[2].owner = address(9);
        logs[2].epoch = 10; // an owner of long ago is none
        vm.assertTrue(DemandProfile.profile(logs, 20).flat);
        logs[2].epoch = 11;
        vm.assertFalse(DemandProfile.profile(logs, 20).flat);
        logs[2].units = 0; // an owner without demand is none
        vm.assertTrue(DemandProfile.profile(logs, 20).flat);
    }

    function testFuzz_weightsAddToTheTotal(uint256 entropy, uint8 count) public pure {
        DemandProfile.Log[] memory logs = new DemandProfile.Log[](count % 30);
        for (uint256 i = 0; i < logs.length; ++i) {
            uint256 e = uint256(keccak256(abi.encode(entropy, i)));
            logs[i] = DemandProfile.Log(uint64(e % 12), address(uint160(e >> 8) % 5), e >> 16, uint64(e), uint64(e >> 64));
        }
        DemandProfile.Profile memory p = DemandProfile.profile(logs, 12);
        uint256 sum = 0;
        uint256 peaks = 0;
        uint256 lightest = type(uint256).max;
        for (uint256 k = 0; k < 24; ++k) {
            sum += p.weights[k];
            if (p.peak >> k & 1 == 0) continue;
            ++peaks;
            if (p.weights[k] < lightest) lightest = p.weights[k];
        }
        vm.assertEq(sum, p.total);
        vm.assertEq(peaks, p.flat ? 0 : 5);
        for (uint256 k = 0; k < 24; ++k) {
            if (p.peak >> k & 1 == 0) vm.assertLe(p.weights[k], lightest);
        }
    }

    function _logs(uint64 epoch, uint256 slots) private pure returns (DemandProfile.Log[] memory logs) {
        logs = new DemandProfile.Log[](3);
        for (uint160 i = 0; i < 3; ++i) logs[i] = DemandProfile.Log(epoch, address(i + 1), slots, 10, 10);
    }
}
