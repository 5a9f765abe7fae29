// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReliabilityMath} from "../../../contracts/libraries/ReliabilityMath.sol";
import {Record, RecordType} from "../../../contracts/types/Record.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {vm} from "../Vm.sol";

contract ReliabilityMathTest {
    uint256 private constant ONE = 1 << 24;
    Record private constant NEW = Record.wrap(0);
    LibraryHarness private immutable harness = new LibraryHarness();

    function test_firstRowsOfTheVectors() public pure {
        (Record word, bool alarm) = ReliabilityMath.update(NEW, 1, 63, 64, false);
        vm.assertFalse(alarm);
        vm.assertApproxEqAbs(ReliabilityMath.lowerBound(word), 869_791_556, 10);
        vm.assertApproxEqAbs(ReliabilityMath.mean(word), 976_783_544, 10);
        (word,) = ReliabilityMath.update(word, 2, 62, 64, false);
        vm.assertApproxEqAbs(ReliabilityMath.lowerBound(word), 903_380_822, 10);
    }

    function test_newWordReadsAsThePrior() public pure {
        Record prior = RecordType.pack(18 * ONE, 20 * ONE, 0, 0, 0, 1);
        vm.assertEq(ReliabilityMath.lowerBound(NEW), ReliabilityMath.lowerBound(prior));
        vm.assertEq(ReliabilityMath.mean(NEW), 900_000_000);
        vm.assertEq(ReliabilityMath.upperBound(NEW), 1e9);
    }

    function test_wordDecayedToNothingReadsAsThePrior() public pure {
        (Record word,) = ReliabilityMath.update(NEW, 1, 0, 64, false);
        (word,) = ReliabilityMath.update(word, 5000, 0, 0, false);
        vm.assertEq(word.slowTotal(), 0);
        vm.assertEq(ReliabilityMath.lowerBound(word), ReliabilityMath.lowerBound(NEW));
        vm.assertEq(ReliabilityMath.upperBound(word), 1e9);
        vm.assertEq(ReliabilityMath.mean(word), 900_000_000);
    }

    function test_emptyUpdateOnlyDecays() public pure {
        Record before = RecordType.pack(900 * ONE, 1000 * ONE, 90 * ONE, 100 * ONE, 77, 10);
        (Record word, bool alarm) = ReliabilityMath.update(before, 40, 0, 0, false);
        vm.assertFalse(alarm);
        vm.assertApproxEqAbs(word.slowTotal(), 500 * ONE, 1000);
        vm.assertApproxEqAbs(word.fastTotal(), 100 * ONE >> 10, 1000);
        vm.assertEq(word.cusum(), 77);
        vm.assertEq(word.lastEpoch(), 40);
    }

    function test_suddenFailureAlarmsAndForgetsOnlyGoodEvidence() public pure {
        Record word = _run(NEW, 60, 64, 64, false);
        bool alarm;
        uint256 bad;
        for (uint256 epoch = 61; !alarm; ++epoch) {
            bad = word.slowTotal() - word.slowGood();
            (word, alarm) = ReliabilityMath.update(word, epoch, 32, 64, false);
            vm.assertLt(epoch, 63);
        }
        vm.assertEq(word.cusum(), 0);
        vm.assertGe(word.slowTotal() - word.slowGood(), bad); // the failures stay
        uint256 recent = word.fastGood() * 1e9 / word.fastTotal();
        vm.assertApproxEqAbs(word.slowGood() * 1e9 / word.slowTotal(), recent, 100);
    }

    function test_hopelessRecordNeverAlarms() public pure {
        Record word = _run(NEW, 20, 40, 64, false);
        for (uint256 epoch = 21; epoch < 40; ++epoch) {
            bool alarm;
            (word, alarm) = ReliabilityMath.update(word, epoch, 0, 64, false);
            vm.assertFalse(alarm);
            vm.assertEq(word.cusum(), 0);
        }
    }

    function test_speedsHaveTheirHalfLives() public pure {
        Record before = RecordType.pack(512 * ONE, 512 * ONE, 512 * ONE, 512 * ONE, 0, 1);
        (Record word,) = ReliabilityMath.update(before, 31, 0, 0, false);
        vm.assertApproxEqAbs(word.slowTotal(), 256 * ONE, 100);
        (word,) = ReliabilityMath.update(before, 91, 0, 0, true);
        vm.assertApproxEqAbs(word.slowTotal(), 256 * ONE, 400);
        (word,) = ReliabilityMath.update(before, 11, 0, 0, true);
        vm.assertApproxEqAbs(word.fastTotal(), 256 * ONE, 100);
    }

    function test_refusals() public {
        (Record word,) = ReliabilityMath.update(NEW, 7, 1, 2, false);
        vm.expectRevert(abi.encodeWithSelector(ReliabilityMath.ReliabilityMathEpochNotLater.selector, 7, 8));
        harness.update(word, 7, 1, 2, false);
        vm.expectRevert(abi.encodeWithSelector(ReliabilityMath.ReliabilityMathEpochTooLate.selector, 1 << 24, (1 << 24) - 1));
        harness.update(word, 1 << 24, 1, 2, false);
        vm.expectRevert(abi.encodeWithSelector(ReliabilityMath.ReliabilityMathGoodAboveTotal.selector, 3, 2));
        harness.update(word, 8, 3, 2, false);
        vm.expectRevert(abi.encodeWithSelector(ReliabilityMath.ReliabilityMathTooManySamples.selector, 65_536, 65_535));
        harness.update(word, 8, 0, 65_536, false);
        harness.update(NEW, 0, 0, 65_535, false);
    }

    /// @dev Any history leaves a word whose fields are in order and whose readings are ordered and within 100 %.
    function testFuzz_wordStaysInOrder(uint256 entropy, bool slowSpeed) public pure {
        Record word = NEW;
        uint256 epoch = 0;
        for (uint256 i = 0; i < 24; ++i) {
            entropy = uint256(keccak256(abi.encode(entropy)));
            epoch += 1 + (entropy & 0xff == 0 ? (entropy >> 8) & 0xfff : (entropy >> 8) & 1);
            uint256 total = (entropy >> 32) & (entropy & 0x700 == 0 ? 0xffff : 0x7f);
            uint256 good = entropy & 0x3000 == 0 ? (entropy >> 64) % (total + 1) : total - total * (entropy >> 64 & 7) / 64;
            (word,) = ReliabilityMath.update(word, epoch, good, total, slowSpeed);
            vm.assertLe(word.slowGood(), word.slowTotal());
            vm.assertLe(word.fastGood(), word.fastTotal());
            vm.assertLe(word.slowTotal() - word.slowGood(), 100 * ONE);
            vm.assertLt(word.cusum(), 154_523_870);
            vm.assertEq(word.lastEpoch(), epoch);
            vm.assertLe(ReliabilityMath.lowerBound(word), ReliabilityMath.upperBound(word));
            vm.assertLe(ReliabilityMath.upperBound(word), 1e9);
            vm.assertLe(ReliabilityMath.mean(word), 1e9);
        }
    }

    /// @dev The largest history that updates can build still fits its bits, at either speed.
    function test_heaviestHistoryFits() public pure {
        _run(NEW, 1200, 65_535, 65_535, true);
        _run(NEW, 600, 65_535, 65_535, false);
    }

    function testFuzz_scoreExceedsNoneOfItsBounds(uint16 a, uint16 b, uint16 c) public pure {
        Record t = _run(NEW, 3, a, type(uint16).max, false);
        Record p = _run(NEW, 3, b, type(uint16).max, false);
        Record correct = _run(NEW, 3, c, type(uint16).max, true);
        uint256 value = ReliabilityMath.score(t, p, correct);
        vm.assertLe(value, ReliabilityMath.lowerBound(t));
        vm.assertLe(value, ReliabilityMath.upperBound(p));
        vm.assertLe(value, ReliabilityMath.lowerBound(correct));
    }

    function testFuzz_oneMoreGoodSampleNeverHurts(uint256 entropy) public pure {
        Record word = _run(NEW, 1 + entropy % 40, 64 - (entropy >> 8) % 12, 64, false);
        uint256 good = (entropy >> 16) % 64;
        (Record less,) = ReliabilityMath.update(word, 50, good, 64, false);
        (Record more,) = ReliabilityMath.update(word, 50, good + 1, 64, false);
        vm.assertLe(ReliabilityMath.lowerBound(less), ReliabilityMath.lowerBound(more) + 10);
    }

    function testFuzz_capKeepsRates(uint256 entropy, uint8 samples) public pure {
        Record word = _run(NEW, 1 + entropy % 40, 64 - (entropy >> 8) % 30, 64, true);
        uint256 most = uint256(samples) + 1;
        Record capped = ReliabilityMath.capSamples(word, most);
        vm.assertLe(capped.slowTotal(), most * ONE);
        vm.assertLe(capped.fastTotal(), most * ONE);
        vm.assertApproxEqAbs(
            capped.slowGood() * 1e6 / capped.slowTotal(), word.slowGood() * 1e6 / word.slowTotal(), 1
        );
        vm.assertEq(capped.cusum(), word.cusum());
        vm.assertEq(capped.lastEpoch(), word.lastEpoch());
        vm.assertEq(Record.unwrap(ReliabilityMath.capSamples(NEW, most)), 0);
    }

    function test_qualityEnds() public pure {
        vm.assertEq(ReliabilityMath.quality(0), 0);
        vm.assertEq(ReliabilityMath.quality(940_000_000), 0);
        vm.assertEq(ReliabilityMath.quality(940_000_001), 20);
        vm.assertEq(ReliabilityMath.quality(965_000_000), 500_000_000);
        vm.assertEq(ReliabilityMath.quality(990_000_000), 1e9);
        vm.assertEq(ReliabilityMath.quality(1e9), 1e9);
    }

    function test_tenureGrows() public pure {
        vm.assertEq(ReliabilityMath.tenure(0), 250_000_000);
        vm.assertEq(ReliabilityMath.tenure(12), 250_000_000);
        vm.assertApproxEqAbs(ReliabilityMath.tenure(30), 500_000_000, 10);
        vm.assertApproxEqAbs(ReliabilityMath.tenure(60), 750_000_000, 10);
        vm.assertEq(ReliabilityMath.tenure(type(uint256).max), 1e9);
    }

    /// @dev Splitting what is bonded over several records never raises the pay.
    function testFuzz_payIsOfDegreeOne(uint128 a, uint128 b, uint128 stake, uint16 age, uint256 score_) public pure {
        uint256 both = uint256(a) + b;
        score_ %= 1e9 + 1;
        uint256 whole = ReliabilityMath.payWeight(score_, age, both, stake, both);
        uint256 parts = ReliabilityMath.payWeight(score_, age, a, stake, both)
            + ReliabilityMath.payWeight(score_, age, b, stake, both);
        vm.assertLe(parts, whole);
        vm.assertLe(whole, both < stake ? both : stake);
    }

    function test_payIsCutByMissingStake() public pure {
        vm.assertEq(ReliabilityMath.payWeight(1e9, 10_000, 1000, 500, 2000), 250);
        vm.assertEq(ReliabilityMath.payWeight(1e9, 10_000, 1000, 2000, 2000), 1000);
        vm.assertEq(ReliabilityMath.payWeight(1e9, 0, 1000, 2000, 2000), 250);
        vm.assertEq(ReliabilityMath.payWeight(1e9, 10_000, 0, 0, 0), 0);
    }

    function _run(Record word, uint256 epochs, uint256 good, uint256 total, bool slowSpeed)
        private
        pure
        returns (Record)
    {
        for (uint256 i = 0; i < epochs; ++i) {
            (word,) = ReliabilityMath.update(word, i + 1, good, total, slowSpeed);
        }
        return word;
    }
}
