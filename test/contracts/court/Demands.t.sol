// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Demands} from "../../../contracts/court/Demands.sol";
import {Evidence} from "../../../contracts/court/Evidence.sol";
import {Demand, DemandKind, DemandState, IDemands} from "../../../contracts/court/IDemands.sol";
import {IEvidence, Opening, Proof, Attested} from "../../../contracts/court/IEvidence.sol";
import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

contract DemandsTest is CourtBase {
    uint256 private constant WINDOW = 100;

    function setUp() public override {
        super.setUp();
        fund(CHALLENGER, address(demands), 10 * DEMAND_BOND);
    }

    function outputEnd() private view returns (uint256) {
        return clock.times(EPOCH).outputEnd;
    }

    /// @notice Epoch 2 with all reveals, none of them wrong.
    function opened() private {
        openEpoch();
        reveal(rerunReport(48, 0));
    }

    function demandSample() private returns (bytes32) {
        uint8 j = sampleOf(EPOCH, SEQ);
        vm.prank(CHALLENGER);
        return demands.demandSample(PROVIDER, MODEL, EPOCH, j);
    }

    function demandLeaf() private returns (bytes32) {
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        vm.prank(CHALLENGER);
        return demands.demandLeaf(receipt, signature);
    }

    function demandReceipt(Receipts.Receipt memory receipt) private returns (bytes32) {
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        vm.prank(CHALLENGER);
        return demands.demandReceipt(receipt, signature);
    }

    function demandOutputs(uint8 j) private returns (bytes32) {
        Attested memory rerun = rerunOf();
        vm.prank(CHALLENGER);
        return demands.demandOutputs(rerun, j);
    }

    /// @dev A stranger answers with the leaf `seq` of `epoch`, refused for `reason` if there is one.
    function answer(bytes32 id, uint64 epoch, uint32 seq, bytes memory reason) private {
        (Proof memory proof, Opening memory opening) = (proofOf(epoch, seq), openingOf(seq));
        if (reason.length > 0) vm.expectRevert(reason);
        vm.prank(STRANGER);
        demands.answerLeaf(id, proof, opening);
    }

    function state(bytes32 id) private view returns (uint256) {
        return uint256(demands.demandOf(id).state);
    }

    /// @notice Every bond that was taken is owed to somebody or still at stake.
    function conserved(uint256 open) private view {
        eq(asset.balanceOf(address(demands)), demands.totalOwed() + open * DEMAND_BOND, "bonds");
    }

    /* A SAMPLED LEAF */

    function test_SampleAnswered() public {
        opened();
        bytes32 id = demandSample();
        Demand memory made = demands.demandOf(id);
        eq(made.deadline, block.timestamp + WINDOW, "deadline");
        eq(made.client, address(0), "no receipt, no client");
        answer(id, EPOCH, SEQ, "");
        eq(state(id), uint256(DemandState.Answered), "answered");
        eq(demands.owed(PROVIDER), DEMAND_BOND, "the owner is paid for it");
        eq(demands.openedUntil(PROVIDER, MODEL, EPOCH, SEQ), block.timestamp + WINDOW, "a case may follow");
        conserved(0);
        answer(id, EPOCH, SEQ, abi.encodeWithSelector(IDemands.DemandsNotOpen.selector, id, DemandState.Answered));
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNotOpen.selector, id, DemandState.Answered));
        demands.fail(id);
    }

    function test_SampleUnanswered() public {
        opened();
        bytes32 id = demandSample();
        uint256 deadline = block.timestamp + WINDOW;
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, deadline - 1, deadline));
        demands.fail(id);
        vm.warp(deadline);
        answer(id, EPOCH, SEQ, abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, deadline, deadline));
        uint256 stake = pool.slashableNow(PROVIDER);
        vm.prank(STRANGER);
        eq(demands.fail(id), stake / 20, "5 %");
        eq(demands.owed(CHALLENGER), DEMAND_BOND, "bond back");
        eq(penalties.owed(CHALLENGER), stake / 100, "the demander is the challenger");
        eq(penalties.owed(STRANGER), 0, "not who pushed it");
        conserved(0);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNotOpen.selector, id, DemandState.Failed));
        demands.fail(id);
    }

    function test_OnlyTheSampledLeafAnswers() public {
        opened();
        uint8 j = sampleOf(EPOCH, SEQ);
        uint256 position = positionOf(EPOCH, j);
        bytes32 id = demandSample();
        (uint256 from, uint256 until) = ((SEQ + 1) * LEAF_UNITS, (SEQ + 2) * LEAF_UNITS);
        bytes4 notIn = IEvidence.EvidenceNotInLeaf.selector;
        answer(id, EPOCH, SEQ + 1, abi.encodeWithSelector(notIn, position, from, until));

        Proof memory proof = proofOf(EPOCH, SEQ);
        Opening memory opening = openingOf(SEQ);
        opening.inputs = "others";
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidence.EvidenceWrongInputs.selector, sha256(opening.inputs), sha256(inputsOf(SEQ))
            )
        );
        demands.answerLeaf(id, proof, opening);
        opening = openingOf(SEQ);
        opening.outputs = "others";
        bytes32 seal = Receipts.seal(saltOf(SEQ), sha256(opening.outputs));
        vm.expectRevert(
            abi.encodeWithSelector(IEvidence.EvidenceWrongSeal.selector, seal, proof.leaf.sealedOutput)
        );
        demands.answerLeaf(id, proof, opening);
        opening.outputs = new bytes(4096);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLarge.selector, 4096 + opening.inputs.length, 4096));
        demands.answerLeaf(id, proof, opening);
        ++proof.leaf.latencyMs;
        refused(
            address(demands),
            abi.encodeCall(demands.answerLeaf, (id, proof, openingOf(SEQ))),
            MerkleSum.MerkleSumRootWrong.selector
        );
    }

    /// @notice A leaf of another epoch's log with the same content is another subject.
    function test_AnotherEpochsLogDoesNotAnswer() public {
        opened();
        bytes32 id = demandSample();
        commitLog(3);
        vm.warp(demands.demandOf(id).deadline - 1);
        bytes32 need = demands.demandOf(id).subject;
        bytes32 have = keccak256(abi.encode(PROVIDER, MODEL, uint64(3)));
        answer(id, 3, SEQ, abi.encodeWithSelector(IDemands.DemandsOtherSubject.selector, have, need));
    }

    function test_TwoSamplesOnOneUnitAreOneDemand() public {
        opened();
        bytes32 id = demandSample();
        uint8 j = sampleOf(EPOCH, SEQ);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsMade.selector, id));
        vm.prank(CHALLENGER);
        demands.demandSample(PROVIDER, MODEL, EPOCH, j);
    }

    /// @notice Before outputs open an answer would show seats what to commit to; after the dispute end it is over.
    function test_WhenDemandsAreTaken() public {
        openEpoch();
        vm.warp(outputEnd() - 1);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooEarly.selector, outputEnd() - 1, outputEnd()));
        demands.demandSample(PROVIDER, MODEL, EPOCH, 0);
        settle(EPOCH);
        uint256 end = clock.times(EPOCH).disputeEnd;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceTooLate.selector, end, end));
        demands.demandSample(PROVIDER, MODEL, EPOCH, 0);
        vm.warp(end - 1);
        vm.prank(CHALLENGER);
        demands.demandSample(PROVIDER, MODEL, EPOCH, 0);
    }

    function test_OnlyWhatWasSampled() public {
        commitLog(EPOCH);
        vm.warp(outputEnd());
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoSeed.selector, EPOCH));
        demands.demandSample(PROVIDER, MODEL, EPOCH, 0);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoSample.selector, 48, 48));
        demands.demandSample(PROVIDER, MODEL, EPOCH, 48);
        vm.warp(clock.times(3).outputEnd);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoLog.selector, PROVIDER, MODEL, 3));
        demands.demandSample(PROVIDER, MODEL, 3, 0);
    }

    function test_ABondIsNeeded() public {
        opened();
        vm.expectRevert();
        vm.prank(STRANGER);
        demands.demandSample(PROVIDER, MODEL, EPOCH, 0);
        Evidence.Sources memory sources =
            Evidence.Sources(clock, beacon, providers, models, book, log, hub, penalties);
        vm.expectRevert(IDemands.DemandsNoBond.selector);
        new Demands(sources, asset, openings, 0);
    }

    /* A RECEIPT'S LEAF */

    function test_LeafAnswered() public {
        opened();
        bytes32 id = demandLeaf();
        bytes4 other = IDemands.DemandsOtherSubject.selector;
        answer(id, EPOCH, SEQ + 1, abi.encodeWithSelector(other, bytes32(uint256(SEQ + 1)), bytes32(uint256(SEQ))));
        answer(id, EPOCH, SEQ, "");
        eq(demands.owed(PROVIDER), DEMAND_BOND, "owner");
    }

    /// @notice A demand with a receipt restores its client when it fails.
    function test_LeafUnanswered() public {
        opened();
        bytes32 id = demandLeaf();
        vm.warp(block.timestamp + WINDOW);
        uint256 taken = demands.fail(id);
        uint256 cap = 2 * uint256(LEAF_UNITS) * PRICE;
        eq(penalties.owed(CLIENT), cap < taken * 3 / 10 ? cap : taken * 3 / 10, "twice the price");
    }

    function test_LeafBeyondTheLog() public {
        opened();
        Receipts.Receipt memory receipt = receiptOf(EPOCH, LEAVES);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNoLeaf.selector, LEAVES, LEAVES));
        demands.demandLeaf(receipt, signature);
    }

    /* OMISSION */

    function test_ReceiptInTheLog() public {
        opened();
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes32 id = demandReceipt(receipt);
        (, MerkleSum.Node[] memory path) = treeOf(EPOCH, SEQ);
        refused(
            address(demands),
            abi.encodeCall(demands.answerReceipt, (id, receipt, bytes32("wrong salt"), path)),
            MerkleSum.MerkleSumRootWrong.selector
        );
        Receipts.Receipt memory other = receiptOf(EPOCH, SEQ + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDemands.DemandsOtherSubject.selector, Receipts.structHash(other), Receipts.structHash(receipt)
            )
        );
        demands.answerReceipt(id, other, saltOf(SEQ + 1), path);
        demands.answerReceipt(id, receipt, saltOf(SEQ), path);
        eq(demands.owed(PROVIDER), DEMAND_BOND, "owner");
        conserved(0);
    }

    /// @notice The log holds another leaf in its place: 10 %, and the client is restored.
    function test_ReceiptLeftOut() public {
        opened();
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        receipt.inputHash = keccak256("what it was really asked");
        bytes32 id = demandReceipt(receipt);
        (, MerkleSum.Node[] memory path) = treeOf(EPOCH, SEQ);
        refused(
            address(demands),
            abi.encodeCall(demands.answerReceipt, (id, receipt, saltOf(SEQ), path)),
            MerkleSum.MerkleSumRootWrong.selector
        );
        vm.warp(block.timestamp + WINDOW);
        uint256 stake = pool.slashableNow(PROVIDER);
        eq(demands.fail(id), stake / 10, "10 %");
        require(penalties.owed(CLIENT) > 0, "restored");
    }

    /// @notice A number beyond the log cannot be in it: a fault at once, without a bond.
    function test_ReceiptBeyondTheLog() public {
        opened();
        uint256 stake = pool.slashableNow(PROVIDER);
        Receipts.Receipt memory receipt = receiptOf(EPOCH, LEAVES);
        bytes32 id = demandReceipt(receipt);
        eq(state(id), uint256(DemandState.Failed), "failed");
        eq(pool.slashableNow(PROVIDER), stake - stake / 10, "10 %");
        conserved(0);
        eq(asset.balanceOf(CHALLENGER), 10 * DEMAND_BOND, "no bond");
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsMade.selector, id));
        vm.prank(CHALLENGER);
        demands.demandReceipt(receipt, signature);
    }

    function test_OnlySignedReceipts() public {
        opened();
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(0xBEEF, receipt);
        bytes memory reason =
            abi.encodeWithSelector(IEvidence.EvidenceNotSigned.selector, vm.addr(0xBEEF), OPERATOR);
        vm.expectRevert(reason);
        demands.demandReceipt(receipt, signature);
        vm.expectRevert(reason);
        demands.demandLeaf(receipt, signature);
    }

    /* A VERIFIER'S OWN OUTPUTS */

    function test_OutputsShown() public {
        opened();
        bytes memory own = ownOutputs();
        address verifier = rerunOf().verifier;
        bytes32 id = demandOutputs(0);
        refused(
            address(demands),
            abi.encodeCall(demands.answerOutputs, (id, own, bytes("others"), new bytes32[](0))),
            IEvidence.EvidenceWrongOutputs.selector
        );
        demands.answerOutputs(id, own, own, new bytes32[](0));
        eq(demands.owed(verifier), DEMAND_BOND, "the verifier is paid for it");
        conserved(0);
    }

    function test_OutputsNotShown() public {
        opened();
        address verifier = rerunOf().verifier;
        // It committed to nothing for sample 1, and said match.
        bytes32 id = demandOutputs(1);
        uint256 stake = pool.slashableNow(verifier);
        vm.warp(block.timestamp + WINDOW);
        eq(demands.fail(id), stake / 20, "5 %");
        eq(penalties.owed(CHALLENGER), stake / 100, "challenger");
        eq(demands.owed(CHALLENGER), DEMAND_BOND, "bond back");
    }

    /// @notice Who said that it does not know needs no outputs.
    function test_GreyNeedsNoOutputs() public {
        openEpoch();
        reveal(rerunReport(48, 0) | (1 << 8) | (3 << 10));
        Attested memory rerun = rerunOf();
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNoVerdict.selector, 1));
        demands.demandOutputs(rerun, 0);
        vm.expectRevert(abi.encodeWithSelector(IDemands.DemandsNoVerdict.selector, 3));
        demands.demandOutputs(rerun, 1);
        vm.expectRevert(abi.encodeWithSelector(IEvidence.EvidenceNoSample.selector, 49, 48));
        demands.demandOutputs(rerun, 49);
    }

    function test_AnswersAreOfTheirKind() public {
        opened();
        bytes32 sample = demandSample();
        bytes32 receipt = demandReceipt(receiptOf(EPOCH, SEQ));
        bytes32 outputs = demandOutputs(0);
        (, MerkleSum.Node[] memory path) = treeOf(EPOCH, SEQ);
        Receipts.Receipt memory logged = receiptOf(EPOCH, SEQ);
        vm.expectRevert(
            abi.encodeWithSelector(IDemands.DemandsOtherKind.selector, DemandKind.Omission, DemandKind.Sample)
        );
        demands.answerReceipt(sample, logged, saltOf(SEQ), path);
        vm.expectRevert(
            abi.encodeWithSelector(IDemands.DemandsOtherKind.selector, DemandKind.Outputs, DemandKind.Omission)
        );
        demands.answerOutputs(receipt, "", "", new bytes32[](0));
        bytes4 other = IDemands.DemandsOtherKind.selector;
        answer(outputs, EPOCH, SEQ, abi.encodeWithSelector(other, DemandKind.Leaf, DemandKind.Outputs));
        answer(receipt, EPOCH, SEQ, abi.encodeWithSelector(other, DemandKind.Leaf, DemandKind.Omission));
        conserved(3);
    }
}
