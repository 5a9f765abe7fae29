// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Closable} from "../../../contracts/access/Closable.sol";
import {CaseState, IDisputeCourt} from "../../../contracts/court/IDisputeCourt.sol";
import {vm} from "../Vm.sol";
import {CourtBase} from "./CourtBase.sol";

/// @notice Many calls of the court in one transaction: each does what it does alone, and all of them or none.
contract TogetherTest is CourtBase {
    /// @dev Leaves 0 to 3 are wrong.
    uint32 private constant WRONG = 4;

    function setUp() public override {
        super.setUp();
        openEpoch();
        uint256 wrong = 0;
        for (uint32 seq = 0; seq < WRONG; ++seq) wrong |= bitsOf(EPOCH, seq);
        reveal(rerunReport(48, wrong));
        settle(EPOCH);
    }

    function stateOf(uint32 seq) private view returns (CaseState) {
        return court.caseOf(court.caseId(PROVIDER, MODEL, EPOCH, seq)).state;
    }

    function closings() private view returns (bytes[] memory calls) {
        calls = new bytes[](WRONG);
        for (uint32 seq = 0; seq < WRONG; ++seq) {
            calls[seq] = abi.encodeCall(court.closeFree, (proofOf(EPOCH, seq)));
        }
    }

    /// @notice All that the ends of the cases have changed.
    function outcome() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                pool.slashableNow(PROVIDER),
                ledger.reliability(PROVIDER, MODEL),
                penalties.owed(CHALLENGER),
                penalties.owed(CLIENT),
                penalties.owed(RESERVE),
                penalties.totalOwed(),
                asset.balanceOf(address(penalties)),
                rewards.claimableChallenger(CHALLENGER)
            )
        );
    }

    function test_ManyEndAsEachAlone() public {
        vm.warp(clock.times(EPOCH).disputeEnd);
        bytes[] memory calls = closings();
        uint256 before = vm.snapshotState();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(CHALLENGER);
            (bool ok,) = address(court).call(calls[i]);
            require(ok, "alone");
        }
        bytes32 alone = outcome();
        vm.revertToState(before);
        require(outcome() != alone, "the ends change something");
        vm.prank(CHALLENGER);
        bytes[] memory ids = court.multicall(calls);
        eq(outcome(), alone, "together");
        require(penalties.owed(CHALLENGER) > 0, "who sent them is the challenger of each");
        for (uint32 seq = 0; seq < WRONG; ++seq) {
            eq(uint256(stateOf(seq)), uint256(CaseState.Confirmed), "confirmed");
            eq(abi.decode(ids[seq], (bytes32)), court.caseId(PROVIDER, MODEL, EPOCH, seq), "each case's number");
        }
    }

    /// @notice Somebody ends one of the cases first: the batch says so, and changes nothing.
    function test_OneThatHasEndedRefusesAll() public {
        vm.warp(clock.times(EPOCH).disputeEnd);
        court.closeFree(proofOf(EPOCH, 2));
        bytes[] memory calls = closings();
        bytes32 before = outcome();
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourtWrongState.selector, CaseState.Confirmed, CaseState.None
            )
        );
        court.multicall(calls);
        eq(outcome(), before, "nothing changed");
        eq(uint256(stateOf(0)), uint256(CaseState.None), "not even what came before it");
    }

    /// @notice One case twice in a batch is punished no more than once.
    function test_NoneEndsTwice() public {
        vm.warp(clock.times(EPOCH).disputeEnd);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(court.closeFree, (proofOf(EPOCH, 0)));
        calls[1] = calls[0];
        vm.expectRevert(
            abi.encodeWithSelector(
                IDisputeCourt.DisputeCourtWrongState.selector, CaseState.Confirmed, CaseState.None
            )
        );
        court.multicall(calls);
    }

    /// @notice Each call takes its own bond: the guard against re-entry is free again between them.
    function test_EachOpeningTakesItsBond() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(court.open, (proofOf(EPOCH, sampled(WRONG))));
        calls[1] = abi.encodeCall(court.open, (proofOf(EPOCH, sampled(sampled(WRONG) + 1))));
        fund(CHALLENGER, address(court), 2 * CASE_BOND - 1);
        vm.prank(CHALLENGER);
        (bool ok,) = address(court).call(abi.encodeCall(court.multicall, (calls)));
        require(!ok, "one bond for two cases");
        fund(CHALLENGER, address(court), 2 * CASE_BOND);
        vm.prank(CHALLENGER);
        court.multicall(calls);
        eq(asset.balanceOf(address(court)), 2 * CASE_BOND, "two bonds");
        eq(asset.balanceOf(CHALLENGER), 2 * CASE_BOND - 1, "and no more");
    }

    /// @dev The first leaf from `seq` on that a sample hits.
    function sampled(uint32 seq) private view returns (uint32) {
        while (bitsOf(EPOCH, seq) == 0) ++seq;
        return seq;
    }

    /// @notice A pause stops openings in a batch too, and nothing that ends.
    function test_APauseHoldsInABatch() public {
        manager.setTargetClosed(address(court), true);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(court.open, (proofOf(EPOCH, sampled(WRONG))));
        vm.expectRevert(abi.encodeWithSelector(Closable.ClosablePaused.selector, address(court)));
        court.multicall(calls);
        vm.warp(clock.times(EPOCH).disputeEnd);
        court.multicall(closings());
        eq(uint256(stateOf(0)), uint256(CaseState.Confirmed), "ended");
    }

    /// @notice No call takes ether, so none can be counted twice.
    function test_NoEther() public {
        vm.warp(clock.times(EPOCH).disputeEnd);
        vm.deal(address(this), 1);
        bytes memory call = abi.encodeCall(court.multicall, (closings()));
        (bool ok,) = address(court).call{value: 1}(call);
        require(!ok, "ether");
        (ok,) = address(court).call(call);
        require(ok, "the same without");
    }
}
