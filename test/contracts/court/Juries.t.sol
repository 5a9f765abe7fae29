// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IJuries, Jury, Verdict} from "../../../contracts/court/IJuries.sol";
import {Juries} from "../../../contracts/court/Juries.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

contract JuriesTest is CourtBase {
    bytes32 private id;
    Jury private jury;
    address[] private seats;

    function setUp() public override {
        super.setUp();
        settleWrong();
        id = callJury();
        jury = juries.juryOf(id);
    }

    function draw() private {
        seats = drawJury(id);
        vm.warp(jury.start);
    }

    function commit(address juror, uint8 seat, bytes memory reason) private {
        bytes32 commitment = ballot(id, juror, CONVICT);
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(juror);
        juries.commit(id, seat, commitment);
    }

    function reveal(address juror, uint8 vote, bytes memory reason) private {
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(juror);
        juries.reveal(id, vote, "output", "salt");
    }

    function wrongTime(uint256 have, uint256 from, uint256 until) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IJuries.JuriesWrongTime.selector, have, from, until);
    }

    /// @notice At least 11 of 15, or that share of another size up to 31.
    function test_Sizes() public {
        new Juries(address(manager), clock, beacon, verifiers, hub, 15, 11);
        new Juries(address(manager), clock, beacon, verifiers, hub, 31, 31);
        new Juries(address(manager), clock, beacon, verifiers, hub, 1, 1);
        uint8[2][5] memory bad = [[15, 10], [0, 0], [32, 32], [5, 6], [31, 22]];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IJuries.JuriesBadSize.selector, bad[i][0], bad[i][1]));
            new Juries(address(manager), clock, beacon, verifiers, hub, bad[i][0], bad[i][1]);
        }
    }

    function test_OnlyTheCourtSummonsAndOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        juries.summon("another", PROVIDER, MODEL, EPOCH);
        vm.expectRevert(abi.encodeWithSelector(IJuries.JuriesCalled.selector, id));
        vm.prank(address(court));
        juries.summon(id, PROVIDER, MODEL, EPOCH);
    }

    /// @notice The seed is of the epoch of the call, so nobody knew the jurors when it was made.
    function test_NobodyKnowsTheJuryWhenItIsCalled() public {
        eq(jury.epoch, clock.current(), "the epoch of the call");
        (bytes32 seed,) = beacon.seedOf(jury.epoch);
        eq(seed, 0, "not drawn yet");
        eq(juries.seatsOf(id).length, 0, "no seats yet");
        vm.warp(jury.start);
        commit(address(0xF00), 0, abi.encodeWithSelector(IJuries.JuriesNoSeed.selector, jury.epoch));
    }

    function test_CommitInItsWindow() public {
        draw();
        vm.warp(jury.start - 1);
        commit(seats[0], 0, wrongTime(jury.start - 1, jury.start, jury.commitEnd));
        vm.warp(jury.commitEnd);
        commit(seats[0], 0, wrongTime(jury.commitEnd, jury.start, jury.commitEnd));
        vm.warp(jury.commitEnd - 1);
        commit(seats[0], 0, "");
        commit(seats[0], 0, abi.encodeWithSelector(IJuries.JuriesCommitted.selector, seats[0]));
    }

    function test_OnlyTheSeatsHolder() public {
        draw();
        commit(seats[0], 1, abi.encodeWithSelector(IJuries.JuriesWrongSeat.selector, seats[0], seats[1]));
        commit(STRANGER, 0, abi.encodeWithSelector(IJuries.JuriesWrongSeat.selector, STRANGER, seats[0]));
        commit(seats[0], 5, abi.encodeWithSelector(IJuries.JuriesNoSuchSeat.selector, 5, 5));
        vm.expectRevert(IJuries.JuriesZeroCommitment.selector);
        vm.prank(seats[0]);
        juries.commit(id, 0, 0);
        bytes32 other = "no such case";
        vm.expectRevert(wrongTime(block.timestamp, 0, 0));
        vm.prank(seats[0]);
        juries.commit(other, 0, "commitment");
    }

    /// @notice Who sat in the case's committee does not judge it again: the next that was drawn takes the seat, so that the
    /// jury is full wherever enough others verify.
    function test_JurorOnTheCasesCommittee() public {
        address[] memory committee = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1);
        vm.warp(clock.times(jury.epoch).seedTime);
        uint256 replaced = 0;
        address excluded;
        for (uint256 value = 0; value < 40; ++value) {
            bytes32 seed = beacon.set(jury.epoch, keccak256(abi.encode("jury", value)));
            address[] memory drawn = verifiers.seats(seed, PROVIDER, MODEL, jury.epoch, 3, JURY_SIZE + 5);
            address[] memory seated = juries.seatsOf(id);
            eq(seated.length, JURY_SIZE, "seats");
            uint256 next = 0;
            for (uint256 i = 0; i < drawn.length && next < JURY_SIZE; ++i) {
                if (_isIn(committee, drawn[i])) {
                    excluded = drawn[i];
                    ++replaced;
                } else if (drawn[i] != address(0)) {
                    eq(seated[next++], drawn[i], "in the order of the draw");
                }
            }
            for (; next < JURY_SIZE; ++next) eq(seated[next], address(0), "nobody else was drawn");
        }
        require(replaced > 20, "it happens");
        vm.warp(jury.start);
        commit(excluded, 0, abi.encodeWithSelector(IJuries.JuriesWrongSeat.selector, excluded, juries.seatsOf(id)[0]));
    }

    function _isIn(address[] memory list, address who) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == who) return true;
        }
        return false;
    }

    function test_RevealInItsWindow() public {
        draw();
        commit(seats[0], 0, "");
        reveal(seats[0], CONVICT, wrongTime(jury.start, jury.commitEnd, jury.revealEnd));
        vm.warp(jury.revealEnd);
        reveal(seats[0], CONVICT, wrongTime(jury.revealEnd, jury.commitEnd, jury.revealEnd));
        vm.warp(jury.revealEnd - 1);
        reveal(seats[0], CONVICT, "");
        reveal(seats[0], CONVICT, abi.encodeWithSelector(IJuries.JuriesRevealed.selector, seats[0]));
        require(juries.hasRevealed(id, seats[0]), "revealed");
    }

    /// @notice The commitment binds the vote, the juror and the case; nobody reveals another's.
    function test_RevealOpensTheCommitment() public {
        draw();
        commit(seats[0], 0, "");
        vm.warp(jury.commitEnd);
        bytes4 wrong = IJuries.JuriesWrongOpening.selector;
        reveal(seats[0], ACQUIT, abi.encodeWithSelector(wrong, ballot(id, seats[0], ACQUIT), ballot(id, seats[0], CONVICT)));
        reveal(seats[1], CONVICT, abi.encodeWithSelector(wrong, ballot(id, seats[1], CONVICT), 0));
        reveal(seats[0], 3, abi.encodeWithSelector(IJuries.JuriesNoSuchVote.selector, 3));
    }

    /// @notice A copied commitment cannot be opened by who copied it.
    function test_CopyingAVote() public {
        draw();
        bytes32 copied = ballot(id, seats[0], CONVICT);
        vm.prank(seats[1]);
        juries.commit(id, 1, copied);
        vm.warp(jury.commitEnd);
        reveal(
            seats[1],
            CONVICT,
            abi.encodeWithSelector(IJuries.JuriesWrongOpening.selector, ballot(id, seats[1], CONVICT), copied)
        );
    }

    function test_Verdicts() public {
        eq(uint256(juries.verdictOf("none")), uint256(Verdict.None), "none");
        eq(uint256(juries.verdictOf(id)), uint256(Verdict.Pending), "pending");
        decide(id, 4, 0);
        eq(uint256(juries.verdictOf(id)), uint256(Verdict.Convicted), "four of five");
    }
}
