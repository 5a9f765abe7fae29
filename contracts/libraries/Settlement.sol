// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reports} from "./Reports.sol";

/// @title Settlement
/// @notice Makes one finding out of a committee's reports.
/// @dev docs/protocol.md sections 3 ("Quorum") and 6 ("Settlement"). Reports have passed `Reports`. Whoever did not reveal
/// does not count: reports are those of the seats that revealed, in the order of seats.
library Settlement {
    using Reports for uint256;

    /// @notice Seats of a committee.
    uint256 internal constant SEATS = 5;
    /// @notice Reveals below which a committee's finding is unknown.
    uint256 internal constant QUORUM = 3;
    /// @notice Seats of the committee that re-runs when the first one lacked its quorum.
    uint256 internal constant REDRAW_SEATS = 9;
    /// @notice Its quorum.
    uint256 internal constant REDRAW_QUORUM = 5;

    /// @notice What the seats of a committee found of an epoch's samples; without a quorum only `recheck` is set.
    struct Samples {
        /// Whether enough seats revealed.
        bool quorum;
        /// Whether the next log is to be sampled at full depth: no quorum, more than a quarter of the samples undecided, or
        /// a majority says that the samples together fail the panel test.
        bool recheck;
        /// Bit j set where a majority found sample j wrong.
        uint48 mismatches;
        /// Samples that a majority found to match.
        uint256 matches;
        /// Samples without a majority either way.
        uint256 undecided;
    }

    // The lower bit of each of 48 verdicts.
    uint256 private constant LANES = 0x555555555555555555555555;

    /// @notice Adds the middle of the probe reports: three of five, two of four, all of three, ordered by timely/probes
    /// and then by seat, so that neither one flatterer nor one slanderer counts.
    /// @param reports Revealed probe reports, at most five; abstentions do not count.
    /// @return quorum Whether three seats judged; without it all else is 0.
    /// @return probes Probes sent.
    /// @return timely Answers in time.
    /// @return peakProbes Probes in peak slots.
    /// @return peakTimely Answers in time in peak slots.
    /// @return atCapacity Refusals with 429.
    function aggregateProbes(uint256[] memory reports)
        internal
        pure
        returns (
            bool quorum,
            uint256 probes,
            uint256 timely,
            uint256 peakProbes,
            uint256 peakTimely,
            uint256 atCapacity
        )
    {
        (uint256[] memory sorted, uint256 count) = _sorted(reports);
        if (count < QUORUM) return (false, 0, 0, 0, 0, 0);
        quorum = true;
        uint256 cut = count > QUORUM ? 1 : 0;
        for (uint256 i = cut; i < count - cut; ++i) {
            probes += sorted[i].probes();
            timely += sorted[i].timely();
            peakProbes += sorted[i].peakProbes();
            peakTimely += sorted[i].peakTimely();
            atCapacity += sorted[i].atCapacity();
        }
    }

    /// @notice Judges every sample by strict majority of the revealed re-run reports.
    /// @param reports Revealed re-run reports of m samples each, at most nine.
    /// @param quorum Reports needed for a finding, at least 3.
    /// @param m Samples of the log, at most 48.
    /// @return found What they found.
    function judgeSamples(uint256[] memory reports, uint256 quorum, uint256 m)
        internal
        pure
        returns (Samples memory found)
    {
        uint256 count = reports.length;
        found.quorum = count >= quorum;
        found.recheck = !found.quorum;
        if (!found.quorum) return found;
        uint256 failed = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (reports[i].panel() == Reports.PANEL_FAIL) ++failed;
        }
        uint256 good = _majority(reports, Reports.MATCH);
        uint256 bad = _majority(reports, Reports.MISMATCH);
        uint256 samples = (1 << (2 * m)) - 1;
        (good, bad) = (good & samples, bad & samples);
        found.matches = _count(good);
        found.undecided = m - found.matches - _count(bad);
        for (uint256 j = 0; bad != 0; ++j) {
            found.mismatches |= uint48((bad & 1) << j);
            bad >>= 2;
        }
        found.recheck = 4 * found.undecided > m || 2 * failed > count;
    }

    /// @dev Bit 2j set where more than half of the reports give `verdict` on sample j. All samples are counted at once:
    /// `ones` to `eights` hold the binary digits of the votes, of nine at most.
    function _majority(uint256[] memory reports, uint256 verdict) private pure returns (uint256) {
        uint256 ones = 0;
        uint256 twos = 0;
        uint256 fours = 0;
        uint256 eights = 0;
        for (uint256 i = 0; i < reports.length; ++i) {
            uint256 differs = (reports[i] >> 8) ^ (verdict * LANES);
            uint256 votes = ~(differs | (differs >> 1)) & LANES;
            uint256 carry = ones & votes;
            ones ^= votes;
            votes = twos & carry;
            twos ^= carry;
            eights |= fours & votes;
            fours ^= votes;
        }
        uint256 need = reports.length / 2 + 1;
        if (need == 2) return eights | fours | twos;
        if (need == 3) return eights | fours | (twos & ones);
        if (need == 4) return eights | fours;
        return eights | (fours & (twos | ones));
    }

    /// @dev How many of 48 lower bits are set: neighbours are added, and then bytes.
    function _count(uint256 lanes) private pure returns (uint256) {
        unchecked {
            lanes = (lanes & 0x333333333333333333333333) + ((lanes >> 2) & 0x333333333333333333333333);
            lanes = (lanes + (lanes >> 4)) & 0x0f0f0f0f0f0f0f0f0f0f0f0f;
            return ((lanes * 0x010101010101010101010101) >> 88) & 0xff;
        }
    }

    /// @dev The reports that judge, lowest timely share first. Insertion keeps equals in the order of their seats.
    function _sorted(uint256[] memory reports) private pure returns (uint256[] memory sorted, uint256 count) {
        sorted = new uint256[](reports.length);
        for (uint256 i = 0; i < reports.length; ++i) {
            if (!reports[i].judgesProbes()) continue;
            uint256 place = count++;
            while (place > 0 && _below(reports[i], sorted[place - 1])) {
                sorted[place] = sorted[place - 1];
                --place;
            }
            sorted[place] = reports[i];
        }
    }

    function _below(uint256 a, uint256 b) private pure returns (bool) {
        return a.timely() * b.probes() < b.timely() * a.probes();
    }
}
