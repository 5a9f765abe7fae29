// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Times} from "../../../contracts/epoch/IEpochClock.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {IAttestationHub, Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {Reveals} from "../Reveals.sol";
import {System} from "../System.sol";
import {Vm, vm} from "../Vm.sol";

/// @notice Nine more seats where the re-runs lack their quorum (docs/protocol.md section 3).
contract RedrawTest is System {
    uint8 private constant REDRAW = 2;
    uint64 private constant EPOCH = 2;

    /// @dev Beside the crew, so that nine seats can be filled.
    address[6] private more =
        [address(0xF1), address(0xF2), address(0xF3), address(0xF4), address(0xF5), address(0xF6)];
    Times private times;

    function setUp() public override {
        super.setUp();
        openMarket(2, 60);
        for (uint256 i = 0; i < more.length; ++i) {
            registerVerifier(more[i], 4);
        }
        drawSeed(0);
        drawSeed(1);
        commitLog(EPOCH);
        drawSeed(EPOCH);
        times = clock.times(EPOCH);
    }

    function redraw() private view returns (address[] memory) {
        return hub.seatsOf(PROVIDER, MODEL, EPOCH, REDRAW);
    }

    /// @notice What a seat of the redraw reveals; its assignment is all that it commits to.
    function itemOf(uint8 seat, uint256 mismatches) private pure returns (Reveal memory) {
        return Reveal({
            role: REDRAW,
            provider: PROVIDER,
            modelId: MODEL,
            seat: seat,
            report: rerunReport(48, mismatches),
            dataRoot: "data",
            salt: "salt"
        });
    }

    function commitmentOf(address who, uint8 round) private view returns (bytes32) {
        bytes32 leaf = Commitments.assignmentLeaf(REDRAW, PROVIDER, MODEL, 0, "data", "salt");
        return Commitments.commitment(address(hub), EPOCH, round, who, leaf);
    }

    function commitSeats(uint256 count) private returns (address[] memory seats) {
        seats = redraw();
        for (uint256 i = 0; i < count; ++i) {
            vm.prank(seats[i]);
            hub.commit(EPOCH, commitmentOf(seats[i], 1));
        }
    }

    function revealSeat(address who, uint8 seat, uint256 mismatches) private {
        Reveal[] memory reveals = new Reveal[](1);
        reveals[0] = itemOf(seat, mismatches);
        vm.prank(who);
        show(EPOCH, reveals);
    }

    /// @notice The crew reveals nothing, `count` seats of the redraw do, and the first `wrong` of them find sample 0 wrong.
    function walkRedraw(uint256 count, uint256 wrong) private {
        vm.warp(times.revealEnd);
        address[] memory seats = commitSeats(count);
        vm.warp(times.redrawCommitEnd);
        for (uint8 i = 0; i < count; ++i) {
            revealSeat(seats[i], i, i < wrong ? 1 : 0);
        }
        vm.warp(times.redrawEnd);
        hub.settle(PROVIDER, MODEL);
    }

    function recheck() private view returns (bool) {
        return ledger.reliability(PROVIDER, MODEL).flags & 1 != 0;
    }

    /// @notice Re-run seats of the crew, which alone attests.
    function crewSeats() private view returns (uint256 count) {
        address[] memory seats = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1);
        for (uint256 i = 0; i < seats.length; ++i) {
            for (uint256 j = 0; j < crew.length; ++j) {
                if (seats[i] == crew[j]) ++count;
            }
        }
    }

    /* WHEN */

    function test_TimesLieBetweenRevealAndSettlement() public view {
        require(times.revealEnd < times.redrawCommitEnd && times.redrawCommitEnd < times.redrawEnd, "order");
        require(times.redrawEnd < times.settleEnd, "before the close");
    }

    function test_NoneWithAQuorum() public {
        for (uint256 value = 1; crewSeats() < 3; ++value) beacon.set(EPOCH, bytes32(value));
        attest(EPOCH, probeReport(22), rerunReport(48, 0));
        require(!hub.needsRedraw(PROVIDER, MODEL, EPOCH), "three have revealed");
        vm.warp(times.revealEnd);
        address[] memory seats = commitSeats(1);
        vm.warp(times.redrawCommitEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoRedraw.selector, 0));
        revealSeat(seats[0], 0, 0);
        hub.settle(PROVIDER, MODEL);
    }

    function test_NoneWithoutALog() public {
        vm.warp(clock.times(3).revealEnd);
        require(!hub.needsRedraw(PROVIDER, MODEL, 3), "there is nothing to re-run");
    }

    function test_NoneWhereTheSeedCameTooLate() public {
        commitLog(3);
        vm.warp(clock.times(3).commitEnd);
        beacon.set(3, "late");
        require(!hub.needsRedraw(PROVIDER, MODEL, 3), "nobody could commit");
    }

    function test_SettlementWaitsForIt() public {
        vm.warp(times.redrawEnd - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationHub.AttestationHubWrongTime.selector, block.timestamp, times.redrawEnd, type(uint64).max
            )
        );
        hub.settle(PROVIDER, MODEL);
        vm.warp(times.redrawEnd);
        hub.settle(PROVIDER, MODEL);
    }

    function test_ItsWindows() public {
        address who = redraw()[0];
        vm.warp(times.redrawCommitEnd);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationHub.AttestationHubWrongTime.selector,
                block.timestamp,
                times.revealEnd,
                times.redrawCommitEnd
            )
        );
        vm.prank(who);
        hub.commit(EPOCH, "c");
        vm.warp(times.redrawEnd);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationHub.AttestationHubWrongTime.selector,
                block.timestamp,
                times.redrawCommitEnd,
                times.redrawEnd
            )
        );
        hub.reveal(EPOCH, new Reveal[](0), new bytes32[](0), new bool[](0));
    }

    /* WHO */

    function test_NineOtherSeats() public view {
        address[] memory seats = redraw();
        eq(seats.length, 9, "nine");
        for (uint256 i = 0; i < 9; ++i) {
            require(seats[i] != address(0), "filled");
            for (uint256 j = 0; j < i; ++j) require(seats[i] != seats[j], "distinct");
        }
    }

    function test_EachRoundHasItsCommitment() public {
        address[] memory seats = redraw();
        vm.warp(times.openEnd);
        vm.prank(seats[0]);
        hub.commit(EPOCH, commitmentOf(seats[0], 0));
        vm.warp(times.revealEnd);
        commitSeats(1);
        eq(hub.commitmentOf(EPOCH, 0, seats[0]), commitmentOf(seats[0], 0), "first");
        eq(hub.commitmentOf(EPOCH, 1, seats[0]), commitmentOf(seats[0], 1), "second");
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationHub.AttestationHubCommitted.selector, seats[0], EPOCH, 1)
        );
        vm.prank(seats[0]);
        hub.commit(EPOCH, "another");
    }

    function test_RolesStayInTheirRounds() public {
        address[] memory seats = redraw();
        vm.warp(times.revealEnd);
        Reveal[] memory reveals = new Reveal[](1);
        reveals[0] = itemOf(0, 0);
        reveals[0].role = 1;
        address stranger = address(0xC3);
        vm.prank(stranger);
        hub.commit(EPOCH, Commitments.commitment(address(hub), EPOCH, 1, stranger, Reveals.rootOf(reveals)));
        commitSeats(9);
        vm.warp(times.redrawCommitEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSuchSeat.selector, 0, 1, 0));
        vm.prank(stranger);
        show(EPOCH, reveals);
        reveals[0] = itemOf(9, 0);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSuchSeat.selector, 0, 2, 9));
        vm.prank(seats[0]);
        show(EPOCH, reveals);
        revealSeat(seats[8], 8, 0);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubRevealed.selector, 0));
        revealSeat(seats[8], 8, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationHub.AttestationHubWrongSeat.selector, 0, seats[0], seats[1])
        );
        revealSeat(seats[0], 1, 0);
    }

    function test_NoSeatOfARedrawInTheFirstRound() public {
        address who = redraw()[0];
        vm.warp(times.openEnd);
        vm.prank(who);
        hub.commit(EPOCH, commitmentOf(who, 0));
        vm.warp(times.outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSuchSeat.selector, 0, 2, 0));
        revealSeat(who, 0, 0);
    }

    /* WHAT IT FINDS */

    function test_FiveOfNineAreAQuorum() public {
        walkRedraw(5, 2);
        eq(ledger.epochAt(PROVIDER, MODEL, EPOCH).matches, 48, "two of five are no majority");
        require(!recheck(), "known");
        (,, uint256 points,) = rewards.epochInfo(EPOCH);
        eq(points, 5e9, "a point each");
    }

    function test_FourAreUnknown() public {
        walkRedraw(4, 4);
        eq(ledger.epochAt(PROVIDER, MODEL, EPOCH).matches, 0, "unknown");
        eq(hub.mismatchesOf(PROVIDER, MODEL, EPOCH), 0, "and no case");
        require(recheck(), "the next log is sampled in full");
    }

    function test_ItsMajorityOpensCases() public {
        walkRedraw(9, 5);
        eq(hub.mismatchesOf(PROVIDER, MODEL, EPOCH), 1, "five of nine");
        eq(ledger.reliability(PROVIDER, MODEL).openCases, 1, "a free case");
    }

    /// @notice Two who revealed in the first round do not count beside the redraw.
    function test_TheRedrawAloneDecides() public {
        vm.warp(times.openEnd);
        address[] memory first = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1);
        for (uint8 seat = 0; seat < 2; ++seat) {
            (, bytes32 root) = assignments(EPOCH, first[seat], probeReport(22), rerunReport(48, 1));
            vm.prank(first[seat]);
            hub.commit(EPOCH, Commitments.commitment(address(hub), EPOCH, 0, first[seat], root));
        }
        vm.warp(times.outputEnd);
        for (uint8 seat = 0; seat < 2; ++seat) {
            (Reveal[] memory reveals,) = assignments(EPOCH, first[seat], probeReport(22), rerunReport(48, 1));
            vm.prank(first[seat]);
            show(EPOCH, reveals);
        }
        require(hub.needsRedraw(PROVIDER, MODEL, EPOCH), "two are no quorum");
        walkRedraw(5, 2);
        eq(hub.mismatchesOf(PROVIDER, MODEL, EPOCH), 0, "not four of seven");
    }

    /// @notice Who says nothing of any sample has missed nothing, and earns nothing.
    function test_AbstentionsEarnNothing() public {
        vm.warp(times.revealEnd);
        address[] memory seats = commitSeats(2);
        vm.warp(times.redrawCommitEnd);
        Reveal[] memory reveals = new Reveal[](1);
        reveals[0] = itemOf(0, 0);
        reveals[0].report = 48 | (uint256(0x555555555555555555555555) << 8);
        vm.recordLogs();
        vm.prank(seats[0]);
        show(EPOCH, reveals);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            require(logs[i].emitter != address(rewards), "pay is not even asked");
        }
        (,, uint256 points,) = rewards.epochInfo(EPOCH);
        eq(points, 0, "all grey");
        (bool revealed,) = hub.reportOf(PROVIDER, MODEL, EPOCH, REDRAW, 0);
        require(revealed, "but there");
        (revealed,) = hub.reportOf(PROVIDER, MODEL, EPOCH, REDRAW + 1, 0);
        require(!revealed, "and in no role after the last");
        revealSeat(seats[1], 1, 0);
        (,, points,) = rewards.epochInfo(EPOCH);
        eq(points, 1e9, "a point for who judged");
    }
}
