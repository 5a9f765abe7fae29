// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Settlement} from "../../../contracts/libraries/Settlement.sol";
import {vm} from "../Vm.sol";

contract SettlementTest {
    uint256[5] private REPORTS = [_probe(11, 3), _probe(10, 10), _probe(11, 7), _probe(9, 0), _probe(8, 6)];

    function test_middleThreeOfFive() public view {
        (bool quorum, uint256 probes, uint256 timely,,,) = Settlement.aggregateProbes(_some(REPORTS, _all()));
        vm.assertTrue(quorum);
        vm.assertEq(probes, 11 + 11 + 8);
        vm.assertEq(timely, 3 + 7 + 6);
    }

    function test_middleTwoOfFour() public view {
        bool[5] memory revealed = _all();
        revealed[3] = false;
        (bool quorum, uint256 probes, uint256 timely,,,) = Settlement.aggregateProbes(_some(REPORTS, revealed));
        vm.assertTrue(quorum);
        vm.assertEq(probes, 11 + 8);
        vm.assertEq(timely, 7 + 6);
    }

    function test_allOfThree() public view {
        bool[5] memory revealed = _all();
        revealed[3] = revealed[1] = false;
        (bool quorum, uint256 probes, uint256 timely,,,) = Settlement.aggregateProbes(_some(REPORTS, revealed));
        vm.assertTrue(quorum);
        vm.assertEq(probes, 11 + 11 + 8);
        vm.assertEq(timely, 3 + 7 + 6);
    }

    function test_twoAreUnknown() public view {
        bool[5] memory revealed;
        revealed[3] = revealed[1] = true;
        (bool quorum, uint256 probes, uint256 timely,,,) = Settlement.aggregateProbes(_some(REPORTS, revealed));
        vm.assertFalse(quorum);
        vm.assertEq(probes + timely, 0);
        Settlement.Samples memory found = Settlement.judgeSamples(_some(REPORTS, revealed), 3, 12);
        vm.assertFalse(found.quorum);
        vm.assertTrue(found.recheck);
        vm.assertEq(found.matches + found.mismatches + found.undecided, 0);
    }

    function test_abstentionsDoNotCount() public pure {
        uint256[5] memory reports = [_probe(11, 3), 0, _probe(11, 7), 0, _probe(8, 6)];
        (bool quorum, uint256 probes, uint256 timely,,,) = Settlement.aggregateProbes(_some(reports, _all()));
        vm.assertTrue(quorum);
        vm.assertEq(probes, 11 + 11 + 8);
        vm.assertEq(timely, 3 + 7 + 6);
        reports[2] = 0;
        (quorum,,,,,) = Settlement.aggregateProbes(_some(reports, _all()));
        vm.assertFalse(quorum);
    }

    /// @dev Equal shares of different numbers: the highest seat of them counts as the highest and is left out.
    function test_tiesGoBySeat() public pure {
        uint256[5] memory reports = [_probe(11, 0), _probe(10, 5), _probe(6, 3), _probe(12, 6), _probe(4, 2)];
        (, uint256 probes, uint256 timely,,,) = Settlement.aggregateProbes(_some(reports, _all()));
        vm.assertEq(probes, 10 + 6 + 12);
        vm.assertEq(timely, 5 + 3 + 6);
    }

    function test_everyFieldIsAdded() public pure {
        uint256 report = 1 | (2 << 16) | (3 << 32) | (4 << 48) | (5 << 64) | (6 << 80);
        (, uint256 probes, uint256 timely, uint256 peakProbes, uint256 peakTimely, uint256 atCapacity) =
            Settlement.aggregateProbes(_some([report, report, report, report, report], _all()));
        vm.assertEq(keccak256(abi.encode(probes, timely, peakProbes, peakTimely, atCapacity)),
            keccak256(abi.encode(3, 6, 12, 15, 18)));
    }

    /// @dev One seat of five, whatever it says, cannot move the rate beyond what the others say.
    function testFuzz_oneLiarStaysBetweenTheOthers(uint8 seat, uint8 lie, uint256 entropy) public pure {
        uint256[5] memory reports;
        uint256 low = 11;
        uint256 high = 0;
        for (uint256 s = 0; s < 5; ++s) {
            uint256 timely = (entropy >> (8 * s)) % 12;
            if (s == seat % 5) {
                reports[s] = _probe(11, lie % 12);
                continue;
            }
            reports[s] = _probe(11, timely);
            if (timely < low) low = timely;
            if (timely > high) high = timely;
        }
        (, uint256 probes, uint256 sum,,,) = Settlement.aggregateProbes(_some(reports, _all()));
        vm.assertEq(probes, 33);
        vm.assertLe(3 * low, sum);
        vm.assertLe(sum, 3 * high);
    }

    function testFuzz_samplesByStrictMajority(uint256[5] memory reports, uint8 mask, uint8 tier) public pure {
        uint256 m = [12, 24, 48][tier % 3];
        (bool[5] memory revealed, uint256 count) = _mask(mask);
        Settlement.Samples memory found = Settlement.judgeSamples(_some(reports, revealed), 3, m);
        vm.assertEq(found.quorum, count >= 3);
        if (!found.quorum) return;
        uint256 failed = 0;
        for (uint256 s = 0; s < 5; ++s) {
            if (revealed[s] && (reports[s] >> 104) % 4 == 2) ++failed;
        }
        vm.assertEq(found.recheck, found.undecided > m / 4 || failed > count / 2);
        for (uint256 j = 0; j < m; ++j) {
            uint256[4] memory votes;
            for (uint256 s = 0; s < 5; ++s) {
                if (revealed[s]) ++votes[(reports[s] >> (8 + 2 * j)) % 4];
            }
            bool wrong = votes[2] > count / 2;
            vm.assertEq(found.mismatches >> j & 1, wrong ? 1 : 0);
            if (votes[0] > count / 2) --found.matches;
            else if (!wrong) --found.undecided;
        }
        vm.assertEq(found.matches, 0);
        vm.assertEq(found.undecided, 0);
        vm.assertEq(found.mismatches >> m, 0);
    }

    function test_twoOfFourAreNoMajority() public pure {
        bool[5] memory revealed = _all();
        revealed[4] = false;
        uint256 good = 12;
        uint256 bad = 12 | (2 << 8);
        Settlement.Samples memory found = Settlement.judgeSamples(_some([good, good, bad, bad, bad], revealed), 3, 12);
        vm.assertEq(found.matches, 11);
        vm.assertEq(found.mismatches, 0);
        vm.assertEq(found.undecided, 1);
    }

    /// @dev A committee of nine needs five, and more than half of those who revealed.
    function testFuzz_aRedrawByStrictMajority(uint256[9] memory words, uint8 tier, uint8 length) public pure {
        uint256 m = [12, 24, 48][tier % 3];
        uint256[] memory reports = new uint256[](length % 10);
        for (uint256 s = 0; s < reports.length; ++s) {
            reports[s] = words[s];
        }
        Settlement.Samples memory found = Settlement.judgeSamples(reports, 5, m);
        vm.assertEq(found.quorum, reports.length >= 5);
        if (!found.quorum) return;
        for (uint256 j = 0; j < m; ++j) {
            uint256[4] memory votes;
            for (uint256 s = 0; s < reports.length; ++s) {
                ++votes[(reports[s] >> (8 + 2 * j)) % 4];
            }
            bool wrong = votes[2] > reports.length / 2;
            vm.assertEq(found.mismatches >> j & 1, wrong ? 1 : 0);
            if (votes[0] > reports.length / 2) --found.matches;
            else if (!wrong) --found.undecided;
        }
        vm.assertEq(found.matches + found.undecided, 0);
    }

    /// @dev The reports of those who revealed.
    function _some(uint256[5] memory reports, bool[5] memory revealed) private pure returns (uint256[] memory some) {
        uint256 count = 0;
        for (uint256 s = 0; s < 5; ++s) {
            if (revealed[s]) ++count;
        }
        some = new uint256[](count);
        uint256 i = 0;
        for (uint256 s = 0; s < 5; ++s) {
            if (revealed[s]) some[i++] = reports[s];
        }
    }

    function _mask(uint8 mask) private pure returns (bool[5] memory revealed, uint256 count) {
        for (uint256 s = 0; s < 5; ++s) {
            revealed[s] = mask >> s & 1 == 1;
            if (revealed[s]) ++count;
        }
    }

    function _all() private pure returns (bool[5] memory) {
        return [true, true, true, true, true];
    }

    function _probe(uint256 sent, uint256 timely) private pure returns (uint256) {
        return sent | (timely << 16) | (timely << 32);
    }
}
