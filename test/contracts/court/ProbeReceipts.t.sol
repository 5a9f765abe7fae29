// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Demand, DemandKind, DemandState, IDemands} from "../../../contracts/court/IDemands.sol";
import {Attested, IEvidence} from "../../../contracts/court/IEvidence.sol";
import {IFaults} from "../../../contracts/court/IFaults.sol";
import {Commitments} from "../../../contracts/libraries/Commitments.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {Sampling} from "../../../contracts/libraries/Sampling.sol";
import {Reveal} from "../../../contracts/verification/IAttestationHub.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice Probe seats that count four answers, and commit to four receipts.
abstract contract ProbeBase is CourtBase {
    uint16 internal constant ANSWERED = 4;
    /// @dev The last one was served in the next epoch.
    uint16 internal constant LATE = 3;

    function setUp() public override {
        super.setUp();
        fund(CHALLENGER, address(demands), 10 * DEMAND_BOND);
    }

    /// @notice The receipt that the seats count under a number.
    function receipt(uint16 i) internal view virtual returns (Receipts.Receipt memory) {
        return receiptOf(i == LATE ? EPOCH + 1 : EPOCH, i);
    }

    function leaf(uint16 i) internal view returns (bytes32) {
        return Commitments.probeLeaf(i, Receipts.structHash(receipt(i)));
    }

    function node(uint16 i) internal view returns (bytes32) {
        return Hashes.commutativeKeccak256(leaf(i), leaf(i + 1));
    }

    function path(uint16 i) internal view returns (bytes32[] memory proof) {
        proof = new bytes32[](2);
        (proof[0], proof[1]) = (leaf(i ^ 1), node(i < 2 ? 2 : 0));
    }

    function dataRootOf(address who, uint8 role) internal view override returns (bytes32) {
        return role == 0 ? Hashes.commutativeKeccak256(node(0), node(2)) : super.dataRootOf(who, role);
    }

    /// @notice Epoch 2 up to its reveals.
    function probed() internal {
        openEpoch();
        attest(EPOCH, probeReport(ANSWERED), rerunReport(48, 0));
    }

    function demand(uint16 i) internal returns (bytes32) {
        Attested memory probes = probesOf(probeReport(ANSWERED));
        vm.prank(CHALLENGER);
        return demands.demandProbe(probes, i);
    }

    function answer(bytes32 id, uint16 i) internal {
        answerWith(id, receipt(i), OPERATOR_KEY, path(i));
    }

    function answerWith(bytes32 id, Receipts.Receipt memory shown, uint256 key, bytes32[] memory proof) internal {
        bytes memory signature = sign(key, shown);
        vm.prank(STRANGER);
        demands.answerProbe(id, shown, signature, proof);
    }

    /// @notice An answer that is refused with this error, whatever its numbers.
    function refuse(bytes32 id, Receipts.Receipt memory shown, bytes32[] memory proof, bytes4 selector) internal {
        bytes memory signature = sign(OPERATOR_KEY, shown);
        refused(address(demands), abi.encodeCall(demands.answerProbe, (id, shown, signature, proof)), selector);
    }
}

