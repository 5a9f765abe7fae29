// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ExitState, ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {Pool} from "../../../contracts/types/Pool.sol";
import {StakePoolBase} from "./StakePoolBase.sol";
import {vm} from "../Vm.sol";

contract StakePoolTest is StakePoolBase {
    function test_keepsWhatItWasBuiltWith() public view {
        eq(pool.asset(), address(asset), "asset");
        eq(pool.slasher(), address(this), "slasher");
        eq(pool.authority(), address(manager), "authority");
    }

    // --- bond

    function testFuzz_bondAdds(uint96 first, uint96 second) public {
        first = first / 2 + 1;
        second = second / 2;
        doBond(ALICE, first);
        if (second > 0) doBond(ALICE, second);
        eq(pool.stakeOf(BOB), 0, "nobody else's");
    }

    function test_bondRefusesNothingForNobody() public {
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.bond(ALICE, 0);
        vm.expectRevert(IStakePool.StakePoolZeroAddress.selector);
        pool.bond(address(0), 1);
    }

    function test_bondNeedsTokens() public {
        asset.mint(address(this), 5);
        asset.approve(address(pool), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(pool), 0, 5)
        );
        pool.bond(ALICE, 5);
    }

    function test_bondIsBounded() public {
        doBond(ALICE, type(uint96).max - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooMuch.selector, 2, 1));
        pool.bond(ALICE, 2);
        doBond(ALICE, 1);
        doRequest(ALICE, type(uint96).max / 2, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooMuch.selector, 1, 0));
        pool.bond(ALICE, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooMuch.selector, type(uint256).max, 0));
        pool.bond(ALICE, type(uint256).max);
    }

    function test_donationsChangeNothing() public {
        doBond(ALICE, 100);
        doRequest(ALICE, 50, ALICE);
        asset.mint(address(pool), 1000);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, 0), 50, "paid what it was worth");
        eq(doSlash(ALICE, ALL), 50, "no more than the bond");
        eq(asset.balanceOf(address(pool)), 1000, "the gift is nobody's");
    }

    // --- stake by epoch

    function test_stakeCountsFromTheNextEpoch() public {
        toEpoch(3);
        doBond(ALICE, 100);
        doBond(ALICE, 20);
        eq(pool.stakeAt(ALICE, 3), 0, "not when 3 began");
        eq(pool.stakeAt(ALICE, 4), 120, "when 4 begins");
        toEpoch(5);
        doRequest(ALICE, 30, ALICE);
        doSlash(ALICE, wadOf(ALICE, 12));
        vm.warp(block.timestamp + LENGTH - 1);
        doBond(ALICE, 1);
        eq(pool.stakeAt(ALICE, 0), 0, "never before");
        eq(pool.stakeAt(ALICE, 5), 120, "as 5 began");
        eq(pool.stakeAt(ALICE, 6), 82, "with all that happened in 5");
        eq(pool.stakeAt(ALICE, type(uint64).max), 82, "as it stands");
        eq(pool.stakeAt(BOB, 6), 0, "nobody else's");
    }

    function test_stakeBeforeGenesisCountsFromTheFirstEpoch() public {
        vm.warp(GENESIS - 2);
        asset.mint(address(this), 30);
        pool.bond(ALICE, 10);
        vm.warp(GENESIS - 1);
        pool.bond(ALICE, 10);
        pool.slash(ALICE, ALL / 10, CAUSE);
        eq(pool.stakeAt(ALICE, 0), 18, "the first epoch begins with it");
        vm.warp(GENESIS);
        pool.bond(ALICE, 1);
        eq(pool.stakeAt(ALICE, 0), 18, "and is begun");
        eq(pool.stakeAt(ALICE, 1), 19, "the next");
    }

    // --- exits

    function testFuzz_exitReturnsTheBond(uint96 bonded, uint96 leaving) public {
        bonded = bonded / 2 + 1;
        leaving = leaving % bonded + 1;
        doBond(ALICE, bonded);
        uint256 id = doRequest(ALICE, leaving, CAROL);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, id), leaving, "not a wei lost");
        eq(asset.balanceOf(CAROL), leaving, "to the receiver");
    }

    function testFuzz_manyExitsEachReturnTheirs(uint32[8] memory amounts) public {
        uint96 total = 0;
        for (uint256 i = 0; i < 8; ++i) total += uint96(amounts[i]) + 1;
        doBond(ALICE, total);
        for (uint256 i = 0; i < 8; ++i) {
            vm.warp(block.timestamp + 10);
            doRequest(ALICE, uint96(amounts[i]) + 1, BOB);
        }
        vm.warp(block.timestamp + EXIT_DELAY);
        for (uint256 i = 8; i > 0; --i) eq(doClaim(ALICE, i - 1), uint256(amounts[i - 1]) + 1, "its own");
        eq(asset.balanceOf(address(pool)), 0, "nothing is left");
    }

    function test_exitIsReleasedExactly() public {
        doBond(ALICE, 100);
        uint256 id = doRequest(ALICE, 40, ALICE);
        uint256 release = block.timestamp + EXIT_DELAY;
        vm.warp(release - 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooEarly.selector, release - 1, release));
        pool.claimExit(ALICE, Tranche.Own, id);
        vm.warp(release);
        eq(doClaim(ALICE, id), 40, "paid");
    }

    function test_exitIsClaimedOnce() public {
        doBond(ALICE, 100);
        uint256 id = doRequest(ALICE, 40, ALICE);
        vm.warp(block.timestamp + EXIT_DELAY);
        doClaim(ALICE, id);
        bytes memory gone = abi.encodeWithSelector(IStakePool.StakePoolNoExit.selector, ALICE, id);
        vm.expectRevert(gone);
        pool.claimExit(ALICE, Tranche.Own, id);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolNoExit.selector, ALICE, 1));
        pool.claimExit(ALICE, Tranche.Own, 1);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolNoExit.selector, BOB, id));
        pool.claimExit(BOB, Tranche.Own, id);
        vm.expectRevert(gone);
        pool.claimExit(ALICE, Tranche.Backing, id);
    }

    function test_exitStatusTellsEachState() public {
        doBond(ALICE, 100);
        eqStatus(0, ExitState.None, address(0), 0);
        doRequest(ALICE, 40, CAROL);
        uint256 release = block.timestamp + EXIT_DELAY;
        eqStatus(0, ExitState.Waiting, CAROL, 40);
        doSlash(ALICE, ALL / 2);
        eqStatus(0, ExitState.Waiting, CAROL, 20);
        vm.warp(release - 1);
        eqStatus(0, ExitState.Waiting, CAROL, 20);
        vm.warp(release);
        eqStatus(0, ExitState.Released, CAROL, 20);
        doClaim(ALICE, 0);
        eqStatus(0, ExitState.Claimed, CAROL, 0);
        eqStatus(1, ExitState.None, address(0), 0);
        doRequest(ALICE, 5, ALICE);
        eqStatus(1, ExitState.Waiting, ALICE, 5);
        eqStatus(type(uint256).max, ExitState.None, address(0), 0);
    }

    function eqStatus(uint256 id, ExitState want, address receiver, uint256 value) internal view {
        ExitStatus memory status = exitOf(ALICE, id);
        eq(uint256(status.state), uint256(want), "state");
        eq(status.receiver, receiver, "receiver");
        eq(status.value, value, "value");
    }

    function test_exitDoesNotResetAnother() public {
        doBond(ALICE, 100);
        uint256 first = doRequest(ALICE, 10, ALICE);
        vm.warp(block.timestamp + EXIT_DELAY - 1);
        doRequest(ALICE, 10, ALICE);
        vm.warp(block.timestamp + 1);
        eq(doClaim(ALICE, first), 10, "the first is released");
    }

    function test_exitNeedsFreeStake() public {
        doBond(ALICE, 100);
        pool.lock(ALICE, 60);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 40, 41));
        pool.requestExit(ALICE, 41, ALICE);
        doRequest(ALICE, 40, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.requestExit(ALICE, 1, ALICE);
    }

    function test_exitRefusesNothingForNobody() public {
        doBond(ALICE, 100);
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.requestExit(ALICE, 0, ALICE);
        vm.expectRevert(IStakePool.StakePoolZeroAddress.selector);
        pool.requestExit(ALICE, 1, address(0));
    }

    // --- rights

    function test_rightsAreBySelector() public {
        doBond(ALICE, 100);
        bytes memory no = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, ALICE);
        vm.startPrank(ALICE);
        vm.expectRevert(no);
        pool.requestExit(ALICE, 1, ALICE);
        vm.expectRevert(no);
        pool.lock(ALICE, 1);
        vm.expectRevert(no);
        pool.unlock(ALICE, 1);
        vm.expectRevert(no);
        pool.deposit(ALICE, ALICE, 1, 0);
        vm.expectRevert(no);
        pool.requestBackingExit(ALICE, ALICE, 1, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolNotSlasher.selector, ALICE, address(this)));
        pool.slash(ALICE, 1, CAUSE);
        vm.stopPrank();

        manager.grantRole(ROLE_LOCK, ALICE, 0);
        vm.startPrank(ALICE);
        pool.lock(ALICE, 1);
        vm.expectRevert(no);
        pool.requestExit(ALICE, 1, ALICE);
        vm.stopPrank();
    }

    /// @dev The manager's own role has a delay, which these functions cannot wait for; without one it could act at once.
    function test_rightsWithADelayDoNotCount() public {
        doBond(ALICE, 100);
        manager.grantRole(ROLE_EXIT, BOB, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, BOB));
        vm.prank(BOB);
        pool.requestExit(ALICE, 1, BOB);
    }

    // --- locks

    function testFuzz_lockAndUnlock(uint96 bonded, uint96 first, uint96 second) public {
        bonded = bonded / 4 + 2;
        first = first % (bonded - 1) + 1;
        second = second % (bonded - first) + 1;
        doBond(ALICE, bonded);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.LockedChanged(ALICE, first);
        pool.lock(ALICE, first);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.LockedChanged(ALICE, uint256(first) + second);
        pool.lock(ALICE, second);
        uint256 free = bonded - first - second;
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, free, free + 1));
        pool.lock(ALICE, free + 1);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.LockedChanged(ALICE, second);
        pool.unlock(ALICE, first);
        vm.expectRevert(
            abi.encodeWithSelector(IStakePool.StakePoolNotLocked.selector, second, uint256(second) + 1)
        );
        pool.unlock(ALICE, uint256(second) + 1);
        pool.unlock(ALICE, second);
        eq(pool.locked(ALICE), 0, "unlocked");
        eq(pool.stakeOf(ALICE), bonded, "locks move nothing");
    }

    function test_locksRefuseNothing() public {
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.lock(ALICE, 0);
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.unlock(ALICE, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, type(uint256).max));
        pool.lock(ALICE, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolNotLocked.selector, 0, type(uint256).max));
        pool.unlock(ALICE, type(uint256).max);
    }

    function test_slashBelowTheLockFreezesWhatIsLeft() public {
        doBond(ALICE, 100);
        pool.lock(ALICE, 60);
        doSlash(ALICE, wadOf(ALICE, 70));
        eq(pool.locked(ALICE), 60, "a slash is no unlock");
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.requestExit(ALICE, 1, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.lock(ALICE, 1);
        pool.unlock(ALICE, 60);
        doRequest(ALICE, 30, ALICE);
    }

    // --- slash

    function testFuzz_slashTakesFromBothPoolsInProportion(uint96 bonded, uint96 leaving, uint256 wad) public {
        bonded = bonded / 2 + 2;
        leaving = leaving % (bonded - 1) + 1;
        doBond(ALICE, bonded);
        doRequest(ALICE, leaving, CAROL);
        doSlash(ALICE, wad % (ALL + ALL / 8));
        doSlash(ALICE, type(uint256).max);
        eq(pool.slashableNow(ALICE), 0, "all gone");
    }

    function testFuzz_leavingAndStayingBearTheSame(uint96 part, uint256 wad) public {
        part = part / 4 + 1;
        doBond(ALICE, 2 * part);
        uint256 id = doRequest(ALICE, part, CAROL);
        doSlash(ALICE, wad % ALL);
        uint256 value = valueOf(ALICE, id);
        uint256 stays = pool.stakeOf(ALICE);
        require(stays >= value && stays - value <= 1, "equal to the wei, leaving never better");
    }

    function testFuzz_orderOfSlashesDoesNotMatter(uint96 bonded, uint256 first, uint256 second) public {
        first %= ALL;
        second %= ALL;
        bonded = bonded / 2 + 1;
        doBond(ALICE, bonded);
        doBond(BOB, bonded);
        uint256 a = doSlash(ALICE, first) + doSlash(ALICE, second);
        uint256 b = doSlash(BOB, second) + doSlash(BOB, first);
        require(a <= b + 1 && b <= a + 1, "the same to a unit");
    }

    function testFuzz_everySlashTakesSomething(uint96 bonded, uint256 wad) public {
        doBond(ALICE, bonded / 2 + 1);
        require(doSlash(ALICE, wad % ALL + 1) > 0, "something");
    }

    function test_releasedExitsStaySlashableUntilClaimed() public {
        doBond(ALICE, 100);
        uint256 id = doRequest(ALICE, 100, ALICE);
        vm.warp(block.timestamp + 10 * EXIT_DELAY);
        eq(doSlash(ALICE, 0.3e18), 30, "taken");
        eq(doClaim(ALICE, id), 70, "the rest is paid");
    }

    function test_slashClampsAndNeverReverts() public {
        eq(doSlash(ALICE, 0), 0, "nothing of nothing");
        eq(doSlash(ALICE, type(uint256).max), 0, "nobody");
        eq(doSlash(address(0), ALL), 0, "nowhere");
        doBond(ALICE, 7);
        eq(doSlash(ALICE, 0), 0, "nothing of something");
        eq(doSlash(ALICE, 1), 1, "rounded up");
        eq(doSlash(ALICE, ALL + 1), 6, "all");
        eq(doSlash(ALICE, ALL), 0, "nothing left");
    }

    function test_afterATotalSlashLifeGoesOn() public {
        doBond(ALICE, 100);
        uint256 old = doRequest(ALICE, 60, CAROL);
        doSlash(ALICE, ALL);
        doBond(ALICE, 50);
        uint256 fresh = doRequest(ALICE, 20, BOB);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, old), 0, "the old one is void");
        eq(doClaim(ALICE, fresh), 20, "the new one is whole");
        eq(pool.stakeOf(ALICE), 30, "the rest is bonded");
    }

    /// @dev At less than a token per 2^30 shares an era ends: fewer shares, the same value.
    function test_dustPriceEndsTheEraAndCostsNobody() public {
        uint96 half = 2 ** 40;
        doBond(ALICE, 2 * half);
        uint256 id = doRequest(ALICE, half / 2, CAROL);
        uint256 other = doRequest(ALICE, half / 2, BOB);
        // 2^10 tokens for 2^40 shares is the lowest price that stays.
        doSlash(ALICE, wadOf(ALICE, 2 * (half - 2 ** 10)));
        (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
        eq(leaving.tokens, 2 ** 10, "at the floor");
        eq(leaving.era, 0, "first era");
        eq(valueOf(ALICE, id), 2 ** 9, "half each");
        doSlash(ALICE, 1);
        (, leaving) = pool.pools(ALICE, Tranche.Own);
        eq(leaving.era, 1, "second era");
        eq(leaving.shares, 2 ** 10, "2^30 into one");
        eq(valueOf(ALICE, id), 2 ** 9 - 1, "half each still");
        eq(valueOf(ALICE, other), 2 ** 9 - 1, "for the other too");
        vm.warp(block.timestamp + EXIT_DELAY);
        doClaim(ALICE, id);
        doClaim(ALICE, other);
    }

    /// @dev Money that came after heavy losses is no dust: the next slash takes its share of it and no more.
    function test_aNewEraSparesNewMoney() public {
        doBond(ALICE, 2 ** 40);
        uint256 old = doRequest(ALICE, 2 ** 40, CAROL);
        doSlash(ALICE, ALL - ALL / 2 ** 30);
        doBond(ALICE, 2 ** 80);
        uint256 fresh = doRequest(ALICE, 2 ** 80, BOB);
        doSlash(ALICE, ALL / 2);
        (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
        eq(leaving.era, 1, "a new era");
        vm.assertApproxEqAbs(valueOf(ALICE, fresh), 2 ** 79, 1);
        vm.assertApproxEqAbs(valueOf(ALICE, old), 2 ** 9, 1);
    }

    /// @dev Without eras the share count would pass 2^128 in the seventh cycle.
    function test_sharesNeverExplode() public {
        for (uint256 i = 0; i < 50; ++i) {
            doBond(ALICE, uint96(1e27 - pool.slashableNow(ALICE)));
            doRequest(ALICE, uint96(pool.stakeOf(ALICE)), ALICE);
            (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
            require(leaving.shares < 2 ** 126, "shares fit");
            doSlash(ALICE, 0.999999e18);
        }
        doBond(ALICE, uint96(1e27 - pool.slashableNow(ALICE)));
        uint256 id = doRequest(ALICE, 1e26, ALICE);
        vm.warp(block.timestamp + EXIT_DELAY);
        require(doClaim(ALICE, id) >= 1e26 - 2, "a newcomer loses nothing");
    }

    function testFuzz_exitAfterSlashIsWorthWhatItCost(uint96 bonded, uint96 first, uint256 wad, uint96 second) public {
        bonded = bonded / 2 + 4;
        first = first % (bonded / 2) + 1;
        doBond(ALICE, bonded);
        doRequest(ALICE, first, BOB);
        doSlash(ALICE, wad % ALL);
        uint256 stake = pool.stakeOf(ALICE);
        if (stake == 0) return;
        second = uint96(second % stake) + 1;
        uint256 before = valueOf(ALICE, 0);
        uint256 id = doRequest(ALICE, second, CAROL);
        uint256 afterwards = valueOf(ALICE, 0);
        require(afterwards >= before && afterwards <= before + 1, "the first exit keeps its value");
        vm.warp(block.timestamp + EXIT_DELAY);
        doClaim(ALICE, id);
        doClaim(ALICE, 0);
        (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
        require(leaving.tokens <= 1, "no more than a share is stranded");
    }

    function test_slashOfOneLeavesOthersAlone() public {
        doBond(ALICE, 100);
        doBond(BOB, 100);
        uint256 id = doRequest(BOB, 50, BOB);
        doSlash(ALICE, ALL);
        eq(pool.slashableNow(BOB), 100, "untouched");
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(BOB, id), 50, "whole");
    }
}
