// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CaseState} from "../../../contracts/court/IDisputeCourt.sol";
import {IReliability, Reliability} from "../../../contracts/reliability/IReliability.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice From a wrong output to a dapp that refuses the provider, and a client that has its money.
contract CourtWalkTest is CourtBase {
    function test_FromMismatchToRefusal() public {
        settleWrong();
        Reliability memory before = ledger.reliability(PROVIDER, MODEL);
        require(before.openCases > 0, "a free case is open");
        vm.expectRevert(abi.encodeWithSelector(IReliability.ReliabilityDisputed.selector, before.openCases));
        ledger.requireUndisputed(PROVIDER, MODEL, before.score, 10);
        ledger.requireReliable(PROVIDER, MODEL, before.score, 10);

        bytes32 id = callJury();
        address[] memory seats = decide(id, 4, 1);
        uint256 stake = pool.slashableNow(PROVIDER);
        vm.prank(CHALLENGER);
        court.close(id);
        eq(uint256(court.caseOf(id).state), uint256(CaseState.Confirmed), "convicted");

        // The next settlement takes the bad sample.
        ledger.requireReliable(PROVIDER, MODEL, before.score, 10);
        commitlessSettle(3);
        Reliability memory afterwards = ledger.reliability(PROVIDER, MODEL);
        require(afterwards.score < before.score, "the score fell");
        vm.expectRevert(
            abi.encodeWithSelector(IReliability.ReliabilityScoreTooLow.selector, afterwards.score, before.score)
        );
        ledger.requireReliable(PROVIDER, MODEL, before.score, 10);

        uint256 taken = stake / 20;
        uint256 restitution = penalties.owed(CLIENT);
        eq(restitution, 2 * uint256(LEAF_UNITS) * PRICE, "twice what it paid");
        penalties.claim(CLIENT);
        eq(asset.balanceOf(CLIENT), restitution, "restored");
        eq(penalties.claim(CHALLENGER), taken / 5, "the challenger's fifth");
        court.payJuror(id, seats[0]);
        court.claim(seats[0]);
        eq(asset.balanceOf(seats[0]), CASE_BOND / 5, "a juror's part of the bond");
    }

    /// @dev Epoch 3 saw nothing: no seed, no reveals; only the court speaks. Its log was in time.
    function commitlessSettle(uint64 epoch) private {
        (uint256 now_, bytes32 before) = (block.timestamp, keccak256(abi.encode(ledger.record(PROVIDER, MODEL).timely)));
        commitLog(epoch);
        vm.warp(now_);
        hub.settle(PROVIDER, MODEL);
        eq(keccak256(abi.encode(ledger.record(PROVIDER, MODEL).timely)), before, "availability was not measured");
    }
}
