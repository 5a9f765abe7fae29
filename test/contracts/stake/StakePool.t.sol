// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Exit, IStakePool, Pool, Tranche} from "../../../contracts/stake/IStakePool.sol";
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
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(pool), 0, 5)
        );
        pool.bond(ALICE, 5);
    }

    function test_bondIsBounded() public {
        doBond(ALICE, type(uint96).max);
        asset.mint(address(this), 1);
        asset.approve(address(pool), 1);
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, uint256(1) << 96)
        );
        pool.bond(ALICE, 1);
        doRequest(ALICE, type(uint96).max / 2, ALICE);
        vm.expectRevert(
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 96, uint256(1) << 96)
        );
        pool.bond(ALICE, 1);
    }

    function test_donationsChangeNothing() public {
        doBond(ALICE, 100);
        doRequest(ALICE, 50, ALICE);
        asset.mint(address(pool), 1000);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, 0), 50, "paid what it was worth");
        eq(doSlash(ALICE, 1000), 50, "no more than the bond");
        eq(asset.balanceOf(address(pool)), 1000, "the gift is nobody's");
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
        uint128 total = 0;
        for (uint256 i = 0; i < 8; ++i) total += uint128(amounts[i]) + 1;
        doBond(ALICE, total);
        for (uint256 i = 0; i < 8; ++i) {
            vm.warp(block.timestamp + 10);
            doRequest(ALICE, uint128(amounts[i]) + 1, BOB);
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
        doSlash(ALICE, 70);
        eq(pool.locked(ALICE), 60, "a slash is no unlock");
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.requestExit(ALICE, 1, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.lock(ALICE, 1);
        pool.unlock(ALICE, 60);
        doRequest(ALICE, 30, ALICE);
    }

    // --- slash

    function testFuzz_slashTakesFromBothPoolsInProportion(uint96 bonded, uint96 leaving, uint256 amount) public {
        bonded = bonded / 2 + 2;
        leaving = leaving % (bonded - 1) + 1;
        doBond(ALICE, bonded);
        doRequest(ALICE, leaving, CAROL);
        doSlash(ALICE, amount % (uint256(bonded) + bonded / 2));
        doSlash(ALICE, type(uint256).max);
        eq(pool.slashable(ALICE), 0, "all gone");
    }

    function testFuzz_leavingAndStayingBearTheSame(uint96 part, uint96 amount) public {
        part = part / 4 + 1;
        amount = amount % (2 * part) + 1;
        doBond(ALICE, 2 * part);
        uint256 id = doRequest(ALICE, part, CAROL);
        doSlash(ALICE, amount);
        (, uint256 value) = pool.exitOf(ALICE, Tranche.Own, id);
        uint256 stays = pool.stakeOf(ALICE);
        if (value > 0) require(stays >= value && stays - value <= 1, "equal to the wei, leaving never better");
        else require(stays <= 2 * (part >> 30) + 2, "or all but the dust of both is gone");
    }

    function testFuzz_orderOfSlashesDoesNotMatter(uint96 bonded, uint96 first, uint96 second) public {
        bonded = bonded / 2 + 1;
        doBond(ALICE, bonded);
        doBond(BOB, bonded);
        uint256 a = doSlash(ALICE, first) + doSlash(ALICE, second);
        uint256 b = doSlash(BOB, second) + doSlash(BOB, first);
        eq(a, b, "same total");
    }

    function test_releasedExitsStaySlashableUntilClaimed() public {
        doBond(ALICE, 100);
        uint256 id = doRequest(ALICE, 100, ALICE);
        vm.warp(block.timestamp + 10 * EXIT_DELAY);
        eq(doSlash(ALICE, 30), 30, "taken");
        eq(doClaim(ALICE, id), 70, "the rest is paid");
    }

    function test_slashOfNothingOrNobodyDoesNotRevert() public {
        eq(pool.slash(ALICE, 0, CAUSE), 0, "nothing wanted");
        eq(pool.slash(ALICE, type(uint256).max, CAUSE), 0, "nobody");
        doBond(ALICE, 1);
        eq(doSlash(ALICE, 0), 0, "nothing of something");
        eq(doSlash(ALICE, 1), 1, "one wei");
        eq(doSlash(ALICE, 1), 0, "nothing left");
    }

    function test_afterATotalSlashLifeGoesOn() public {
        doBond(ALICE, 100);
        uint256 old = doRequest(ALICE, 60, CAROL);
        doSlash(ALICE, 100);
        doBond(ALICE, 50);
        uint256 fresh = doRequest(ALICE, 20, BOB);
        vm.warp(block.timestamp + EXIT_DELAY);
        claimVoid(ALICE, old);
        eq(doClaim(ALICE, fresh), 20, "the new one is whole");
        eq(pool.stakeOf(ALICE), 30, "the rest is bonded");
        (Exit memory leaver,) = pool.exitOf(ALICE, Tranche.Own, old);
        eq(leaver.era, 0, "first era");
        (leaver,) = pool.exitOf(ALICE, Tranche.Own, fresh);
        eq(leaver.era, 1, "second era");
    }

    function test_dustPriceEndsTheEra() public {
        uint128 half = 2 ** 40;
        doBond(ALICE, 2 * half);
        uint256 id = doRequest(ALICE, half, CAROL);
        // 2^10 tokens for 2^40 shares is the lowest price that stays.
        doSlash(ALICE, 2 * (half - 2 ** 10));
        (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
        eq(leaving.tokens, 2 ** 10, "at the floor");
        (, uint256 value) = pool.exitOf(ALICE, Tranche.Own, id);
        eq(value, 2 ** 10, "still worth something");
        doSlash(ALICE, 1);
        (Pool memory active, Pool memory left) = pool.pools(ALICE, Tranche.Own);
        eq(left.shares, 0, "era over");
        eq(active.tokens, 2 * 2 ** 10 - 1, "the dust stays bonded");
        (, value) = pool.exitOf(ALICE, Tranche.Own, id);
        eq(value, 0, "void");
    }

    /// @dev Without the floor the share count would pass 2^128 in the seventh cycle.
    function test_sharesNeverExplode() public {
        for (uint256 i = 0; i < 50; ++i) {
            doBond(ALICE, uint128(1e27 - pool.slashable(ALICE)));
            doRequest(ALICE, uint128(pool.stakeOf(ALICE)), ALICE);
            (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
            require(leaving.shares < 2 ** 126, "shares fit");
            doSlash(ALICE, (1e27 * 999_999) / 1_000_000);
        }
        doBond(ALICE, uint128(1e27 - pool.slashable(ALICE)));
        uint256 id = doRequest(ALICE, 1e26, ALICE);
        vm.warp(block.timestamp + EXIT_DELAY);
        require(doClaim(ALICE, id) >= 1e26 - 2, "a newcomer loses nothing");
    }

    function testFuzz_exitAfterSlashIsWorthWhatItCost(uint96 bonded, uint96 first, uint256 cut, uint96 second) public {
        bonded = bonded / 2 + 4;
        first = first % (bonded / 2) + 1;
        doBond(ALICE, bonded);
        doRequest(ALICE, first, BOB);
        doSlash(ALICE, cut % bonded);
        uint256 stake = pool.stakeOf(ALICE);
        (, Pool memory left) = pool.pools(ALICE, Tranche.Own);
        if (stake == 0 || left.shares == 0) return;
        second = uint96(second % stake) + 1;
        (, uint256 before) = pool.exitOf(ALICE, Tranche.Own, 0);
        uint256 id = doRequest(ALICE, second, CAROL);
        (, uint256 afterwards) = pool.exitOf(ALICE, Tranche.Own, 0);
        require(afterwards >= before && afterwards <= before + 1, "the first exit keeps its value");
        vm.warp(block.timestamp + EXIT_DELAY);
        doClaim(ALICE, id);
        doClaim(ALICE, 0);
        (, Pool memory leaving) = pool.pools(ALICE, Tranche.Own);
        eq(leaving.tokens, 0, "no wei is stranded");
        eq(leaving.shares, 0, "no share is stranded");
    }

    function test_slashOfOneLeavesOthersAlone() public {
        doBond(ALICE, 100);
        doBond(BOB, 100);
        uint256 id = doRequest(BOB, 50, BOB);
        doSlash(ALICE, 100);
        eq(pool.slashable(BOB), 100, "untouched");
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(BOB, id), 50, "whole");
    }
}
