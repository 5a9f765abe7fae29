// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Closable} from "../../contracts/access/Closable.sol";
import {Receipts} from "../../contracts/libraries/Receipts.sol";
import {Proof} from "../../contracts/court/IEvidence.sol";
import {Tranche} from "../../contracts/stake/IStakePool.sol";
import {vm} from "./Vm.sol";
import {CourtBase} from "./court/CourtBase.sol";

/// @notice A pause stops new risk, and never exits, claims, openings, settlements, slashes or verdicts (docs/protocol.md
/// section 4; invariant 17).
contract PausesTest is CourtBase {
    /// @dev Also of those that cannot be paused, where it changes nothing.
    function pause() private {
        address[11] memory all = [
            address(pool),
            address(book),
            address(verifiers),
            address(hub),
            address(court),
            address(seatCases),
            address(ledger),
            address(rewards),
            address(providers),
            address(penalties),
            address(juries)
        ];
        for (uint256 i = 0; i < all.length; ++i) manager.setTargetClosed(all[i], true);
    }

    function paused(address target) private {
        vm.expectRevert(abi.encodeWithSelector(Closable.ClosablePaused.selector, target));
    }

    function test_WhatBegins() public {
        settleRight();
        Proof memory proof = proofOf(EPOCH, SEQ);
        Receipts.Receipt memory receipt = receiptOf(EPOCH, SEQ);
        bytes memory signature = sign(OPERATOR_KEY, receipt);
        pause();
        paused(address(pool));
        pool.bond(crew[0], 1);
        paused(address(book));
        vm.prank(PROVIDER);
        book.commit(PROVIDER, MODEL, TARGET, 2000, 1, PRICE, 50, 51);
        paused(address(verifiers));
        vm.prank(crew[0]);
        verifiers.buy(1);
        paused(address(hub));
        hub.commit(EPOCH, "c");
        paused(address(court));
        court.open(proof);
        paused(address(court));
        court.openReceipt(proof, receipt, signature);
    }

    /// @notice A whole epoch and a whole case, with a pause from the reveals on.
    function test_WhatEndsGoesOn() public {
        openEpoch();
        attest(EPOCH, probeReport(22), rerunReport(48, bitsOf(EPOCH, SEQ)));
        pause();
        settle(EPOCH);
        vm.prank(address(hub));
        rewards.addPoints(crew[0], EPOCH + 1, 1e9);
        bytes32 id = callJury();
        decide(id, 5, 0);
        court.close(id);
        require(court.payJuror(id, juries.seatsOf(id)[0]) > 0, "a juror is paid");
        require(penalties.claim(RESERVE) > 0, "and the reserve");
        uint256[] memory indexes = new uint256[](1);
        indexes[0] = 0;
        (address owner,,) = verifiers.ticket(0);
        vm.prank(owner);
        verifiers.giveBack(indexes);
        vm.prank(owner);
        uint256 exit = verifiers.exit(TICKET);
        vm.warp(block.timestamp + EXIT_DELAY);
        require(pool.claimExit(owner, Tranche.Own, exit) > 0, "out");
        vm.warp(clock.times(40).settleEnd);
        book.release(PROVIDER, MODEL, 0);
        eq(book.totalBonded(PROVIDER), 0, "and the promise is released");
    }
}
