// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DemandState} from "../../../contracts/court/IDemands.sol";
import {Opening, Proof} from "../../../contracts/court/IEvidence.sol";
import {IOpenings} from "../../../contracts/court/IOpenings.sol";
import {MerkleSum} from "../../../contracts/libraries/MerkleSum.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {SumTree} from "../SumTree.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

contract DemandsEdgesTest is CourtBase {
    /// @notice A leaf of no units stands for nothing that was served: to show it is the answer, there is nothing to open.
    function test_ALeafOfNoUnitsIsAnsweredWithoutAnOpening() public {
        Receipts.LeafFields memory nothing = leafOf(EPOCH, 1);
        nothing.units = 0;
        MerkleSum.Node[] memory leaves = new MerkleSum.Node[](2);
        leaves[0] = MerkleSum.Node(Receipts.leafHash(leafOf(EPOCH, 0)), LEAF_UNITS);
        leaves[1] = MerkleSum.Node(Receipts.leafHash(nothing), 0);
        (bytes32 root,, MerkleSum.Node[] memory path) = SumTree.build(leaves, 1);
        vm.warp(clock.times(EPOCH).end);
        vm.prank(OPERATOR);
        log.commit(MODEL, EPOCH, root, 2, LEAF_UNITS, 1023);
        drawSeed(EPOCH);
        vm.warp(clock.times(EPOCH).outputEnd);

        Receipts.Receipt memory receipt = receiptOf(EPOCH, 1);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        fund(CHALLENGER, address(demands), DEMAND_BOND);
        vm.prank(CHALLENGER);
        bytes32 id = demands.demandLeaf(receipt, signature);
        vm.expectEmit(true, true, true, true, address(openings));
        emit IOpenings.LeafProved(address(demands), id, nothing, path);
        demands.answerLeaf(id, Proof(nothing, path), Opening(0, "", ""));
        eq(uint256(demands.demandOf(id).state), uint256(DemandState.Answered), "answered");
        eq(demands.openedUntil(PROVIDER, MODEL, EPOCH, 1), 0, "nothing was opened");
    }
}
