// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaseState, IDisputeCourt} from "../../../contracts/court/IDisputeCourt.sol";
import {IEvidence} from "../../../contracts/court/IEvidence.sol";
import {IJuryFees} from "../../../contracts/court/IJuryFees.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {vm} from "../Vm.sol";
import {CaseBase} from "./DisputeCourt.t.sol";

/// @notice Seats 0 to 2 call the leaf `SEQ` wrong, the other two do not; the provider takes the free case to a jury.
contract AccusersTest is CaseBase {
    uint256 private constant LIARS = 3;

    function setUp() public override {
        super.setUp();
        openEpoch();
        uint256 wrong = bitsOf(EPOCH, SEQ);
        // What they say of another leaf finds no majority.
        accuse(rerunReport(48, wrong), rerunReport(48, bitsOf(EPOCH, SEQ + 1)));
        settle(EPOCH);
    }

    /// @dev The first seats report one thing, the others another.
    function accuse(uint256 lie, uint256 truth) private {
        address[] memory seats = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1);
        for (uint256 phase = 0; phase < 2; ++phase) {
            vm.warp(phase == 0 ? clock.times(EPOCH).openEnd : clock.times(EPOCH).outputEnd);
            for (uint256 i = 0; i < crew.length; ++i) {
                bool lies = seats[0] == crew[i] || seats[1] == crew[i] || seats[2] == crew[i];
                (Reveal[] memory reveals, bytes32 root) =
                    assignments(EPOCH, crew[i], probeReport(22), lies ? lie : truth);
                if (reveals.length == 0) continue;
                vm.prank(crew[i]);
                if (phase == 0) hub.commit(EPOCH, Commitments.commitment(address(hub), EPOCH, 0, crew[i], root));
                else show(EPOCH, reveals);
            }
        }
    }

    function seatOf(uint8 seat) private view returns (address) {
        return hub.seatsOf(PROVIDER, MODEL, EPOCH, 1)[seat];
    }

    function refute(uint8 seat, bytes memory reason) private returns (uint256) {
        bytes32 id = caseId();
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(CHALLENGER);
        return court.refuteAccuser(id, 1, seat);
    }

    function acquitted(uint256 convict, uint256 acquit) private returns (address[] memory seats) {
        seats = decide(callJury(), convict, acquit);
        close();
    }

    /// @notice Who accused loses 5 %; the jury, which nobody paid, is paid from the first.
    function test_EachAccuserLosesItsShareAndTheJuryIsPaid() public {
        address[] memory jurors = acquitted(0, 4);
        eq(court.perJuror(caseId()), 0, "nobody has paid the jury");
        uint256 stake = pool.slashableNow(seatOf(0));
        uint256 taken = refute(0, "");
        eq(taken, stake / 20, "5 %");
        uint256 toJury = taken * 30 / 100;
        eq(penalties.owed(address(court)), 0, "fetched at once");
        eq(asset.balanceOf(address(court)), CASE_BOND + toJury, "30 % of it");
        payJurors(jurors, 4, toJury / 4);
        eq(penalties.owed(CHALLENGER), taken / 5, "challenger");
        eq(penalties.owed(PROVIDER), 0, "nothing for the accused");

        for (uint8 seat = 1; seat < LIARS; ++seat) {
            stake = pool.slashableNow(seatOf(seat));
            eq(refute(seat, ""), stake / 20, "each of them");
        }
        eq(asset.balanceOf(address(court)), CASE_BOND + toJury, "the jury is paid once");
        eq(court.perJuror(caseId()), toJury / 4, "no juror gets more");
        eq(pool.slashableNow(seatOf(3)), pool.slashableNow(seatOf(4)), "who did not accuse loses nothing");
    }

    /// @notice At most half of the bond, as of a bonded case.
    function test_AJuryGetsNoMoreThanHalfTheBond() public {
        asset.mint(address(this), 1000e18);
        asset.approve(address(pool), 1000e18);
        pool.bond(seatOf(0), 1000e18);
        acquitted(0, 5);
        refute(0, "");
        eq(court.perJuror(caseId()), CASE_BOND / 2 / 5, "half of the bond");
        eq(asset.balanceOf(address(court)), CASE_BOND + CASE_BOND / 2, "and no more");
    }

    function test_OncePerSeatAndCase() public {
        acquitted(0, 4);
        refute(0, "");
        refute(0, abi.encodeWithSelector(IDisputeCourt.DisputeCourtNoAccuser.selector, caseId(), 1, 0));
        refute(1, "");
    }

    /// @notice Only who called this very leaf wrong, in a re-run or redraw.
    function test_OnlyWhoAccused() public {
        acquitted(0, 4);
        bytes32 id = caseId();
        bytes4 none = IDisputeCourt.DisputeCourtNoAccuser.selector;
        refute(3, abi.encodeWithSelector(none, id, 1, 3));
        refute(31, abi.encodeWithSelector(none, id, 1, 31));
        vm.expectRevert(abi.encodeWithSelector(none, id, 2, 0));
        court.refuteAccuser(id, 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoRerun.selector, 0));
        court.refuteAccuser(id, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoRerun.selector, 16));
        court.refuteAccuser(id, 16, 0);
    }

    /// @notice Not to be convicted is no proof: as many have to acquit as could have convicted.
    function test_ADividedJuryRefutesNobody() public {
        acquitted(2, 3);
        eq(state(), uint256(CaseState.Acquitted), "acquitted");
        refute(0, abi.encodeWithSelector(IDisputeCourt.DisputeCourtTooFewAcquit.selector, 3, 4));
    }

    function test_NoOtherEndRefutesAnybody() public {
        refute(0, wrongState(CaseState.None, CaseState.Acquitted));
        callJury();
        refute(0, wrongState(CaseState.Tried, CaseState.Acquitted));
        decide(caseId(), 1, 2);
        close();
        refute(0, wrongState(CaseState.Mistrial, CaseState.Acquitted));
    }

    function test_UntilTheDisputeWindowAfterTheJury() public {
        acquitted(0, 4);
        uint256 end = juries.juryOf(caseId()).revealEnd + clock.windows(4).disputeWindow;
        vm.warp(end);
        refute(0, abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        vm.warp(end - 1);
        refute(0, "");
    }

    /// @notice A bonded case was somebody's own risk: its bond has paid the jury.
    function test_ABondedCaseRefutesNoSeat() public {
        uint32 other = SEQ + 1;
        bytes32 id = open(other, "");
        callJuryFor(other);
        decide(id, 0, 4);
        court.close(id);
        vm.expectRevert(abi.encodeWithSelector(IDisputeCourt.DisputeCourtBonded.selector, id));
        court.refuteAccuser(id, 1, 3);
    }

    /// @notice With nothing at stake the accusation is noted, and the next seat pays the jury.
    function test_WhoHasNothingLeavesTheJuryToTheNext() public {
        acquitted(0, 4);
        manager.grantRole(ROLE_PUNISH, address(this), 0);
        penalties.punish(seatOf(0), 1e18, "all of it", address(0), address(0), 0);
        eq(refute(0, ""), 0, "nothing to take");
        eq(court.perJuror(caseId()), 0, "nothing to pay with");
        bytes32 id = caseId();
        address juror = juries.seatsOf(id)[0];
        vm.expectRevert(abi.encodeWithSelector(IJuryFees.JuryFeesNothingDue.selector, id, juror));
        court.payJuror(id, juror);
        uint256 taken = refute(1, "");
        eq(court.perJuror(id), taken * 30 / 100 / 4, "from the second");
    }
}
