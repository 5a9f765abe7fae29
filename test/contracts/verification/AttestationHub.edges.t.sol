// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {PromiseMath} from "../../../contracts/libraries/PromiseMath.sol";
import {ReliabilityMath} from "../../../contracts/libraries/ReliabilityMath.sol";
import {EpochEntry} from "../../../contracts/reliability/IReliabilityLedger.sol";
import {Service} from "../../../contracts/types/Service.sol";
import {IAttestationHub, Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

/// @notice What the hub does at its edges: nothing to reveal, one unit, no quorum, rounding.
contract AttestationHubEdgesTest is System {
    uint8 private constant RECHECK = 1;

    function setUp() public override {
        super.setUp();
        openMarket(2, 40);
        drawSeed(0);
        drawSeed(1);
    }

    function test_AnEmptyRevealIsSilent() public {
        vm.warp(clock.times(2).outputEnd);
        vm.recordLogs();
        hub.reveal(2, new Reveal[](0), new bytes32[](0), new bool[](0));
        eq(vm.getRecordedLogs().length, 0, "events");
    }

    /// @notice Probe seats come from the seed of the epoch before the last, and the refusal names it.
    function test_NoSeedOfTheEpochBeforeTheLast() public {
        Reveal[] memory one = new Reveal[](1);
        (one[0].provider, one[0].modelId, one[0].report) = (PROVIDER, MODEL, probeReport(22));
        bytes32 leaf = Commitments.assignmentLeaf(0, PROVIDER, MODEL, one[0].report, 0, 0);
        vm.warp(clock.times(5).openEnd);
        hub.commit(5, Commitments.commitment(address(hub), 5, 0, address(this), leaf));
        vm.warp(clock.times(5).outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IAttestationHub.AttestationHubNoSeed.selector, 0, 3));
        show(5, one);
    }

    /// @notice A log of one unit has one position, however often it is drawn, and it is position 0.
    function test_OneUnitIsOneCase() public {
        vm.warp(clock.times(2).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, 2, keccak256("root"), 1, 1, 1023);
        drawSeed(2);
        uint256 m = log.log(PROVIDER, MODEL, 2).m;
        require(m > 1, "drawn more than once");
        attest(2, probeReport(22), rerunReport(m, (1 << m) - 1));
        settle(2);
        eq(ledger.epochAt(PROVIDER, MODEL, 2).mismatches, m, "every sample");
        eq(ledger.reliability(PROVIDER, MODEL).openCases, 1, "one case");
    }

    /// @notice The promise is measured where probes have a quorum, and only there.
    function test_NoQuorumMeasuresNoPromise() public {
        walk(2, 22, 0);
        Service memory before = book.serviceOf(PROVIDER, MODEL, 0);
        eq(before.measured, 1, "measured");
        commitLog(3);
        drawSeed(3);
        settle(3);
        Service memory afterwards = book.serviceOf(PROVIDER, MODEL, 0);
        eq(keccak256(abi.encode(afterwards)), keccak256(abi.encode(before)), "unchanged");
        eq(ledger.record(PROVIDER, MODEL).lastSettled, 3, "but settled");
    }

    /// @notice An epoch that served nothing neither asks for a recheck nor lifts one.
    function test_AnEmptyLogKeepsTheRecheck() public {
        walk(2, 22, 0);
        drawSeed(3);
        settle(3);
        eq(_flags(3) & RECHECK, RECHECK, "no log asks for one");
        vm.warp(clock.times(4).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, 4, 0, 0, 0, 0);
        drawSeed(4);
        settle(4);
        eq(_flags(4) & RECHECK, RECHECK, "still");
        walk(5, 22, 0);
        eq(_flags(5) & RECHECK, 0, "a clean re-run lifts it");
    }

    /// @notice What a broken promise costs of the weight is rounded up.
    function test_TheCutIsRoundedUp() public {
        bool rounded = false;
        for (uint64 epoch = 2; epoch < 24; ++epoch) {
            (uint256 cut, uint256 full) = _cutAt(epoch, epoch % 2 == 0 ? 21 : 22);
            (, uint256 weight,,) = rewards.epochInfo(epoch);
            eq(weight, full - Math.mulDiv(full, cut, ReliabilityMath.SCALE, Math.Rounding.Ceil), "weight");
            rounded = rounded || mulmod(full, cut, ReliabilityMath.SCALE) != 0;
        }
        require(rounded, "one of them was rounded");
    }

    /// @dev Walks an epoch. Returns its cut, and the weight without it.
    function _cutAt(uint64 epoch, uint256 timely) private returns (uint256 cut, uint256 full) {
        Service memory service = book.serviceOf(PROVIDER, MODEL, 0);
        walk(epoch, timely, 0);
        EpochEntry memory entry = ledger.epochAt(PROVIDER, MODEL, epoch);
        (, cut) = PromiseMath.measure(service, epoch, TARGET, entry.probes, entry.timely, 0);
        uint256 stake = pool.stakeAt(PROVIDER, epoch);
        full = ReliabilityMath.payWeight(entry.score, epoch, BONDED, stake, book.totalBondedAt(PROVIDER, epoch));
    }

    function _flags(uint64 epoch) private view returns (uint8) {
        return ledger.epochAt(PROVIDER, MODEL, epoch).flags;
    }
}
