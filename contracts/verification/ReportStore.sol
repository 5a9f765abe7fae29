// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedReports} from "../libraries/PackedReports.sol";
import {Seats} from "../libraries/Seats.sol";
import {Settlement} from "../libraries/Settlement.sol";

/// @title What seats have reported
/// @notice The storage of reports, and which of them a committee has.
abstract contract ReportStore {
    /// @dev Everything of one provider, model and epoch: reports as PackedReports packs them, and what a settlement leaves
    /// for the court.
    struct Pair {
        /// Five probe reports.
        uint216 probes;
        /// Unix seconds; 0 until the settlement.
        uint40 settledAt;
        /// Five re-run reports of 48 samples, two in a slot.
        uint256[3] reruns;
        /// Nine of a redraw.
        uint256[5] redraws;
        /// Bit j: a majority found sample j wrong.
        uint48 mismatches;
    }

    mapping(address provider => mapping(bytes32 modelId => mapping(uint64 epoch => Pair))) internal _pairs;

    /// @dev Keeps a report that `Reports` has passed.
    /// @return isNew Whether the seat had not revealed.
    function _keep(Pair storage pair, uint8 role, uint8 seat, uint256 m, uint256 report)
        internal
        returns (bool isNew)
    {
        if (role == Seats.ROLE_PROBE) {
            uint256 probes = pair.probes;
            uint256 at = PackedReports.placeOfProbe(seat);
            if (PackedReports.isTaken(probes, at)) return false;
            pair.probes = uint216(PackedReports.withProbe(probes, at, report));
            return true;
        }
        (uint256 slot, uint256 bit) = PackedReports.placeOfRerun(seat, m);
        uint256 lanes = role == Seats.ROLE_RERUN ? pair.reruns[slot] : pair.redraws[slot];
        if (PackedReports.isTaken(lanes, bit)) return false;
        lanes = PackedReports.withRerun(lanes, bit, report);
        if (role == Seats.ROLE_RERUN) pair.reruns[slot] = lanes;
        else pair.redraws[slot] = lanes;
        return true;
    }

    /// @dev The reports that a committee revealed, in the order of its seats.
    function _load(Pair storage pair, uint8 role, uint256 m) internal view returns (uint256[] memory reports) {
        uint256 seats = _seatCount(role);
        reports = new uint256[](seats);
        uint256 count = 0;
        for (uint256 seat = 0; seat < seats; ++seat) {
            (bool revealed, uint256 report) = _report(pair, role, seat, m);
            if (revealed) reports[count++] = report;
        }
        assembly ("memory-safe") {
            mstore(reports, count)
        }
    }

    /// @dev Whether a seat has revealed, and what. A re-run counts for nothing without the log that fixes its samples.
    function _report(Pair storage pair, uint8 role, uint256 seat, uint256 m)
        internal
        view
        returns (bool revealed, uint256 report)
    {
        if (role == Seats.ROLE_PROBE) return PackedReports.probe(pair.probes, PackedReports.placeOfProbe(seat));
        (uint256 slot, uint256 bit) = PackedReports.placeOfRerun(seat, m);
        return PackedReports.rerun(role == Seats.ROLE_RERUN ? pair.reruns[slot] : pair.redraws[slot], bit, m);
    }

    /// @dev Whether there are samples, and fewer re-runs of them than the quorum.
    function _lacksQuorum(Pair storage pair, uint256 m) internal view returns (bool) {
        if (m == 0) return false;
        uint256 count = 0;
        for (uint256 seat = 0; seat < Settlement.SEATS; ++seat) {
            (uint256 slot, uint256 bit) = PackedReports.placeOfRerun(seat, m);
            if (PackedReports.isTaken(pair.reruns[slot], bit)) ++count;
        }
        return count < Settlement.QUORUM;
    }

    function _seatCount(uint8 role) internal pure returns (uint256) {
        return role == Seats.ROLE_REDRAW ? Settlement.REDRAW_SEATS : Settlement.SEATS;
    }
}
