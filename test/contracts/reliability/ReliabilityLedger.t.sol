// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IReliability} from "../../../contracts/reliability/IReliability.sol";
import {EpochEntry, FullRecord, IReliabilityLedger, Outcome} from "../../../contracts/reliability/IReliabilityLedger.sol";
import {Record} from "../../../contracts/types/Record.sol";
import {System} from "../System.sol";
import {Vm, vm} from "../Vm.sol";

/// @notice The record by itself: this contract settles and keeps the cases.
contract ReliabilityLedgerTest is System {
    uint256 private constant ONE = 1 << 24;

    function setUp() public override {
        super.setUp();
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        manager.grantRole(ROLE_CASES, address(this), 0);
    }

    /* SETTLEMENT */

    function test_TheFirstSettlementMayBeOfEpochZero() public {
        Outcome memory outcome = _good(0);
        ledger.settle(PROVIDER, MODEL, outcome);
        eq(ledger.record(PROVIDER, MODEL).settled, 1, "settled");
        vm.expectRevert(abi.encodeWithSelector(IReliabilityLedger.ReliabilityLedgerOutOfOrder.selector, 0, 0));
        ledger.settle(PROVIDER, MODEL, outcome);
    }

    function test_AgeSinceTheTenureBegan() public {
        Outcome memory outcome = _good(9);
        outcome.tenureStart = 5;
        (, uint256 age) = ledger.settle(PROVIDER, MODEL, outcome);
        eq(age, 4, "epochs");
    }

    /// @notice A first settlement begins a tenure; only a later one restarts it.
    function test_OnlyANewTenureRestarts() public {
        bytes32 restarted = IReliabilityLedger.TenureRestarted.selector;
        Outcome memory outcome = _good(5);
        outcome.tenureStart = 5;
        eq(_settleNoting(outcome, restarted), 0, "the first");
        outcome.epoch = 6;
        eq(_settleNoting(outcome, restarted), 0, "the same tenure");
        eq(ledger.record(PROVIDER, MODEL).settled, 2, "both count");
        outcome.epoch = outcome.tenureStart = 7;
        eq(_settleNoting(outcome, restarted), 1, "another owner");
        eq(ledger.record(PROVIDER, MODEL).settled, 1, "since then");
        eq(ledger.record(PROVIDER, MODEL).settledEver, 3, "ever");
    }

    /// @notice What was not measured is not written: the word's next update decays by the gap.
    function test_NothingMeasuredChangesNoWord() public {
        Outcome memory outcome = _good(2);
        (outcome.peakProbes, outcome.peakTimely) = (10, 10);
        ledger.settle(PROVIDER, MODEL, outcome);
        FullRecord memory before = ledger.record(PROVIDER, MODEL);
        Outcome memory empty;
        empty.epoch = 3;
        ledger.settle(PROVIDER, MODEL, empty);
        FullRecord memory afterwards = ledger.record(PROVIDER, MODEL);
        same(afterwards.timely, before.timely, "timely");
        same(afterwards.peak, before.peak, "peak");
        same(afterwards.correct, before.correct, "correct");
        eq(afterwards.lastSettled, 3, "settled all the same");
    }

    /* CASES */

    function test_CasesCount() public {
        ledger.openCase(PROVIDER, MODEL);
        ledger.openCase(PROVIDER, MODEL);
        ledger.openCase(PROVIDER, MODEL);
        eq(_openCases(), 3, "opened");
        ledger.closeCases(PROVIDER, MODEL, 2, false);
        eq(_openCases(), 1, "closed");
        Outcome memory outcome = _good(2);
        outcome.newCases = 4;
        ledger.settle(PROVIDER, MODEL, outcome);
        eq(_openCases(), 5, "settlement adds its own");
        ledger.closeCases(PROVIDER, MODEL, 9, false);
        eq(_openCases(), 0, "no fewer than none");
    }

    /// @notice The counter stops at its end, and settlements go on.
    function test_CasesStopAtTheEnd() public {
        Outcome memory outcome = _good(0);
        outcome.newCases = 255;
        for (; outcome.epoch < 258; ++outcome.epoch) ledger.settle(PROVIDER, MODEL, outcome);
        eq(_openCases(), type(uint16).max, "full");
        ledger.openCase(PROVIDER, MODEL);
        eq(_openCases(), type(uint16).max, "still");
    }

    /// @notice What the court confirmed joins the next settlement as wrong answers, once; what it refused does not.
    function test_ConfirmedCasesAreWrongAnswers() public {
        ledger.closeCases(PROVIDER, MODEL, 1, true);
        ledger.closeCases(PROVIDER, MODEL, 1, false);
        ledger.closeCases(PROVIDER, MODEL, 1, true);
        ledger.settle(PROVIDER, MODEL, _good(2));
        Record correct = ledger.record(PROVIDER, MODEL).correct;
        eq(correct.fastGood(), 48 * ONE, "matches");
        eq(correct.fastTotal(), 50 * ONE, "and two wrong");
        Outcome memory empty;
        empty.epoch = 3;
        ledger.settle(PROVIDER, MODEL, empty);
        same(ledger.record(PROVIDER, MODEL).correct, correct, "once");
    }

    function test_OneSettlementTakesAThousandWrongAnswers() public {
        for (uint256 i = 0; i < 1002; ++i) ledger.closeCases(PROVIDER, MODEL, 1, true);
        Outcome memory empty;
        empty.epoch = 2;
        ledger.settle(PROVIDER, MODEL, empty);
        eq(ledger.record(PROVIDER, MODEL).correct.fastTotal(), 1000 * ONE, "wrong");
    }

    function test_Rights() public {
        bytes memory reason = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(0xBAD));
        vm.startPrank(address(0xBAD));
        vm.expectRevert(reason);
        ledger.settle(PROVIDER, MODEL, _good(0));
        vm.expectRevert(reason);
        ledger.openCase(PROVIDER, MODEL);
        vm.expectRevert(reason);
        ledger.closeCases(PROVIDER, MODEL, 1, true);
        vm.stopPrank();
    }

    /* READS */

    function test_EpochZeroIsKept() public {
        eq(ledger.epochAt(PROVIDER, MODEL, 0).probes, 0, "not yet");
        ledger.settle(PROVIDER, MODEL, _good(0));
        eq(ledger.epochAt(PROVIDER, MODEL, 0).probes, 64, "kept");
        ledger.settle(PROVIDER, MODEL, _good(32));
        eq(ledger.epochAt(PROVIDER, MODEL, 0).probes, 0, "its place is taken");
        eq(ledger.epochAt(PROVIDER, MODEL, 32).probes, 64, "by this one");
    }

    /// @notice Every mismatch of the bitmap is counted.
    function test_EntryOfAnEpoch() public {
        Outcome memory outcome = _good(3);
        outcome.mismatches = 0x800000000005;
        outcome.m = 48;
        ledger.settle(PROVIDER, MODEL, outcome);
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, 3);
        eq(entry.mismatches, 3, "mismatches");
        eq(entry.m, 48, "m");
    }

    /// @notice The score that is asked for is enough, and so is the age.
    function test_ExactlyReliableEnough() public {
        ledger.settle(PROVIDER, MODEL, _good(2));
        toEpoch(6);
        uint256 score = ledger.reliability(PROVIDER, MODEL).score;
        ledger.requireReliable(PROVIDER, MODEL, score, 4);
        ledger.requireUndisputed(PROVIDER, MODEL, score, 4);
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityScoreTooLow.selector, score, score + 1));
        ledger.requireReliable(PROVIDER, MODEL, score + 1, 4);
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityTooOld.selector, 4, 3));
        ledger.requireReliable(PROVIDER, MODEL, score, 3);
    }

    function test_SamplingOfATenure() public {
        Outcome memory outcome = _good(7);
        outcome.tenureStart = 5;
        outcome.recheck = true;
        ledger.settle(PROVIDER, MODEL, outcome);
        (uint256 settled,, bool recheck) = ledger.sampling(PROVIDER, MODEL, 5);
        require(settled == 1 && recheck, "this tenure");
        (settled,, recheck) = ledger.sampling(PROVIDER, MODEL, 6);
        require(settled == 0 && recheck, "a later one");
    }

    /* HELPERS */

    /// @dev 64 probes in time and 48 samples that match.
    function _good(uint64 epoch) private pure returns (Outcome memory outcome) {
        outcome.epoch = epoch;
        outcome.probes = outcome.timely = 64;
        outcome.matches = outcome.m = 48;
    }

    /// @dev How often the settlement emits an event.
    function _settleNoting(Outcome memory outcome, bytes32 topic) private returns (uint256 count) {
        vm.recordLogs();
        ledger.settle(PROVIDER, MODEL, outcome);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++count;
        }
    }

    function _openCases() private view returns (uint256) {
        return ledger.reliability(PROVIDER, MODEL).openCases;
    }

    function same(Record have, Record want, string memory what) private pure {
        eq(Record.unwrap(have), Record.unwrap(want), what);
    }

    /// @notice A settled epoch is told however bad it was: a provider that kept silent until its score was nothing has
    /// missing logs in its record, not unsettled epochs.
    function test_AnEpochWithoutScoreIsStillSettled() public {
        openMarket(2, 60);
        uint64 epoch = 2;
        do settle(epoch++); while (ledger.reliability(PROVIDER, MODEL).score > 0 && epoch < 60);
        eq(ledger.reliability(PROVIDER, MODEL).score, 0, "a score of nothing");
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, epoch - 1);
        eq(entry.epoch, epoch - 1, "settled");
        eq(entry.probes, 64, "all probes failed");
    }
}
