// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Closable} from "../../../contracts/access/Closable.sol";
import {Evidence} from "../../../contracts/court/Evidence.sol";
import {Demand, DemandState, IDemands} from "../../../contracts/court/IDemands.sol";
import {IEvidence, Attested} from "../../../contracts/court/IEvidence.sol";
import {ISeatCases, SeatCase, SeatCaseState} from "../../../contracts/court/ISeatCases.sol";
import {SeatCases} from "../../../contracts/court/SeatCases.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice A seat's own input, which nobody has served, and cases about what a seat shows (docs/protocol.md section 3).
abstract contract OwnBase is CourtBase {
    /// @dev Of 48 samples, the seat's own input is number 48.
    uint8 internal constant OWN = 48;

    function ownNative() internal pure returns (bytes memory) {
        return "own native outputs";
    }

    function ownWasm() internal pure returns (bytes memory) {
        return "own wasm outputs";
    }

    function sampleLeaf() internal view returns (bytes32) {
        return Commitments.rerunLeaf(0, ownHash(), ownHash());
    }

    function ownLeaf() internal pure returns (bytes32) {
        return Commitments.rerunLeaf(OWN, sha256(ownNative()), sha256(ownWasm()));
    }

    /// @dev Two leaves: sample 0 and the own input.
    function dataRootOf(address, uint8) internal view override returns (bytes32) {
        return Hashes.commutativeKeccak256(sampleLeaf(), ownLeaf());
    }

    function pathOf(bytes32 sibling) internal pure returns (bytes32[] memory path) {
        path = new bytes32[](1);
        path[0] = sibling;
    }

    function demandId(uint8 j) internal view returns (bytes32) {
        return demands.outputsId(PROVIDER, MODEL, EPOCH, 1, 0, j);
    }

    /// @notice The next epoch's seed, with which seat 0's own input is redone or not.
    function drawNext(bool redone) internal {
        vm.warp(clock.times(EPOCH + 1).seedTime);
        for (uint256 value = 1; ; ++value) {
            beacon.set(EPOCH + 1, bytes32(value));
            (bytes32 seed,) = beacon.seedOf(EPOCH + 1);
            if (Sampling.isRedone(seed, PROVIDER, MODEL, 1, 0) == redone) return;
        }
    }

    function demand(uint8 j, uint256 bond) internal returns (bytes32) {
        Attested memory rerun = rerunOf();
        fund(CHALLENGER, address(demands), bond);
        vm.prank(CHALLENGER);
        return demands.demandOutputs(rerun, j);
    }

    function show() internal {
        demands.answerOutputs(demandId(OWN), ownNative(), ownWasm(), pathOf(sampleLeaf()));
    }

    function verifier() internal view returns (address) {
        return hub.seatsOf(PROVIDER, MODEL, EPOCH, 1)[0];
    }
}

