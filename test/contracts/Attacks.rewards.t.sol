// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReliabilityMath} from "../../contracts/libraries/ReliabilityMath.sol";
import {System} from "./System.sol";
import {vm} from "./Vm.sol";

/// @notice One test for each attack on pay, named after it; docs/attacks.md lists them all.
contract RewardsAttacksTest is System {
    uint256 private constant BUDGET = 1000e18;

    bytes32[] private models_;

    function setUp() public override {
        super.setUp();
        openMarket(2, 60);
        drawSeed(0);
        drawSeed(1);
        models_.push(MODEL);
        asset.mint(address(this), 100 * BUDGET);
        asset.approve(address(rewards), 100 * BUDGET);
    }

    /// @notice 23: one provider in up to eight parts earns no more, whatever its record, its age, its bond and what it bound.
    function testFuzz_SybilSplit(uint32 score, uint16 age, uint88[8] memory bonds, uint88[8] memory bound) public pure {
        uint256 quality = uint256(score) % 1_000_000_001;
        uint256[3] memory sum;
        for (uint256 i = 0; i < 8; ++i) {
            sum[0] += ReliabilityMath.payWeight(quality, age, bound[i], bonds[i], bound[i]);
            sum[1] += bonds[i];
            sum[2] += bound[i];
        }
        // The whole is rounded down twice too.
        require(sum[0] <= ReliabilityMath.payWeight(quality, age, sum[2], sum[1], sum[2]) + 2, "23: a split pays");
    }

    /// @notice Bonding more in the second before a settlement, or before the epoch's end, earns nothing of the epoch.
    function test_BondingForASettlement() public {
        for (uint64 epoch = 2; epoch < 10; ++epoch) walk(epoch, 22, 0);
        commitLog(10);
        drawSeed(10);
        attest(10, probeReport(22), rerunReport(24, 0));
        vm.warp(clock.times(10).revealEnd);
        uint256 fork = vm.snapshotState();
        hub.settle(PROVIDER, MODEL);
        (, uint256 honest,,) = rewards.epochInfo(10);
        vm.revertToState(fork);
        bondFor(PROVIDER, 50 * BONDED);
        hub.settle(PROVIDER, MODEL);
        (, uint256 weight,,) = rewards.epochInfo(10);
        require(honest > 0, "earns");
        eq(weight, honest, "not more");
    }

    /// @notice A budget cannot be pulled to oneself late: no funds once the epoch is over, no weight once it is closed.
    function test_LateSettlementTakesNoBudget() public {
        for (uint64 epoch = 2; epoch < 10; ++epoch) walk(epoch, 22, 0);
        rewards.fund(11, BUDGET);
        commitLog(10);
        drawSeed(10);
        commitLog(11);
        drawSeed(11);
        attest(11, probeReport(22), rerunReport(24, 0));
        vm.warp(clock.times(11).settleEnd);
        hub.settle(PROVIDER, MODEL);
        hub.settle(PROVIDER, MODEL);
        (, uint256 weight,,) = rewards.epochInfo(11);
        eq(weight, 0, "closed");
        eq(rewards.claimProvider(PROVIDER, models_), 0, "nothing of it");
        eq(rewards.sweep(11), BUDGET * 8 / 10, "to the sink, but for the verifiers' part");
    }

    /// @notice A seller that offers its provider takes what it earned until the buyer's epoch begins, and the buyer has the
    /// rest; neither gets both.
    function test_BuyingPendingPay() public {
        rewards.fund(10, BUDGET);
        for (uint64 epoch = 2; epoch < 10; ++epoch) walk(epoch, 22, 0);
        walk(10, 22, 0);
        address buyer = address(0xB0B);
        vm.prank(PROVIDER);
        providers.offerOwner(PROVIDER, buyer);
        vm.prank(buyer);
        providers.acceptOwner(PROVIDER);
        vm.warp(clock.times(10).settleEnd);
        uint256 paid = rewards.claimProvider(PROVIDER, models_);
        require(paid > 0, "paid");
        bool sold = providers.ownerAt(PROVIDER, clock.current()) == buyer;
        eq(asset.balanceOf(sold ? buyer : PROVIDER), paid, "to the owner of the day");
        eq(rewards.claimProvider(PROVIDER, models_), 0, "once");
    }
}
