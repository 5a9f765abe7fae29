// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedReports} from "../../../contracts/libraries/PackedReports.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {Settlement} from "../../../contracts/libraries/Settlement.sol";
import {vm} from "../Vm.sol";

contract PackedReportsTest {
    /// @notice Whatever counts fit 7 bits come out as they went in, and no seat disturbs another.
    function testFuzz_probeReports(uint256[5] memory drawn, uint256[5] memory order) public pure {
        uint256[5] memory reports;
        bool[5] memory put;
        uint256 lanes = 0;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 seat = order[i] % 5;
            if (put[seat]) continue;
            for (uint256 k = 0; k < 6; ++k) reports[seat] |= ((drawn[seat] >> (7 * k)) & 127) << (16 * k);
            vm.assertFalse(PackedReports.isTaken(lanes, PackedReports.placeOfProbe(seat)));
            lanes = PackedReports.withProbe(lanes, PackedReports.placeOfProbe(seat), reports[seat]);
            put[seat] = true;
        }
        vm.assertEq(lanes >> 216, 0); // room for the time of settlement
        for (uint256 seat = 0; seat < 5; ++seat) {
            uint256 bit = PackedReports.placeOfProbe(seat);
            (bool revealed, uint256 report) = PackedReports.probe(lanes, bit);
            vm.assertEq(revealed, put[seat]);
            vm.assertEq(PackedReports.isTaken(lanes, bit), put[seat]);
            vm.assertEq(report, reports[seat]);
        }
    }

    /// @notice The largest committee at every depth, and at those that no log has.
    function testFuzz_rerunReports(uint96[9] memory verdicts, uint8[9] memory panels, uint16 left, uint8 tier) public pure {
        uint256 m = tier % 49;
        uint256[9] memory slots;
        uint256[9] memory reports;
        for (uint256 seat = 0; seat < 9; ++seat) {
            if ((left >> seat) & 1 == 1) continue;
            reports[seat] = m | ((verdicts[seat] & ((1 << (2 * m)) - 1)) << 8) | (uint256(panels[seat] % 3) << 104);
            (uint256 slot, uint256 bit) = PackedReports.placeOfRerun(seat, m);
            vm.assertFalse(PackedReports.isTaken(slots[slot], bit));
            slots[slot] = PackedReports.withRerun(slots[slot], bit, reports[seat]);
        }
        for (uint256 seat = 0; seat < 9; ++seat) {
            (uint256 slot, uint256 bit) = PackedReports.placeOfRerun(seat, m);
            (bool revealed, uint256 report) = PackedReports.rerun(slots[slot], bit, m);
            vm.assertEq(revealed, (left >> seat) & 1 == 0);
            vm.assertEq(PackedReports.isTaken(slots[slot], bit), revealed);
            vm.assertEq(report, reports[seat]);
        }
    }

    /// @notice What the hub has room for: three slots of a committee, five of a redraw.
    function test_slots() public pure {
        uint256[3] memory depths = [uint256(48), 24, 12];
        uint256[3] memory first = [uint256(3), 1, 1];
        uint256[3] memory redraw = [uint256(5), 2, 1];
        for (uint256 i = 0; i < 3; ++i) {
            (uint256 last,) = PackedReports.placeOfRerun(Settlement.SEATS - 1, depths[i]);
            vm.assertEq(last + 1, first[i]);
            (last,) = PackedReports.placeOfRerun(Settlement.REDRAW_SEATS - 1, depths[i]);
            vm.assertEq(last + 1, redraw[i]);
        }
    }

    /// @notice No seat owes more probes than seven bits count.
    function test_countsFit() public pure {
        vm.assertLe(Sampling.probesPerSeat(Sampling.probesFor(999_000_000)), 127);
    }
}
