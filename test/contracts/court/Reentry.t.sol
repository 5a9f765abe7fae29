// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Demands} from "../../../contracts/court/Demands.sol";
import {DisputeCourt} from "../../../contracts/court/DisputeCourt.sol";
import {Evidence} from "../../../contracts/court/Evidence.sol";
import {Opening, Proof} from "../../../contracts/court/IEvidence.sol";
import {Receipts} from "../../../contracts/libraries/Receipts.sol";
import {HookToken} from "../tokens/HookToken.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice A token that calls back while a room takes a bond: whatever it calls there is refused.
contract CourtReentryTest is CourtBase {
    HookToken private token;
    Demands private room;
    DisputeCourt private hall;

    function setUp() public override {
        super.setUp();
        token = new HookToken();
        Evidence.Sources memory sources =
            Evidence.Sources(clock, beacon, providers, models, book, log, hub, penalties);
        room = new Demands(sources, token, openings, DEMAND_BOND);
        hall = new DisputeCourt(address(manager), sources, token, ledger, juries, room, openings, CASE_BOND);
        manager.grantRole(ROLE_CASES, address(hall), 0);
        token.mint(address(this), 1e24);
        token.approve(address(room), 1e24);
        token.approve(address(hall), 1e24);
    }

    function test_NoReentryIntoDemands() public {
        openEpoch();
        reveal(rerunReport(48, 0));
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        bytes[5] memory calls = [
            abi.encodeCall(room.demandSample, (PROVIDER, MODEL, EPOCH, 0)),
            abi.encodeCall(room.demandLeaf, (receipt, signature)),
            abi.encodeCall(room.demandReceipt, (receipt, signature)),
            abi.encodeCall(room.demandOutputs, (rerunOf(), 0)),
            abi.encodeCall(room.claim, (CHALLENGER))
        ];
        uint8 j = sampleOf(EPOCH, SEQ);
        for (uint256 i = 0; i < calls.length; ++i) {
            _arm(address(room), calls[i]);
            room.demandSample(PROVIDER, MODEL, EPOCH, j);
        }
        token.arm(address(0), "");
        room.demandSample(PROVIDER, MODEL, EPOCH, j);
    }

    function test_NoReentryIntoTheCourt() public {
        settleRight();
        (Proof memory proof, Opening memory opening) = (proofOf(EPOCH, SEQ), openingOf(SEQ));
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes[] memory inner = new bytes[](1);
        inner[0] = abi.encodeCall(hall.close, (caseId()));
        bytes[7] memory calls = [
            abi.encodeCall(hall.multicall, (inner)),
            abi.encodeCall(hall.open, (proof)),
            abi.encodeCall(hall.openReceipt, (proof, receipt, sign(OPERATOR_KEY, receipt))),
            abi.encodeCall(hall.callJury, (proof, opening)),
            abi.encodeCall(hall.closeFree, (proof)),
            abi.encodeCall(hall.close, (caseId())),
            abi.encodeCall(hall.claim, (CHALLENGER))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            _arm(address(hall), calls[i]);
            hall.open(proof);
        }
        token.arm(address(0), "");
        hall.open(proof);
    }

    /// @dev The next call fails because the token makes this one.
    function _arm(address target, bytes memory call) private {
        token.arm(target, call);
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }
}
