// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reports} from "../../../contracts/libraries/Reports.sol";
import {LibraryHarness} from "../LibraryHarness.sol";
import {vm} from "../Vm.sol";

contract ReportsTest {
    LibraryHarness private immutable harness = new LibraryHarness();

    function testFuzz_fieldsStandLowBitsFirst(uint16 a, uint16 b, uint16 c, uint16 d, uint16 e, uint16 f) public view {
        uint256[6] memory fields = harness.probeFields(_probe(a, b, c, d, e, f));
        vm.assertEq(abi.encode(fields).length, 192);
        vm.assertEq(keccak256(abi.encode(fields)), keccak256(abi.encode(a, b, c, d, e, f)));
    }

    function test_possibleProbeReportsPass() public view {
        harness.checkProbe(_probe(11, 11, 11, 0, 0, 0), 11);
        harness.checkProbe(_probe(6, 0, 0, 6, 0, 6), 11);
        harness.checkProbe(_probe(11, 5, 8, 6, 5, 3), 11);
        harness.checkProbe(_probe(11, 0, 0, 0, 0, 0), 22);
    }

    function test_impossibleProbeReportsAreRefused() public {
        _refused(_probe(12, 0, 0, 0, 0, 0), Reports.ReportsTooManyProbes.selector, 12, 11);
        _refused(_probe(5, 0, 0, 0, 0, 0), Reports.ReportsTooFewProbes.selector, 5, 6);
        _refused(_probe(11, 0, 12, 0, 0, 0), Reports.ReportsAnsweredAboveProbes.selector, 12, 11);
        _refused(_probe(11, 9, 8, 0, 0, 0), Reports.ReportsTimelyAboveAnswered.selector, 9, 8);
        _refused(_probe(11, 11, 11, 12, 0, 0), Reports.ReportsPeakProbesAboveProbes.selector, 12, 11);
        _refused(_probe(11, 9, 9, 4, 5, 0), Reports.ReportsPeakTimelyAbovePeakProbes.selector, 5, 4);
        _refused(_probe(11, 4, 9, 9, 5, 0), Reports.ReportsPeakTimelyAboveTimely.selector, 5, 4);
        _refused(_probe(11, 4, 9, 0, 0, 3), Reports.ReportsAtCapacityAboveUnanswered.selector, 3, 2);
        _refused(_probe(11, 4, 9, 0, 0, 0) | (1 << 96), Reports.ReportsStrayBits.selector, 1, 0);
        _refused(_probe(11, 4, 9, 0, 0, 0) | (1 << 255), Reports.ReportsStrayBits.selector, 1 << 159, 0);
    }

    /// @notice A report of zeros is an abstention; so is one without a match or a mismatch.
    function testFuzz_abstentions(uint96 verdicts, uint8 tier) public view {
        harness.checkProbe(0, 22);
        vm.assertFalse(Reports.judgesProbes(0));
        vm.assertTrue(Reports.judgesProbes(_probe(11, 0, 0, 0, 0, 0)));
        uint256 m = [12, 24, 48][tier % 3];
        uint256 report = m | (uint256(verdicts) << 8);
        bool judges = false;
        for (uint256 j = 0; j < m; ++j) {
            uint256 verdict = (verdicts >> (2 * j)) % 4;
            if (verdict == 0 || verdict == 2) judges = true;
        }
        vm.assertEq(Reports.judgesSamples(report), judges);
        vm.assertFalse(Reports.judgesSamples(m | (uint256(0x555555555555555555555555) << 8)));
        vm.assertFalse(Reports.judgesSamples(0));
    }

    function testFuzz_rerunFields(uint96 verdicts, uint8 n, uint8 panel) public view {
        (uint256 samples, uint256[48] memory found, uint256 panel_) =
            harness.rerunFields(n | (uint256(verdicts) << 8) | (uint256(panel % 4) << 104));
        vm.assertEq(samples, n);
        vm.assertEq(panel_, panel % 4);
        for (uint256 j = 0; j < 48; ++j) vm.assertEq(found[j], (verdicts >> (2 * j)) % 4);
    }

    function testFuzz_possibleRerunReportsPass(uint96 verdicts, uint8 tier, uint8 panel) public view {
        uint256 m = [12, 24, 48][tier % 3];
        harness.checkRerun(m | ((verdicts % (1 << (2 * m))) << 8) | (uint256(panel % 3) << 104), m);
    }

    function test_impossibleRerunReportsAreRefused() public {
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsSampleCountWrong.selector, 24, 48));
        harness.checkRerun(24, 48);
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsStrayBits.selector, 2, 0));
        harness.checkRerun(12 | (2 << 32), 12);
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsStrayBits.selector, 1 << 71, 0));
        harness.checkRerun(12 | (1 << 103), 12);
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsPanelUnknown.selector, 3, 2));
        harness.checkRerun(48 | (3 << 104), 48);
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsStrayBits.selector, 1, 0));
        harness.checkRerun(48 | (1 << 106), 48);
    }

    function _refused(uint256 report, bytes4 selector, uint256 have, uint256 need) private {
        vm.expectRevert(abi.encodeWithSelector(selector, have, need));
        harness.checkProbe(report, 11);
    }

    function _probe(uint256 sent, uint256 timely, uint256 answered, uint256 atPeak, uint256 peakTimely, uint256 full)
        private
        pure
        returns (uint256)
    {
        return sent | (timely << 16) | (answered << 32) | (atPeak << 48) | (peakTimely << 64) | (full << 80);
    }
}
