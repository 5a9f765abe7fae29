// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRewardDistributor} from "../../../contracts/rewards/IRewardDistributor.sol";
import {vm} from "../Vm.sol";
import {HubHandler} from "./HubHandler.sol";

/// @notice The market with money in it: budgets, claims, sweeps and gifts, and what everybody ought to have earned, added up
/// epoch by epoch as each closes.
abstract contract RewardsHandler is HubHandler {
    uint256 private constant MOST = 1e27;

    mapping(uint64 epoch => uint256) internal budgets;
    mapping(uint64 epoch => bool) internal swept;
    /// @dev First epoch that is not closed.
    uint64 internal closing;
    /// @dev What everybody has earned in all closed epochs; providers and verifiers apart, as one may be both.
    uint256[2] internal earnedBy;
    mapping(address verifier => uint256) internal earnedOf;
    uint256[2] internal paidBy;
    mapping(address verifier => uint256) internal paidOf;
    uint256 public funded;
    uint256 public paid;
    uint256 public sunk;
    uint256 public given;
    /// @notice How often a provider, a verifier and the sink were paid, and a late settlement was seen.
    uint256[4] public came;

    function begin() public override {
        super.begin();
        asset.mint(address(this), type(uint128).max);
        asset.approve(address(rewards), type(uint256).max);
    }

    /* ACTIONS */

    /// @notice Budgets for this epoch and the next three; a past one takes none.
    function fund(uint256 choice, uint256 amount) external {
        uint64 e = now_() + uint64(choice % 4);
        amount = (amount >> 8) % (MOST >> (amount % 90)) + 1;
        rewards.fund(e, amount);
        budgets[e] += amount;
        funded += amount;
        uint64 past = now_() > 0 ? now_() - 1 : 0;
        uint256 end = clock.times(past).end;
        if (block.timestamp < end) return;
        refuses(
            address(this),
            address(rewards),
            abi.encodeCall(rewards.fund, (past, amount)),
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorEpochOver.selector, block.timestamp, end)
        );
    }

    /// @notice Anybody pushes; the owner of the day is paid what the view says.
    function claimProvider(uint256 choice) external {
        uint256 who = choice % 2;
        bytes32[] memory models_ = modelsOf(who);
        // Naming the models twice, or models that are not the provider's, changes nothing.
        if (choice % 3 == 0) models_[1] = models_[0];
        uint256 expected = rewards.claimableProvider(provider(who), models_);
        address owner = at(owners[who], now_());
        uint256 before = asset.balanceOf(owner);
        vm.prank(address(0xBAD));
        eq(rewards.claimProvider(provider(who), models_), expected, "18: the view tells the truth");
        eq(asset.balanceOf(owner), before + expected, "15: the owner is paid");
        paidBy[who] += expected;
        paid += expected;
        if (expected > 0) ++came[0];
        eq(rewards.claimProvider(provider(who), models_), 0, "15: once");
    }

    function claimVerifier(uint256 choice) external {
        address who = crew[choice % 6];
        uint256 expected = rewards.claimableVerifier(who);
        uint256 before = asset.balanceOf(who);
        vm.prank(address(0xBAD));
        eq(rewards.claimVerifier(who), expected, "18: the view tells the truth");
        eq(asset.balanceOf(who), before + expected, "15: the verifier is paid");
        paidOf[who] += expected;
        paid += expected;
        if (expected > 0) ++came[1];
        eq(rewards.claimVerifier(who), 0, "15: once");
    }

    /// @notice Once per epoch, after its close, and only what nobody earned.
    function sweep(uint256 choice) external {
        uint64 e = uint64(choice % (now_() + 2));
        bytes memory call = abi.encodeCall(rewards.sweep, (e));
        uint256 over = closeOf(e);
        if (block.timestamp < over) {
            bytes memory early =
                abi.encodeWithSelector(IRewardDistributor.RewardDistributorNotOver.selector, block.timestamp, over);
            return refuses(address(this), address(rewards), call, early);
        }
        if (budgets[e] == 0 || swept[e]) {
            bytes4 error = swept[e]
                ? IRewardDistributor.RewardDistributorSwept.selector
                : IRewardDistributor.RewardDistributorUnfunded.selector;
            return refuses(address(this), address(rewards), call, abi.encodeWithSelector(error, e));
        }
        uint256 amount = rewards.sweep(e);
        eq(amount, unearned(e), "15: what nobody earned");
        swept[e] = true;
        sunk += amount;
        if (amount > 0) ++came[2];
    }

    /// @notice A gift is nobody's.
    function donate(uint256 amount) external {
        amount = amount % MOST;
        asset.mint(address(rewards), amount);
        given += amount;
    }

    /// @notice A record whose epochs are left lying earns nothing for those that were closed.
    function settleLate(uint256 i) external {
        i %= RECORDS;
        (bool found, uint64 e) = nextOf(i);
        if (!found) return;
        uint256 over = closeOf(e);
        if (block.timestamp < over) warpTo(over);
        uint256 before = weightOf[e][i];
        this.settleRecord(i);
        eq(weightOf[e][i], before, "23: late settlements earn nothing");
        ++came[3];
    }

    /* THE MODEL */

    function warpTo(uint256 time) internal override {
        super.warpTo(time);
        while (closeOf(closing) <= time) closeEpoch(closing++);
    }

    /// @dev 26: shares of the weights and of the points, rounded down, never more than their parts of the budget.
    function closeEpoch(uint64 e) private {
        uint256[3] memory weights = weightOf[e];
        uint256 all = weights[0] + weights[1] + weights[2];
        uint256 sum = 0;
        for (uint256 i = 0; i < RECORDS && all > 0; ++i) {
            uint256 share = budgets[e] * 75 / 100 * weights[i] / all;
            earnedBy[holderOf(i)] += share;
            sum += share;
        }
        for (uint256 v = 0; v < crew.length && points[e] > 0; ++v) {
            uint256 share = budgets[e] * 20 / 100 * pointsOf[e][crew[v]] / points[e];
            earnedOf[crew[v]] += share;
            sum += share;
        }
        sum += unearned(e);
        require(sum <= budgets[e], "26: credits within the budget");
        require(sum + RECORDS + crew.length >= budgets[e], "26: and all of it but rounding");
    }

    function unearned(uint64 e) private view returns (uint256 amount) {
        uint256[3] memory weights = weightOf[e];
        (uint256 forProviders, uint256 forVerifiers) = (budgets[e] * 75 / 100, budgets[e] * 20 / 100);
        amount = budgets[e] - forProviders - forVerifiers;
        if (weights[0] + weights[1] + weights[2] == 0) amount += forProviders;
        if (points[e] == 0) amount += forVerifiers;
    }

    function modelsOf(uint256) internal pure returns (bytes32[] memory models_) {
        models_ = new bytes32[](2);
        (models_[0], models_[1]) = (MODEL, MODEL_B);
    }

    /* INVARIANTS */

    function checkRewards() external view {
        eq(asset.balanceOf(address(rewards)) + paid + sunk, funded + given, "15: paid + held + sink = funded + given");
        uint256 owed = 0;
        for (uint256 who = 0; who < 2; ++who) {
            uint256 claimable = rewards.claimableProvider(provider(who), modelsOf(who));
            eq(paidBy[who] + claimable, earnedBy[who], "15: paid + claimable = earned");
            owed += claimable;
        }
        for (uint256 v = 0; v < crew.length; ++v) {
            uint256 claimable = rewards.claimableVerifier(crew[v]);
            eq(paidOf[crew[v]] + claimable, earnedOf[crew[v]], "15: paid + claimable = earned");
            owed += claimable;
        }
        require(owed + given <= asset.balanceOf(address(rewards)), "15: what can be claimed is there, gifts aside");
        for (uint64 e = closing; e < now_() + 4; ++e) {
            (uint256 budget,,,) = rewards.epochInfo(e);
            eq(budget, budgets[e], "15: budget");
        }
        eq(asset.balanceOf(SINK), sunk, "15: the sink");
    }
}
