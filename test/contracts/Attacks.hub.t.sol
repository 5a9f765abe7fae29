// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReceiptLog} from "../../contracts/availability/IReceiptLog.sol";
import {Commitments} from "../../contracts/libraries/Commitments.sol";
import {DemandProfile} from "../../contracts/libraries/DemandProfile.sol";
import {ReliabilityMath} from "../../contracts/libraries/ReliabilityMath.sol";
import {IAttestationHub, Reveal} from "../../contracts/verification/IAttestationHub.sol";
import {System} from "./System.sol";
import {vm} from "./Vm.sol";

/// @notice One test for each attack on logs, draws, reports and settlement, named after it; docs/attacks.md lists them all.
contract HubAttacksTest is System {
    function setUp() public override {
        super.setUp();
        openMarket(2, 60);
        drawSeed(0);
        drawSeed(1);
    }

    /// @notice A provider cheats only if its judges suit it: until its log is fixed nobody knows who re-runs what, and once
    /// it is fixed nothing changes it.
    function test_CheatingOnAKnownCommittee() public {
        vm.warp(clock.times(2).logEnd - 1);
        eq(hub.seatsOf(PROVIDER, MODEL, 2, 1).length, 0, "nobody is drawn while a log can be chosen");
        commitLog(2);
        drawSeed(2);
        eq(hub.seatsOf(PROVIDER, MODEL, 2, 1).length, 5, "drawn");
        bytes memory late = abi.encodeWithSelector(
            IReceiptLog.ReceiptLogWrongTime.selector, block.timestamp, clock.times(2).end, clock.times(2).logEnd
        );
        vm.expectRevert(late);
        vm.prank(OPERATOR);
        log.commit(MODEL, 2, "a better one", 1, 1, 1023);
        bytes32 first = keccak256(abi.encode(hub.seatsOf(PROVIDER, MODEL, 2, 1)));
        beacon.set(2, "another value");
        require(keccak256(abi.encode(hub.seatsOf(PROVIDER, MODEL, 2, 1))) != first, "only the seed decides");
    }

    /// @notice Stake that comes once the seed can be known takes no seat, however much it is.
    function test_FeedingSeatsWithNewTickets() public {
        commitLog(2);
        drawSeed(2);
        bytes32 before = keccak256(abi.encode(hub.seatsOf(PROVIDER, MODEL, 2, 1), hub.seatsOf(PROVIDER, MODEL, 2, 0)));
        for (uint256 i = 0; i < 4; ++i) registerVerifier(address(uint160(0xF00 + i)), 32);
        bytes32 after_ = keccak256(abi.encode(hub.seatsOf(PROVIDER, MODEL, 2, 1), hub.seatsOf(PROVIDER, MODEL, 2, 0)));
        eq(after_, before, "the draw was fixed two epochs ago");
    }

    /// @notice A verifier that copies another's commitment cannot open it.
    function test_CopyingACommitment() public {
        commitLog(2);
        drawSeed(2);
        (uint256 victim, uint256 copier) = (0, 1);
        (Reveal[] memory reveals, bytes32 root) = assignments(2, crew[victim], probeReport(22), rerunReport(48, 0));
        bytes32 commitment = Commitments.commitment(address(hub), 2, 0, crew[victim], root);
        vm.warp(clock.times(2).openEnd);
        vm.prank(crew[copier]);
        hub.commit(2, commitment);
        vm.warp(clock.times(2).outputEnd);
        bytes32 opened = Commitments.commitment(address(hub), 2, 0, crew[copier], root);
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationHub.AttestationHubWrongOpening.selector, opened, commitment)
        );
        vm.prank(crew[copier]);
        show(2, reveals);
    }

    /// @notice Two of five seats swear that nothing was answered and everything was wrong: no case, no sample lost, and of the
    /// probes one lie is cut off.
    function test_FramingByAMinority() public {
        commitLog(2);
        drawSeed(2);
        lie(2, 2, probeReport(0), rerunReport(48, 2 ** 48 - 1));
        settle(2);
        eq(ledger.reliability(PROVIDER, MODEL).openCases, 0, "no case");
        eq(ledger.epochAt(PROVIDER, MODEL, 2).matches, 48, "all match");
        eq(ledger.epochAt(PROVIDER, MODEL, 2).timely, 44, "one of the lies is in the middle three");
    }

    /// @notice A single liar changes nothing at all.
    function test_FramingByOneSeat() public {
        uint256 fork = vm.snapshotState();
        walk(2, 22, 0);
        bytes32 honest = keccak256(abi.encode(ledger.record(PROVIDER, MODEL)));
        vm.revertToState(fork);
        commitLog(2);
        drawSeed(2);
        lie(2, 1, probeReport(0), rerunReport(48, 2 ** 48 - 1));
        settle(2);
        eq(keccak256(abi.encode(ledger.record(PROVIDER, MODEL))), honest, "the same record");
    }

    /// @notice Who keeps silent makes nothing worse than unknown, for the provider too.
    function test_SilentSeats() public {
        walk(2, 22, 0);
        uint256 score = ledger.reliability(PROVIDER, MODEL).score;
        commitLog(3);
        drawSeed(3);
        settle(3);
        eq(ledger.reliability(PROVIDER, MODEL).score, score, "unknown is no fault");
        eq(ledger.reliability(PROVIDER, MODEL).flags & 1, 1, "the next log is sampled at full depth");
    }

    /// @notice A good epoch cannot be settled before the bad one that came first, nor the bad one be left out.
    function test_SettlementOutOfOrder() public {
        settleMissing(2);
        commitLog(3);
        drawSeed(3);
        attest(3, probeReport(22), rerunReport(48, 0));
        vm.warp(clock.times(3).revealEnd);
        eq(hub.settle(PROVIDER, MODEL), 2, "the missing log first, whoever calls");
        uint256 afterBad = ledger.reliability(PROVIDER, MODEL).score;
        eq(hub.settle(PROVIDER, MODEL), 3, "then the good one");
        require(ledger.reliability(PROVIDER, MODEL).score > afterBad, "in the order of epochs");
    }

    function settleMissing(uint64 epoch) private {
        vm.warp(clock.times(epoch).logEnd);
        drawSeed(epoch);
    }

    /// @notice Units beyond what the bond covers are refused, and within it they earn nothing, whoever sent them.
    function test_PaddingOfUnitsAndWashTrading() public {
        for (uint64 epoch = 2; epoch < 12; ++epoch) walk(epoch, 22, 0);
        uint64 cap = uint64(CAPACITY) * LENGTH;
        vm.warp(clock.times(12).end);
        vm.expectRevert(abi.encodeWithSelector(IReceiptLog.ReceiptLogOverCapacity.selector, cap + 1, cap));
        vm.prank(OPERATOR);
        log.commit(MODEL, 12, "root", 1, cap + 1, 1023);
        uint256 fork = vm.snapshotState();
        uint256 few = weightWith(12, 1);
        vm.revertToState(fork);
        eq(weightWith(12, cap), few, "the same pay for one unit and for all");
        require(few > 0, "and there is some");
    }

    function weightWith(uint64 epoch, uint64 units) private returns (uint256 weight) {
        vm.prank(OPERATOR);
        log.commit(MODEL, epoch, "root", 1, units, 1023);
        drawSeed(epoch);
        attest(epoch, probeReport(22), rerunReport(log.log(PROVIDER, MODEL, epoch).m, 0));
        settle(epoch);
        (, weight,,) = rewards.epochInfo(epoch);
    }

    /// @notice One provider that claims all its demand at night moves the peak by no more than its bonded capacity does, and
    /// two owners alone have no peak at all.
    function test_PaddingOfPeakSlots() public pure {
        DemandProfile.Log[] memory logs = new DemandProfile.Log[](3);
        logs[0] = DemandProfile.Log(5, address(1), 1023 << 90, 2000, 1000);
        logs[1] = DemandProfile.Log(5, address(2), 1023 << 120, 1000, 1000);
        logs[2] = DemandProfile.Log(5, address(3), 1023 << 120, 1000, 1000);
        DemandProfile.Profile memory honest = DemandProfile.profile(logs, 8);
        logs[0].units = type(uint64).max;
        DemandProfile.Profile memory padded = DemandProfile.profile(logs, 8);
        eq(keccak256(abi.encode(honest)), keccak256(abi.encode(padded)), "units above the cap do not count");
        require(padded.weights[12] > padded.weights[9], "the others' peak stays the heavier one");
        logs[2].owner = address(2);
        require(DemandProfile.profile(logs, 8).flat, "two owners make no peak");
    }

    /// @notice A log that says nothing was served spares no probe; what clients hold receipts for is an omission.
    function test_EmptyLogAgainstStockClients() public {
        walk(2, 22, 0);
        vm.warp(clock.times(3).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, 3, 0, 0, 0, 0);
        drawSeed(3);
        uint256 before = ledger.reliability(PROVIDER, MODEL).score;
        attest(3, probeReport(0), 0);
        settle(3);
        eq(ledger.epochAt(PROVIDER, MODEL, 3).probes, 66, "probes count");
        require(ledger.reliability(PROVIDER, MODEL).score < before, "and failed");
        eq(ledger.record(PROVIDER, MODEL).correct.lastEpoch(), 2, "nothing served, nothing proved right");
    }

    /// @notice A provider that fails and comes back under a new name begins at the prior, at a quarter of the pay.
    function test_Whitewash() public {
        for (uint64 epoch = 2; epoch < 10; ++epoch) walk(epoch, 22, 0);
        uint256 old = ledger.reliability(PROVIDER, MODEL).score;
        registerProvider(address(0xA8), address(0xA9), BONDED);
        eq(ledger.reliability(address(0xA8), MODEL).score, 0, "nobody knows it");
        walk(10, 22, 0);
        require(ledger.reliability(PROVIDER, MODEL).score >= old, "who stays keeps its record");
        eq(ReliabilityMath.tenure(0), 250_000_000, "a newcomer is paid a quarter");
    }

    /// @notice Cheating at every other time is never scored above serving always, and a drop shows in the same epoch.
    function test_OnOffOscillation() public {
        uint64 epoch = 2;
        for (; epoch < 22; ++epoch) walk(epoch, 22, 0);
        uint256 steady = ledger.reliability(PROVIDER, MODEL).score;
        for (; epoch < 34; ++epoch) {
            uint256 before = ledger.reliability(PROVIDER, MODEL).score;
            walk(epoch, epoch % 2 == 0 ? 12 : 22, 0);
            uint256 now_ = ledger.reliability(PROVIDER, MODEL).score;
            require(now_ < steady, "never above the steady one");
            if (epoch % 2 == 0) require(now_ < before, "it shows at once");
        }
        require(ledger.reliability(PROVIDER, MODEL).score < 940_000_000, "and is not paid");
    }

    /// @notice The first `liars` seats of each committee report this, the others the truth.
    function lie(uint64 epoch, uint256 liars, uint256 probe, uint256 rerun) private {
        address[] memory probers = hub.seatsOf(PROVIDER, MODEL, epoch, 0);
        address[] memory rerunners = hub.seatsOf(PROVIDER, MODEL, epoch, 1);
        for (uint256 phase = 0; phase < 2; ++phase) {
            vm.warp(phase == 0 ? clock.times(epoch).openEnd : clock.times(epoch).outputEnd);
            for (uint256 i = 0; i < crew.length; ++i) {
                (Reveal[] memory reveals, bytes32 root) = assignments(
                    epoch,
                    crew[i],
                    among(probers, crew[i], liars) ? probe : probeReport(22),
                    among(rerunners, crew[i], liars) ? rerun : rerunReport(48, 0)
                );
                if (reveals.length == 0) continue;
                vm.prank(crew[i]);
                if (phase == 0) hub.commit(epoch, Commitments.commitment(address(hub), epoch, 0, crew[i], root));
                else show(epoch, reveals);
            }
        }
    }

    function among(address[] memory seats, address who, uint256 first) private pure returns (bool) {
        for (uint256 s = 0; s < first; ++s) if (seats[s] == who) return true;
        return false;
    }
}
