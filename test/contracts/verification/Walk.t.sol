// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GatedConsumer} from "../../../contracts/examples/GatedConsumer.sol";
import {ReliabilityMath} from "../../../contracts/libraries/ReliabilityMath.sol";
import {IReliability, Reliability} from "../../../contracts/reliability/IReliability.sol";
import {EpochEntry, FullRecord} from "../../../contracts/reliability/IReliabilityLedger.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

/// @notice Epochs by hand, from promise to a dapp's decision.
contract WalkTest is System {
    uint256 private constant MIN_SCORE = 900_000_000;

    GatedConsumer private dapp;

    function setUp() public override {
        super.setUp();
        openMarket(2, 40);
        dapp = new GatedConsumer(ledger, MIN_SCORE, 3);
        drawSeed(0);
        drawSeed(1);
    }

    /// @notice Unknown, then too low, then reliable: the gate flips once the evidence is there.
    function test_RequireReliableFlips() public {
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityUnknown.selector, PROVIDER, MODEL));
        dapp.accept(PROVIDER, MODEL);

        walk(2, 22, 0);
        uint256 score = ledger.reliability(PROVIDER, MODEL).score;
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityScoreTooLow.selector, score, MIN_SCORE));
        dapp.accept(PROVIDER, MODEL);

        uint64 epoch = 3;
        while (ledger.reliability(PROVIDER, MODEL).score < MIN_SCORE) walk(epoch++, 22, 0);
        require(epoch > 3 && epoch < 12, "a perfect record passes within a few epochs");
        dapp.accept(PROVIDER, MODEL);
    }

    /// @notice Majority mismatches open cases, leave the score alone, and close the stricter gate.
    function test_MismatchesOpenCases() public {
        walk(2, 22, 0);
        for (uint64 epoch = 3; epoch < 12; ++epoch) walk(epoch, 22, 0);
        uint256 before = ledger.reliability(PROVIDER, MODEL).score;
        walk(12, 22, 5); // samples 0 and 2
        Reliability memory after_ = ledger.reliability(PROVIDER, MODEL);
        eq(after_.openCases, 2, "open cases");
        eq(hub.mismatchesOf(PROVIDER, MODEL, 12), 5, "bitmap");
        require(after_.score >= before, "no court has sat, so the score did not fall");
        ledger.requireReliable(PROVIDER, MODEL, MIN_SCORE, 3);
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityDisputed.selector, 2));
        dapp.accept(PROVIDER, MODEL);
    }

    /// @notice Every field that a good epoch leaves behind.
    function test_FieldsAfterOneEpoch() public {
        walk(2, 20, 0);
        Reliability memory summary = ledger.reliability(PROVIDER, MODEL);
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, 2);
        FullRecord memory record = ledger.record(PROVIDER, MODEL);
        eq(entry.epoch, 2, "epoch");
        eq(entry.probes, 66, "three middle reports of 22");
        eq(entry.timely, 60, "timely");
        eq(entry.peakProbes, 0, "flat profile");
        eq(entry.m, 48, "a young record is sampled at full depth");
        eq(entry.matches, 48, "matches");
        eq(entry.mismatches, 0, "mismatches");
        eq(entry.score, summary.score, "score");
        eq(entry.flags, 128, "measured, nothing else");
        eq(summary.lastEpoch, 2, "last epoch");
        eq(summary.bond, 2 * BONDED / 1e9, "bond in gwei");
        eq(summary.samples, 85, "20 decayed prior samples and 66 probes");
        eq(summary.openCases, 0, "no cases");
        eq(summary.alarms, 0, "no alarms");
        eq(record.settled, 1, "settled");
        eq(record.settledEver, 1, "settled ever");
        eq(record.lastSettled, 2, "last settled");
        eq(record.tenureStart, 0, "tenure since registration");
        (bool found, uint64 next) = hub.nextToSettle(PROVIDER, MODEL);
        require(found && next == 3, "next to settle");
    }

    /// @notice No log: as many failures as the promise's probes, and full depth next time.
    function test_MissingLog() public {
        walk(2, 22, 0);
        drawSeed(3);
        settle(3);
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, 3);
        eq(entry.probes, 64, "m_T");
        eq(entry.timely, 0, "all failed");
        eq(entry.flags, 1 | 2 | 8 | 128, "recheck, no log, re-run unknown, measured");
        eq(ledger.reliability(PROVIDER, MODEL).lastEpoch, 3, "a missing log is a measurement");
    }

    /// @notice No reveals: unknown, never a fault, and the record's age shows it. Epoch 3 settles during epoch 5.
    function test_NoReveals() public {
        walk(2, 22, 0);
        uint256 score = ledger.reliability(PROVIDER, MODEL).score;
        commitLog(3);
        drawSeed(3);
        settle(3);
        Reliability memory summary = ledger.reliability(PROVIDER, MODEL);
        eq(summary.score, score, "score stands");
        eq(summary.lastEpoch, 2, "last measured epoch");
        eq(summary.flags, 1 | 4 | 8 | 128, "recheck, both unknown, measured");
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityTooOld.selector, 3, 1));
        ledger.requireReliable(PROVIDER, MODEL, 0, 1);
    }

    /// @notice A log of zero units: probes count, nothing is re-run, and no recheck follows.
    function test_EmptyLog() public {
        walk(2, 22, 0);
        vm.warp(clock.times(3).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, 3, 0, 0, 0, 0);
        drawSeed(3);
        settle(3);
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, 3);
        eq(entry.m, 0, "no samples");
        eq(entry.flags, 4 | 128, "probes unknown, no recheck");
    }

    /// @notice Failures at the peak bound the score through the word of the peak, and alarms are counted.
    function test_FailuresAtThePeak() public {
        uint64 epoch = 2;
        for (; epoch < 8; ++epoch) walk(epoch, 22, 0);
        uint256 before = ledger.reliability(PROVIDER, MODEL).score;
        // 22 probes, 14 in time, 10 at the peak of which 2 in time.
        uint256 report = 22 | (14 << 16) | (14 << 32) | (10 << 48) | (2 << 64);
        for (; epoch < 11; ++epoch) {
            commitLog(epoch);
            drawSeed(epoch);
            attest(epoch, report, rerunReport(log.log(PROVIDER, MODEL, epoch).m, 0));
            settle(epoch);
        }
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, 10);
        eq(entry.peakProbes, 30, "peak probes");
        eq(entry.peakTimely, 6, "peak timely");
        Reliability memory summary = ledger.reliability(PROVIDER, MODEL);
        FullRecord memory record = ledger.record(PROVIDER, MODEL);
        eq(summary.score, ReliabilityMath.score(record.timely, record.peak, record.correct), "score of the words");
        require(ReliabilityMath.upperBound(record.peak) < ReliabilityMath.lowerBound(record.timely), "the peak binds");
        require(summary.score < before / 2, "a provider that fails at the peak is not reliable");
        require(summary.alarms > 0, "the drop was noticed");
    }

    /// @notice A change of operator caps the record and starts tenure again.
    function test_ChangeOfHands() public {
        for (uint64 epoch = 2; epoch < 8; ++epoch) walk(epoch, 22, 0);
        require(ledger.reliability(PROVIDER, MODEL).samples > 100, "more than a hundred samples");
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, address(0xA3));
        uint64 tenure = clock.current() + 2;
        for (uint64 epoch = 8; epoch < tenure; ++epoch) walk(epoch, 22, 0);

        commitLogBy(address(0xA3), tenure);
        drawSeed(tenure);
        eq(log.log(PROVIDER, MODEL, tenure).m, 48, "full depth again");
        attest(tenure, probeReport(22), rerunReport(48, 0));
        settle(tenure);
        eq(ledger.record(PROVIDER, MODEL).tenureStart, tenure, "tenure");
        eq(ledger.record(PROVIDER, MODEL).settled, 1, "settled since");
        eq(ledger.reliability(PROVIDER, MODEL).samples, 163, "100 decayed samples and 66 probes");
    }

    /// @notice A majority that says the samples together fail the panel test takes nobody's stake and opens no case: it
    /// has the next log sampled at full depth, and the next clean one lifts that again.
    function test_PanelFailureAsksForARecheck() public {
        for (uint64 epoch = 2; epoch < 10; ++epoch) {
            walk(epoch, 22, 0);
        }
        commitLog(10);
        drawSeed(10);
        eq(log.log(PROVIDER, MODEL, 10).m, 24, "seven epochs settled");
        attest(10, probeReport(22), rerunReport(24, 0) | (uint256(2) << 104));
        settle(10);
        Reliability memory summary = ledger.reliability(PROVIDER, MODEL);
        eq(summary.flags, 1 | 128, "recheck, measured");
        eq(summary.openCases, 0, "no case");
        eq(ledger.epochAt(PROVIDER, MODEL, 10).matches, 24, "matches all the same");
        walk(11, 22, 0);
        eq(ledger.epochAt(PROVIDER, MODEL, 11).m, 48, "full depth");
        walk(12, 22, 0);
        eq(ledger.epochAt(PROVIDER, MODEL, 12).m, 24, "and back");
    }

    /// @notice The depth of sampling falls as the record grows, and rises with a recheck.
    function test_DepthOfSampling() public {
        for (uint64 epoch = 2; epoch < 9; ++epoch) {
            walk(epoch, 22, 0);
            eq(ledger.epochAt(PROVIDER, MODEL, epoch).m, 48, "young");
        }
        walk(9, 22, 0);
        eq(ledger.epochAt(PROVIDER, MODEL, 9).m, 24, "seven settled");
        // More than a quarter undecided: recheck, so full depth again.
        commitLog(10);
        drawSeed(10);
        uint256 grey = 24;
        for (uint256 j = 0; j < 7; ++j) grey |= uint256(1) << (8 + 2 * j);
        attest(10, probeReport(22), grey);
        settle(10);
        walk(11, 22, 0);
        eq(ledger.epochAt(PROVIDER, MODEL, 11).m, 48, "recheck");
    }

    /// @notice The ring keeps the last 32 epochs and answers for no other.
    function test_Ring() public {
        for (uint64 epoch = 2; epoch < 37; ++epoch) walk(epoch, 22, 0);
        eq(ledger.epochAt(PROVIDER, MODEL, 4).probes, 0, "overwritten");
        eq(ledger.epochAt(PROVIDER, MODEL, 5).probes, 66, "oldest kept");
        eq(ledger.epochAt(PROVIDER, MODEL, 36).probes, 66, "newest");
        eq(ledger.epochAt(PROVIDER, MODEL, 37).probes, 0, "not yet");
        eq(ledger.epochAt(PROVIDER, keccak256("other"), 36).probes, 0, "another model");
    }

    function commitLogBy(address operator, uint64 epoch) private {
        vm.warp(clock.times(epoch).end);
        vm.prank(operator);
        log.commit(MODEL, epoch, keccak256("root"), uint32(UNITS), UNITS, 1023);
    }
}
