// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {DisputeCourt} from "../../../contracts/court/DisputeCourt.sol";
import {Evidence} from "../../../contracts/court/Evidence.sol";
import {Case, CaseState, IDisputeCourt} from "../../../contracts/court/IDisputeCourt.sol";
import {IJuryFees} from "../../../contracts/court/IJuryFees.sol";
import {IEvidence, Opening, Proof} from "../../../contracts/court/IEvidence.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {Record} from "../../../contracts/types/Record.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice What both kinds of case share.
abstract contract CaseBase is CourtBase {
    function state() internal view returns (uint256) {
        return uint256(court.caseOf(caseId()).state);
    }

    function openCases() internal view returns (uint256) {
        return ledger.reliability(PROVIDER, MODEL).openCases;
    }

    function open(uint32 seq, bytes memory reason) internal returns (bytes32) {
        Proof memory proof = proofOf(EPOCH, seq);
        fund(CHALLENGER, address(court), CASE_BOND);
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(CHALLENGER);
        return court.open(proof);
    }

    function openReceipt(Receipts.Receipt memory receipt, bytes memory reason) internal returns (bytes32) {
        Proof memory proof = proofOf(EPOCH, receipt.seq);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        fund(CHALLENGER, address(court), CASE_BOND);
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(CHALLENGER);
        return court.openReceipt(proof, receipt, signature);
    }

    function refuseJury(bytes memory reason) internal {
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        vm.expectRevert(reason);
        court.callJury(proof, opening);
    }

    function closeFree(uint32 seq, bytes memory reason) internal {
        Proof memory proof = proofOf(EPOCH, seq);
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(CHALLENGER);
        court.closeFree(proof);
    }

    function close() internal {
        bytes32 id = caseId();
        vm.prank(CHALLENGER);
        court.close(id);
    }

    function wrongState(CaseState have, CaseState need) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IDisputeCourt.DisputeCourtWrongState.selector, have, need);
    }

    /// @notice Invariant 13: of `bonds` bonds taken, `held` are still at stake; the rest is owed, nothing else is here.
    function conserved(uint256 bonds) internal view {
        eq(asset.balanceOf(address(court)), bonds * CASE_BOND, "all bonds are here");
    }

    /// @notice Every juror of these is credited once; nobody else is.
    function payJurors(address[] memory seats, uint256 count, uint256 each) internal {
        bytes32 id = caseId();
        for (uint256 i = 0; i < count; ++i) {
            eq(court.payJuror(id, seats[i]), each, "equal parts");
            vm.expectRevert(abi.encodeWithSelector(IJuryFees.JuryFeesNothingDue.selector, id, seats[i]));
            court.payJuror(id, seats[i]);
        }
        vm.expectRevert(abi.encodeWithSelector(IJuryFees.JuryFeesNothingDue.selector, id, STRANGER));
        court.payJuror(id, STRANGER);
    }
}

/// @notice Of a log whose requests nobody signed.
contract UnsignedCaseTest is CaseBase {
    function receiptOf(uint64 epoch, uint32 seq) internal pure override returns (Receipts.Receipt memory receipt) {
        receipt = super.receiptOf(epoch, seq);
        receipt.client = address(0);
    }

    function test_WhereThereIsNoClientNobodyIsRestored() public {
        settleWrong();
        vm.warp(clock.times(EPOCH).disputeEnd);
        uint256 stake = pool.slashableNow(PROVIDER);
        closeFree(SEQ, "");
        uint256 taken = stake - pool.slashableNow(PROVIDER);
        eq(taken, stake / 20, "5 %");
        eq(penalties.owed(CLIENT) + penalties.owed(address(0)), 0, "nobody");
        eq(penalties.owed(CHALLENGER), taken / 5, "the challenger gets no more for it");
    }
}

