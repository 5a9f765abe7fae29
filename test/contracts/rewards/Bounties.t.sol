// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {BudgetState, IRewardDistributor} from "../../../contracts/rewards/IRewardDistributor.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

/// @notice The challengers' part of a budget (docs/protocol.md section 2), and where a budget stands.
contract BountiesTest is System {
    address private constant A = address(0xD1);
    address private constant B = address(0xD2);
    uint256 private constant BUDGET = 1000e18;
    uint256 private constant PART = BUDGET / 20;

    function setUp() public override {
        super.setUp();
        registerProvider(PROVIDER, OPERATOR, 100e18);
        manager.grantRole(ROLE_BOUNTY, address(this), 0);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        manager.grantRole(ROLE_PUNISH, address(this), 0);
        asset.mint(address(this), 10 * BUDGET);
        asset.approve(address(rewards), 10 * BUDGET);
        toEpoch(3);
    }

    function test_OnlyPenaltiesNoteThem() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, A));
        vm.prank(A);
        rewards.addBounty(A, 1);
    }

    /// @notice In full where the part is enough, once the epoch is over; the rest is swept.
    function test_InFull() public {
        rewards.addBounty(A, PART / 4);
        rewards.fund(3, BUDGET);
        eq(rewards.claimableChallenger(A), 0, "not before the end: more may be funded, and shared");
        eq(rewards.claimChallenger(A), 0, "nothing yet");
        toEpoch(4);
        eq(rewards.claimableChallenger(A), PART / 4, "all of it");
        vm.prank(B); // anybody pushes
        eq(rewards.claimChallenger(A), PART / 4, "paid");
        eq(asset.balanceOf(A), PART / 4, "received");
        eq(rewards.claimChallenger(A), 0, "once");
        vm.warp(clock.times(3).settleEnd);
        eq(rewards.sweep(3), BUDGET - PART / 4, "the rest");
    }

    /// @notice In proportion where they are more than the part.
    function test_InProportion() public {
        rewards.fund(3, BUDGET);
        rewards.addBounty(A, PART);
        rewards.addBounty(B, 2 * PART);
        rewards.addBounty(B, PART);
        (,, uint256 part, uint256 bounties) = rewards.partsOf(3);
        eq(part, PART, "the challengers' part");
        eq(bounties, 4 * PART, "claimed of it");
        toEpoch(5);
        eq(rewards.claimChallenger(A), PART / 4, "a quarter");
        eq(rewards.claimChallenger(B), PART * 3 / 4, "three quarters");
        vm.warp(clock.times(3).settleEnd);
        eq(rewards.sweep(3), BUDGET - PART, "nothing of the part is left");
    }

    /// @notice The next bounty credits the pending one, and neither is lost.
    function test_AcrossEpochs() public {
        rewards.fund(3, BUDGET);
        rewards.fund(5, BUDGET);
        rewards.addBounty(A, PART / 2);
        toEpoch(5);
        rewards.addBounty(A, PART / 5);
        eq(rewards.claimableChallenger(A), PART / 2, "credited");
        toEpoch(6);
        eq(rewards.claimChallenger(A), PART / 2 + PART / 5, "both");
    }

    /// @notice A claim pays what was credited, and leaves what is of an epoch that is not over.
    function test_AClaimLeavesWhatIsPending() public {
        rewards.fund(3, BUDGET);
        rewards.fund(5, BUDGET);
        rewards.addBounty(A, PART / 2);
        toEpoch(5);
        rewards.addBounty(A, PART / 5);
        eq(rewards.claimChallenger(A), PART / 2, "credited");
        eq(rewards.claimableChallenger(A), 0, "and no more yet");
        rewards.addBounty(A, PART / 5);
        toEpoch(6);
        eq(rewards.claimChallenger(A), 2 * (PART / 5), "the rest");
        eq(asset.balanceOf(A), PART / 2 + 2 * (PART / 5), "all of it");
    }

    function test_AnUnfundedEpochPaysNothingAndSaysSo() public {
        rewards.addBounty(A, 100);
        toEpoch(4);
        eq(uint256(rewards.stateOf(3)), uint256(BudgetState.Unfunded), "says so");
        eq(rewards.claimChallenger(A), 0, "nothing");
        vm.warp(clock.times(3).settleEnd);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorUnfunded.selector, 3));
        rewards.sweep(3);
    }

    function test_States() public {
        rewards.fund(3, BUDGET);
        eq(uint256(rewards.stateOf(3)), uint256(BudgetState.Open), "open");
        eq(uint256(rewards.stateOf(4)), uint256(BudgetState.Open), "not funded yet");
        toEpoch(4);
        eq(uint256(rewards.stateOf(3)), uint256(BudgetState.Counting), "counting");
        vm.warp(clock.times(3).settleEnd - 1);
        eq(uint256(rewards.stateOf(3)), uint256(BudgetState.Counting), "until the close");
        vm.warp(clock.times(3).settleEnd);
        eq(uint256(rewards.stateOf(3)), uint256(BudgetState.Closed), "closed");
        rewards.sweep(3);
        eq(uint256(rewards.stateOf(3)), uint256(BudgetState.Swept), "swept");
    }

    /// @notice What a penalty gives its challenger it gives once more as a bounty, within half of what was taken.
    function testFuzz_NobodyGetsHalfOfItsOwnSlashBack(uint96 stake, uint256 wad, uint256 clientCap) public {
        stake = uint96(stake % 1e27 + 1);
        rewards.fund(3, BUDGET);
        bondFor(B, stake);
        uint256 taken = penalties.punish(B, wad % 1e18 + 1, "cause", A, A, clientCap);
        (,,, uint256 bounty) = rewards.partsOf(3);
        require(2 * (penalties.owed(A) + bounty) <= taken, "half at least is lost");
        if (clientCap == 0) eq(bounty, taken / 5, "as much again");
    }

    /// @notice Sums of what is paid and swept are the budget, whatever the bounties are.
    function testFuzz_Conserved(uint96[3] memory bounties) public {
        rewards.fund(3, BUDGET);
        address[3] memory who = [A, B, A];
        for (uint256 i = 0; i < 3; ++i) rewards.addBounty(who[i], bounties[i]);
        vm.warp(clock.times(3).settleEnd);
        uint256 paid = rewards.claimChallenger(A) + rewards.claimChallenger(B);
        require(paid <= PART, "no more than the part");
        uint256 swept = rewards.sweep(3);
        require(paid + swept <= BUDGET && paid + swept + 2 >= BUDGET, "conserved but for rounding");
    }
}
