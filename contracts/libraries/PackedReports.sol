// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title PackedReports
/// @notice How reports stand in storage: several to a slot, each in a lane of its own.
/// @dev A lane's lowest bit says that its seat has revealed, so a report of zeros is one too. Reports go in and come out as
/// `Reports` reads them, and must have passed it: then no field is wider than its part of a lane.
///
/// A probe report is six counts of at most 64 probes a seat, 7 bits each: 43 bits, so five seats take 215. A re-run report
/// says the number of samples m, which the log has fixed, two bits for each of them, and its panel finding: 2m + 3 bits, so a
/// slot has two seats if m is 48, five if it is 24 and nine if it is 12.
library PackedReports {
    uint256 private constant REVEALED = 1;
    uint256 private constant PROBE_BITS = 43;
    /// @dev The bits of a count; in a probe report each has 16.
    uint256 private constant COUNT = 127;
    /// @dev Bits of a re-run report's lane beside its verdicts: whether it was revealed, and two of the panel.
    uint256 private constant RERUN_BITS = 3;
    /// @dev Where a re-run report has its verdicts, and its panel finding.
    uint256 private constant VERDICTS = 8;
    uint256 private constant PANEL = 104;

    /// @notice Whether there is a report in the lane that begins at `bit`.
    function isTaken(uint256 lanes, uint256 bit) internal pure returns (bool) {
        return (lanes >> bit) & REVEALED != 0;
    }

    /* PROBES */

    /// @notice Where a seat's probe report begins, in the one slot of a committee.
    function placeOfProbe(uint256 seat) internal pure returns (uint256 bit) {
        return PROBE_BITS * seat;
    }

    /// @notice Whether a probe report begins at `bit`, and the report.
    function probe(uint256 lanes, uint256 bit) internal pure returns (bool revealed, uint256 report) {
        uint256 lane = lanes >> bit;
        if (lane & REVEALED == 0) return (false, 0);
        report = ((lane >> 1) & COUNT) | (((lane >> 8) & COUNT) << 16) | (((lane >> 15) & COUNT) << 32)
            | (((lane >> 22) & COUNT) << 48) | (((lane >> 29) & COUNT) << 64) | (((lane >> 36) & COUNT) << 80);
        return (true, report);
    }

    /// @notice The lanes with a probe report from `bit` on, where there was none.
    function withProbe(uint256 lanes, uint256 bit, uint256 report) internal pure returns (uint256) {
        uint256 lane = REVEALED | ((report & COUNT) << 1) | (((report >> 16) & COUNT) << 8)
            | (((report >> 32) & COUNT) << 15) | (((report >> 48) & COUNT) << 22) | (((report >> 64) & COUNT) << 29)
            | (((report >> 80) & COUNT) << 36);
        return lanes | (lane << bit);
    }

    /* RE-RUNS */

    /// @notice Which of a committee's slots has a seat's re-run report, and where it begins.
    /// @param seat The seat.
    /// @param m Samples of the log, at most 48.
    function placeOfRerun(uint256 seat, uint256 m) internal pure returns (uint256 slot, uint256 bit) {
        unchecked {
            uint256 width = 2 * m + RERUN_BITS;
            uint256 lanes = 256 / width;
            return (seat / lanes, (seat % lanes) * width);
        }
    }

    /// @notice Whether a re-run report begins at `bit`, and the report.
    /// @param m Samples of the log, at most 48.
    function rerun(uint256 lanes, uint256 bit, uint256 m) internal pure returns (bool revealed, uint256 report) {
        uint256 lane = lanes >> bit;
        if (lane & REVEALED == 0) return (false, 0);
        unchecked {
            uint256 verdicts = (lane >> RERUN_BITS) & ((1 << (2 * m)) - 1);
            return (true, m | (verdicts << VERDICTS) | (((lane >> 1) & 3) << PANEL));
        }
    }

    /// @notice The lanes with a re-run report from `bit` on, where there was none.
    function withRerun(uint256 lanes, uint256 bit, uint256 report) internal pure returns (uint256) {
        uint256 verdicts = (report & ((1 << PANEL) - 1)) >> VERDICTS;
        return lanes | ((REVEALED | ((report >> PANEL) << 1) | (verdicts << RERUN_BITS)) << bit);
    }
}
