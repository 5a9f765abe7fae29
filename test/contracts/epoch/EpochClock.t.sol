// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochClock} from "../../../contracts/epoch/EpochClock.sol";
import {IEpochClock, Times, Windows} from "../../../contracts/epoch/IEpochClock.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

contract EpochClockTest is Base {
    function make(uint64 genesis, uint64 length, uint64 exitDelay, Windows memory w) internal returns (EpochClock) {
        return new EpochClock(address(manager), genesis, length, exitDelay, w);
    }

    function eqWindows(Windows memory have, Windows memory want) internal pure {
        eq(keccak256(abi.encode(have)), keccak256(abi.encode(want)), "windows");
    }

    // --- construction

    function test_keepsWhatItWasBuiltWith() public view {
        eq(clock.genesis(), GENESIS, "genesis");
        eq(clock.length(), LENGTH, "length");
        eq(clock.exitDelay(), EXIT_DELAY, "exit delay");
        eq(clock.authority(), address(manager), "authority");
        eqWindows(clock.windows(0), defaultWindows());
        eqWindows(clock.windows(type(uint64).max), defaultWindows());
    }

    function test_refusesNoLength() public {
        vm.expectRevert(IEpochClock.EpochClockNoLength.selector);
        make(GENESIS, 0, EXIT_DELAY, defaultWindows());
    }

    function test_exitDelayLawIsExact() public {
        make(GENESIS, LENGTH, 6550, defaultWindows());
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockExitDelayTooShort.selector, 6549, 6550));
        make(GENESIS, LENGTH, 6549, defaultWindows());
    }

    function test_logLawIsExact() public {
        Windows memory w = defaultWindows();
        w.logWindow = 949;
        make(GENESIS, LENGTH, 100_000, w);
        w.logWindow = 950;
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockLogTooLong.selector, 1000, 1000));
        make(GENESIS, LENGTH, 100_000, w);
    }

    function test_revealLawIsExact() public {
        Windows memory w = defaultWindows();
        w.commitWindow = 799;
        make(GENESIS, LENGTH, 100_000, w);
        w.commitWindow = 800;
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockRevealTooLong.selector, 1000, 1000));
        make(GENESIS, LENGTH, 100_000, w);
    }

    /// @dev The law term by term: one second more anywhere raises what is needed by that term's factor.
    function test_everyTermCounts() public {
        uint256[10] memory factor = [uint256(2), 2, 1, 2, 1, 2, 1, 2, 1, 1];
        for (uint256 i = 0; i < 10; ++i) {
            uint32[10] memory raw = [uint32(200), 50, 200, 200, 200, 200, 400, 100, 200, 50];
            raw[i] += 1;
            Windows memory w = fromArray(raw);
            vm.expectRevert(
                abi.encodeWithSelector(IEpochClock.EpochClockExitDelayTooShort.selector, 6550, 6550 + factor[i])
            );
            make(GENESIS, LENGTH, 6550, w);
            make(GENESIS, LENGTH, uint64(6550 + factor[i]), w);
        }
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockExitDelayTooShort.selector, 6550, 6554));
        make(GENESIS, LENGTH + 1, 6550, defaultWindows());
    }

    function test_everyStepNeedsTimeButTheMargin() public {
        for (uint256 i = 0; i < 9; ++i) {
            uint32[10] memory raw = [uint32(200), 50, 200, 200, 200, 200, 400, 100, 200, 50];
            raw[i] = 0;
            Windows memory w = fromArray(raw);
            vm.expectRevert(IEpochClock.EpochClockEmptyWindow.selector);
            make(GENESIS, LENGTH, EXIT_DELAY, w);
        }
        Windows memory noGrace = defaultWindows();
        noGrace.grace = 0;
        eq(make(GENESIS, LENGTH, 6500, noGrace).exitDelay(), 6500, "grace may be zero");
    }

    function test_largestWindowsDoNotOverflowTheLaw() public {
        uint32 max = type(uint32).max;
        Windows memory w = Windows(max, max, max, max, max, max, max, max, max, max);
        uint64 length = 2 * uint64(max) + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClockExitDelayTooShort.selector, 0, 4 * uint256(length) + 15 * uint256(max))
        );
        make(GENESIS, length, 0, w);
    }

    // --- epochs

    function test_epochsAreHalfOpen() public {
        eq(clock.current(), 0, "at genesis");
        vm.warp(GENESIS + LENGTH - 1);
        eq(clock.current(), 0, "last second of 0");
        vm.warp(GENESIS + LENGTH);
        eq(clock.current(), 1, "first second of 1");
    }

    function test_genesisMayLieAhead() public {
        EpochClock later = make(GENESIS + 500, LENGTH, EXIT_DELAY, defaultWindows());
        bytes memory early =
            abi.encodeWithSelector(IEpochClock.EpochClockBeforeGenesis.selector, GENESIS, GENESIS + 500);
        vm.expectRevert(early);
        later.current();
        vm.expectRevert(early);
        later.epochAt(GENESIS);
        eq(later.times(0).start, GENESIS + 500, "times are known before");
        vm.warp(GENESIS + 500);
        eq(later.current(), 0, "then it begins");
    }

    function test_beforeGenesisNoWindowsCanBeSet() public {
        EpochClock later = make(GENESIS + 500, LENGTH, EXIT_DELAY, defaultWindows());
        vm.expectRevert(
            abi.encodeWithSelector(IEpochClock.EpochClockBeforeGenesis.selector, GENESIS, GENESIS + 500)
        );
        later.setWindows(2, defaultWindows());
    }

    function testFuzz_epochAtAndTimesAgree(uint64 timestamp) public view {
        uint256 t = GENESIS + timestamp % (1 << 40);
        uint64 epoch = clock.epochAt(t);
        Times memory moments = clock.times(epoch);
        require(moments.start <= t && t < moments.end, "t lies in its epoch");
    }

    function test_epochBeyondAllTimeIsRefused() public {
        uint256 end = GENESIS + (uint256(type(uint64).max) + 1) * LENGTH + 1050 + LENGTH + 400;
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, end));
        clock.times(type(uint64).max);
        uint256 beyond = GENESIS + (uint256(type(uint64).max) + 1) * LENGTH;
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, uint256(type(uint64).max) + 1)
        );
        clock.epochAt(beyond);
    }

    function test_timesFollowEachOther() public view {
        Times memory t = clock.times(3);
        eq(t.start, 1_003_000, "start");
        eq(t.end, 1_004_000, "end");
        eq(t.logEnd, 1_004_200, "logEnd");
        eq(t.seedTime, 1_004_250, "seedTime");
        eq(t.openEnd, 1_004_450, "openEnd");
        eq(t.commitEnd, 1_004_650, "commitEnd");
        eq(t.outputEnd, 1_004_850, "outputEnd");
        eq(t.revealEnd, 1_005_050, "revealEnd");
        eq(t.settleEnd, 1_006_050, "settleEnd");
        eq(t.disputeEnd, 1_006_450, "disputeEnd");
    }

    /// @dev What the exit delay is for: an exit asked for in the first second of an epoch's probing is paid only after
    /// everything that epoch can lead to.
    function testFuzz_lawfulExitsOutlastTheEpoch(uint32[10] memory raw, uint32 length) public {
        length = length % 1_000_000 + 4;
        for (uint256 i = 0; i < 10; ++i) raw[i] = raw[i] % 100_000 + 1;
        raw[0] = raw[0] % (length / 2) + 1;
        raw[1] = raw[1] % (length / 2 - 1) + 1;
        raw[3] = raw[3] % (length / 2) + 1;
        raw[5] = raw[5] % (length / 2 - 1) + 1;
        if (raw[0] + raw[1] >= length || raw[3] + raw[5] >= length) return;
        Windows memory w = fromArray(raw);
        uint64 need = 4 * uint64(length) + 2 * (uint64(raw[0]) + raw[1]) + raw[2] + raw[4]
            + 2 * (uint64(raw[3]) + raw[5]) + raw[6] + 2 * uint64(raw[7]) + raw[8] + raw[9];
        EpochClock lawful = make(GENESIS, length, need, w);
        Times memory t = lawful.times(7);
        // A seat that returns its ticket just before epoch 6 still sits in 6; so its exit may be asked for in 5.
        uint64 asked = lawful.times(6).start;
        require(asked + need >= t.disputeEnd + 2 * uint64(raw[7]) + raw[8], "stake left too early");
    }

    // --- versions

    function test_windowsChangeFromTwoEpochsAhead() public {
        toEpoch(5);
        Windows memory w = defaultWindows();
        w.openWindow = 300;
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockTooEarly.selector, 6, 7));
        clock.setWindows(6, w);

        Times memory before = clock.times(6);
        vm.expectEmit(true, true, true, true, address(clock));
        emit IEpochClock.WindowsSet(7, w);
        clock.setWindows(7, w);
        eqWindows(clock.windows(6), defaultWindows());
        eqWindows(clock.windows(7), w);
        eqWindows(clock.windows(8), w);
        eq(keccak256(abi.encode(clock.times(6))), keccak256(abi.encode(before)), "what has begun keeps its times");
        eq(clock.times(7).openEnd, clock.times(7).seedTime + 300, "the new one has the new");
    }

    function test_aPendingChangeIsReplacedButNotPreceded() public {
        Windows memory first = defaultWindows();
        first.openWindow = 300;
        Windows memory second = defaultWindows();
        second.openWindow = 400;
        clock.setWindows(10, first);
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockTooEarly.selector, 9, 10));
        clock.setWindows(9, second);
        clock.setWindows(10, second);
        eqWindows(clock.windows(9), defaultWindows());
        eqWindows(clock.windows(10), second);
    }

    function test_lawsHoldOnEveryChange() public {
        Windows memory w = defaultWindows();
        w.grace = 501;
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockExitDelayTooShort.selector, 7000, 7001));
        clock.setWindows(2, w);
        w.grace = 500;
        clock.setWindows(2, w);
        w.logWindow = 0;
        vm.expectRevert(IEpochClock.EpochClockEmptyWindow.selector);
        clock.setWindows(2, w);
        eq(clock.windows(2).logWindow, 200, "nothing changed");
    }

    function test_onlyTheManagerDecidesWhoSets() public {
        vm.prank(address(0xBAD));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(0xBAD)));
        clock.setWindows(2, defaultWindows());
    }

    function testFuzz_everyVersionIsFound(uint8[12] memory gaps, uint8 probe) public {
        uint64[13] memory firsts;
        uint64 first = 1;
        for (uint256 i = 0; i < 12; ++i) {
            first += 1 + uint64(gaps[i]);
            firsts[i + 1] = first;
            Windows memory w = defaultWindows();
            w.openWindow = uint32(201 + i);
            clock.setWindows(first, w);
        }
        uint64 epoch = uint64(probe) * 14;
        uint256 want = 0;
        for (uint256 i = 1; i < 13; ++i) if (firsts[i] <= epoch) want = i;
        eq(clock.windows(epoch).openWindow, 200 + want, "version");
    }

    /// @dev A shorter way to the reveals may bring them at most an epoch closer to the close before the last.
    function test_windowsShrinkOnlySoFast() public {
        Windows memory short = fromArray([uint32(10), 10, 10, 10, 9, 200, 400, 100, 200, 50]);
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockShrinksTooFast.selector, 1049, 1050));
        clock.setWindows(10, short);
        short.outputWindow = 10;
        clock.setWindows(10, short);
        eq(clock.times(10).outputEnd, clock.times(8).settleEnd, "to the second");

        // Two changes in a row: the second is held to the epoch before the first as well.
        Windows memory shorter = short;
        shorter.outputWindow = 9;
        vm.expectRevert(abi.encodeWithSelector(IEpochClock.EpochClockShrinksTooFast.selector, 1049, 1050));
        clock.setWindows(11, shorter);
        clock.setWindows(12, shorter);
    }

    function testFuzz_revealsWaitForTheCloseBeforeTheLast(uint32[10][4] memory raw, uint8[4] memory gaps) public {
        EpochClock long = make(GENESIS, LENGTH, 100_000, defaultWindows());
        uint64 first = 2;
        for (uint256 i = 0; i < 4; ++i) {
            for (uint256 k = 0; k < 10; ++k) raw[i][k] = raw[i][k] % 499 + 1;
            raw[i][2] *= raw[i][2] % 5 + 1;
            first += gaps[i] % 4;
            try long.setWindows(first, fromArray(raw[i])) {} catch (bytes memory reason) {
                eq(bytes32(bytes4(reason)), bytes32(IEpochClock.EpochClockShrinksTooFast.selector), "the only reason");
            }
        }
        for (uint64 e = 2; e < first + 4; ++e) {
            require(long.times(e).outputEnd >= long.times(e - 2).settleEnd, "three epochs open at once");
        }
    }

    function fromArray(uint32[10] memory raw) internal pure returns (Windows memory) {
        return Windows(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7], raw[8], raw[9]);
    }
}