contract OwnInputTest is OwnBase {
    function setUp() public override {
        super.setUp();
        openEpoch();
    }

    /// @notice The samples that seat 0's own input is mixed from.
    function mixed() private view returns (uint256 i, uint256 k) {
        (bytes32 seed,) = beacon.seedOf(EPOCH);
        return Sampling.ownInput(seed, PROVIDER, MODEL, 1, 0, 48);
    }

    function test_DemandedAndShown() public {
        reveal(rerunReport(48, 0));
        bytes32 id = demand(OWN, DEMAND_BOND);
        eq(id, demandId(OWN), "its number");
        require(!demands.demandOf(id).free, "at a price");
        show();
        eq(demands.owed(verifier()), DEMAND_BOND, "paid for it");
    }

    /// @notice A tenth is redone for nothing, as the next epoch's seed says.
    function test_RedoneForNothing() public {
        reveal(rerunReport(48, 0));
        settle(EPOCH);
        drawNext(true);
        bytes32 id = demand(OWN, 0);
        require(demands.demandOf(id).free, "without a bond");
        show();
        eq(demands.owed(verifier()), 0, "nothing to pay");
        eq(asset.balanceOf(address(demands)), 0, "nothing held");
    }

    function test_TheOthersCostTheBond() public {
        reveal(rerunReport(48, 0));
        settle(EPOCH);
        drawNext(false);
        bytes32 id = demand(OWN, DEMAND_BOND);
        require(!demands.demandOf(id).free, "at a price");
    }

    /// @notice Who did not run the own input has nothing to show: five per cent.
    function test_NotShown() public {
        reveal(rerunReport(48, 0));
        settle(EPOCH);
        drawNext(true);
        bytes32 id = demand(OWN, 0);
        vm.warp(demands.demandOf(id).deadline);
        uint256 stake = pool.slashableNow(verifier());
        eq(demands.fail(id), stake / 20, "five per cent");
        eq(demands.owed(CHALLENGER), 0, "no bond to return");
        eq(penalties.owed(CHALLENGER), stake / 20 / 5, "but a fifth of it");
    }

    /// @notice Who could not run one of the two samples could not mix them.
    function test_OnlyWhereBothSamplesWereRun() public {
        (uint256 i,) = mixed();
        reveal(rerunReport(48, 0) | (1 << (8 + 2 * i)));
        Attested memory rerun = rerunOf();
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNoVerdict.selector, 1));
        demands.demandOutputs(rerun, OWN);
    }

    function test_OnlyWhereTheSecondWasRun() public {
        (, uint256 k) = mixed();
        reveal(rerunReport(48, 0) | (3 << (8 + 2 * k)));
        Attested memory rerun = rerunOf();
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNoVerdict.selector, 3));
        demands.demandOutputs(rerun, OWN);
    }

    function test_OnlyReruns() public {
        reveal(rerunReport(48, 0));
        Attested memory rerun = rerunOf();
        rerun.role = 0;
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoRerun.selector, 0));
        demands.demandOutputs(rerun, OWN);
        rerun.role = 2;
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNotRevealed.selector, 0));
        demands.demandOutputs(rerun, OWN);
    }
}

