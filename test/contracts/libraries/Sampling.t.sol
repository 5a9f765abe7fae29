// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {vm} from "../Vm.sol";

contract SamplingTest {
    LibraryHarness private immutable harness = new LibraryHarness();

    function testFuzz_positionIsInTheLog(bytes32 seed, address provider, bytes32 model, uint64 epoch, uint64 units)
        public
        pure
    {
        if (units == 0) return;
        for (uint8 j = 0; j < 48; ++j) {
            uint256 hash = uint256(keccak256(abi.encode("surety.sample", seed, provider, model, epoch, j)));
            vm.assertEq(Sampling.position(seed, provider, model, epoch, j, units), hash % units);
        }
    }

    function test_noUnitsNoPosition() public {
        vm.expectRevert(abi.encodeWithSelector(Sampling.SamplingNoUnits.selector, 0, 1));
        harness.positions(0, address(1), 0, 1, 1, 0);
    }

    function test_noSamplesNoOwnInput() public {
        vm.expectRevert(abi.encodeWithSelector(Sampling.SamplingNoUnits.selector, 0, 1));
        this.ownInputOfNone();
    }

    function ownInputOfNone() external pure {
        Sampling.ownInput(0, address(1), 0, 1, 0, 0);
    }

    function test_sampleCountTiers() public pure {
        vm.assertEq(Sampling.sampleCount(6, 0, false), 48);
        vm.assertEq(Sampling.sampleCount(7, 0, false), 24);
        vm.assertEq(Sampling.sampleCount(29, 0, false), 24);
        vm.assertEq(Sampling.sampleCount(30, 0, false), 12);
        vm.assertEq(Sampling.sampleCount(30, 25_165_824, false), 12);
        vm.assertEq(Sampling.sampleCount(30, 25_165_825, false), 24);
        vm.assertEq(Sampling.sampleCount(30, 67_108_864, false), 24);
        vm.assertEq(Sampling.sampleCount(30, 67_108_865, false), 48);
        vm.assertEq(Sampling.sampleCount(30, 0, true), 48);
    }

    function test_probeTiers() public {
        vm.assertEq(Sampling.probesFor(0), 32);
        vm.assertEq(Sampling.probesFor(990_000_000), 32);
        vm.assertEq(Sampling.probesFor(990_000_001), 64);
        vm.assertEq(Sampling.probesFor(995_000_000), 64);
        vm.assertEq(Sampling.probesFor(995_000_001), 192);
        vm.assertEq(Sampling.probesFor(999_000_000), 192);
        vm.expectRevert(abi.encodeWithSelector(Sampling.SamplingTargetTooHigh.selector, 999_000_001, 999_000_000));
        harness.probesFor(999_000_001);
    }

    function test_threeSeatsMakeATier() public pure {
        vm.assertEq(Sampling.probesPerSeat(32), 11);
        vm.assertEq(Sampling.probesPerSeat(64), 22);
        vm.assertEq(Sampling.probesPerSeat(192), 64);
    }

    function testFuzz_seedDiffersByEpoch(bytes32 value, uint64 epoch) public pure {
        vm.assertEq(Sampling.seed(value, epoch), keccak256(abi.encode("surety.seed", value, epoch)));
        vm.assertTrue(Sampling.seed(value, epoch) != Sampling.seed(value, uint256(epoch) + 1));
    }
}
