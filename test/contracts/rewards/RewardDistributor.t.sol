// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IRewardDistributor} from "../../../contracts/rewards/IRewardDistributor.sol";
import {RewardDistributor} from "../../../contracts/rewards/RewardDistributor.sol";
import {FeeToken} from "../tokens/FeeToken.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

contract RewardDistributorTest is System {
    address private constant OTHER = address(0xB1);
    address private constant V = address(0xE1);
    address private constant W = address(0xE2);
    uint256 private constant BUDGET = 1000e18;

    bytes32[] private models_;

    function setUp() public override {
        super.setUp();
        registerProvider(PROVIDER, OPERATOR, 0);
        registerProvider(OTHER, address(0xB2), 0);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        models_.push(MODEL);
        asset.mint(address(this), 100 * BUDGET);
        asset.approve(address(rewards), 100 * BUDGET);
    }

    function test_FundUntilTheEpochEnds() public {
        rewards.fund(3, BUDGET);
        rewards.fund(3, 5);
        (uint256 budget,,,) = rewards.epochInfo(3);
        eq(budget, BUDGET + 5, "budget");
        eq(asset.balanceOf(address(rewards)), BUDGET + 5, "held");
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorZeroAmount.selector));
        rewards.fund(3, 0);
        uint256 end = clock.times(3).end;
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorEpochOver.selector, end, end));
        rewards.fund(3, 1);
    }

    function test_ProvidersShareByWeight() public {
        rewards.fund(3, BUDGET);
        vm.warp(clock.times(3).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 3, 100);
        rewards.addWeight(OTHER, MODEL, 3, 300);
        eq(rewards.claimableProvider(PROVIDER, models_), 0, "not before the close");
        eq(rewards.claimProvider(PROVIDER, models_), 0, "nothing yet");
        vm.warp(clock.times(3).settleEnd);
        eq(rewards.claimableProvider(PROVIDER, models_), BUDGET * 3 / 16, "a quarter of 75 %");
        vm.prank(address(0xBAD)); // anybody pushes, the owner is paid
        eq(rewards.claimProvider(PROVIDER, models_), BUDGET * 3 / 16, "paid");
        eq(asset.balanceOf(PROVIDER), BUDGET * 3 / 16, "received");
        eq(rewards.claimProvider(PROVIDER, models_), 0, "once");
        eq(rewards.claimProvider(OTHER, models_), BUDGET * 9 / 16, "the other's part");
    }

    function test_NextSettlementCreditsThePending() public {
        rewards.fund(3, BUDGET);
        vm.warp(clock.times(3).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 3, 7);
        uint256 close = clock.times(3).settleEnd;
        vm.warp(close - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorPending.selector, close - 1, close)
        );
        rewards.addWeight(PROVIDER, MODEL, 4, 7);
        vm.warp(close);
        rewards.addWeight(PROVIDER, MODEL, 4, 0); // late: earns nothing, still credits
        eq(rewards.claimProvider(PROVIDER, new bytes32[](0)), BUDGET * 3 / 4, "credited without naming the model");
    }

    function test_VerifiersShareByPoints() public {
        rewards.fund(3, BUDGET);
        rewards.fund(4, BUDGET);
        rewards.addPoints(V, 3, 3);
        rewards.addPoints(V, 3, 1);
        rewards.addPoints(W, 3, 1);
        rewards.addPoints(V, 4, 2); // two epochs open at a time
        vm.warp(clock.times(3).settleEnd);
        eq(rewards.claimableVerifier(V), BUDGET * 4 / 25, "four fifths of 20 %");
        rewards.addPoints(V, 5, 9); // same parity: credits epoch 3
        eq(rewards.claimVerifier(V), BUDGET * 4 / 25, "paid");
        eq(asset.balanceOf(V), BUDGET * 4 / 25, "received");
        vm.warp(clock.times(4).settleEnd);
        eq(rewards.claimVerifier(V), BUDGET / 5, "all of epoch 4");
        eq(rewards.claimVerifier(W), BUDGET / 25, "one fifth");
    }

    function test_PointsOfAnUnclosedEpochAreNotReplaced() public {
        rewards.addPoints(V, 3, 1);
        uint256 close = clock.times(3).settleEnd;
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorPending.selector, block.timestamp, close)
        );
        rewards.addPoints(V, 5, 1);
    }

    function test_SweepTakesWhatNobodyEarned() public {
        rewards.fund(3, BUDGET);
        rewards.fund(4, BUDGET);
        uint256 close = clock.times(3).settleEnd;
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorNotOver.selector, block.timestamp, close)
        );
        rewards.sweep(3);
        vm.warp(clock.times(4).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 4, 1);
        rewards.addPoints(V, 4, 1);
        vm.warp(clock.times(4).settleEnd);
        eq(rewards.sweep(3), BUDGET, "nobody earned anything");
        eq(rewards.sweep(4), BUDGET / 20, "the challengers' part");
        eq(asset.balanceOf(SINK), BUDGET + BUDGET / 20, "sink");
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorSwept.selector, 3));
        rewards.sweep(3);
        eq(rewards.claimProvider(PROVIDER, models_), BUDGET * 3 / 4, "a sweep takes nothing that was earned");
        eq(rewards.claimVerifier(V), BUDGET / 5, "nor from verifiers");
        eq(asset.balanceOf(address(rewards)), 0, "all is paid");
    }

    function test_TokensWithFeesAreRefused() public {
        FeeToken token = new FeeToken();
        RewardDistributor other = new RewardDistributor(address(manager), token, clock, providers, SINK);
        token.mint(address(this), BUDGET);
        token.approve(address(other), BUDGET);
        token.charge(true);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributorWrongTransfer.selector, BUDGET - BUDGET / 100, BUDGET
            )
        );
        other.fund(3, BUDGET);
        (uint256 budget,,,) = other.epochInfo(3);
        eq(budget, 0, "nothing changed");
    }

    function test_RightsAndRefusals() public {
        vm.startPrank(address(0xBAD));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(0xBAD)));
        rewards.addWeight(PROVIDER, MODEL, 3, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(0xBAD)));
        rewards.addPoints(V, 3, 1);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorUnknownProvider.selector, V));
        rewards.claimProvider(V, models_);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorNoSink.selector));
        new RewardDistributor(address(manager), asset, clock, providers, address(0));
        eq(rewards.sink(), SINK, "sink");
    }

    /// @dev Credits of an epoch never exceed its budget, whatever the weights and points.
    function testFuzz_CreditsWithinBudget(uint96 budget, uint64 a, uint64 b, uint32 p, uint32 q) public {
        uint256 funded = uint256(budget) % (50 * BUDGET) + 1;
        rewards.fund(3, funded);
        vm.warp(clock.times(3).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 3, a);
        rewards.addWeight(OTHER, MODEL, 3, b);
        if (p > 0) rewards.addPoints(V, 3, p);
        if (q > 0) rewards.addPoints(W, 3, q);
        vm.warp(clock.times(3).settleEnd);
        uint256 paid = rewards.claimProvider(PROVIDER, models_) + rewards.claimProvider(OTHER, models_)
            + rewards.claimVerifier(V) + rewards.claimVerifier(W) + rewards.sweep(3);
        require(paid <= funded, "no more than the budget");
        require(paid + 6 >= funded, "no more than rounding is left");
    }
}
