// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Closable} from "../../../contracts/access/Closable.sol";
import {Times} from "../../../contracts/epoch/IEpochClock.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {ReliabilityMath} from "../../../contracts/libraries/ReliabilityMath.sol";
import {Reports} from "../../../contracts/libraries/Reports.sol";
import {IReliabilityLedger, Outcome} from "../../../contracts/reliability/IReliabilityLedger.sol";
import {IAttestationHub, RecordKey, Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {Reveals} from "../Reveals.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

contract AttestationHubTest is System {
    function setUp() public override {
        super.setUp();
        openMarket(2, 20);
        drawSeed(0);
        drawSeed(1);
        commitLog(2);
        drawSeed(2);
    }

    /* COMMIT */

    function test_CommitWindow() public {
        Times memory times = clock.times(2);
        vm.warp(times.openEnd - 1);
        _wrongTime(times.openEnd - 1, times.openEnd, times.commitEnd);
        hub.commit(2, "c");
        vm.warp(times.commitEnd);
        _wrongTime(times.commitEnd, times.openEnd, times.commitEnd);
        hub.commit(2, "c");
        vm.warp(times.commitEnd - 1);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubZeroCommitment.selector));
        hub.commit(2, 0);
        hub.commit(2, "c");
        eq(hub.commitmentOf(2, 0, address(this)), "c", "stored");
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubCommitted.selector, address(this), 2, 0));
        hub.commit(2, "d");
    }

    function test_NoCommitmentWhilePaused() public {
        vm.warp(clock.times(2).openEnd);
        manager.setTargetClosed(address(hub), true);
        vm.expectRevert(abi.encodeWithSelector(Closable.ClosablePaused.selector, address(hub)));
        hub.commit(2, "c");
        manager.setTargetClosed(address(hub), false);
        hub.commit(2, "c");
    }

    /* REVEAL */

    function test_RevealWindow() public {
        Times memory times = clock.times(2);
        (address who, Reveal[] memory reveals) = _committed();
        vm.warp(times.outputEnd - 1);
        _wrongTime(times.outputEnd - 1, times.outputEnd, times.revealEnd);
        vm.prank(who);
        show(2, reveals);
        vm.warp(times.revealEnd);
        _wrongTime(times.revealEnd, times.redrawCommitEnd, times.redrawEnd);
        vm.prank(who);
        show(2, reveals);
    }

    function test_RevealOnceAndPointPerReveal() public {
        (address who, Reveal[] memory reveals) = _committed();
        vm.warp(clock.times(2).outputEnd);
        vm.prank(who);
        show(2, reveals);
        (,, uint256 points,) = rewards.epochInfo(2);
        eq(points, reveals.length * 1e9, "points");
        (bool revealed, uint256 report) = hub.reportOf(PROVIDER, MODEL, 2, reveals[0].role, reveals[0].seat);
        require(revealed && report == reveals[0].report, "stored");
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubRevealed.selector, 0));
        vm.prank(who);
        show(2, reveals);
        (revealed,) = hub.reportOf(PROVIDER, MODEL, 2, 0, 5);
        require(!revealed, "there is no sixth seat");
        for (uint8 role = 0; role < 4; ++role) {
            (revealed,) = hub.reportOf(PROVIDER, MODEL, 2, role, 255);
            require(!revealed, "nor a last one");
        }
    }

    /// @notice A probe without an answer leaves no receipt to ask for, so it is not paid; one that was not sent neither.
    function test_ProbesEarnByTheirAnswers() public {
        uint256 sent = 12;
        uint256 answered = 5;
        (address who, Reveal[] memory reveals) = _committedWith(sent | (answered << 32), rerunReport(48, 0));
        vm.warp(clock.times(2).outputEnd);
        vm.prank(who);
        show(2, reveals);
        (,, uint256 points,) = rewards.epochInfo(2);
        eq(points, 1e9 + 1e9 * answered / PER_SEAT, "of all 22 that were owed, rounded down");
    }

    /// @notice The events have all that evidence about a seat needs, whoever passed the reveal on.
    function test_TheEventsOpenTheCommitment() public {
        (address who, Reveal[] memory reveals) = _committed();
        vm.warp(clock.times(2).outputEnd);
        for (uint256 i = 0; i < 2; ++i) {
            Reveal memory one = reveals[i];
            require(one.salt != 0, "something to tell");
            vm.expectEmit(true, true, true, true, address(hub));
            emit IAttestationHub.Revealed(
                PROVIDER, MODEL, 2, one.role, one.seat, who, one.report, one.dataRoot, one.salt
            );
            bytes32[] memory proof = new bytes32[](1);
            proof[0] = Reveals.leafOf(reveals[1 - i]);
            vm.expectEmit(true, true, true, true, address(hub));
            emit IAttestationHub.Opened(2, who, proof, new bool[](1));
            vm.prank(who);
            show(2, reveals, i, i + 1);
        }
    }

    /// @notice All at once need no proof: their leaves are the whole tree. OpenZeppelin's flags say the same.
    function test_AllAtOnceAreTheWholeTree() public {
        (address who, Reveal[] memory reveals) = _committed();
        vm.warp(clock.times(2).outputEnd);
        uint256 before = vm.snapshotState();
        for (uint256 n = 0; n < 2; ++n) {
            bool[] memory flags = new bool[](n);
            if (n == 1) flags[0] = true;
            vm.expectEmit(true, true, true, true, address(hub));
            emit IAttestationHub.Opened(2, who, new bytes32[](0), flags);
            vm.prank(who);
            hub.reveal(2, reveals, new bytes32[](0), flags);
            vm.revertToState(before);
        }
    }

    /// @notice A proof that is too short, too long or joins what is not there opens nothing.
    function test_ProofsAreWhole() public {
        (address who, Reveal[] memory reveals) = _committed();
        vm.warp(clock.times(2).outputEnd);
        (Reveal[] memory one, bytes32[] memory proof,) = Reveals.open(reveals, 0, 1);
        bytes4 invalid = MerkleProof.MerkleProofInvalidMultiproof.selector;
        bool[] memory joins = new bool[](1);
        joins[0] = true;
        bytes[5] memory calls = [
            abi.encodeCall(hub.reveal, (2, one, proof, new bool[](0))),
            abi.encodeCall(hub.reveal, (2, one, new bytes32[](0), new bool[](1))),
            abi.encodeCall(hub.reveal, (2, one, proof, joins)),
            abi.encodeCall(hub.reveal, (2, reveals, new bytes32[](0), new bool[](2))),
            abi.encodeCall(hub.reveal, (2, reveals, proof, new bool[](1)))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(who);
            (bool passed, bytes memory said) = address(hub).call(calls[i]);
            require(!passed && bytes4(said) == invalid, "refused");
        }
    }

    /// @notice What was committed is what can be revealed: not another report, salt, seat, role or sender.
    function test_OnlyWhatWasCommitted() public {
        (address who, Reveal[] memory reveals) = _committed();
        vm.warp(clock.times(2).outputEnd);
        bytes32 commitment = hub.commitmentOf(2, 0, who);
        uint256 at = reveals[0].role == 0 ? 0 : 1;
        (Reveal[] memory one, bytes32[] memory proof, bool[] memory flags) = Reveals.open(reveals, at, at + 1);
        Reveal memory kept = abi.decode(abi.encode(one[0]), (Reveal));

        one[0].report = probeReport(21);
        _expectWrongOpening(who, one, proof, commitment);
        one[0] = abi.decode(abi.encode(kept), (Reveal));
        one[0].salt = "other";
        _expectWrongOpening(who, one, proof, commitment);
        one[0] = abi.decode(abi.encode(kept), (Reveal));
        one[0].role = 1;
        _expectWrongOpening(who, one, proof, commitment);
        address thief = _sitter(0, who);
        one[0] = abi.decode(abi.encode(kept), (Reveal));
        _expectWrongOpening(thief, one, proof, 0);

        one[0].seat = (one[0].seat + 1) % 5;
        address sitter = hub.seatsOf(PROVIDER, MODEL, 2, 0)[one[0].seat];
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubWrongSeat.selector, 0, who, sitter));
        vm.prank(who);
        hub.reveal(2, one, proof, flags);
        one[0].seat = 5;
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSuchSeat.selector, 0, 0, 5));
        vm.prank(who);
        hub.reveal(2, one, proof, flags);
    }

    /// @notice The redraw's role does not open in the first round, though it was committed.
    function test_NoRoleOfAnotherRound() public {
        Reveal[] memory one = new Reveal[](1);
        one[0] = _blank(2, PROVIDER);
        _commitLone(2, one[0]);
        vm.warp(clock.times(2).outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSuchSeat.selector, 0, 2, 0));
        show(2, one);
    }

    /// @notice One bad reveal refuses the whole call, and leaves nothing behind.
    function test_AllOrNothing() public {
        address who = hub.seatsOf(PROVIDER, MODEL, 2, 1)[0];
        Reveal[] memory two = new Reveal[](2);
        (two[0], two[1]) = (_blank(1, PROVIDER), _blank(1, PROVIDER));
        (two[0].report, two[1].report) = (rerunReport(48, 0), rerunReport(48, 0));
        vm.warp(clock.times(2).openEnd);
        vm.prank(who);
        hub.commit(2, Commitments.commitment(address(hub), 2, 0, who, Reveals.rootOf(two)));
        vm.warp(clock.times(2).outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubRevealed.selector, 1));
        vm.prank(who);
        show(2, two);
        (bool revealed,) = hub.reportOf(PROVIDER, MODEL, 2, 1, 0);
        require(!revealed, "nothing changed");
    }

    function test_ReportsAreChecked() public {
        uint256 tooFew = 10 | (10 << 16) | (10 << 32);
        (address who, Reveal[] memory reveals) = _committedWith(tooFew, rerunReport(47, 0));
        vm.warp(clock.times(2).outputEnd);
        uint256 probes = reveals[0].role == 0 ? 0 : 1;
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsTooFewProbes.selector, 10, 11));
        vm.prank(who);
        show(2, reveals, probes, probes + 1);
        vm.expectRevert(abi.encodeWithSelector(Reports.ReportsSampleCountWrong.selector, 47, 48));
        vm.prank(who);
        show(2, reveals, 1 - probes, 2 - probes);
    }

    /// @notice A seed drawn at or after the end of commits gives no re-run part.
    function test_LateSeedHasNoReruns() public {
        commitLog(3);
        vm.warp(clock.times(3).commitEnd);
        beacon.set(3, "late");
        eq(hub.seatsOf(PROVIDER, MODEL, 3, 1).length, 0, "no re-run seats");
        eq(hub.seatsOf(PROVIDER, MODEL, 3, 0).length, 5, "probe seats come from epoch 1");
        vm.warp(clock.times(4).commitEnd - 1);
        eq(hub.seatsOf(PROVIDER, MODEL, 4, 1).length, 0, "no seed yet");
    }

    function test_NoProbeSeatsInTheFirstTwoEpochs() public view {
        eq(hub.seatsOf(PROVIDER, MODEL, 0, 0).length, 0, "epoch 0");
        eq(hub.seatsOf(PROVIDER, MODEL, 1, 0).length, 0, "epoch 1");
    }

    function test_NoSeedNoPromiseNoLog() public {
        // Epoch 3: promised, probe seed there, no log, no seed of its own.
        Reveal[] memory one = new Reveal[](1);
        Times memory times = clock.times(3);
        one[0] = _blank(1, PROVIDER);
        _commitLone(3, one[0]);
        vm.warp(times.outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSeed.selector, 0, 3));
        show(3, one);

        // Epoch 2 of a provider that promised nothing: seats can be drawn, nothing can be said.
        Times memory second = clock.times(4);
        vm.warp(times.seedTime);
        commitLog(4);
        drawSeed(4);
        one[0] = _blank(1, address(0xDEAD));
        address who = verifiers.seats(_seed(4), address(0xDEAD), MODEL, 4, 1, 1)[0];
        vm.warp(second.openEnd);
        vm.startPrank(who);
        bytes32 leaf = Commitments.assignmentLeaf(1, address(0xDEAD), MODEL, 0, 0, 0);
        hub.commit(4, Commitments.commitment(address(hub), 4, 0, who, leaf));
        vm.warp(second.outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoPromise.selector, 0));
        show(4, one);
        vm.stopPrank();

        // Epoch 5: seed, no log.
        drawSeed(5);
        who = hub.seatsOf(PROVIDER, MODEL, 5, 1)[0];
        one[0] = _blank(1, PROVIDER);
        vm.warp(clock.times(5).openEnd);
        vm.startPrank(who);
        leaf = Commitments.assignmentLeaf(1, PROVIDER, MODEL, 0, 0, 0);
        hub.commit(5, Commitments.commitment(address(hub), 5, 0, who, leaf));
        vm.warp(clock.times(5).outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoLog.selector, 0));
        show(5, one);
        vm.stopPrank();
    }

    function test_EmptyRevealEarnsNothing() public {
        vm.warp(clock.times(2).outputEnd);
        hub.reveal(2, new Reveal[](0), new bytes32[](0), new bool[](0));
        (,, uint256 points,) = rewards.epochInfo(2);
        eq(points, 0, "points");
    }

    /* SETTLEMENT */

    function test_SettleInOrderAndOnce() public {
        attest(2, probeReport(22), rerunReport(48, 0));
        Times memory times = clock.times(2);
        vm.warp(times.revealEnd - 1);
        _wrongTime(times.revealEnd - 1, times.revealEnd, type(uint64).max);
        hub.settle(PROVIDER, MODEL);
        vm.warp(times.revealEnd);
        eq(hub.settle(PROVIDER, MODEL), 2, "epoch 2 first");
        uint256 next = clock.times(3).revealEnd;
        _wrongTime(block.timestamp, next, type(uint64).max);
        hub.settle(PROVIDER, MODEL);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationHub.AttestationHubNothingToSettle.selector, PROVIDER, keccak256("x"))
        );
        hub.settle(PROVIDER, keccak256("x"));
    }

    /// @notice Those whose turn it is are settled at once, and who has been settled or promised nothing keeps nobody from it.
    function test_SettleAllThatAreDue() public {
        attest(2, probeReport(22), rerunReport(48, 0));
        RecordKey[] memory records = new RecordKey[](4);
        records[0] = RecordKey(PROVIDER, keccak256("x"));
        records[1] = RecordKey(PROVIDER, MODEL);
        records[2] = RecordKey(PROVIDER, MODEL);
        records[3] = RecordKey(address(0xDEAD), MODEL);
        vm.warp(clock.times(2).revealEnd - 1);
        eq(hub.settleAll(records), 0, "too early");
        vm.warp(clock.times(2).revealEnd);
        eq(hub.settleAll(records), 1, "one, and once");
        eq(hub.settledAt(PROVIDER, MODEL, 2), block.timestamp, "settled");
        eq(ledger.epochAt(PROVIDER, MODEL, 2).timely, 66, "by its reports");
        eq(hub.settleAll(records), 0, "none is left");
        // Two epochs of one record later, the same call takes both, in order.
        vm.warp(clock.times(4).revealEnd);
        eq(hub.settleAll(records), 2, "both");
        eq(ledger.record(PROVIDER, MODEL).lastSettled, 4, "up to here");
    }

    /// @notice It settles as `settle` does, also late.
    function test_SettleAllIsAsSettle() public {
        attest(2, probeReport(20), rerunReport(48, 1));
        vm.warp(clock.times(2).settleEnd);
        uint256 before = vm.snapshotState();
        hub.settle(PROVIDER, MODEL);
        bytes32 one = keccak256(abi.encode(ledger.record(PROVIDER, MODEL), ledger.reliability(PROVIDER, MODEL)));
        vm.revertToState(before);
        RecordKey[] memory records = new RecordKey[](1);
        records[0] = RecordKey(PROVIDER, MODEL);
        hub.settleAll(records);
        bytes32 all = keccak256(abi.encode(ledger.record(PROVIDER, MODEL), ledger.reliability(PROVIDER, MODEL)));
        eq(all, one, "the same record");
        eq(hub.mismatchesOf(PROVIDER, MODEL, 2), 1, "the same finding");
    }

    /// @notice A settlement after the close updates the record and earns nothing; one before earns its weight.
    function test_WeightOnlyBeforeTheClose() public {
        attest(2, probeReport(22), rerunReport(48, 0));
        settle(2);
        uint64 epoch = 3;
        uint256 weight;
        while (weight == 0 && epoch < 15) {
            walk(epoch, 22, 0);
            (, weight,,) = rewards.epochInfo(epoch++);
        }
        require(weight > 0, "a good record earns");
        require(weight <= BONDED, "no more than what is bonded");
        commitLog(epoch);
        drawSeed(epoch);
        attest(epoch, probeReport(22), rerunReport(48, 0));
        vm.warp(clock.times(epoch).settleEnd);
        hub.settle(PROVIDER, MODEL);
        (, weight,,) = rewards.epochInfo(epoch);
        eq(weight, 0, "too late");
        eq(ledger.record(PROVIDER, MODEL).lastSettled, epoch, "but recorded");
    }

    /// @notice Stake and what promises bind of it count as they stood when the epoch began: what came or went later,
    /// before or at the settlement, changes nothing.
    function test_WeightFromTheEpochsStart() public {
        attest(2, probeReport(22), rerunReport(48, 0));
        settle(2);
        uint64 epoch = 3;
        while (epoch < 12) walk(epoch++, 22, 0);
        // An epoch is settled in the next but one.
        eq(clock.current(), epoch + 1, "now");
        vm.prank(address(penalties));
        pool.slash(PROVIDER, 0.75e18, "cause");
        eqWeight(epoch, 2 * BONDED);
        eqWeight(epoch + 1, 2 * BONDED);
        eq(clock.current(), epoch + 3, "two later");
        bondFor(PROVIDER, 10 * BONDED);
        promiseFor(21, 22);
        eqWeight(epoch + 2, BONDED / 2);
        eqWeight(epoch + 3, BONDED / 2);
    }

    function eqWeight(uint64 epoch, uint256 stake) private {
        walk(epoch, 22, 0);
        (, uint256 weight,,) = rewards.epochInfo(epoch);
        uint256 score = ledger.reliability(PROVIDER, MODEL).score;
        eq(weight, ReliabilityMath.payWeight(score, epoch, BONDED, stake, BONDED), "weight");
        require(weight > 0, "and there is one");
    }

    function test_OnlyTheHubSettlesRecords() public {
        Outcome memory outcome;
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        ledger.settle(PROVIDER, MODEL, outcome);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        outcome.epoch = 5;
        ledger.settle(PROVIDER, MODEL, outcome);
        vm.expectRevert(abi.encodeWithSelector(IReliabilityLedger.ReliabilityLedgerOutOfOrder.selector, 5, 5));
        ledger.settle(PROVIDER, MODEL, outcome);
    }

    /// @notice Two of five reveals are no quorum, three are, and five drop the best and the worst.
    function test_QuorumAndMiddle() public {
        Times memory times = clock.times(2);
        address[] memory seats = hub.seatsOf(PROVIDER, MODEL, 2, 0);
        for (uint256 i = 0; i < 5; ++i) _probeOnly(seats[i], i, 11 + 2 * i, times, true);
        for (uint256 i = 0; i < 5; ++i) _probeOnly(seats[i], i, 11 + 2 * i, times, false);
        settle(2);
        eq(ledger.epochAt(PROVIDER, MODEL, 2).timely, 13 + 15 + 17, "the middle three");
    }

    /* HELPERS */

    function _committed() private returns (address who, Reveal[] memory reveals) {
        return _committedWith(probeReport(22), rerunReport(48, 0));
    }

    /// @dev Somebody who sits in both roles has committed.
    function _committedWith(uint256 probe, uint256 rerun) private returns (address who, Reveal[] memory reveals) {
        bytes32 root;
        for (uint256 i = 0; i < crew.length && reveals.length != 2; ++i) {
            who = crew[i];
            (reveals, root) = assignments(2, who, probe, rerun);
        }
        require(reveals.length == 2, "six verifiers on ten seats");
        vm.warp(clock.times(2).openEnd);
        vm.prank(who);
        hub.commit(2, Commitments.commitment(address(hub), 2, 0, who, root));
    }

    function _probeOnly(address who, uint256 seat, uint256 timely, Times memory times, bool commitPhase) private {
        Reveal[] memory one = new Reveal[](1);
        one[0] = _blank(0, PROVIDER);
        one[0].seat = uint8(seat);
        one[0].report = probeReport(timely);
        vm.warp(commitPhase ? times.openEnd : times.outputEnd);
        vm.startPrank(who);
        bytes32 leaf = Commitments.assignmentLeaf(0, PROVIDER, MODEL, one[0].report, 0, 0);
        if (commitPhase) hub.commit(2, Commitments.commitment(address(hub), 2, 0, who, leaf));
        else show(2, one);
        vm.stopPrank();
    }

    function _commitLone(uint64 epoch, Reveal memory item) private {
        vm.warp(clock.times(epoch).openEnd);
        bytes32 leaf = Commitments.assignmentLeaf(item.role, item.provider, item.modelId, 0, item.dataRoot, item.salt);
        hub.commit(epoch, Commitments.commitment(address(hub), epoch, 0, address(this), leaf));
    }

    function _blank(uint8 role, address provider) private pure returns (Reveal memory item) {
        item.role = role;
        item.provider = provider;
        item.modelId = MODEL;
    }

    function _seed(uint64 epoch) private view returns (bytes32 seed) {
        (seed,) = beacon.seedOf(epoch);
    }

    /// @dev A verifier in the role who is not `who`.
    function _sitter(uint8 role, address who) private view returns (address) {
        address[] memory seats = hub.seatsOf(PROVIDER, MODEL, 2, role);
        return seats[0] == who ? seats[1] : seats[0];
    }

    function _expectWrongOpening(address who, Reveal[] memory one, bytes32[] memory proof, bytes32 commitment) private {
        bytes32 root = MerkleProof.processProof(proof, Reveals.leafOf(one[0]));
        bytes32 opened = Commitments.commitment(address(hub), 2, 0, who, root);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationHub.AttestationHubWrongOpening.selector, opened, commitment)
        );
        vm.prank(who);
        hub.reveal(2, one, proof, new bool[](1));
    }

    function _wrongTime(uint256 have, uint256 from, uint256 until) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationHub.AttestationHubWrongTime.selector, have, from, until)
        );
    }
}
