// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaseState, IDisputeCourt} from "../../../contracts/court/IDisputeCourt.sol";
import {DemandKind, DemandState, IDemands} from "../../../contracts/court/IDemands.sol";
import {IEvidence, Opening, Proof, Attested} from "../../../contracts/court/IEvidence.sol";
import {IFaults} from "../../../contracts/court/IFaults.sol";
import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice One test for each attack that the court stops, named after it.
contract AttacksTest is CourtBase {
    /// @notice The majority keeps silent about a wrong output: whoever knows it opens a case with a bond.
    function test_SilentMajority() public {
        openEpoch();
        settle(EPOCH);
        eq(hub.mismatchesOf(PROVIDER, MODEL, EPOCH), 0, "nobody said anything");
        fund(CHALLENGER, address(court), CASE_BOND);
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.prank(CHALLENGER);
        bytes32 id = court.open(proof);
        decide(callJury(), 4, 0);
        court.close(id);
        eq(uint256(court.caseOf(id).state), uint256(CaseState.Confirmed), "convicted");
        require(penalties.owed(CHALLENGER) > 0, "and it was worth it");
    }

    /// @notice A client sends one request twice to get two answers for it: they have two numbers, which is no fault.
    function test_FramingByARepeatedRequest() public {
        Receipts.Receipt memory first = receiptOf(EPOCH, SEQ);
        Receipts.Receipt memory second = receiptOf(EPOCH, SEQ);
        second.seq = SEQ + 1;
        second.outputHash = keccak256("within tolerance, bit for bit another");
        (bytes memory a, bytes memory b) = (sign(OPERATOR_KEY, first), sign(OPERATOR_KEY, second));
        vm.expectRevert(IFaults.FaultsNotOneReceipt.selector);
        faults.equivocation(first, a, second, b);
    }

    /// @notice The provider opens what suits it, or opens too late: a demand makes it a fault.
    function test_SelectiveOrLateOpening() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        uint8 j = sampleOf(EPOCH, SEQ);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = demands.demandSample(PROVIDER, MODEL, EPOCH, j);
        uint256 deadline = demands.demandOf(id).deadline;
        vm.warp(deadline);
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, deadline, deadline));
        vm.prank(PROVIDER);
        demands.answerLeaf(id, proof, opening);
        uint256 stake = pool.slashableNow(PROVIDER);
        demands.fail(id);
        eq(pool.slashableNow(PROVIDER), stake - stake / 20, "5 %");
    }

    /// @notice An output of few bits cannot be found from its seal, and who guesses it cannot show it either.
    function test_BruteForceOfASealedOutput() public {
        bytes32 outputHash = sha256(outputsOf(SEQ));
        bytes32 sealed_ = leafOf(EPOCH, SEQ).sealedOutput;
        require(Receipts.seal(0, outputHash) != sealed_, "the right guess without the salt tells nothing");
        openEpoch();
        reveal(rerunReport(48, 0));
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = demands.demandReceipt(receipt, signature);
        (, MerkleSum.Node[] memory path) = treeOf(EPOCH, SEQ);
        refused(
            address(demands),
            abi.encodeCall(demands.answerReceipt, (id, receipt, bytes32(0), path)),
            MerkleSum.MerkleSumRootWrong.selector
        );
    }

    /// @notice A provider that proves its own fault, as challenger and as client, loses at least half: no way out of the
    /// exit delay, and never better than the gravest penalty.
    function testFuzz_SelfChallengeDoesNotProfit(uint32 units, uint32 past) public {
        openEpoch();
        reveal(rerunReport(48, 0));
        Receipts.Receipt memory receipt = receiptOf(EPOCH, LEAVES);
        receipt.units = units;
        receipt.client = PROVIDER;
        receipt.latencyMs = past;
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        uint256 before = pool.slashableNow(PROVIDER);
        vm.prank(PROVIDER);
        demands.demandReceipt(receipt, signature);
        uint256 lost = before - pool.slashableNow(PROVIDER);
        require(lost > 0, "slashed");
        require(penalties.owed(PROVIDER) * 2 <= lost, "at most half comes back");
    }

    /// @notice A signature for the same contract on another chain says nothing here.
    function test_ReplayAcrossChains() public {
        bytes32 elsewhere = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Surety"),
                keccak256("1"),
                block.chainid + 1,
                address(log)
            )
        );
        Receipts.Receipt memory a = receiptOf(EPOCH, SEQ);
        Receipts.Receipt memory b = receiptOf(EPOCH, SEQ);
        b.outputHash = "another";
        bytes memory here = sign(OPERATOR_KEY, a);
        bytes memory there = signFor(OPERATOR_KEY, elsewhere, b);
        refused(
            address(faults), abi.encodeCall(faults.equivocation, (a, here, b, there)), IEvidence.EvidenceNotSigned.selector
        );
        bytes memory alsoHere = sign(OPERATOR_KEY, b);
        require(faults.equivocation(a, here, b, alsoHere) > 0, "the same receipt, signed for this chain");
    }

    /// @notice A provider that nobody settles does not outlast its judges.
    function test_WaitingOutTheDisputeWithoutSettlement() public {
        openEpoch();
        vm.warp(clock.times(EPOCH).disputeEnd + 10_000);
        Receipts.Receipt memory receipt = receiptOf(EPOCH, LEAVES);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        demands.demandReceipt(receipt, signature);
        hub.settle(PROVIDER, MODEL);
        fund(CHALLENGER, address(court), CASE_BOND);
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.prank(CHALLENGER);
        court.open(proof);
    }

    /// @notice A record with a case that ended in an acquittal is the record without the case (invariant 24).
    function test_AnAcquittalLeavesNothing() public {
        settleRight();
        uint256 fork = vm.snapshotState();
        fund(CHALLENGER, address(court), CASE_BOND);
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.prank(CHALLENGER);
        court.open(proof);
        bytes32 id = callJury();
        decide(id, 1, 4);
        court.close(id);
        uint256 time = block.timestamp;
        hub.settle(PROVIDER, MODEL);
        bytes32 withCase = keccak256(abi.encode(ledger.record(PROVIDER, MODEL), ledger.reliability(PROVIDER, MODEL)));
        vm.revertToState(fork);
        vm.warp(time);
        hub.settle(PROVIDER, MODEL);
        bytes32 without = keccak256(abi.encode(ledger.record(PROVIDER, MODEL), ledger.reliability(PROVIDER, MODEL)));
        eq(withCase, without, "the same record");
    }
}

/// @notice A verifier whose data root is the name of the provider's log, so that the provider's leaf would be its answer.
contract BorrowedAnswerTest is CourtBase {
    function dataRootOf(address, uint8) internal pure override returns (bytes32) {
        return keccak256(abi.encode(PROVIDER, MODEL, EPOCH));
    }

    function test_ALeafIsNoAnswerForAVerifier() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        Attested memory rerun = rerunOf();
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = demands.demandOutputs(rerun, uint8(SEQ));
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        vm.expectRevert(
            abi.encodeWithSelector(IDemands.DemandsOtherKind.selector, DemandKind.Leaf, DemandKind.Outputs)
        );
        demands.answerLeaf(id, proof, opening);
        vm.warp(demands.demandOf(id).deadline);
        demands.fail(id);
        eq(uint256(demands.demandOf(id).state), uint256(DemandState.Failed), "failed");
    }
}
