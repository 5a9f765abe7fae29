// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReliabilityMath} from "../../../contracts/libraries/ReliabilityMath.sol";
import {PromiseMath} from "../../../contracts/libraries/PromiseMath.sol";
import {Reliability} from "../../../contracts/reliability/IReliability.sol";
import {EpochEntry, FullRecord} from "../../../contracts/reliability/IReliabilityLedger.sol";
import {IRewardDistributor} from "../../../contracts/rewards/IRewardDistributor.sol";
import {Record} from "../../../contracts/types/Record.sol";
import {Service} from "../../../contracts/types/Service.sol";
import {NaiveMarket} from "./NaiveMarket.sol";
import {SeatModel} from "./SeatModel.sol";

/// @notice The records as they ought to be: every finding made again from what the verifiers were seen to say, and taken
/// epoch by epoch.
abstract contract RecordModel is SeatModel {
    using ReliabilityMath for Record;

    struct Kept {
        Record timely;
        Record peak;
        Record correct;
        uint64 last;
        uint64 tenure;
        uint64 measured;
        uint32 settled;
        uint32 ever;
        uint8 flags;
        uint64 bond;
        uint256 wrong;
        uint256 openCases;
        uint256 alarms;
    }

    uint256 private constant MEMORY = 32;

    mapping(uint64 epoch => uint256) internal points;
    mapping(uint64 epoch => mapping(address verifier => uint256)) internal pointsOf;
    mapping(uint64 epoch => uint256[3]) internal weightOf;
    Kept[3] internal kept;
    uint64[3] internal cursor;
    uint256[3] internal pendingWeight;
    uint64[3] internal pendingEpoch;
    mapping(uint256 i => mapping(uint256 index => Service)) internal services;
    uint256[3] internal cuts;
    mapping(uint256 i => uint64[]) internal history;
    mapping(uint256 i => mapping(uint64 epoch => bytes32)) internal entries;
    /// @notice How often a walk came where it must: see `Reached`.
    uint256[9] public reached;

    /// @dev What the checks would be empty without.
    enum Reached {
        ProbeQuorum,
        RerunQuorum,
        Mismatch,
        NoLog,
        Gap,
        NewTenure,
        Alarm,
        Weight,
        Redraw
    }

    /* FINDINGS */

    function nextOf(uint256 i) internal view returns (bool, uint64) {
        for (uint256 p = 0; p < promises[i].length; ++p) {
            Promised storage made = promises[i][p];
            if (made.last >= cursor[i]) return (true, made.first > cursor[i] ? made.first : cursor[i]);
        }
        return (false, 0);
    }

    function depthOf(uint256 i, uint64 e) internal view returns (uint256) {
        Kept storage k = kept[i];
        uint256 since = tenureAt(holderOf(i), e) > k.tenure ? 0 : k.settled;
        return NaiveMarket.depth(since, k.correct.cusum(), k.flags % 2 == 1);
    }

    function findingOf(uint256 i, uint64 e) internal view returns (NaiveMarket.Finding memory found) {
        if (!logs[i][e].exists) {
            found.probes = NaiveMarket.tier(targetOf(i));
            found.probed = true;
            return found;
        }
        NaiveMarket.probes(reports[i][e][0], shown[i][e][0], found);
        uint256 m = logs[i][e].m;
        if (m == 0) return found;
        NaiveMarket.reruns(reports[i][e][1], shown[i][e][1], 3, m, found);
        if (!found.rerun) NaiveMarket.reruns(reports[i][e][2], shown[i][e][2], 5, m, found);
    }

    /// @notice Takes the next epoch into the model.
    function takeEpoch(uint256 i, uint64 e) internal {
        cursor[i] = e + 1;
        NaiveMarket.Finding memory found = findingOf(i, e);
        Kept storage k = kept[i];
        uint64 tenure = tenureAt(holderOf(i), e);
        uint256 alarms = k.alarms;
        reach(Reached.ProbeQuorum, found.probed && logs[i][e].exists);
        reach(Reached.RerunQuorum, found.rerun);
        reach(Reached.Redraw, found.rerun && lacksQuorum(i, e));
        reach(Reached.Mismatch, found.mismatches > 0);
        reach(Reached.NoLog, !logs[i][e].exists);
        reach(Reached.NewTenure, k.ever > 0 && tenure > k.tenure);
        reach(Reached.Gap, !k.timely.isNew() && e > k.timely.lastEpoch() + 1);
        if (k.ever == 0) k.tenure = tenure;
        if (tenure > k.tenure) {
            (k.tenure, k.settled) = (tenure, 0);
            k.timely = k.timely.capSamples(100);
            k.peak = k.peak.capSamples(100);
            k.correct = k.correct.capSamples(100);
        }
        k.last = e;
        ++k.settled;
        ++k.ever;
        eagerly(k.timely, e);
        bool alarm;
        if (found.probes > 0) {
            (k.timely, alarm) = k.timely.update(e, found.timely, found.probes, false);
            if (alarm) ++k.alarms;
        }
        if (found.peakProbes > 0) {
            (k.peak, alarm) = k.peak.update(e, found.peakTimely, found.peakProbes, false);
            if (alarm) ++k.alarms;
        }
        if (found.matches + k.wrong > 0) {
            (k.correct, alarm) = k.correct.update(e, found.matches, found.matches + k.wrong, true);
            if (alarm) ++k.alarms;
        }
        k.wrong = 0;
        reach(Reached.Alarm, k.alarms > alarms);
        flag(i, e, found);
        cut(i, e, found);
    }

    function flag(uint256 i, uint64 e, NaiveMarket.Finding memory found) private {
        Kept storage k = kept[i];
        Logged memory logged = logs[i][e];
        bool recheck = k.flags % 2 == 1;
        if (!logged.exists) recheck = true;
        else if (logged.m > 0) recheck = !found.rerun || 4 * found.undecided > logged.m || found.panelFailed;
        bool unjudged = !logged.exists || (logged.m > 0 && !found.rerun);
        uint256 flags = k.flags & 128;
        if (found.probes > 0) (flags, k.measured) = (128, e);
        if (recheck) flags += 1;
        if (!logged.exists) flags += 2;
        if (!found.probed) flags += 4;
        if (unjudged) flags += 8;
        k.flags = uint8(flags);
        k.bond = uint64(pool.stakeOf(provider(holderOf(i))) / 1e9);
        if (found.mismatches > 0) k.openCases += cases(i, e, found.mismatches);
        eq(hub.mismatchesOf(provider(holderOf(i)), modelOf(i), e), found.mismatches, "22: mismatches");
        history[i].push(e);
        EpochEntry memory entry = ledger.epochAt(provider(holderOf(i)), modelOf(i), e);
        checkEntry(i, e, found, entry);
        entries[i][e] = keccak256(abi.encode(entry));
    }

    function reach(Reached what, bool yes) internal {
        if (yes) ++reached[uint256(what)];
    }

    function cases(uint256 i, uint64 e, uint256 mismatches) private view returns (uint256) {
        return NaiveMarket.distinct(
            seedOf(e, 1), provider(holderOf(i)), modelOf(i), e, logs[i][e].units, mismatches
        );
    }

    function cut(uint256 i, uint64 e, NaiveMarket.Finding memory found) private {
        cuts[i] = 0;
        if (found.probes == 0) return;
        (, uint256 p) = promisedAt(i, e);
        (services[i][p], cuts[i]) =
            PromiseMath.measure(services[i][p], e, targetOf(i), found.probes, found.timely, found.atCapacity);
        Service memory have = book.serviceOf(provider(holderOf(i)), modelOf(i), p);
        eq(keccak256(abi.encode(have)), keccak256(abi.encode(services[i][p])), "12: how the promise was kept");
    }

    /// @notice 23: what an epoch earned is of degree one in what it bound.
    function earn(uint256 i, uint64 e) internal view returns (uint256 weight) {
        if (block.timestamp >= clock.times(e).settleEnd) return 0;
        (, uint256 p) = promisedAt(i, e);
        address of_ = provider(holderOf(i));
        uint256 bonded = bondOf(promises[i][p]);
        uint256 stake = pool.stakeAt(of_, e);
        uint256 all = book.totalBondedAt(of_, e);
        uint256 score = scoreOf(i);
        uint256 age = e - kept[i].tenure;
        weight = ReliabilityMath.payWeight(score, age, bonded, stake, all);
        uint256 half = ReliabilityMath.payWeight(score, age, bonded / 2, stake / 2, all / 2);
        require(2 * half <= weight + 2, "23: two halves earn no more");
        weight -= (weight * cuts[i] + 1e9 - 1) / 1e9;
    }

    function pendingError(uint256 over) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IRewardDistributor.RewardDistributorPending.selector, block.timestamp, over);
    }

    /// @dev 12: a gap taken at once is the gap taken epoch by epoch, but for rounding.
    function eagerly(Record word, uint64 e) private pure {
        if (word.isNew() || e - word.lastEpoch() < 2) return;
        uint64 last = uint64(word.lastEpoch());
        (Record lazy,) = word.update(e, 0, 0, false);
        Record eager = word;
        for (uint64 x = last + 1; x <= e; ++x) (eager,) = eager.update(x, 0, 0, false);
        close(lazy.slowGood(), eager.slowGood(), e - last);
        close(lazy.slowTotal(), eager.slowTotal(), e - last);
        close(lazy.fastGood(), eager.fastGood(), e - last);
        close(lazy.fastTotal(), eager.fastTotal(), e - last);
    }

    function close(uint256 a, uint256 b, uint256 steps) private pure {
        uint256 apart = a > b ? a - b : b - a;
        require(apart <= steps * ((a >> 30) + 1), "12: lazy is eager");
    }

    /* CHECKS */

    function scoreOf(uint256 i) internal view returns (uint256) {
        return ReliabilityMath.score(kept[i].timely, kept[i].peak, kept[i].correct);
    }

    /// @notice 12, 20, 21 and 24: the record is what was settled and confirmed, nothing else.
    function checkRecord(uint256 i) internal view {
        Kept storage k = kept[i];
        FullRecord memory have = ledger.record(provider(holderOf(i)), modelOf(i));
        FullRecord memory want =
            FullRecord(k.timely, k.peak, k.correct, k.last, k.tenure, k.settled, k.ever);
        eq(keccak256(abi.encode(have)), keccak256(abi.encode(want)), "21: the words");
        Reliability memory summary = ledger.reliability(provider(holderOf(i)), modelOf(i));
        eq(summary.openCases, k.openCases, "24: open cases");
        if (k.ever == 0) return;
        uint256 score = scoreOf(i);
        eq(summary.score, score, "12: score");
        require(score <= 1e9 && summary.mean <= 1e9, "12: within 0 and 100 %");
        require(score <= k.timely.lowerBound(), "20: within the bound of timely");
        require(score <= k.peak.upperBound(), "20: within the bound of the peak");
        require(score <= k.correct.lowerBound(), "20: within the bound of correct");
        eq(summary.flags, k.flags, "21: flags");
        eq(summary.bond, k.bond, "21: bond");
        eq(summary.alarms, k.alarms, "21: alarms");
        eq(summary.lastEpoch, k.measured, "21: last measured");
    }

    function checkEntry(uint256 i, uint64 e, NaiveMarket.Finding memory found, EpochEntry memory entry) private view {
        uint256 wrongOnes = 0;
        for (uint256 j = 0; j < 48; ++j) wrongOnes += (found.mismatches >> j) % 2;
        EpochEntry memory want = EpochEntry({
            epoch: uint32(e),
            probes: uint16(found.probes),
            timely: uint16(found.timely),
            peakProbes: uint16(found.peakProbes),
            peakTimely: uint16(found.peakTimely),
            m: logs[i][e].m,
            matches: uint8(found.matches),
            mismatches: uint8(wrongOnes),
            flags: kept[i].flags,
            score: uint32(scoreOf(i))
        });
        // An epoch whose score is nothing reads as not kept.
        eq(keccak256(abi.encode(entry)), keccak256(abi.encode(want)), "21: the epoch's entry");
    }

    /// @notice 12: a settled epoch never changes.
    function checkHistory(uint256 i) internal view {
        uint64[] storage all = history[i];
        address of_ = provider(holderOf(i));
        for (uint256 n = all.length; n > 0 && all[n - 1] + MEMORY > kept[i].last; --n) {
            EpochEntry memory entry = ledger.epochAt(of_, modelOf(i), all[n - 1]);
            eq(keccak256(abi.encode(entry)), entries[i][all[n - 1]], "12: a settled epoch changed");
        }
    }

    /// @notice 18: views answer in every state.
    function checkViews(uint64 current) internal view {
        bytes32[] memory none = new bytes32[](0);
        for (uint256 who = 0; who < 3; ++who) {
            address of_ = who == 2 ? address(0xBAD) : provider(who);
            hub.nextToSettle(of_, MODEL);
            hub.seatsOf(of_, MODEL, current + 9, 3);
            hub.seatsOf(of_, MODEL, 0, 0);
            hub.reportOf(of_, MODEL, current, 255, 255);
            hub.settledAt(of_, MODEL, type(uint64).max);
            ledger.sampling(of_, MODEL, type(uint64).max);
            ledger.epochAt(of_, MODEL, type(uint64).max);
            book.commitmentAt(of_, MODEL, type(uint64).max);
            book.nextPromised(of_, MODEL, type(uint64).max);
            book.totalBondedAt(of_, type(uint64).max);
            book.serviceOf(of_, MODEL, type(uint256).max);
            rewards.claimableProvider(of_, none);
            rewards.claimableVerifier(of_);
            providers.operatorAt(of_, type(uint64).max);
            providers.tenureStartAt(of_, type(uint64).max);
            providers.endpointOf(of_);
        }
        verifiers.ticket(type(uint256).max);
        verifiers.lengthAt(type(uint64).max);
        verifiers.seats("seed", PROVIDER, MODEL, current, 3, 8);
        log.log(PROVIDER, MODEL, type(uint64).max);
        models.model("none");
    }
}
