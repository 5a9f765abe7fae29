// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Reports} from "./Reports.sol";

/// @title Settlement
/// @notice Makes one finding out of a committee's reports.
/// @dev docs/protocol.md section 6, "Settlement". Reports have passed `Reports`; a committee has five seats and a quorum
/// of three.
library Settlement {
    using Reports for uint256;

    /// @notice Seats of a committee.
    uint256 internal constant SEATS = 5;
    /// @notice Reveals below which the finding is unknown.
    uint256 internal constant QUORUM = 3;

    /// @notice What the seats of a committee found of an epoch's samples; without a quorum only `recheck` is set.
    struct Samples {
        /// Whether three seats revealed.
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
    /// @param reports Probe report per seat.
    /// @param revealed Whether the seat revealed.
    /// @return quorum Whether three seats revealed; without it all else is 0.
    /// @return probes Probes sent.
    /// @return timely Answers in time.
    /// @return peakProbes Probes in peak slots.
    /// @return peakTimely Answers in time in peak slots.
    /// @return atCapacity Refusals with 429.
    function aggregateProbes(uint256[SEATS] memory reports, bool[SEATS] memory revealed)
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
        (uint256[SEATS] memory sorted, uint256 count) = _sorted(reports, revealed);
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
    /// @param reports Re-run report per seat, of m samples each.
    /// @param revealed Whether the seat revealed.
    /// @param m Samples of the log, at most 48.
    /// @return found What they found.
    function judgeSamples(uint256[SEATS] memory reports, bool[SEATS] memory revealed, uint256 m)
        internal
        pure
        returns (Samples memory found)
    {
        uint256 count = 0;
        uint256 failed = 0;
        for (uint256 seat = 0; seat < SEATS; ++seat) {
            if (!revealed[seat]) continue;
            ++count;
            if (reports[seat].panel() == Reports.PANEL_FAIL) ++failed;
        }
        found.quorum = count >= QUORUM;
        found.recheck = !found.quorum;
        if (!found.quorum) return found;
        uint256 good = _majority(reports, revealed, count, Reports.MATCH);
        uint256 bad = _majority(reports, revealed, count, Reports.MISMATCH);
        for (uint256 j = 0; j < m; ++j) {
            if ((good >> (2 * j)) & 1 == 1) ++found.matches;
            else if ((bad >> (2 * j)) & 1 == 1) found.mismatches |= uint48(1 << j);
            else ++found.undecided;
        }
        found.recheck = 4 * found.undecided > m || 2 * failed > count;
    }

    /// @dev Bit 2j set where more than half of the `count` revealed reports give `verdict` on sample j. All samples are
    /// counted at once: `ones`, `twos` and `fours` hold the binary digits of the votes.
    function _majority(
        uint256[SEATS] memory reports,
        bool[SEATS] memory revealed,
        uint256 count,
        uint256 verdict
    ) private pure returns (uint256) {
        uint256 ones = 0;
        uint256 twos = 0;
        uint256 fours = 0;
        for (uint256 seat = 0; seat < SEATS; ++seat) {
            if (!revealed[seat]) continue;
            uint256 differs = (reports[seat] >> 8) ^ (verdict * LANES);
            uint256 votes = ~(differs | (differs >> 1)) & LANES;
            uint256 carry = ones & votes;
            ones ^= votes;
            fours |= twos & carry;
            twos ^= carry;
        }
        return fours | (count == QUORUM ? twos : twos & ones); // two of three, three of four or five
    }

    /// @dev The revealed reports, lowest timely share first. Insertion keeps equals in the order of their seats.
    function _sorted(uint256[SEATS] memory reports, bool[SEATS] memory revealed)
        private
        pure
        returns (uint256[SEATS] memory sorted, uint256 count)
    {
        for (uint256 seat = 0; seat < SEATS; ++seat) {
            if (!revealed[seat]) continue;
            uint256 report = reports[seat];
            uint256 place = count++;
            while (place > 0 && _below(report, sorted[place - 1])) {
                sorted[place] = sorted[place - 1];
                --place;
            }
            sorted[place] = report;
        }
    }

    function _below(uint256 a, uint256 b) private pure returns (bool) {
        return a.timely() * b.probes() < b.timely() * a.probes();
    }
}