contract ProbeReceiptsTest is ProbeBase {
    function test_Shown() public {
        probed();
        Attested memory probes = probesOf(probeReport(ANSWERED));
        bytes32 id = demand(1);
        Demand memory made = demands.demandOf(id);
        eq(id, demands.probeId(PROVIDER, MODEL, EPOCH, 0, 1), "its number");
        eq(uint256(made.kind), uint256(DemandKind.Probe), "kind");
        eq(made.place, 1, "place");
        require(!made.free, "at a price");
        vm.expectEmit();
        emit IDemands.ProbeShown(id, Receipts.structHash(receipt(1)), path(1));
        answer(id, 1);
        eq(uint256(demands.demandOf(id).state), uint256(DemandState.Answered), "answered");
        eq(demands.owed(probes.verifier), DEMAND_BOND, "the verifier is paid for it");
        eq(asset.balanceOf(address(demands)), demands.totalOwed(), "bonds");
    }

    /// @notice A seat that was sent nothing has nothing to show.
    function test_NotShown() public {
        probed();
        address verifier = probesOf(probeReport(ANSWERED)).verifier;
        bytes32 id = demand(0);
        uint256 deadline = demands.demandOf(id).deadline;
        vm.warp(deadline);
        Receipts.Receipt memory shown = receipt(0);
        refuse(id, shown, path(0), IEvidence.EvidenceTooLate.selector);
        uint256 stake = pool.slashableNow(verifier);
        eq(demands.fail(id), stake / 20, "five per cent");
        eq(penalties.owed(CHALLENGER), stake / 100, "challenger");
        eq(demands.owed(CHALLENGER), DEMAND_BOND, "bond back");
    }

    /// @notice A request of the last moments may be served in the next epoch, under its key.
    function test_ServedInTheNextEpoch() public {
        probed();
        bytes32 id = demand(LATE);
        answer(id, LATE);
        eq(uint256(demands.demandOf(id).state), uint256(DemandState.Answered), "answered");
    }

    /// @notice The operator's key may change between the two epochs: each receipt is signed by its own epoch's.
    function test_SignedByTheOperatorOfItsEpoch() public {
        uint256 key = 0xBEEF;
        address next = vm.addr(key);
        vm.warp(clock.times(EPOCH - 1).start);
        vm.prank(PROVIDER);
        providers.setOperator(PROVIDER, next);
        eq(providers.operatorAt(PROVIDER, EPOCH), OPERATOR, "the epoch's");
        eq(providers.operatorAt(PROVIDER, EPOCH + 1), next, "the next one's");
        probed();
        (bytes32 first, bytes32 late) = (demand(0), demand(LATE));
        bytes memory wrong = sign(key, receipt(0));
        bytes memory stale = sign(OPERATOR_KEY, receipt(LATE));
        bytes4 notSigned = IEvidence.EvidenceNotSigned.selector;
        refused(address(demands), abi.encodeCall(demands.answerProbe, (first, receipt(0), wrong, path(0))), notSigned);
        refused(
            address(demands), abi.encodeCall(demands.answerProbe, (late, receipt(LATE), stale, path(LATE))), notSigned
        );
        answer(first, 0);
        answerWith(late, receipt(LATE), key, path(LATE));
    }

    /// @notice Another number, provider, model or epoch, or a receipt that was got after committing.
    function test_OnlyItsOwnReceipt() public {
        probed();
        bytes32 id = demand(1);
        bytes4 other = IDemands.DemandsOtherSubject.selector;
        refuse(id, receipt(0), path(0), other);
        refuse(id, receipt(1), path(0), other);
        Receipts.Receipt memory shown = receiptOf(EPOCH, 7);
        refuse(id, shown, path(1), other);
        shown = receipt(1);
        for (uint64 epoch = 0; epoch < 5; ++epoch) {
            shown.epoch = epoch;
            if (epoch != EPOCH) refuse(id, shown, path(1), other);
        }
        shown = receipt(1);
        shown.modelId = keccak256("another model");
        refuse(id, shown, path(1), other);
        shown = receipt(1);
        shown.provider = STRANGER;
        refuse(id, shown, path(1), IEvidence.EvidenceNotSigned.selector);
        answer(id, 1);
    }

    function test_BelowTheAnswersItCounts() public {
        probed();
        Attested memory probes = probesOf(probeReport(ANSWERED));
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNoReceipt.selector, ANSWERED, ANSWERED));
        demands.demandProbe(probes, ANSWERED);
    }

    function test_OnlyOfProbesAsCommitted() public {
        probed();
        Attested memory probes = probesOf(probeReport(ANSWERED));
        probes.role = 1;
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoProbe.selector, 1));
        demands.demandProbe(probes, 0);
        probes = probesOf(probeReport(ANSWERED));
        probes.dataRoot = "another";
        refused(
            address(demands),
            abi.encodeCall(demands.demandProbe, (probes, 0)),
            IEvidence.EvidenceWrongCommitment.selector
        );
        probes = probesOf(probeReport(ANSWERED));
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoRerun.selector, 0));
        demands.demandOutputs(probes, 0);
    }

    function test_OnceAndInTime() public {
        probed();
        Attested memory probes = probesOf(probeReport(ANSWERED));
        bytes32 id = demand(2);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsMade.selector, id));
        demands.demandProbe(probes, 2);
        settle(EPOCH);
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        demands.demandProbe(probes, 1);
    }

    /// @notice A verifier chooses its data root, and could choose the name of another's subject.
    function test_AnswersAreOfTheirKind() public {
        probed();
        bytes32 probe = demand(0);
        Attested memory rerun = rerunOfSeat();
        vm.prank(CHALLENGER);
        bytes32 outputs = demands.demandOutputs(rerun, 0);
        bytes4 other = IDemands.DemandsOtherKind.selector;
        refuse(outputs, receipt(0), path(0), other);
        bytes memory shown = ownOutputs();
        refused(
            address(demands), abi.encodeCall(demands.answerOutputs, (probe, shown, shown, new bytes32[](0))), other
        );
    }

    /// @dev `rerunOf` knows full probe reports alone.
    function rerunOfSeat() private view returns (Attested memory) {
        address verifier = hub.seatsOf(PROVIDER, MODEL, EPOCH, 1)[0];
        (Reveal[] memory reveals,) = assignments(EPOCH, verifier, probeReport(ANSWERED), rerunReport(48, 0));
        return attested(reveals, reveals.length - 1, verifier);
    }

    /* WHAT THE NEXT SEED ASKS FOR */

    /// @notice The next epoch's seed, which asks seat 0 or does not.
    function drawNext(bool need) private returns (uint256 i, uint256 k) {
        vm.warp(clock.times(EPOCH + 1).seedTime);
        bool asked;
        for (uint256 value = 1; ; ++value) {
            beacon.set(EPOCH + 1, bytes32(value));
            (bytes32 seed,) = beacon.seedOf(EPOCH + 1);
            (asked, i, k) = Sampling.askedReceipts(seed, PROVIDER, MODEL, 0, ANSWERED);
            if (asked == need) return (i, k);
        }
    }

    function test_TwoThatTheNextSeedNamesAreFree() public {
        probed();
        settle(EPOCH);
        (uint256 i, uint256 k) = drawNext(true);
        require(i != k, "two");
        for (uint16 number = 0; number < ANSWERED; ++number) {
            bytes32 id = demand(number);
            require(demands.demandOf(id).free == (number == i || number == k), "free");
            answer(id, number);
        }
        eq(demands.owed(probesOf(probeReport(ANSWERED)).verifier), 2 * DEMAND_BOND, "nothing for the two");
        eq(asset.balanceOf(address(demands)), 2 * DEMAND_BOND, "held");
    }

    function test_TheOthersCostTheBond() public {
        probed();
        settle(EPOCH);
        drawNext(false);
        for (uint16 number = 0; number < ANSWERED; ++number) {
            require(!demands.demandOf(demand(number)).free, "at a price");
        }
    }

    /// @notice Who has one receipt is asked for it alone, who has none for none.
    function test_OneReceiptOrNone() public pure {
        for (uint256 value = 0; value < 100; ++value) {
            (bool asked, uint256 i, uint256 k) = Sampling.askedReceipts(bytes32(value), PROVIDER, MODEL, 0, 1);
            require(i == 0 && k == 0, "the one");
            (bool none,,) = Sampling.askedReceipts(bytes32(value), PROVIDER, MODEL, 0, 0);
            require(!none, "none");
            require(asked == Sampling.isRedone(bytes32(value), PROVIDER, MODEL, 0, 0), "a tenth");
        }
    }
}

