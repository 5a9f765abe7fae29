// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {RewardDistributor} from "../../../contracts/rewards/RewardDistributor.sol";
import {HookToken} from "../tokens/HookToken.sol";
import {System} from "../System.sol";
import {vm} from "../Vm.sol";

/// @notice Zeros, rounding and tokens that call back.
contract RewardDistributorEdgesTest is System {
    address private constant OTHER = address(0xB1);
    address private constant V = address(0xE1);
    address private constant W = address(0xE2);

    bytes32[] private models_;

    function setUp() public override {
        super.setUp();
        registerProvider(PROVIDER, OPERATOR, 0);
        registerProvider(OTHER, address(0xB2), 0);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        models_.push(MODEL);
        asset.mint(address(this), 1e30);
        asset.approve(address(rewards), 1e30);
    }

    function test_NoReentryThroughTheToken() public {
        HookToken token = new HookToken();
        RewardDistributor other = new RewardDistributor(address(manager), token, clock, providers, SINK);
        token.mint(address(this), 100);
        token.approve(address(other), 100);
        token.mint(address(token), 100);
        vm.prank(address(token));
        token.approve(address(other), 100);
        token.arm(address(other), abi.encodeCall(other.fund, (3, 10)));
        vm.expectRevert(abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
        other.fund(3, 10);
    }

    /// @notice Some tokens refuse to send nothing: an epoch of which nothing is left can be swept all the same.
    function test_NothingIsNotSent() public {
        asset.mint(address(this), 20);
        asset.approve(address(rewards), 20);
        rewards.fund(3, 20);
        manager.grantRole(ROLE_SETTLE, address(this), 0);
        manager.grantRole(ROLE_BOUNTY, address(this), 0);
        toEpoch(3);
        rewards.addBounty(V, 1);
        rewards.addPoints(V, 3, 1);
        rewards.addWeight(PROVIDER, MODEL, 3, 1);
        vm.warp(clock.times(3).settleEnd);
        vm.mockCallRevert(address(asset), abi.encodeCall(asset.transfer, (SINK, 0)), "zero");
        eq(rewards.sweep(3), 0, "swept");
        bytes32[] memory none = new bytes32[](0);
        vm.mockCallRevert(address(asset), abi.encodeCall(asset.transfer, (address(0xB0), 0)), "zero");
        eq(rewards.claimVerifier(address(0xB0)), 0, "a verifier");
        eq(rewards.claimChallenger(address(0xB0)), 0, "a challenger");
        vm.mockCallRevert(address(asset), abi.encodeCall(asset.transfer, (PROVIDER, 0)), "zero");
        eq(rewards.claimProvider(PROVIDER, none), 0, "a provider");
    }

    /// @notice Who earned nothing can be asked for, whatever is over.
    function test_WhoEarnedNothing() public {
        vm.warp(clock.times(3).settleEnd);
        eq(rewards.claimableProvider(PROVIDER, models_), 0, "a provider");
        eq(rewards.claimableVerifier(V), 0, "a verifier");
    }

    /// @notice Before the close nothing can be claimed, after it what is due is shown, and afterwards nothing.
    function test_ClaimableIsWhatIsPaid() public {
        rewards.fund(3, 1001);
        vm.warp(clock.times(3).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 3, 1);
        rewards.addWeight(OTHER, MODEL, 3, 2);
        rewards.addPoints(V, 3, 1);
        rewards.addPoints(W, 3, 2);
        uint256 close = clock.times(3).settleEnd;
        vm.warp(close - 1);
        eq(rewards.claimableProvider(PROVIDER, models_), 0, "provider, before");
        eq(rewards.claimableVerifier(V), 0, "verifier, before");
        eq(rewards.claimProvider(PROVIDER, models_) + rewards.claimVerifier(V), 0, "nothing is paid");
        vm.warp(close);
        // 75 % of 1001 is 750, 20 % is 200; all parts are rounded down.
        _paid(PROVIDER, 250);
        _paid(OTHER, 500);
        eq(rewards.claimableVerifier(V), 66, "a third of 200");
        eq(rewards.claimVerifier(V), 66, "paid");
        eq(rewards.claimableVerifier(V), 0, "once");
        eq(rewards.claimVerifier(W), 133, "two thirds");
        eq(rewards.sweep(3), 51, "the challengers' part");
    }

    /// @notice Two models of one provider are two claims, and what is credited stays until it is claimed.
    function test_CreditedAndPendingAddUp() public {
        bytes32 second = keccak256("second");
        rewards.fund(3, 1000);
        rewards.fund(4, 1000);
        vm.warp(clock.times(3).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 3, 1);
        rewards.addWeight(PROVIDER, second, 3, 3);
        rewards.addPoints(V, 3, 1);
        rewards.addPoints(V, 4, 1);
        vm.warp(clock.times(4).revealEnd);
        rewards.addWeight(PROVIDER, MODEL, 4, 1);
        vm.warp(clock.times(4).settleEnd);
        eq(rewards.claimableProvider(PROVIDER, new bytes32[](0)), 187, "credited");
        eq(rewards.claimableProvider(PROVIDER, models_), 187 + 750, "and pending");
        models_.push(second);
        eq(rewards.claimableProvider(PROVIDER, models_), 187 + 750 + 562, "of both");
        eq(rewards.claimProvider(PROVIDER, models_), 187 + 750 + 562, "paid");
        eq(rewards.claimableVerifier(V), 400, "both parities");
        rewards.addPoints(V, 5, 1);
        eq(rewards.claimableVerifier(V), 400, "one of them credited");
        eq(rewards.claimVerifier(V), 400, "paid");
    }

    /// @notice A claim credits what is pending once: nothing more is said of it.
    function test_NothingIsCreditedTwice() public {
        rewards.fund(3, 1000);
        rewards.addWeight(PROVIDER, MODEL, 3, 1);
        rewards.addPoints(V, 3, 1);
        vm.warp(clock.times(3).settleEnd);
        rewards.claimProvider(PROVIDER, models_);
        rewards.claimVerifier(V);
        vm.recordLogs();
        rewards.claimProvider(PROVIDER, models_);
        rewards.claimVerifier(V);
        rewards.addWeight(PROVIDER, MODEL, 4, 0);
        eq(vm.getRecordedLogs().length, 0, "silent");
    }

    function _paid(address provider, uint256 amount) private {
        eq(rewards.claimableProvider(provider, models_), amount, "claimable");
        eq(rewards.claimProvider(provider, models_), amount, "paid");
        eq(rewards.claimableProvider(provider, models_), 0, "once");
    }
}