contract SeatCasesTest is OwnBase {
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        openEpoch();
        reveal(rerunReport(48, 0));
        // Into epoch 4, from which on there are enough jurors.
        vm.warp(clock.times(EPOCH).revealEnd);
        demand(OWN, DEMAND_BOND);
        id = demandId(OWN);
    }

    function open() private returns (bytes32) {
        fund(CHALLENGER, address(seatCases), CASE_BOND);
        vm.prank(CHALLENGER);
        return seatCases.open(PROVIDER, MODEL, EPOCH, 1, 0, OWN);
    }

    function call() private {
        address who = verifier();
        fund(who, address(seatCases), CASE_BOND);
        vm.prank(who);
        seatCases.callJury(id);
    }

    function state() private view returns (uint256) {
        return uint256(seatCases.caseOf(id).state);
    }

    /// @notice Nothing is held beyond what is owed and what open bonds and jurors' parts are.
    function balanced(uint256 more) private view {
        eq(asset.balanceOf(address(seatCases)), seatCases.totalOwed() + more, "books");
    }

    /* OPENING */

    function test_Opened() public {
        show();
        eq(open(), id, "the demand's number");
        SeatCase memory made = seatCases.caseOf(id);
        eq(made.verifier, verifier(), "accused");
        eq(made.challenger, CHALLENGER, "challenger");
        eq(made.answerEnd, block.timestamp + clock.windows(EPOCH).answerWindow, "time to answer");
        balanced(CASE_BOND);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISeatCases.SeatCasesWrongState.selector, SeatCaseState.Open, SeatCaseState.None
            )
        );
        seatCases.open(PROVIDER, MODEL, EPOCH, 1, 0, OWN);
    }

    function test_OnlyWhatWasShown() public {
        vm.expectRevert(abi.encodeWithSelector(ISeatCases.SeatCasesNotShown.selector, id));
        seatCases.open(PROVIDER, MODEL, EPOCH, 1, 0, OWN);
        bytes32 other = demandId(0);
        vm.expectRevert(abi.encodeWithSelector(ISeatCases.SeatCasesNotShown.selector, other));
        seatCases.open(PROVIDER, MODEL, EPOCH, 1, 0, 0);
    }

    function test_InTime() public {
        show();
        uint256 end = demands.demandOf(id).deadline + clock.windows(EPOCH).answerWindow;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        seatCases.open(PROVIDER, MODEL, EPOCH, 1, 0, OWN);
        vm.warp(end - 1);
        open();
    }

    function test_NoBondAndPause() public {
        Evidence.Sources memory sources =
            Evidence.Sources(clock, beacon, providers, models, book, log, hub, penalties);
        vm.expectRevert(ISeatCases.SeatCasesNoBond.selector);
        new SeatCases(address(manager), sources, asset, juries, demands, 0);
        show();
        manager.setTargetClosed(address(seatCases), true);
        vm.expectRevert(abi.encodeWithSelector(Closable.ClosablePaused.selector, address(seatCases)));
        seatCases.open(PROVIDER, MODEL, EPOCH, 1, 0, OWN);
    }

    /* ENDS */

    /// @notice Silence confirms: half of the verifier's stake, and the challenger's bond back.
    function test_Silence() public {
        show();
        open();
        uint256 end = seatCases.caseOf(id).answerEnd;
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, block.timestamp, end));
        seatCases.close(id);
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        seatCases.callJury(id);
        address accused = verifier();
        uint256 stake = pool.slashableNow(accused);
        seatCases.close(id);
        eq(stake - pool.slashableNow(accused), stake / 2, "half");
        eq(penalties.owed(CHALLENGER), stake / 10, "a fifth of that");
        eq(seatCases.owed(CHALLENGER), CASE_BOND, "bond");
        eq(state(), uint256(SeatCaseState.Confirmed), "confirmed");
        balanced(0);
        vm.expectRevert(
            abi.encodeWithSelector(
                ISeatCases.SeatCasesWrongState.selector, SeatCaseState.Confirmed, SeatCaseState.Tried
            )
        );
        seatCases.close(id);
    }

    function test_Convicted() public {
        show();
        open();
        call();
        vm.expectRevert(abi.encodeWithSelector(ISeatCases.SeatCasesJurySits.selector, id));
        seatCases.close(id);
        uint256 stake = pool.slashableNow(verifier());
        address[] memory jurors = decide(id, 4, 1);
        seatCases.close(id);
        eq(stake - pool.slashableNow(verifier()), stake / 2, "half");
        eq(seatCases.owed(CHALLENGER), CASE_BOND, "bond");
        eq(seatCases.perJuror(id), CASE_BOND / 5, "the verifier's bond");
        eq(seatCases.payJuror(id, jurors[4]), CASE_BOND / 5, "whatever it voted");
        eq(seatCases.owed(RESERVE), CASE_BOND % 5, "what is left over");
        eq(state(), uint256(SeatCaseState.Confirmed), "confirmed");
        balanced(CASE_BOND / 5 * 4);
    }

    function test_Acquitted() public {
        show();
        open();
        call();
        address accused = verifier();
        uint256 stake = pool.slashableNow(accused);
        decide(id, 3, 2);
        seatCases.close(id);
        eq(pool.slashableNow(accused), stake, "nothing lost");
        eq(seatCases.owed(accused), CASE_BOND + CASE_BOND - CASE_BOND / 2, "its bond and half of the other");
        eq(seatCases.perJuror(id), CASE_BOND / 2 / 5, "the other half");
        eq(seatCases.owed(CHALLENGER), 0, "was wrong");
        eq(state(), uint256(SeatCaseState.Acquitted), "acquitted");
    }

    function test_Mistrial() public {
        show();
        open();
        call();
        address accused = verifier();
        decide(id, 3, 0);
        seatCases.close(id);
        eq(seatCases.owed(accused), CASE_BOND, "bonds go back");
        eq(seatCases.owed(CHALLENGER), CASE_BOND, "both");
        eq(state(), uint256(SeatCaseState.Mistrial), "no end either way");
        balanced(0);
    }

    /// @notice Whoever judged with the accused is not on the jury.
    function test_TheCommitteeIsNotTheJury() public {
        show();
        open();
        call();
        address[] memory jurors = drawJury(id);
        address[] memory seats = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1);
        for (uint256 i = 0; i < jurors.length; ++i) {
            for (uint256 j = 0; j < seats.length; ++j) require(jurors[i] != seats[j], "judged before");
        }
    }
}