/// @notice A seat that sent two probes and counts each answer twice.
contract RepeatedReceiptTest is ProbeBase {
    function receipt(uint16 i) internal pure override returns (Receipts.Receipt memory) {
        return receiptOf(EPOCH, i % 2);
    }

    /// @dev The receipt of `i` under both numbers, refused for `reason` if there is one.
    function prove(uint16 i, uint16 k, bytes memory reason) private returns (uint256) {
        // Hashes are calls too: what follows a prank or an expected revert is made before.
        (Attested memory probes, bytes32 receiptHash) = (probesOf(probeReport(ANSWERED)), Receipts.structHash(receipt(i)));
        (bytes32[] memory proofI, bytes32[] memory proofK) = (path(i), path(k));
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(CHALLENGER);
        return faults.repeatedReceipt(probes, receiptHash, i, proofI, k, proofK);
    }

    function test_HalfTheStakeOnce() public {
        probed();
        // Each of them alone can be shown.
        answer(demand(0), 0);
        answer(demand(2), 2);
        uint256 stake = pool.slashableNow(probesOf(probeReport(ANSWERED)).verifier);
        eq(prove(0, 2, ""), stake / 2, "half");
        eq(penalties.owed(CHALLENGER), stake / 10, "challenger");
        bytes32 fault = keccak256(abi.encode("repeated receipt", PROVIDER, MODEL, EPOCH, uint8(0)));
        require(faults.isProven(fault), "proven");
        prove(1, 3, abi.encodeWithSelector(IFaults.FaultsProven.selector, fault));
    }

    function test_TwoReceiptsAreNone() public {
        probed();
        prove(0, 0, abi.encodeWithSelector(IFaults.FaultsOneNumber.selector, 0));
        Attested memory probes = probesOf(probeReport(ANSWERED));
        bytes32 receiptHash = Receipts.structHash(receipt(0));
        refused(
            address(faults),
            abi.encodeCall(faults.repeatedReceipt, (probes, receiptHash, 0, path(0), 1, path(1))),
            IEvidence.EvidenceWrongReceipt.selector
        );
        probes.role = 1;
        refused(
            address(faults),
            abi.encodeCall(faults.repeatedReceipt, (probes, receiptHash, 0, path(0), 2, path(2))),
            IEvidence.EvidenceNoProbe.selector
        );
    }

    function test_UntilTheDisputeEnd() public {
        probed();
        settle(EPOCH);
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        prove(0, 2, abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
    }
}
