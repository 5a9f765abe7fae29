// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAttendance} from "../../../contracts/court/IAttendance.sol";
import {IEvidence} from "../../../contracts/court/IEvidence.sol";
import {Jury} from "../../../contracts/court/IJuries.sol";
import {Times} from "../../../contracts/epoch/IEpochClock.sol";
import {Closable} from "../../../contracts/access/Closable.sol";
import {IVerifierRegistry} from "../../../contracts/registry/IVerifierRegistry.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice What whoever holds a seat and does not reveal loses (docs/protocol.md section 3, "Quorum").
contract AttendanceTest is CourtBase {
    Times private times;

    function setUp() public override {
        super.setUp();
        times = clock.times(EPOCH);
    }

    function holder(uint64 epoch, uint8 role, uint8 seat) private view returns (address) {
        return hub.seatsOf(PROVIDER, MODEL, epoch, role)[seat];
    }

    function note(uint64 epoch, uint8 role, uint8 seat) private returns (uint256) {
        vm.prank(CHALLENGER);
        return attendance.noteSeat(PROVIDER, MODEL, epoch, role, seat);
    }

    function refuse(uint64 epoch, uint8 role, uint8 seat, bytes memory reason) private {
        vm.expectRevert(reason);
        note(epoch, role, seat);
    }

    /* WHAT IT COSTS */

    /// @notice One per cent of the stake, a fifth of it to whoever noted it.
    function test_AMissCostsOnePerCent() public {
        openEpoch();
        vm.warp(times.revealEnd);
        address verifier = holder(EPOCH, 1, 0);
        uint256 stake = pool.slashableNow(verifier);
        eq(note(EPOCH, 1, 0), stake / 100, "one per cent");
        eq(penalties.owed(CHALLENGER), stake / 100 / 5, "challenger");
        require(attendance.isNoted(verifier, EPOCH), "noted");
        eq(verifiers.ejectedUntil(verifier), 0, "once is no habit");
    }

    /// @notice A verifier that has lost all before misses all the same.
    function test_NothingIsLeftToTake() public {
        openEpoch();
        vm.warp(times.revealEnd);
        address verifier = holder(EPOCH, 1, 0);
        vm.prank(address(penalties));
        pool.slash(verifier, 1e18, "all");
        eq(note(EPOCH, 1, 0), 0, "nothing");
        require(attendance.isNoted(verifier, EPOCH), "noted");
    }

    /// @notice However many seats it missed.
    function test_OncePerVerifierAndEpoch() public {
        openEpoch();
        vm.warp(times.revealEnd);
        address verifier = holder(EPOCH, 1, 0);
        note(EPOCH, 1, 0);
        refuse(EPOCH, 1, 0, abi.encodeWithSelector(IAttendance.AttendanceNoted.selector, verifier, EPOCH));
        for (uint8 seat = 0; seat < 5; ++seat) {
            if (holder(EPOCH, 0, seat) != verifier) continue;
            refuse(EPOCH, 0, seat, abi.encodeWithSelector(IAttendance.AttendanceNoted.selector, verifier, EPOCH));
        }
    }

    /// @notice Ten epochs' pay of its tickets where that is more, five per cent at most.
    function test_TenEpochsPay() public {
        // Six verifiers of four tickets: a sixth of the verifiers' part each. 0.02 of a stake in ten epochs.
        uint256 stake = pool.slashableNow(crew[0]);
        uint256 budget = stake * 6 * 5 * 2 / 100 / 10;
        asset.mint(address(this), 10 * budget);
        asset.approve(address(rewards), 10 * budget);
        rewards.fund(EPOCH, budget);
        rewards.fund(EPOCH + 1, 9 * budget);
        openEpoch();
        vm.warp(times.revealEnd);
        eq(note(EPOCH, 1, 0), stake * 2 / 100, "two per cent");
        commitLog(EPOCH + 1);
        drawSeed(EPOCH + 1);
        vm.warp(clock.times(EPOCH + 1).revealEnd);
        address verifier = holder(EPOCH + 1, 1, 0);
        stake = pool.slashableNow(verifier);
        eq(note(EPOCH + 1, 1, 0), (stake * 5 + 99) / 100, "no more than five");
    }

    /// @notice Three epochs within thirty eject, in whatever order they are noted.
    function test_ThreeInThirtyEject() public {
        address verifier = _alwaysAway();
        eq(verifiers.ejectedUntil(verifier), clock.current() + 30, "for thirty epochs");
        vm.expectRevert(
            abi.encodeWithSelector(
                IVerifierRegistry.VerifierRegistryEjected.selector, clock.current(), clock.current() + 30
            )
        );
        vm.prank(verifier);
        verifiers.buy(1);
        _takeBack(verifier);
    }

    /// @dev Away for three epochs; the last is noted first.
    function _alwaysAway() private returns (address verifier) {
        verifier = crew[0];
        uint8[3] memory seats;
        for (uint64 i = 0; i < 3; ++i) {
            seats[i] = _draw(verifier, EPOCH + i);
        }
        vm.warp(clock.times(EPOCH + 2).revealEnd);
        uint64[3] memory order = [uint64(2), 0, 1];
        for (uint256 i = 0; i < 3; ++i) {
            eq(verifiers.ejectedUntil(verifier), 0, "not yet");
            note(EPOCH + order[i], 1, seats[order[i]]);
        }
    }

    function _takeBack(address verifier) private {
        uint256[] memory indexes = new uint256[](1);
        for (uint256 i = 0; indexes[0] == 0; ++i) {
            (address owner,, uint64 until) = verifiers.ticket(i);
            if (owner == verifier && until == type(uint48).max && i > 0) indexes[0] = i;
        }
        uint256 had = verifiers.ticketsOf(verifier);
        verifiers.takeBack(verifier, indexes);
        eq(verifiers.ticketsOf(verifier), had - 1, "anybody may take them back");
    }

    /// @notice Thirty epochs lie between the first and the last of three: no window of thirty holds them.
    function test_ThreeInThirtyOneDoNot() public {
        address verifier = crew[0];
        uint64[4] memory epochs = [uint64(2), 20, 32, 40];
        for (uint256 i = 0; i < 4; ++i) {
            uint8 seat = _draw(verifier, epochs[i]);
            vm.warp(clock.times(epochs[i]).revealEnd);
            note(epochs[i], 1, seat);
            require((verifiers.ejectedUntil(verifier) != 0) == (i == 3), "20, 32 and 40 lie within thirty");
        }
    }

    /// @dev A log, and a seed by which the verifier has a re-run seat.
    function _draw(address verifier, uint64 epoch) private returns (uint8 seat) {
        commitLog(epoch);
        vm.warp(clock.times(epoch).seedTime);
        for (uint256 value = 1; ; ++value) {
            beacon.set(epoch, bytes32(value));
            address[] memory seats = hub.seatsOf(PROVIDER, MODEL, epoch, 1);
            for (seat = 0; seat < 5; ++seat) {
                if (seats[seat] == verifier) return seat;
            }
        }
    }

    /* WHAT IS NO MISS */

    function test_WhoRevealedMissedNothing() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        vm.warp(times.revealEnd);
        refuse(EPOCH, 1, 0, abi.encodeWithSelector(IAttendance.AttendanceRevealed.selector, 1, 0));
        refuse(EPOCH, 0, 4, abi.encodeWithSelector(IAttendance.AttendanceRevealed.selector, 0, 4));
    }

    function test_NotBeforeTheTimeIsOver() public {
        openEpoch();
        vm.warp(times.revealEnd - 1);
        refuse(
            EPOCH,
            1,
            0,
            abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, times.revealEnd - 1, times.revealEnd)
        );
        vm.warp(times.redrawEnd - 1);
        refuse(
            EPOCH,
            2,
            0,
            abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, times.redrawEnd - 1, times.redrawEnd)
        );
        vm.warp(times.redrawEnd);
        note(EPOCH, 2, 0);
    }

    function test_NotAfterTheDispute() public {
        openEpoch();
        settle(EPOCH);
        vm.warp(times.disputeEnd);
        refuse(
            EPOCH,
            1,
            0,
            abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, times.disputeEnd, times.disputeEnd)
        );
    }

    function test_NothingToDo() public {
        openEpoch();
        vm.warp(times.revealEnd);
        bytes memory none = abi.encodeWithSelector(IAttendance.AttendanceNoDuty.selector, 3);
        refuse(EPOCH, 3, 0, none);
        none = abi.encodeWithSelector(IAttendance.AttendanceNoDuty.selector, 1);
        vm.expectRevert(none);
        attendance.noteSeat(PROVIDER, keccak256("another"), EPOCH, 1, 0);
        // No log, so nothing was sampled.
        vm.warp(clock.times(EPOCH + 1).revealEnd);
        refuse(EPOCH + 1, 1, 0, none);
        refuse(EPOCH, 1, 9, abi.encodeWithSelector(IAttendance.AttendanceEmptySeat.selector, 1, 9));
    }

    function test_NoRedrawNoDuty() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        vm.warp(times.redrawEnd);
        refuse(EPOCH, 2, 0, abi.encodeWithSelector(IAttendance.AttendanceNoDuty.selector, 2));
    }

    /// @notice A seed that was drawn once commits had begun left no time to whoever it drew.
    function test_LateSeeds() public {
        commitLog(EPOCH);
        vm.warp(times.openEnd + 1);
        beacon.set(EPOCH, "late");
        vm.warp(times.redrawEnd);
        bytes memory late =
            abi.encodeWithSelector(IAttendance.AttendanceLateSeed.selector, times.openEnd + 1, times.openEnd);
        refuse(EPOCH, 1, 0, late);
        refuse(EPOCH, 2, 0, late);
        // Probes of epoch 4 were drawn from it, before epoch 4 began.
        vm.warp(clock.times(EPOCH + 2).revealEnd);
        note(EPOCH + 2, 0, 0);
        vm.warp(clock.times(EPOCH + 3).start + 1);
        beacon.set(EPOCH + 1, "later");
        vm.warp(clock.times(EPOCH + 3).revealEnd);
        late = abi.encodeWithSelector(
            IAttendance.AttendanceLateSeed.selector, clock.times(EPOCH + 3).start + 1, clock.times(EPOCH + 3).start
        );
        refuse(EPOCH + 3, 0, 0, late);
        vm.warp(clock.times(EPOCH + 6).revealEnd);
        refuse(EPOCH + 6, 0, 0, abi.encodeWithSelector(IEvidence.EvidenceNoSeed.selector, EPOCH + 4));
    }

    /* JURORS */

    function test_AJurorWhoStaysAway() public {
        settleWrong();
        bytes32 id = callJury();
        address[] memory seats = decide(id, 4, 0);
        Jury memory jury = juries.juryOf(id);
        vm.expectRevert(abi.encodeWithSelector(IAttendance.AttendanceRevealed.selector, 3, 0));
        attendance.noteJuror(id, 0);
        uint256 stake = pool.slashableNow(seats[4]);
        vm.warp(jury.revealEnd - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, jury.revealEnd - 1, jury.revealEnd)
        );
        attendance.noteJuror(id, 4);
        vm.warp(jury.revealEnd);
        eq(attendance.noteJuror(id, 4), stake / 100, "one per cent");
        require(attendance.isNoted(seats[4], jury.epoch), "of the jury's epoch");
        vm.expectRevert(abi.encodeWithSelector(IAttendance.AttendanceEmptySeat.selector, 3, 5));
        attendance.noteJuror(id, 5);
        uint256 end = jury.revealEnd + clock.windows(jury.epoch).disputeWindow;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        attendance.noteJuror(id, 4);
        vm.expectRevert(abi.encodeWithSelector(IAttendance.AttendanceNoDuty.selector, 3));
        attendance.noteJuror("none", 0);
    }

    function test_AJuryWithoutSeedInTime() public {
        settleWrong();
        bytes32 id = callJury();
        Jury memory jury = juries.juryOf(id);
        vm.warp(jury.start + 1);
        beacon.set(jury.epoch, "late");
        vm.warp(jury.revealEnd);
        vm.expectRevert(
            abi.encodeWithSelector(IAttendance.AttendanceLateSeed.selector, jury.start + 1, jury.start)
        );
        attendance.noteJuror(id, 0);
    }

    /* PAUSE */

    /// @notice Whoever pauses commitments pauses this room, so that nobody is punished for the pause.
    function test_Paused() public {
        openEpoch();
        vm.warp(times.revealEnd);
        manager.setTargetClosed(address(attendance), true);
        refuse(EPOCH, 1, 0, abi.encodeWithSelector(Closable.ClosablePaused.selector, address(attendance)));
        vm.expectRevert(abi.encodeWithSelector(Closable.ClosablePaused.selector, address(attendance)));
        attendance.noteJuror("none", 0);
    }
}
