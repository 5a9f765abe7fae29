// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceiptLog} from "../../../contracts/availability/IReceiptLog.sol";
import {Times} from "../../../contracts/epoch/IEpochClock.sol";
import {IAttestationHub, Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {Reveals} from "../Reveals.sol";
import {vm} from "../Vm.sol";
import {RecordModel} from "./RecordModel.sol";

/// @notice Walks the market through its epochs: logs, seeds, commitments, reveals and settlements, each by chance done, late
/// or left undone, and every step that must be refused tried as well.
abstract contract HubHandler is RecordModel {
    /* ACTIONS */

    /// @notice Does some of what can be done now, and goes to the next edge of a window.
    function step(uint256 choice) external {
        work(choice);
        warpTo(nextEdge());
    }

    /// @notice A whole epoch.
    function walk(uint256 choice) public {
        uint64 epoch = now_();
        for (uint256 i = 0; now_() == epoch; ++i) {
            work(mix(choice, i));
            warpTo(nextEdge());
        }
    }

    function warp(uint256 secs) external {
        warpTo(block.timestamp + secs % 300 + 1);
    }

    /// @notice Everybody sleeps for up to three epochs.
    function sleep(uint256 secs) external {
        warpTo(block.timestamp + secs % (3 * LENGTH));
    }

    function settleRecord(uint256 i) external {
        settle(i % RECORDS, false);
    }

    /// @notice Too early, too late, and by whom it is not for: each refused with its own error.
    function wrong(uint256 choice) external {
        uint64 e = now_() > 0 ? now_() - uint64(choice % 2) : 0;
        Times memory t = clock.times(e);
        if (block.timestamp < t.end || block.timestamp >= t.logEnd) wrongLog(choice % RECORDS, e, t);
        // The redraw's windows follow the first round's.
        bool first = block.timestamp < t.revealEnd;
        (uint256 from, uint256 until) = first ? (t.openEnd, t.commitEnd) : (t.revealEnd, t.redrawCommitEnd);
        if (block.timestamp < from || block.timestamp >= until) {
            bytes memory call = abi.encodeCall(hub.commit, (e, "c"));
            refuses(crew[0], address(hub), call, wrongTime(from, until));
        }
        (from, until) = first ? (t.outputEnd, t.revealEnd) : (t.redrawCommitEnd, t.redrawEnd);
        if (block.timestamp < from || block.timestamp >= until) {
            bytes memory call = abi.encodeCall(hub.reveal, (e, new Reveal[](0), new bytes32[](0), new bool[](0)));
            refuses(crew[0], address(hub), call, wrongTime(from, until));
        }
        wrongCaller(address(rewards), abi.encodeCall(rewards.addPoints, (crew[0], e, 1)));
        wrongCaller(address(rewards), abi.encodeCall(rewards.addWeight, (PROVIDER, MODEL, e, 1)));
        wrongCaller(address(ledger), abi.encodeCall(ledger.closeCases, (PROVIDER, MODEL, 1, true)));
        wrongCaller(address(book), abi.encodeCall(book.measure, (PROVIDER, MODEL, e, 1, 1, 0)));
        wrongCaller(address(providers), abi.encodeCall(providers.ban, (crew[0])));
        wrongCaller(address(clock), abi.encodeCall(clock.setWindows, (e + 9, windowsOf(choice))));
    }

    function wrongCaller(address room, bytes memory call) private {
        refuses(address(0xBAD), room, call, abi.encodeWithSelector(unauthorized(), address(0xBAD)));
    }

    function wrongLog(uint256 i, uint64 e, Times memory t) private {
        address operator = at(operators[holderOf(i)], e);
        bytes memory late =
            abi.encodeWithSelector(IReceiptLog.ReceiptLogWrongTime.selector, block.timestamp, t.end, t.logEnd);
        if (banned[operator]) late = abi.encodeWithSelector(IReceiptLog.ReceiptLogBannedOperator.selector, operator);
        refuses(operator, address(log), abi.encodeCall(log.commit, (modelOf(i), e, "root", 1, 1, 1023)), late);
    }

    /// @notice The court opens and closes cases: the record takes one bad sample for a confirmed one at its next settlement.
    function judge(uint256 choice) external {
        uint256 i = choice % RECORDS;
        address of_ = provider(holderOf(i));
        Kept storage k = kept[i];
        if (mix(choice, 1) % 3 == 0 || k.openCases == 0) {
            vm.prank(address(court));
            ledger.openCase(of_, modelOf(i));
            ++k.openCases;
            return;
        }
        uint256 positions = mix(choice, 2) % k.openCases + 1;
        bool confirmed = mix(choice, 3) % 2 == 0;
        vm.prank(address(court));
        ledger.closeCases(of_, modelOf(i), positions, confirmed);
        k.openCases -= positions;
        if (confirmed) ++k.wrong;
    }

    /* THE STEPS OF AN EPOCH */

    function work(uint256 choice) private {
        uint64 current = now_();
        for (uint64 e = current > 2 ? current - 3 : 0; e < current; ++e) {
            Times memory t = clock.times(e);
            uint256 own = mix(choice, e);
            uint256 time = block.timestamp;
            if (time >= t.end && time < t.logEnd) {
                for (uint256 i = 0; i < RECORDS; ++i) if (mix(own, i) % 16 > 0) commitLog(i, e, mix(own, i));
            }
            if (time >= t.seedTime) drawSeed(e, own);
            if (time >= t.openEnd && time < t.commitEnd) commitAll(e, 0, own);
            if (time >= t.outputEnd && time < t.revealEnd) revealAll(e, 0, own);
            if (time >= t.revealEnd && time < t.redrawCommitEnd) commitAll(e, 1, own);
            if (time >= t.redrawCommitEnd && time < t.redrawEnd) revealAll(e, 1, own);
        }
        for (uint256 i = 0; i < RECORDS; ++i) if (mix(choice, 100 + i) % 4 > 0) settle(i, true);
    }

    function drawSeed(uint64 e, uint256 choice) private {
        (bytes32 seed,) = beacon.seedOf(e);
        if (seed == 0 && choice % 16 > 0) beacon.set(e, bytes32(choice));
    }

    function commitLog(uint256 i, uint64 e, uint256 choice) private {
        (bool found, uint256 p) = promisedAt(i, e);
        if (!found || logs[i][e].exists) return;
        address operator = at(operators[holderOf(i)], e);
        uint64 cap = uint64(promises[i][p].capacity) * LENGTH;
        uint64 units = mix(choice, 1) % 8 == 0 ? 0 : uint64(mix(choice, 2) % cap) + 1;
        if (banned[operator]) {
            bytes memory lost = abi.encodeWithSelector(IReceiptLog.ReceiptLogBannedOperator.selector, operator);
            return refuses(operator, address(log), logCall(i, e, units), lost);
        }
        bytes memory over = abi.encodeWithSelector(IReceiptLog.ReceiptLogOverCapacity.selector, cap + 1, cap);
        refuses(operator, address(log), logCall(i, e, cap + 1), over);
        takeLog(i, e, units, operator);
    }

    function logCall(uint256 i, uint64 e, uint64 units) private view returns (bytes memory) {
        return abi.encodeCall(log.commit, (modelOf(i), e, "root", 3, units, units == 0 ? 0 : 1023));
    }

    function takeLog(uint256 i, uint64 e, uint64 units, address operator) private {
        address of_ = provider(holderOf(i));
        uint8 m = units == 0 ? 0 : uint8(depthOf(i, e));
        vm.prank(operator);
        log.commit(modelOf(i), e, "root", 3, units, units == 0 ? 0 : 1023);
        logs[i][e] = Logged(true, m, units);
        eq(log.log(of_, modelOf(i), e).m, m, "22: depth of sampling");
        bytes memory twice = abi.encodeWithSelector(IReceiptLog.ReceiptLogCommitted.selector, of_, modelOf(i), e);
        refuses(operator, address(log), logCall(i, e, units), twice);
    }

    function commitAll(uint64 e, uint8 round, uint256 choice) private {
        if (choices[e] == 0) {
            choices[e] = choice | 1;
            seatAll(e);
        }
        for (uint256 v = 0; v < crew.length; ++v) {
            if (committed[e][round][crew[v]] || mix(choice, 200 + v) % 10 == 0) continue;
            (Reveal[] memory reveals, bytes32 root) = revealsOf(e, round, crew[v]);
            if (reveals.length == 0) continue;
            bytes32 commitment = keccak256(abi.encode(address(hub), e, round, crew[v], root));
            vm.prank(crew[v]);
            hub.commit(e, commitment);
            committed[e][round][crew[v]] = true;
            refuses(
                crew[v],
                address(hub),
                abi.encodeCall(hub.commit, (e, "another")),
                abi.encodeWithSelector(IAttestationHub.AttestationHubCommitted.selector, crew[v], e, round)
            );
        }
    }

    /// @notice 11: one report per seat, in one call or in two, and none twice.
    function revealAll(uint64 e, uint8 round, uint256 choice) private {
        for (uint256 v = 0; v < crew.length; ++v) {
            if (!committed[e][round][crew[v]] || revealed[e][round][crew[v]] || staysAway(e, round, choice, v)) continue;
            (Reveal[] memory reveals,) = revealsOf(e, round, crew[v]);
            revealed[e][round][crew[v]] = true;
            uint256 cut = mix(choice, 400 + v) % 2 == 0 ? 0 : reveals.length / 2;
            if (cut > 0) reveal(e, crew[v], reveals, 0, cut);
            reveal(e, crew[v], reveals, cut, reveals.length);
            (, bytes32[] memory proof, bool[] memory flags) = Reveals.open(reveals, 0, reveals.length);
            refuses(
                crew[v],
                address(hub),
                abi.encodeCall(hub.reveal, (e, reveals, proof, flags)),
                abi.encodeWithSelector(IAttestationHub.AttestationHubRevealed.selector, 0)
            );
        }
    }

    /// @dev One of ten, and in a quarter of all epochs two of three in the first round: those come to a redraw.
    function staysAway(uint64 e, uint8 round, uint256 choice, uint256 v) private view returns (bool) {
        bool away = round == 0 && choices[e] % 8 < 2 && mix(choices[e], 500 + v) % 3 > 0;
        return away || mix(choice, 300 + v) % 10 == 0;
    }

    function reveal(uint64 e, address who, Reveal[] memory all, uint256 from, uint256 until) private {
        (Reveal[] memory some, bytes32[] memory proof, bool[] memory flags) = Reveals.open(all, from, until);
        vm.prank(who);
        hub.reveal(e, some, proof, flags);
        for (uint256 n = 0; n < some.length; ++n) {
            uint256 i = some[n].provider == OTHER ? 2 : some[n].modelId == MODEL_B ? 1 : 0;
            uint256 worth = worthOf(i, some[n]);
            points[e] += worth;
            pointsOf[e][who] += worth;
            shown[i][e][some[n].role][some[n].seat] = true;
            reports[i][e][some[n].role][some[n].seat] = some[n].report;
        }
    }

    /// @dev A point for a match or mismatch at least; of a probe seat's point the share that was answered.
    function worthOf(uint256 i, Reveal memory item) private pure returns (uint256) {
        if (item.role == 0) return 1e9 * ((item.report >> 32) & 0xffff) / owedProbes(i);
        for (uint256 j = 0; j < item.report & 0xff; ++j) {
            if ((item.report >> (8 + 2 * j)) % 2 == 0) return 1e9;
        }
        return 0;
    }

    /* SETTLEMENT */

    /// @notice 21: exactly the next promised epoch, when its reveals are over, and not before its pending pay can be credited.
    function settle(uint256 i, bool quietly) private {
        (bool found, uint64 e) = nextOf(i);
        address of_ = provider(holderOf(i));
        bytes memory call = abi.encodeCall(hub.settle, (of_, modelOf(i)));
        (bool has, uint64 next) = hub.nextToSettle(of_, modelOf(i));
        require(has == found && next == e, "21: the next promised epoch");
        if (!found) {
            bytes memory nothing =
                abi.encodeWithSelector(IAttestationHub.AttestationHubNothingToSettle.selector, of_, modelOf(i));
            return refuses(address(this), address(hub), call, nothing);
        }
        bool redraws = lacksQuorum(i, e);
        eq(hub.needsRedraw(of_, modelOf(i), e) ? 1 : 0, redraws ? 1 : 0, "a redraw where there is no quorum");
        uint64 from = redraws ? clock.times(e).redrawEnd : clock.times(e).revealEnd;
        if (block.timestamp < from) {
            if (!quietly) refuses(address(this), address(hub), call, wrongTime(from, type(uint64).max));
            return;
        }
        uint256 over = closeOf(pendingEpoch[i]);
        if (pendingWeight[i] > 0 && block.timestamp < over) {
            return refuses(address(this), address(hub), call, pendingError(over));
        }
        settled(i, e, call);
    }

    function settled(uint256 i, uint64 e, bytes memory call) private {
        (, uint256 before,,) = rewards.epochInfo(e);
        (bool ok, bytes memory result) = address(hub).call(call);
        require(ok && abi.decode(result, (uint64)) == e, "21: settles in order");
        takeEpoch(i, e);
        (, uint256 weight,,) = rewards.epochInfo(e);
        uint256 earned = earn(i, e);
        eq(weight - before, earned, "23: weight of its part");
        pendingWeight[i] = earned;
        pendingEpoch[i] = e;
        weightOf[e][i] = earned;
        reach(Reached.Weight, earned > 0);
        checkRecord(i);
    }

    function wrongTime(uint256 from, uint256 until) private view returns (bytes memory) {
        return abi.encodeWithSelector(IAttestationHub.AttestationHubWrongTime.selector, block.timestamp, from, until);
    }

    /* INVARIANTS */

    function check() external view virtual {
        checkMarket();
        for (uint256 i = 0; i < RECORDS; ++i) {
            checkRecord(i);
            checkHistory(i);
        }
        uint64 current = now_();
        for (uint64 e = current > 3 ? current - 4 : 0; e <= current; ++e) {
            (, uint256 weight, uint256 pointsNow,) = rewards.epochInfo(e);
            eq(weight, weightOf[e][0] + weightOf[e][1] + weightOf[e][2], "15: weights");
            eq(pointsNow, points[e], "11: points by what was judged and answered");
        }
        checkViews(current);
    }
}