contract FreeCaseTest is CaseBase {
    function setUp() public override {
        super.setUp();
        settleWrong();
    }

    function test_SilenceConfirms() public {
        eq(openCases() > 0 ? 1 : 0, 1, "counted at settlement");
        uint256 end = clock.times(EPOCH).disputeEnd;
        closeFree(SEQ, abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, block.timestamp, end));
        vm.warp(end);
        uint256 stake = pool.slashableNow(PROVIDER);
        closeFree(SEQ, "");
        eq(state(), uint256(CaseState.Confirmed), "confirmed");
        eq(openCases(), 0, "all positions of the leaf at once");
        eq(pool.slashableNow(PROVIDER), stake - stake / 20, "5 %");
        eq(penalties.owed(CHALLENGER), stake / 100, "who closes it is the challenger");
        require(penalties.owed(CLIENT) > 0, "the leaf's client is restored");
        closeFree(SEQ, wrongState(CaseState.Confirmed, CaseState.None));
        refuseJury(wrongState(CaseState.Confirmed, CaseState.Open));
    }

    function test_OnlyWrongLeavesAreFree() public {
        uint32 other = SEQ + 1;
        bytes32 id = court.caseId(PROVIDER, MODEL, EPOCH, other);
        closeFree(other, abi.encodeWithSelector(IDisputeCourt.DisputeCourtNoMismatch.selector, id));
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, other), openingOf(other));
        vm.expectRevert(abi.encodeWithSelector(IDisputeCourt.DisputeCourtNoMismatch.selector, id));
        court.callJury(proof, opening);
        open(SEQ, abi.encodeWithSelector(IDisputeCourt.DisputeCourtFree.selector, caseId()));
        openReceipt(receiptOf(EPOCH, SEQ), abi.encodeWithSelector(IDisputeCourt.DisputeCourtFree.selector, caseId()));
    }

    function test_TheJuryUntilTheDisputeEnd() public {
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        refuseJury(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        vm.warp(end - 1);
        callJury();
        eq(state(), uint256(CaseState.Tried), "tried");
        refuseJury(wrongState(CaseState.Tried, CaseState.Open));
        vm.warp(end);
        closeFree(SEQ, wrongState(CaseState.Tried, CaseState.None));
    }

    /// @notice Jurors have to have the evidence.
    function test_TheJuryNeedsTheTensors() public {
        Proof memory proof = proofOf(EPOCH, SEQ);
        Opening memory opening = openingOf(SEQ);
        opening.inputs = "";
        refused(address(court), abi.encodeCall(court.callJury, (proof, opening)), IEvidence.EvidenceWrongInputs.selector);
        opening = openingOf(SEQ);
        opening.salt = 0;
        refused(address(court), abi.encodeCall(court.callJury, (proof, opening)), IEvidence.EvidenceWrongSeal.selector);
    }

    function test_Convicted() public {
        address[] memory seats = decide(callJury(), 4, 1);
        uint256 stake = pool.slashableNow(PROVIDER);
        close();
        eq(state(), uint256(CaseState.Confirmed), "confirmed");
        eq(openCases(), 0, "closed");
        eq(penalties.owed(CHALLENGER), stake / 100, "20 % of 5 %");
        eq(court.owed(PROVIDER), 0, "the bond is lost");
        payJurors(seats, 5, CASE_BOND / 5);
        eq(court.owed(RESERVE), CASE_BOND % 5, "what does not divide");
        eq(court.totalOwed(), CASE_BOND, "conserved");
        conserved(1);
        bytes32 id = caseId();
        vm.expectRevert(wrongState(CaseState.Confirmed, CaseState.Tried));
        court.close(id);
    }

    function test_Acquitted() public {
        uint256 stake = pool.slashableNow(PROVIDER);
        address[] memory seats = decide(callJury(), 3, 2);
        close();
        eq(state(), uint256(CaseState.Acquitted), "acquitted");
        eq(pool.slashableNow(PROVIDER), stake, "nothing is taken");
        eq(court.owed(PROVIDER), CASE_BOND, "bond back");
        eq(openCases(), 0, "closed");
        payJurors(seats, 0, 0);
        vm.warp(block.timestamp + 10_000);
        closeFree(SEQ, wrongState(CaseState.Acquitted, CaseState.None));
    }

    /// @notice Fewer than two thirds vote, all of them to convict: nobody is convicted.
    function test_TooFewJurors() public {
        uint256 stake = pool.slashableNow(PROVIDER);
        decide(callJury(), 3, 0);
        close();
        eq(state(), uint256(CaseState.Mistrial), "mistrial");
        eq(pool.slashableNow(PROVIDER), stake, "nothing is taken");
        eq(court.owed(PROVIDER), CASE_BOND, "bond back");
        eq(openCases(), 0, "closed");
    }

    function test_ATieAcquits() public {
        decide(callJury(), 2, 2);
        close();
        eq(state(), uint256(CaseState.Acquitted), "acquitted");
    }

    function test_NoSeedNobodyConvicted() public {
        bytes32 id = callJury();
        uint256 end = juries.juryOf(id).revealEnd;
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputeCourt.DisputeCourtJurySits.selector, id));
        court.close(id);
        vm.warp(end);
        close();
        eq(state(), uint256(CaseState.Mistrial), "mistrial");
    }

    /// @notice Invariant 25: a case keeps its times and its jury.
    function test_WhatHasBegunKeepsItsTimes() public {
        bytes32 id = callJury();
        eq(juries.juryOf(id).start, clock.times(4).openEnd, "the epoch of the call");
        eq(juries.juryOf(id).commitEnd, clock.times(4).openEnd + 100, "half of the window");
        eq(juries.juryOf(id).revealEnd, clock.times(4).openEnd + 200, "the window");
    }
}

