// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Reports
/// @notice Reads and checks what a seat reveals: a probe report or a re-run report, one word each.
/// @dev docs/protocol.md section 5. Probe report, low bits first: probes 16, timely 16, answered 16, peakProbes 16,
/// peakTimely 16, atCapacity 16. Re-run report, low bits first: n 8, 48 verdicts of 2 bits, panel 2.
library Reports {
    /// @notice More probes than the seat owed; `need` is the most.
    error ReportsTooManyProbes(uint256 have, uint256 need);
    /// @notice Fewer than half of the probes that the seat owed; `need` is the least.
    error ReportsTooFewProbes(uint256 have, uint256 need);
    /// @notice More answers than probes.
    error ReportsAnsweredAboveProbes(uint256 have, uint256 need);
    /// @notice More timely answers than answers.
    error ReportsTimelyAboveAnswered(uint256 have, uint256 need);
    /// @notice More probes at peak than probes.
    error ReportsPeakProbesAboveProbes(uint256 have, uint256 need);
    /// @notice More timely answers at peak than probes at peak.
    error ReportsPeakTimelyAbovePeakProbes(uint256 have, uint256 need);
    /// @notice More timely answers at peak than timely answers.
    error ReportsPeakTimelyAboveTimely(uint256 have, uint256 need);
    /// @notice More refusals for capacity than probes without an answer.
    error ReportsAtCapacityAboveUnanswered(uint256 have, uint256 need);
    /// @notice Another number of samples than the log fixed.
    error ReportsSampleCountWrong(uint256 have, uint256 need);
    /// @notice A panel finding that does not exist; `need` is the highest.
    error ReportsPanelUnknown(uint256 have, uint256 need);
    /// @notice Bits beyond the layout, or verdicts beyond the last sample; `have` is those bits, shifted down.
    error ReportsStrayBits(uint256 have, uint256 need);

    /// @notice The provider's output agrees.
    uint256 internal constant MATCH = 0;
    /// @notice Neither agreement nor contradiction.
    uint256 internal constant GREY = 1;
    /// @notice The provider's output is wrong.
    uint256 internal constant MISMATCH = 2;
    /// @notice The provider did not open the leaf.
    uint256 internal constant NOT_OPENED = 3;
    /// @notice The panel finding that the samples together are not what the model gives.
    uint256 internal constant PANEL_FAIL = 2;

    /// @dev The low bit of each of 48 verdicts.
    uint256 private constant LOW_BITS = 0x555555555555555555555555;

    /// @notice Probes sent.
    function probes(uint256 report) internal pure returns (uint256) {
        return report & 0xffff;
    }

    /// @notice Answers within the promised latency.
    function timely(uint256 report) internal pure returns (uint256) {
        return (report >> 16) & 0xffff;
    }

    /// @notice Answers, timely or not.
    function answered(uint256 report) internal pure returns (uint256) {
        return (report >> 32) & 0xffff;
    }

    /// @notice Probes sent in peak slots; 0 if the demand profile is flat.
    function peakProbes(uint256 report) internal pure returns (uint256) {
        return (report >> 48) & 0xffff;
    }

    /// @notice Timely answers in peak slots.
    function peakTimely(uint256 report) internal pure returns (uint256) {
        return (report >> 64) & 0xffff;
    }

    /// @notice Probes refused with 429; failures all the same.
    function atCapacity(uint256 report) internal pure returns (uint256) {
        return (report >> 80) & 0xffff;
    }

    /// @notice Samples judged by a re-run report.
    function samples(uint256 report) internal pure returns (uint256) {
        return report & 0xff;
    }

    /// @notice Verdict on sample `j` of a re-run report: `MATCH`, `GREY`, `MISMATCH` or `NOT_OPENED`.
    /// @param j Number of the sample, 0 to 47.
    function verdict(uint256 report, uint256 j) internal pure returns (uint256) {
        return (report >> (8 + 2 * j)) & 3;
    }

    /// @notice Panel finding of a re-run report: 0 not judged, 1 pass, 2 fail.
    function panel(uint256 report) internal pure returns (uint256) {
        return (report >> 104) & 3;
    }

    /// @notice Whether a probe report says anything. One of all zeros is an abstention: the seat holds no files of the model,
    /// so it could not send a request.
    function judgesProbes(uint256 report) internal pure returns (bool) {
        return probes(report) > 0;
    }

    /// @notice Whether a re-run report calls any sample a match or a mismatch; otherwise it is an abstention.
    function judgesSamples(uint256 report) internal pure returns (bool) {
        // Match and mismatch have a low bit of zero.
        return ~(report >> 8) & LOW_BITS & ((1 << (2 * samples(report))) - 1) != 0;
    }

    /// @notice Reverts unless a probe report is possible, or an abstention: all zeros.
    /// @param report The report.
    /// @param nP Probes that the seat owed; half of them, rounded up, are enough.
    function checkProbe(uint256 report, uint256 nP) internal pure {
        uint256 sent = probes(report);
        uint256 inTime = timely(report);
        uint256 answers = answered(report);
        uint256 atPeak = peakProbes(report);
        if (report == 0) return;
        if (report >> 96 != 0) revert ReportsStrayBits(report >> 96, 0);
        if (sent > nP) revert ReportsTooManyProbes(sent, nP);
        if (2 * sent < nP) revert ReportsTooFewProbes(sent, (nP + 1) / 2);
        if (answers > sent) revert ReportsAnsweredAboveProbes(answers, sent);
        if (inTime > answers) revert ReportsTimelyAboveAnswered(inTime, answers);
        if (atPeak > sent) revert ReportsPeakProbesAboveProbes(atPeak, sent);
        if (peakTimely(report) > atPeak) revert ReportsPeakTimelyAbovePeakProbes(peakTimely(report), atPeak);
        if (peakTimely(report) > inTime) revert ReportsPeakTimelyAboveTimely(peakTimely(report), inTime);
        if (atCapacity(report) > sent - answers) {
            revert ReportsAtCapacityAboveUnanswered(atCapacity(report), sent - answers);
        }
    }

    /// @notice Reverts unless a re-run report is possible.
    /// @param report The report.
    /// @param m Samples that the log fixed, at most 48.
    function checkRerun(uint256 report, uint256 m) internal pure {
        if (samples(report) != m) revert ReportsSampleCountWrong(samples(report), m);
        uint256 beyond = (report & ((1 << 104) - 1)) >> (8 + 2 * m);
        if (beyond != 0) revert ReportsStrayBits(beyond, 0);
        if (panel(report) > 2) revert ReportsPanelUnknown(panel(report), 2);
        if (report >> 106 != 0) revert ReportsStrayBits(report >> 106, 0);
    }
}
