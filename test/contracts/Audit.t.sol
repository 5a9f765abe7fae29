// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Outcome} from "../../contracts/reliability/IReliabilityLedger.sol";
import {IStakePool, Tranche} from "../../contracts/stake/IStakePool.sol";
import {Proof, Attested} from "../../contracts/court/IEvidence.sol";
import {RewardDistributor} from "../../contracts/rewards/RewardDistributor.sol";
import {Times, Windows} from "../../contracts/epoch/IEpochClock.sol";
import {IAttestationHub, Reveal} from "../../contracts/verification/IAttestationHub.sol";
import {CourtBase} from "./court/CourtBase.sol";
import {HookToken} from "./tokens/HookToken.sol";
import {vm} from "./Vm.sol";

/// @dev Classes of findings that auditors report most, as they concern hub, court, rewards and registries; those that
/// concern the pool are in stake/StakePool.audit.t.sol. docs/invariants.md lists the classes.
contract AuditTest is CourtBase {
    address private constant BAD = address(0xBAD);
    uint256 private seen;

    /// @dev A verifier that returns its tickets and asks for its stake right after its reveal still pays for its verdict.
    function test_class01_noEscapeOfAVerifier() public {
        openEpoch();
        reveal(rerunReport(48, 1));
        Attested memory rerun = rerunOf();
        uint256 stake = pool.slashableNow(rerun.verifier);
        uint256[] memory tickets = ticketsOf(rerun.verifier);
        vm.startPrank(rerun.verifier);
        verifiers.giveBack(tickets);
        verifiers.exit(stake);
        vm.stopPrank();
        eq(pool.stakeOf(rerun.verifier), 0, "all of it leaves");
        uint32 seq = uint32(positionOf(EPOCH, 0) / LEAF_UNITS);
        (Proof memory proof, bytes32 own) = (proofOf(EPOCH, seq), ownHash());
        uint256 taken =
            faults.refutedVerdict(rerun, 0, own, own, new bytes32[](0), proof, saltOf(seq), sha256(outputsOf(seq)));
        eq(taken, stake / 2, "and is slashed on its way out");
    }

    function ticketsOf(address who) private view returns (uint256[] memory found) {
        found = new uint256[](verifiers.ticketsOf(who));
        uint256 count = 0;
        for (uint256 i = 0; count < found.length; ++i) {
            (address holder,,) = verifiers.ticket(i);
            if (holder == who) found[count++] = i;
        }
    }

    /// @dev A provider without any stake left can be convicted, and its cases end.
    function test_class02_noVerdictCanBeMadeToRevert() public {
        settleWrong();
        vm.prank(address(penalties));
        pool.slash(PROVIDER, 1e18, "all");
        manager.setTargetClosed(address(pool), true);
        vm.warp(court.disputeEnd(PROVIDER, MODEL, EPOCH));
        court.closeFree(proofOf(EPOCH, SEQ));
        eq(ledger.reliability(PROVIDER, MODEL).openCases, 0, "closed");
    }

    /// @dev The same verifier, seat and epoch of another model is another report; so is its commitment's leaf.
    function test_class06_noRecordsCollide() public {
        settleRight();
        bytes32 other = keccak256("other model");
        (bool revealed,) = hub.reportOf(PROVIDER, other, EPOCH, 1, 0);
        require(!revealed, "another model");
        (revealed,) = hub.reportOf(PROVIDER, MODEL, EPOCH + 1, 1, 0);
        require(!revealed, "another epoch");
        (revealed,) = hub.reportOf(STRANGER, MODEL, EPOCH, 1, 0);
        require(!revealed, "another provider");
        eq(ledger.record(PROVIDER, other).settledEver, 0, "no record");
        require(court.caseId(PROVIDER, MODEL, 2, 3) != court.caseId(PROVIDER, MODEL, 3, 2), "no case");
    }

    /// @dev What anybody may push (settlement, claims, releases, closes) delays nothing, pays nobody else, and cannot be used
    /// up for others.
    function test_class07_nobodyIsGriefedByAnothersCalls() public {
        asset.mint(address(this), 100e18);
        asset.approve(address(rewards), 100e18);
        rewards.fund(EPOCH, 100e18);
        openEpoch();
        reveal(rerunReport(48, 0));
        vm.startPrank(BAD);
        vm.warp(clock.times(EPOCH).revealEnd);
        hub.settle(PROVIDER, MODEL);
        eq(rewards.claimVerifier(crew[0]), 0, "nothing yet");
        vm.stopPrank();
        vm.warp(clock.times(EPOCH).settleEnd);
        vm.prank(BAD);
        rewards.sweep(EPOCH);
        eq(asset.balanceOf(BAD), 0, "a pusher gets nothing");
        eq(uint256(hub.settledAt(PROVIDER, MODEL, EPOCH)), clock.times(EPOCH).revealEnd, "settled when it was");
    }

    /// @dev A settlement, a reveal and a claim cost the same in the fortieth epoch as in the tenth.
    function test_class08_nothingGrows() public {
        for (uint64 epoch = 2; epoch < 10; ++epoch) walk(epoch, 22, 0);
        uint256 early = gasOfSettlement(10);
        for (uint64 epoch = 11; epoch < 39; ++epoch) walk(epoch, 22, 0);
        require(gasOfSettlement(39) <= early + early / 10, "a settlement got dearer");
    }

    function gasOfSettlement(uint64 epoch) private returns (uint256 used) {
        commitLog(epoch);
        drawSeed(epoch);
        attest(epoch, probeReport(22), rerunReport(log.log(PROVIDER, MODEL, epoch).m, 0));
        // With twenty more verifiers the crew seldom has three seats.
        Times memory times = clock.times(epoch);
        vm.warp(hub.needsRedraw(PROVIDER, MODEL, epoch) ? times.redrawEnd : times.revealEnd);
        used = gasleft();
        hub.settle(PROVIDER, MODEL);
        used -= gasleft();
    }

    /// @dev New windows move nothing that has begun: not an epoch's steps, not a demand, not a jury, not a release of stake.
    function test_class09_noRetroactiveWindows() public {
        settleWrong();
        uint8 j = sampleOf(EPOCH, SEQ + 1);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 demand = demands.demandSample(PROVIDER, MODEL, EPOCH, j);
        bytes32 id = callJury();
        uint64 next = clock.current() + 2;
        bytes32 before = deadlines(demand, id);
        Windows memory w = Windows(100, 25, 100, 100, 100, 100, 100, 50, 100, 50);
        clock.setWindows(next, w);
        eq(deadlines(demand, id), before, "as they were");
        for (uint64 epoch = next - 1; epoch > 0; --epoch) {
            eq(clock.times(epoch).logEnd, GENESIS + (epoch + 1) * LENGTH + 200, "epochs that have begun, and the next");
        }
        vm.warp(clock.times(next + 3).end);
        eq(deadlines(demand, id), before, "also once the new ones hold");
        eq(court.disputeEnd(PROVIDER, MODEL, EPOCH), clock.times(EPOCH).settleEnd + 400, "the old dispute window");
    }

    function deadlines(bytes32 demand, bytes32 id) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                demands.demandOf(demand).deadline, juries.juryOf(id).commitEnd, juries.juryOf(id).revealEnd, clock.exitDelay()
            )
        );
    }

    /// @dev Depth of sampling, cap of units and price of a promise are fixed when a log or promise is made, and there is no
    /// setter for any bond, size or share.
    function test_class09_noRetroactiveTerms() public {
        openEpoch();
        eq(log.log(PROVIDER, MODEL, EPOCH).m, 48, "fixed with the log");
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, address(0xA9));
        eq(log.log(PROVIDER, MODEL, EPOCH).m, 48, "whatever comes later");
        eq(providers.operatorAt(PROVIDER, EPOCH), OPERATOR, "the epoch keeps its operator");
        eq(court.bond(), CASE_BOND, "immutable");
        eq(demands.bond(), DEMAND_BOND, "immutable");
    }

    /// @dev Each lost case costs its challenger a whole bond, half of it to the accused: cases are no way to wear a provider
    /// or the jurors down.
    function test_class10_lostCasesPayTheAccused() public {
        settleRight();
        fund(CHALLENGER, address(court), CASE_BOND);
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.prank(CHALLENGER);
        bytes32 id = court.open(proof);
        uint256 stake = pool.slashableNow(PROVIDER);
        callJury();
        decide(id, 0, 5);
        court.close(id);
        eq(court.owed(CHALLENGER), 0, "the bond is lost");
        eq(court.owed(PROVIDER), CASE_BOND + CASE_BOND - CASE_BOND / 2, "the provider has its own and half of it");
        eq(pool.slashableNow(PROVIDER), stake, "and its stake");
        eq(ledger.reliability(PROVIDER, MODEL).openCases, 0, "no open case");
    }

    /// @dev A convicted provider that is its own challenger and its own client together gets at most half back.
    function test_class10_nobodyEarnsByItsOwnFault() public {
        settleWrong();
        vm.warp(court.disputeEnd(PROVIDER, MODEL, EPOCH));
        uint256 stake = pool.slashableNow(PROVIDER);
        vm.prank(PROVIDER);
        court.closeFree(proofOf(EPOCH, SEQ));
        uint256 lost = stake - pool.slashableNow(PROVIDER);
        require(lost > 0, "slashed");
        require(2 * (penalties.owed(PROVIDER) + penalties.owed(CLIENT)) <= lost, "half at most");
    }

    /// @dev Every verb that moves stake, records or rights is closed to strangers, and to everybody but the room it is for.
    function test_class11_sensitiveVerbsHaveOneCaller() public {
        Outcome memory outcome;
        closed(address(ledger), abi.encodeCall(ledger.settle, (PROVIDER, MODEL, outcome)));
        closed(address(ledger), abi.encodeCall(ledger.openCase, (PROVIDER, MODEL)));
        closed(address(ledger), abi.encodeCall(ledger.closeCases, (PROVIDER, MODEL, 1, true)));
        closed(address(book), abi.encodeCall(book.measure, (PROVIDER, MODEL, 2, 1, 1, 0)));
        closed(address(book), abi.encodeCall(book.collectBreach, (PROVIDER, MODEL, 0)));
        closed(address(rewards), abi.encodeCall(rewards.addWeight, (BAD, MODEL, 2, 1)));
        closed(address(rewards), abi.encodeCall(rewards.addPoints, (BAD, 2, 1)));
        closed(address(penalties), abi.encodeCall(penalties.punish, (PROVIDER, 1e18, "x", BAD, BAD, 1e30)));
        closed(address(juries), abi.encodeCall(juries.summon, ("case", PROVIDER, MODEL, 2)));
        closed(address(providers), abi.encodeCall(providers.ban, (OPERATOR)));
        closed(address(clock), abi.encodeCall(clock.setWindows, (9, defaultWindows())));
        closed(address(pool), abi.encodeCall(pool.lock, (PROVIDER, 1)));
        closed(address(pool), abi.encodeCall(pool.unlock, (PROVIDER, 1)));
        closed(address(pool), abi.encodeCall(pool.requestExit, (PROVIDER, 1, BAD)));
        closed(address(pool), abi.encodeCall(pool.deposit, (PROVIDER, BAD, 1, 0)));
        closed(address(pool), abi.encodeCall(pool.requestBackingExit, (PROVIDER, BAD, 1, BAD)));
        bytes memory slash = abi.encodeCall(pool.slash, (PROVIDER, 1, "x"));
        bytes4 notSlasher = IStakePool.StakePoolNotSlasher.selector;
        address[5] memory rooms = [BAD, address(hub), address(court), address(faults), address(this)];
        for (uint256 i = 0; i < rooms.length; ++i) refusedFrom(rooms[i], address(pool), slash, notSlasher);
    }

    function closed(address room, bytes memory call) private {
        bytes4 error_ = IAccessManaged.AccessManagedUnauthorized.selector;
        address[4] memory callers = [BAD, PROVIDER, crew[0], address(log)];
        for (uint256 i = 0; i < callers.length; ++i) refusedFrom(callers[i], room, call, error_);
    }

    function refusedFrom(address from, address room, bytes memory call, bytes4 error_) private {
        vm.prank(from);
        refused(room, call, error_);
    }

    /// @dev What nobody registered answers nothing: no settlement, no pay, no seat, no signature of the zero address.
    function test_class11_whatIsNotRegisteredDoesNotAnswer() public {
        refused(address(hub), abi.encodeCall(hub.settle, (BAD, MODEL)), IAttestationHub.AttestationHubNothingToSettle.selector);
        eq(providers.ownerAt(BAD, 5), address(0), "no owner");
        eq(providers.operatorAt(BAD, 5), address(0), "no operator");
        eq(providers.providerOf(address(0)), address(0), "no provider");
        vm.warp(clock.times(EPOCH).outputEnd);
        Reveal[] memory one = new Reveal[](1);
        one[0].provider = BAD;
        bytes memory call = abi.encodeCall(hub.reveal, (EPOCH, one, new bytes32[](0), new bool[](0)));
        refused(address(hub), call, IAttestationHub.AttestationHubWrongOpening.selector);
    }

    /// @dev The largest promise and the largest log fit every type; the bond refuses it, no cast wraps.
    function test_class12_noCastWraps() public {
        uint256 most = book.bondedFor(type(uint32).max, type(uint88).max);
        eq(most, 7 * uint256(type(uint32).max) * LENGTH * type(uint88).max, "exact");
        uint256 free = pool.stakeOf(PROVIDER) - pool.locked(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, free, most));
        vm.prank(PROVIDER);
        book.commit(PROVIDER, MODEL, TARGET, 1, type(uint32).max, type(uint88).max, 41, type(uint32).max);
    }

    /// @dev Stake, tickets and budgets that come for one settlement, reveal or draw earn nothing of it.
    function test_class13_noRewardForComingLate() public {
        openEpoch();
        address late = address(0xBEEF);
        registerVerifier(late, 32);
        for (uint8 role = 0; role < 2; ++role) {
            address[] memory seats = hub.seatsOf(PROVIDER, MODEL, EPOCH, role);
            for (uint256 s = 0; s < seats.length; ++s) require(seats[s] != late, "no seat");
        }
        for (uint64 epoch = clock.current(); epoch < clock.current() + 2; ++epoch) {
            address[] memory seats = verifiers.seats("any", PROVIDER, MODEL, epoch, 0, 8);
            for (uint256 s = 0; s < seats.length; ++s) require(seats[s] != late, "nor in what has begun");
        }
        uint64 now_ = clock.current();
        uint256 before = pool.stakeAt(PROVIDER, now_);
        bondFor(PROVIDER, 10 * BONDED);
        eq(pool.stakeAt(PROVIDER, now_), before, "a bond counts from the next epoch on");
        eq(book.totalBondedAt(PROVIDER, now_), BONDED, "as does a promise");
    }

    /// @dev After the loss of everything a provider is still settled, releases its promise, and can begin again.
    function test_class14_nothingIsStuckAfterATotalSlash() public {
        settleRight();
        vm.prank(address(penalties));
        pool.slash(PROVIDER, 1e18, "all");
        walk(3, 22, 0);
        (, uint256 weight,,) = rewards.epochInfo(3);
        eq(weight, 0, "nothing bonded, nothing earned");
        vm.warp(clock.times(40).settleEnd);
        while (ledger.record(PROVIDER, MODEL).lastSettled < 40) hub.settle(PROVIDER, MODEL);
        book.release(PROVIDER, MODEL, 0);
        eq(pool.locked(PROVIDER), 0, "released");
        bondFor(PROVIDER, BONDED);
        uint32 next = uint32(clock.current() + 2);
        promiseFor(next, next);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        providers.exit(PROVIDER, 1);
        eq(pool.exitCount(PROVIDER, Tranche.Own), 0, "all of it is bound again");
    }

    /// @dev A token that calls back in the middle of a claim finds the claim booked already.
    function test_class16_noReentryFindsOldBooks() public {
        HookToken token = new HookToken();
        RewardDistributor till = new RewardDistributor(address(manager), token, clock, providers, SINK);
        allow(address(till), RewardDistributor.addPoints.selector, ROLE_SETTLE);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        token.mint(address(this), 100e18);
        token.approve(address(till), 100e18);
        till.fund(2, 100e18);
        till.addPoints(BAD, 2, 1);
        vm.warp(clock.times(2).settleEnd);
        token.arm(address(this), abi.encodeCall(this.again, (till)));
        eq(till.claimVerifier(BAD), 20e18, "paid");
        eq(seen, 1, "called back");
        eq(token.balanceOf(BAD), 20e18, "once");
        token.arm(address(this), abi.encodeCall(this.sweepAgain, (till)));
        eq(till.sweep(2), 80e18, "swept");
        eq(seen, 2, "called back");
        eq(token.balanceOf(SINK), 80e18, "once");
    }

    function again(RewardDistributor till) external {
        ++seen;
        eq(till.claimVerifier(BAD), 0, "nothing is left");
    }

    function sweepAgain(RewardDistributor till) external {
        ++seen;
        (bool ok,) = address(till).call(abi.encodeCall(till.sweep, (2)));
        require(!ok, "swept already");
    }
}