contract BondedCaseTest is CaseBase {
    uint256 private constant WINDOW = 100;

    function test_SilenceConfirms() public {
        settleRight();
        bytes32 id = open(SEQ, "");
        eq(id, caseId(), "id");
        eq(openCases(), 1, "counts while it runs");
        uint256 end = block.timestamp + WINDOW;
        eq(court.caseOf(id).answerEnd, end, "answer end");
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, end - 1, end));
        court.close(id);
        vm.warp(end);
        refuseJury(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        uint256 stake = pool.slashableNow(PROVIDER);
        vm.prank(STRANGER);
        court.close(id);
        eq(state(), uint256(CaseState.Confirmed), "confirmed");
        eq(court.owed(CHALLENGER), CASE_BOND, "bond back");
        eq(penalties.owed(CHALLENGER), stake / 100, "the challenger, not who pushed it");
        eq(penalties.owed(STRANGER), 0, "nothing for pushing");
        eq(openCases(), 0, "closed");
        open(SEQ, wrongState(CaseState.Confirmed, CaseState.None));
    }

    function test_Convicted() public {
        settleRight();
        open(SEQ, "");
        address[] memory seats = decide(callJury(), 4, 0);
        vm.prank(STRANGER);
        court.close(caseId());
        eq(court.owed(CHALLENGER), CASE_BOND, "bond back");
        require(penalties.owed(CHALLENGER) > 0, "and its part");
        payJurors(seats, 4, CASE_BOND / 4);
        conserved(2);
        eq(court.totalOwed(), 2 * CASE_BOND, "conserved");
    }

    function test_Acquitted() public {
        settleRight();
        open(SEQ, "");
        address[] memory seats = decide(callJury(), 0, 4);
        close();
        eq(court.owed(CHALLENGER), 0, "the bond is lost");
        uint256 half = CASE_BOND / 2;
        eq(court.owed(PROVIDER), CASE_BOND + (CASE_BOND - half), "its own, and half of the challenger's");
        payJurors(seats, 4, half / 4);
        eq(court.owed(RESERVE), half % 4, "what does not divide");
        eq(court.totalOwed(), 2 * CASE_BOND, "conserved");
        conserved(2);
    }

    function test_Mistrial() public {
        settleRight();
        open(SEQ, "");
        decide(callJury(), 2, 1);
        close();
        eq(court.owed(CHALLENGER), CASE_BOND, "bond back");
        eq(court.owed(PROVIDER), CASE_BOND, "bond back too");
        eq(court.totalOwed(), 2 * CASE_BOND, "conserved");
        open(SEQ, wrongState(CaseState.Mistrial, CaseState.None));
    }

    function test_AfterSettlementUntilTheDisputeEnd() public {
        openEpoch();
        open(SEQ, abi.encodeWithSelector(IDisputeCourt.DisputeCourtNotSettled.selector, PROVIDER, MODEL, EPOCH));
        reveal(rerunReport(48, 0));
        settle(EPOCH);
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        bytes memory late = abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end);
        open(SEQ, late);
        openReceipt(receiptOf(EPOCH, SEQ), late);
        vm.warp(end - 1);
        open(SEQ, "");
    }

    /// @notice No seed, no samples: nothing was looked at, so only receipts and opened leaves make a case.
    function test_OnlySampledLeaves() public {
        commitLog(EPOCH);
        settle(EPOCH);
        open(SEQ, abi.encodeWithSelector(IDisputeCourt.DisputeCourtNotSampled.selector, caseId()));
        openReceipt(receiptOf(EPOCH, SEQ), "");
        eq(state(), uint256(CaseState.Open), "open");
    }

    /// @notice A leaf opened on demand in the last moment can be put before the court for one more answer window.
    function test_ALeafOpenedOnDemand() public {
        commitLog(EPOCH);
        settle(EPOCH);
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end - 1);
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = demands.demandLeaf(receipt, signature);
        vm.warp(end + WINDOW - 2);
        demands.answerLeaf(id, proofOf(EPOCH, SEQ), openingOf(SEQ));
        uint256 last = block.timestamp + WINDOW;
        vm.warp(last);
        open(SEQ, abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, last, last));
        vm.warp(last - 1);
        open(SEQ, "");
        eq(state(), uint256(CaseState.Open), "open");
    }

    /// @notice The provider has to open the very output that it signed for.
    function test_AReceiptsOutput() public {
        settleRight();
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        receipt.outputHash = keccak256("what the client got");
        openReceipt(receipt, "");
        refuseJury(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourtOtherOutput.selector, sha256(outputsOf(SEQ)), receipt.outputHash
            )
        );
        vm.warp(block.timestamp + WINDOW);
        close();
        eq(state(), uint256(CaseState.Confirmed), "it cannot answer");
    }

    function test_AReceiptsLeaf() public {
        settleRight();
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        ++receipt.latencyMs;
        Receipts.LeafFields memory need = leafOf(EPOCH, SEQ);
        bytes32 have = Receipts.leafHash(need);
        ++need.latencyMs;
        openReceipt(
            receipt,
            abi.encodeWithSelector(IDisputeCourt.DisputeCourtOtherLeaf.selector, have, Receipts.leafHash(need))
        );
        receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(0xBEEF, receipt);
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.expectRevert(
            abi.encodeWithSelector(IEvidence.EvidenceNotSigned.selector, vm.addr(0xBEEF), OPERATOR)
        );
        court.openReceipt(proof, receipt, signature);
    }

    function test_ABondIsNeeded() public {
        settleRight();
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.expectRevert();
        vm.prank(STRANGER);
        court.open(proof);
        Evidence.Sources memory sources =
            Evidence.Sources(clock, beacon, providers, models, book, log, hub, penalties);
        vm.expectRevert(IDisputeCourt.DisputeCourtNoBond.selector);
        new DisputeCourt(address(manager), sources, asset, ledger, juries, demands, openings, 0);
    }

    function test_OnlyTheCourtTouchesTheRecord() public {
        bytes memory reason = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER);
        vm.expectRevert(reason);
        vm.prank(STRANGER);
        ledger.openCase(PROVIDER, MODEL);
        vm.expectRevert(reason);
        vm.prank(STRANGER);
        ledger.closeCases(PROVIDER, MODEL, 1, true);
    }

    /// @notice The provider changed hands: what its bond lost or won is the new owner's.
    function test_TheOwnerOfTheDayIsPaid() public {
        settleRight();
        open(SEQ, "");
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, STRANGER);
        vm.prank(STRANGER);
        providers.acceptOwner(PROVIDER);
        decide(callJury(), 0, 4);
        toEpoch(clock.current() + 2);
        close();
        eq(court.owed(PROVIDER), CASE_BOND, "who called the jury gets its bond");
        eq(court.owed(STRANGER), CASE_BOND - CASE_BOND / 2, "the owner gets the half");
    }

    /// @notice Counters at their end and confirmed cases in numbers never block a settlement.
    function test_CountersHold() public {
        settleRight();
        for (uint256 i = 0; i < 1001; ++i) {
            vm.prank(address(court));
            ledger.closeCases(PROVIDER, MODEL, 3, true);
        }
        eq(openCases(), 0, "never below zero");
        settle(3);
        Record correct = ledger.record(PROVIDER, MODEL).correct;
        eq((correct.slowTotal() - correct.slowGood()) >> 24, 100, "at most a hundred failures are kept");
        Case memory none = court.caseOf("none");
        eq(uint256(none.state), 0, "views do not revert");
    }
}
