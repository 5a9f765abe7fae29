// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DemandState} from "../../../contracts/court/IDemands.sol";
import {IEvidence, Opening, Proof} from "../../../contracts/court/IEvidence.sol";
import {IOpenings} from "../../../contracts/court/IOpenings.sol";
import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {Vm, vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice Passes a call on, so that it stands in no plain transaction of the contract called.
contract Relay {
    function pass(address target, bytes calldata call) external {
        (bool ok, bytes memory reason) = target.call(call);
        require(ok, string(reason));
    }
}

contract OpeningsTest is CourtBase {
    Relay private relay;

    function setUp() public override {
        super.setUp();
        relay = new Relay();
    }

    function demandLeaf() private returns (bytes32) {
        openEpoch();
        vm.warp(clock.times(EPOCH).outputEnd);
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        return demands.demandLeaf(receipt, signature);
    }

    /// @dev The next call has the leaf `SEQ` proved, with this path, and told under this number of a room.
    function expectProved(address room, bytes32 id) private {
        Proof memory proof = proofOf(EPOCH, SEQ);
        vm.expectEmit(true, true, true, true, address(openings));
        emit IOpenings.LeafProved(room, id, proof.leaf, proof.path);
    }

    function expectOpened(address room, bytes32 id) private {
        expectProved(room, id);
        vm.expectEmit(true, true, true, true, address(openings));
        emit IOpenings.LeafOpened(room, id, saltOf(SEQ), inputsOf(SEQ), outputsOf(SEQ));
    }

    /// @notice A provider answers through another contract, which hides the path from who reads its calls: the event has it.
    function test_AnAnswerThroughAnotherContractTellsThePath() public {
        bytes32 id = demandLeaf();
        bytes memory answer = abi.encodeCall(demands.answerLeaf, (id, proofOf(EPOCH, SEQ), openingOf(SEQ)));
        expectOpened(address(demands), id);
        relay.pass(address(demands), answer);
        eq(uint256(demands.demandOf(id).state), uint256(DemandState.Answered), "answered");
    }

    /// @notice The proof that a log holds a receipt tells the leaf with its seal, and neither salt nor tensors.
    function test_AReceiptsProofTellsThePathAlone() public {
        openEpoch();
        vm.warp(clock.times(EPOCH).outputEnd);
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = demands.demandReceipt(receipt, signature);
        bytes memory answer =
            abi.encodeCall(demands.answerReceipt, (id, receipt, saltOf(SEQ), proofOf(EPOCH, SEQ).path));
        uint256 before = vm.snapshotState();
        expectProved(address(demands), id);
        relay.pass(address(demands), answer);
        vm.revertToState(before);
        vm.recordLogs();
        relay.pass(address(demands), answer);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // The proof, the answer, and the bond that is owed for it.
        eq(logs.length, 3, "events");
        for (uint256 i = 0; i < logs.length; ++i) {
            require(logs[i].topics[0] != IOpenings.LeafOpened.selector, "nothing is opened");
        }
    }

    /// @notice A jury's evidence stands under the number of its case.
    function test_TheEvidenceOfACase() public {
        settleWrong();
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        fund(PROVIDER, address(court), CASE_BOND);
        expectOpened(address(court), caseId());
        vm.prank(PROVIDER);
        court.callJury(proof, opening);
    }

    /// @notice Whoever has a leaf may open it, in its own name: nobody can tell anything in the name of a room.
    function test_AStrangerOpensInItsOwnName() public {
        openEpoch();
        bytes32 id = court.caseId(PROVIDER, MODEL, EPOCH, SEQ);
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        expectOpened(STRANGER, id);
        vm.prank(STRANGER);
        (uint64 prefix, bytes32 outputHash) = openings.open(id, proof, opening);
        eq(prefix, SEQ * LEAF_UNITS, "units before it");
        eq(outputHash, sha256(outputsOf(SEQ)), "hash of the outputs");
        expectProved(STRANGER, id);
        vm.prank(STRANGER);
        eq(openings.prove(id, proof), SEQ * LEAF_UNITS, "units before it");
    }

    /// @notice What is told is true: the leaf is in a log, and the tensors are the leaf's.
    function test_NothingFalseIsTold() public {
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        refuse(proof, opening, IEvidence.EvidenceNoLog.selector);
        openEpoch();
        opening.outputs = "others";
        refuse(proof, opening, IEvidence.EvidenceWrongSeal.selector);
        opening.inputs = "others";
        refuse(proof, opening, IEvidence.EvidenceWrongInputs.selector);
        opening.inputs = new bytes(4097 - opening.outputs.length);
        refuse(proof, opening, IEvidence.EvidenceTooLarge.selector);
        ++proof.leaf.latencyMs;
        refuse(proof, openingOf(SEQ), MerkleSum.MerkleSumRootWrong.selector);
    }

    function refuse(Proof memory proof, Opening memory opening, bytes4 selector) private {
        refused(address(openings), abi.encodeCall(openings.open, ("id", proof, opening)), selector);
    }
}
