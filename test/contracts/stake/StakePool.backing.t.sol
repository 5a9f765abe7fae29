// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {Pool} from "../../../contracts/types/Pool.sol";
import {StakePoolBase} from "./StakePoolBase.sol";
import {vm} from "../Vm.sol";

/// @dev The senior tranche: many holders, shares, and the place behind the own bond.
contract StakePoolBackingTest is StakePoolBase {
    function eqPools(uint256 active, uint256 leaving) internal view {
        (Pool memory a, Pool memory l) = pool.pools(ALICE, Tranche.Backing);
        eq(a.tokens, active, "backing active");
        eq(l.tokens, leaving, "backing leaving");
    }

    function valueOf(address holder) internal view returns (uint256 value) {
        (, value) = pool.backingOf(ALICE, holder);
    }

    // --- in

    function testFuzz_depositsAddUp(uint96 first, uint96 second) public {
        first = first / 2 + 1;
        second = second / 2 + 1;
        eq(doDeposit(ALICE, BOB, first), first, "a share a token");
        eq(doDeposit(ALICE, CAROL, second), second, "for the next too");
        eq(valueOf(BOB), first, "worth it");
        eq(valueOf(CAROL), second, "worth it");
        eq(pool.stakeOf(ALICE), 0, "no bond");
        eq(pool.stakeAt(ALICE, 9), 0, "and no weight");
        eq(sharesOf(BOB, BOB), 0, "of nobody else");
    }

    function test_depositRefusesNothingForNobody() public {
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.deposit(ALICE, BOB, 0, 0);
        vm.expectRevert(IStakePool.StakePoolZeroAddress.selector);
        pool.deposit(address(0), BOB, 1, 0);
        vm.expectRevert(IStakePool.StakePoolZeroAddress.selector);
        pool.deposit(ALICE, address(0), 1, 0);
    }

    function test_depositIsBounded() public {
        doBond(ALICE, type(uint96).max);
        doDeposit(ALICE, BOB, type(uint96).max - 1);
        doBackingRequest(ALICE, BOB, 10, BOB);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooMuch.selector, 2, 1));
        pool.deposit(ALICE, BOB, 2, 0);
        doDeposit(ALICE, BOB, 1);
        eq(doSlash(ALICE, ALL), 2 * uint256(type(uint96).max), "both tranches full, all of it slashable");
    }

    function test_depositBuysAtLeastWhatWasAsked() public {
        doDeposit(ALICE, BOB, 100);
        asset.mint(address(this), 10);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooFewShares.selector, 10, 11));
        pool.deposit(ALICE, CAROL, 10, 11);
        doSlash(ALICE, ALL / 2);
        eq(doDeposit(ALICE, CAROL, 10), 20, "cheaper after a slash");
    }

    // --- out

    function testFuzz_inAndOutLosesNothing(uint96 first, uint96 second, uint96 leaves) public {
        first = first / 2 + 1;
        second = second / 2 + 1;
        doDeposit(ALICE, BOB, first);
        doDeposit(ALICE, CAROL, second);
        leaves = leaves % first + 1;
        uint256 id = doBackingRequest(ALICE, BOB, leaves, BOB);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, Tranche.Backing, id), leaves, "not a wei lost");
        eq(valueOf(CAROL), second, "nor to the other");
    }

    function test_exitNeedsShares() public {
        doBond(ALICE, 5);
        doDeposit(ALICE, BOB, 100);
        doDeposit(ALICE, CAROL, 50);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientShares.selector, 100, 101));
        pool.requestBackingExit(ALICE, BOB, 101, BOB);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientShares.selector, 0, 1));
        pool.requestBackingExit(BOB, BOB, 1, BOB);
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.requestBackingExit(ALICE, BOB, 0, BOB);
        vm.expectRevert(IStakePool.StakePoolZeroAddress.selector);
        pool.requestBackingExit(ALICE, BOB, 1, address(0));
        doBackingRequest(ALICE, BOB, 100, CAROL);
        eq(pool.exitCount(ALICE, Tranche.Own), 0, "each tranche counts its own");
    }

    function test_sharesWorthLessThanAUnitStay() public {
        doDeposit(ALICE, BOB, 100);
        doSlash(ALICE, ALL / 2);
        vm.expectRevert(IStakePool.StakePoolZeroAmount.selector);
        pool.requestBackingExit(ALICE, BOB, 1, BOB);
        doBackingRequest(ALICE, BOB, 2, BOB);
    }

    // --- slash

    function test_ownBondIsTakenFirst() public {
        doBond(ALICE, 100);
        doRequest(ALICE, 40, ALICE);
        doDeposit(ALICE, BOB, 400);
        doBackingRequest(ALICE, BOB, 100, BOB);
        eq(doSlash(ALICE, ALL / 5), 100, "a fifth of everything is the own bond");
        eqPools(300, 100);
        eq(doSlash(ALICE, ALL / 10), 40, "then backing, pro rata");
        eqPools(270, 90);
        eq(asset.balanceOf(address(this)), 140, "both to the slasher");
    }

    function test_oneSlashCrossesTheTranches() public {
        doBond(ALICE, 100);
        doDeposit(ALICE, BOB, 400);
        doBackingRequest(ALICE, BOB, 100, BOB);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(ALICE, CAUSE, 0.36e18, 100, 80, 320);
        eq(pool.slash(ALICE, 0.36e18, CAUSE), 180, "taken");
        eqPools(240, 80);
        eq(doSlash(ALICE, type(uint256).max), 320, "and all the rest");
    }

    function testFuzz_aSlashTakesFromAllFourPools(uint96[4] memory amounts, uint256 wad) public {
        for (uint256 i = 0; i < 4; ++i) amounts[i] = amounts[i] / 4 + 1;
        doBond(ALICE, amounts[0] + amounts[1]);
        doRequest(ALICE, amounts[1], CAROL);
        doDeposit(ALICE, BOB, amounts[2] + amounts[3]);
        doBackingRequest(ALICE, BOB, amounts[3], CAROL);
        doSlash(ALICE, wad % (ALL + ALL / 8));
        doSlash(ALICE, 1);
        doSlash(ALICE, ALL);
        eq(pool.slashableNow(ALICE), 0, "all gone");
    }

    function testFuzz_equalSharesLoseEqually(uint96 part, uint256 wad) public {
        part = part / 4 + 1;
        doDeposit(ALICE, BOB, part);
        doDeposit(ALICE, CAROL, 2 * part);
        uint256 id = doBackingRequest(ALICE, CAROL, part, CAROL);
        doSlash(ALICE, wad % ALL);
        uint256 leaves = pool.exitStatus(ALICE, Tranche.Backing, id).value;
        eq(valueOf(BOB), valueOf(CAROL), "among those who stay");
        require(valueOf(BOB) >= leaves && valueOf(BOB) - leaves <= 1, "and against those who leave");
    }

    function test_afterATotalSlashLifeGoesOn() public {
        doDeposit(ALICE, BOB, 100);
        uint256 old = doBackingRequest(ALICE, BOB, 40, BOB);
        doSlash(ALICE, ALL);
        eq(sharesOf(ALICE, BOB), 0, "void");
        eq(doDeposit(ALICE, CAROL, 50), 50, "a share a token again");
        eq(doDeposit(ALICE, BOB, 25), 25, "also for who had void shares");
        eq(valueOf(BOB), 25, "which stay void");
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, Tranche.Backing, old), 0, "so does the old exit");
        uint256 id = doBackingRequest(ALICE, CAROL, 50, CAROL);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, Tranche.Backing, id), 50, "the new one is whole");
    }

    function test_aNewEraSparesNewMoney() public {
        doDeposit(ALICE, BOB, 2 ** 40);
        doSlash(ALICE, ALL - ALL / 2 ** 30);
        doDeposit(ALICE, CAROL, 2 ** 80);
        doSlash(ALICE, ALL / 2);
        vm.assertApproxEqAbs(valueOf(CAROL), 2 ** 79, 1);
        vm.assertApproxEqAbs(valueOf(BOB), 2 ** 9, 1);
        uint256 shares = sharesOf(ALICE, BOB);
        doBackingRequest(ALICE, BOB, shares - 2 ** 9, BOB);
        eq(sharesOf(ALICE, BOB), 2 ** 9, "counted in the new era");
        doSlash(ALICE, ALL - ALL / 2 ** 40);
        eq(valueOf(BOB), 0, "less than a unit");
        require(valueOf(CAROL) > 0, "but not for who has more");
    }

    // --- paths that cross

    function test_backingExitsAreClaimedFromBacking() public {
        doBond(ALICE, 100);
        doDeposit(ALICE, BOB, 400);
        doBackingRequest(ALICE, BOB, 100, BOB);
        uint256 release = block.timestamp + EXIT_DELAY;
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooEarly.selector, block.timestamp, release));
        pool.claimExit(ALICE, Tranche.Backing, 0);
        doSlash(ALICE, wadOf(ALICE, 140));
        vm.warp(release);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolNoExit.selector, ALICE, 0));
        pool.claimExit(ALICE, Tranche.Own, 0);
        eq(doClaim(ALICE, Tranche.Backing, 0), 90, "scaled by the slash");
        eqPools(270, 0);
    }

    /// @dev What ends goes on while the manager has the pool closed; what begins does not.
    function test_aPauseStopsOnlyWhatBegins() public {
        doBond(ALICE, 100);
        doDeposit(ALICE, BOB, 100);
        pool.lock(ALICE, 50);
        manager.setTargetClosed(address(pool), true);
        bytes memory no =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this));
        vm.expectRevert(no);
        pool.lock(ALICE, 1);
        vm.expectRevert(no);
        pool.deposit(ALICE, BOB, 1, 0);
        pool.unlock(ALICE, 50);
        doRequest(ALICE, 100, ALICE);
        doBackingRequest(ALICE, BOB, 100, BOB);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, 0), 100, "own bond is out");
        eq(doClaim(ALICE, Tranche.Backing, 0), 100, "and backing");
    }
}
