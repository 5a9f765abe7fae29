// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Times, Windows} from "../../../contracts/epoch/IEpochClock.sol";
import {ExitState, ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {StakePool} from "../../../contracts/stake/StakePool.sol";
import {Pool} from "../../../contracts/types/Pool.sol";
import {HookToken} from "../tokens/HookToken.sol";
import {vm} from "../Vm.sol";
import {StakePoolBase} from "./StakePoolBase.sol";

/// @dev One test for each class of findings that auditors report most of staking contracts and that concerns the pool.
contract StakePoolAuditTest is StakePoolBase {
    uint256 private seen;

    /// @dev Leaving in the second before the slash, in parts, long ago without claiming: all bear the same.
    function test_class01_noEscapeBeforeASlash() public {
        doBond(ALICE, 400);
        doDeposit(ALICE, BOB, 400);
        doRequest(ALICE, 100, CAROL);
        doBackingRequest(ALICE, BOB, 100, CAROL);
        vm.warp(block.timestamp + 3 * EXIT_DELAY);
        doRequest(ALICE, 100, CAROL);
        doBackingRequest(ALICE, BOB, 100, CAROL);
        doSlash(ALICE, 0.75e18);
        eq(valueOf(ALICE, 0) + valueOf(ALICE, 1) + pool.stakeOf(ALICE), 0, "all of the own bond");
        eq(pool.exitStatus(ALICE, Tranche.Backing, 0).value, 50, "half of the released exit");
        eq(pool.exitStatus(ALICE, Tranche.Backing, 1).value, 50, "half of the new one");
        (, uint256 stays) = pool.backingOf(ALICE, BOB);
        eq(stays, 100, "half of what stays");
    }

    /// @dev A ticket that goes back in the first second of an epoch still sits in the next; what it does there can be
    /// judged, by a jury called in the last second, before its stake is out.
    function test_class01_noEscapeByReturningATicket() public {
        toEpoch(4);
        uint256[] memory tickets = registerVerifier(BOB, 1);
        toEpoch(9);
        vm.startPrank(BOB);
        verifiers.giveBack(tickets);
        uint256 id = verifiers.exit(TICKET);
        vm.stopPrank();
        (,, uint64 until) = verifiers.ticket(tickets[0]);
        Times memory last = clock.times(until - 1);
        Windows memory w = clock.windows(until - 1);
        uint256 called = last.disputeEnd + 2 * uint256(w.answerWindow);
        uint256 juryDrawn = called + LENGTH + w.logWindow + w.beaconLag;
        uint256 judged = juryDrawn + w.commitWindow + w.revealWindow + w.juryWindow;
        require(exitOf(BOB, id).release >= judged, "released before it can be judged");
    }

    /// @dev No state that an account can bring about stops its slash: full, empty, emptied, in parts, closed, too early.
    function test_class02_noSlashCanBeMadeToRevert() public {
        doSlash(address(0), ALL);
        doBond(ALICE, type(uint96).max);
        doDeposit(ALICE, BOB, type(uint96).max);
        for (uint96 i = 1; i < 40; ++i) {
            doSlash(ALICE, i % 4 == 0 ? 1 : ALL - 1e9);
            doBond(ALICE, 1000);
            doDeposit(ALICE, BOB, 1000);
            doRequest(ALICE, i, CAROL);
            doBackingRequest(ALICE, BOB, sharesOf(ALICE, BOB) / 2, CAROL);
        }
        pool.lock(ALICE, 500);
        manager.setTargetClosed(address(pool), true);
        doSlash(ALICE, type(uint256).max);
        doSlash(ALICE, 1);
        manager.setTargetClosed(address(pool), false);
        vm.warp(GENESIS - 1);
        asset.mint(address(this), 5);
        pool.bond(BOB, 5);
        eq(pool.slash(BOB, ALL, CAUSE), 5, "before genesis");
    }

    /// @dev A first depositor that gives tokens away or trades back and forth cannot make a share dear.
    function test_class03_noInflationByTheFirstDepositor() public {
        doDeposit(ALICE, BOB, 1);
        asset.mint(address(pool), 1e24);
        eq(doDeposit(ALICE, CAROL, 1e18), 1e18, "a gift buys nothing");
        doBackingRequest(ALICE, CAROL, 1e18, CAROL);
        doSlash(ALICE, 0.3e18);
        for (uint96 i = 1; i < 60; ++i) {
            uint256 shares = doDeposit(ALICE, BOB, i);
            if (shares > 3) doBackingRequest(ALICE, BOB, shares - 1, BOB);
        }
        doDeposit(ALICE, CAROL, 1e18);
        (, uint256 value) = pool.backingOf(ALICE, CAROL);
        require(value + 1 >= 1e18, "a victim lost more than a unit");
    }

    /// @dev Deep slashes and refills, over and over, leave room for shares.
    function test_class03_noExplosionAfterSlashes() public {
        for (uint256 i = 0; i < 50; ++i) {
            doDeposit(ALICE, BOB, uint96(1e27 - totalOf(ALICE, Tranche.Backing)));
            doBackingRequest(ALICE, BOB, sharesOf(ALICE, BOB) / 2, BOB);
            (Pool memory active, Pool memory leaving) = pool.pools(ALICE, Tranche.Backing);
            require(active.shares < 2 ** 126 && leaving.shares < 2 ** 126, "shares fit");
            doSlash(ALICE, 0.999999e18);
        }
        uint256 shares = doDeposit(ALICE, CAROL, 1e26);
        uint256 id = doBackingRequest(ALICE, CAROL, shares, CAROL);
        vm.warp(block.timestamp + EXIT_DELAY);
        require(doClaim(ALICE, Tranche.Backing, id) + 2 >= 1e26, "a newcomer loses nothing");
    }

    /// @dev Whatever was rounded, everybody can leave, to the last one, and no slash is free.
    function testFuzz_class04_roundingBreaksNoSum(uint64[6] memory amounts, uint256[3] memory wads) public {
        for (uint96 i = 0; i < 6; ++i) doDeposit(ALICE, address(uint160(0xB000 + i)), uint96(amounts[i]) + 1);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 before = pool.slashableNow(ALICE);
            uint256 taken = doSlash(ALICE, wads[i] % ALL + 1);
            require(before == 0 || taken > 0, "a free slash");
            for (uint160 j = 0; j < 6; ++j) {
                (uint256 shares, uint256 value) = pool.backingOf(ALICE, address(0xB000 + j));
                if (value > 1) doBackingRequest(ALICE, address(0xB000 + j), (shares + 1) / 2, CAROL);
            }
        }
        vm.warp(block.timestamp + EXIT_DELAY);
        for (uint256 id = 0; id < pool.exitCount(ALICE, Tranche.Backing); ++id) doClaim(ALICE, Tranche.Backing, id);
        eq(asset.balanceOf(address(pool)), pool.slashableNow(ALICE), "to the wei");
    }

    /// @dev Locks and slashes share one book: a lock larger than what is left frees nothing and breaks nothing.
    function test_class05_oneBookForLocksAndSlashes() public {
        doBond(ALICE, 100);
        pool.lock(ALICE, 80);
        doSlash(ALICE, 0.9e18);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.requestExit(ALICE, 1, ALICE);
        doBond(ALICE, 75);
        doRequest(ALICE, 5, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 0, 1));
        pool.lock(ALICE, 1);
        pool.unlock(ALICE, 80);
        doRequest(ALICE, 80, ALICE);
    }

    /// @dev The same number in another tranche or account is another exit.
    function test_class06_noExitsCollide() public {
        doBond(ALICE, 100);
        doDeposit(ALICE, ALICE, 100);
        doBond(BOB, 100);
        eq(doRequest(ALICE, 1, CAROL), 0, "own");
        eq(doBackingRequest(ALICE, ALICE, 2, CAROL), 0, "backing");
        eq(doRequest(BOB, 3, CAROL), 0, "another's");
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, 0), 1, "own");
        eq(doClaim(BOB, 0), 3, "another's");
        eq(doClaim(ALICE, Tranche.Backing, 0), 2, "backing");
    }

    /// @dev What a stranger may do for somebody, bond and claim, harms nobody: nothing is delayed, filled up or redirected.
    function test_class07_nobodyIsGriefedByAnothersCalls() public {
        doBond(ALICE, 100);
        uint256 id = doRequest(ALICE, 40, CAROL);
        uint256 release = exitOf(ALICE, id).release;
        for (uint256 i = 0; i < 30; ++i) {
            vm.warp(block.timestamp + 200);
            doBond(ALICE, 1);
        }
        eq(exitOf(ALICE, id).release, release, "no later");
        eq(valueOf(ALICE, id), 40, "no less");
        vm.warp(release);
        eq(doClaim(ALICE, id), 40, "pushed by a stranger");
        eq(asset.balanceOf(CAROL), 40, "to the receiver");
        doRequest(ALICE, 90, ALICE);
    }

    /// @dev Neither exits nor changes of stake, however many, make anything dearer.
    function test_class08_nothingGrows() public {
        doBond(ALICE, 1e9);
        doRequest(ALICE, 10, CAROL);
        uint256 few = gasOfSlash();
        for (uint256 i = 0; i < 300; ++i) {
            vm.warp(block.timestamp + 200);
            pool.requestExit(ALICE, 10, CAROL);
        }
        uint256 many = gasOfSlash();
        require(many <= few + few / 20, "a slash got dearer");
        vm.warp(block.timestamp + EXIT_DELAY);
        uint256 before = gasleft();
        pool.claimExit(ALICE, Tranche.Own, 0);
        uint256 first = before - gasleft();
        before = gasleft();
        pool.claimExit(ALICE, Tranche.Own, 300);
        require(before - gasleft() <= first, "a claim got dearer");
    }

    function gasOfSlash() private returns (uint256 used) {
        // The checkpoint of this epoch exists already, both times.
        doBond(ALICE, 1);
        uint256 before = gasleft();
        pool.slash(ALICE, 0.01e18, CAUSE);
        return before - gasleft();
    }

    /// @dev Amounts beyond every type are refused where they enter, each with its own error.
    function testFuzz_class12_noCastWraps(uint256 huge) public {
        huge = type(uint256).max - huge % 2 ** 255;
        doBond(ALICE, 100);
        doDeposit(ALICE, BOB, 100);
        pool.lock(ALICE, 10);
        uint256 room = uint256(type(uint96).max) - 100;
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooMuch.selector, huge, room));
        pool.bond(ALICE, huge);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolTooMuch.selector, huge, room));
        pool.deposit(ALICE, BOB, huge, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 90, huge));
        pool.requestExit(ALICE, huge, ALICE);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientStake.selector, 90, huge));
        pool.lock(ALICE, huge);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolNotLocked.selector, 10, huge));
        pool.unlock(ALICE, huge);
        vm.expectRevert(abi.encodeWithSelector(IStakePool.StakePoolInsufficientShares.selector, 100, huge));
        pool.requestBackingExit(ALICE, BOB, huge, BOB);
        eq(doSlash(ALICE, huge), 200, "a slash clamps");
    }

    /// @dev After everything is gone nothing is stuck: old claims go through, empty, and new stake behaves as the first.
    function test_class14_nothingIsStuckAfterATotalSlash() public {
        doBond(ALICE, 100);
        doDeposit(ALICE, BOB, 100);
        uint256 own = doRequest(ALICE, 30, CAROL);
        uint256 backing = doBackingRequest(ALICE, BOB, 30, CAROL);
        doSlash(ALICE, ALL);
        eq(asset.balanceOf(address(pool)), 0, "nothing is left");
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, own), 0, "void");
        eq(doClaim(ALICE, Tranche.Backing, backing), 0, "void");
        doBond(ALICE, 10);
        doDeposit(ALICE, BOB, 10);
        own = doRequest(ALICE, 10, CAROL);
        backing = doBackingRequest(ALICE, BOB, 10, CAROL);
        vm.warp(block.timestamp + EXIT_DELAY);
        eq(doClaim(ALICE, own) + doClaim(ALICE, Tranche.Backing, backing), 20, "whole");
        eq(asset.balanceOf(address(pool)), 0, "and all of it out");
    }

    /// @dev What views promise is what calls do.
    function testFuzz_class15_viewsTellTheTruth(uint96 bonded, uint96 backed, uint256 wad) public {
        doBond(ALICE, bonded / 2 + 2);
        doDeposit(ALICE, BOB, backed / 2 + 2);
        doRequest(ALICE, bonded / 4 + 1, CAROL);
        doSlash(ALICE, wad % ALL);
        (uint256 shares, uint256 value) = pool.backingOf(ALICE, BOB);
        if (value > 0) {
            uint256 id = doBackingRequest(ALICE, BOB, shares, CAROL);
            ExitStatus memory status = pool.exitStatus(ALICE, Tranche.Backing, id);
            require(status.state == ExitState.Waiting, "not before its time");
            vm.expectRevert(
                abi.encodeWithSelector(IStakePool.StakePoolTooEarly.selector, block.timestamp, status.release)
            );
            pool.claimExit(ALICE, Tranche.Backing, id);
            vm.warp(status.release);
            eq(doClaim(ALICE, Tranche.Backing, id), value, "backingOf");
        }
        vm.warp(block.timestamp + EXIT_DELAY);
        doClaim(ALICE, 0);
        uint256 rest = pool.slashableNow(ALICE);
        eq(pool.slash(ALICE, ALL, CAUSE), rest, "slashableNow");
    }

    /// @dev A token that calls back finds the books closed already, on the way out, and every door shut (see the tests of
    /// tokens).
    function test_class16_noReentryFindsOldBooks() public {
        HookToken token = new HookToken();
        pool = new StakePool(address(manager), token, clock, address(this));
        allowStake(pool);
        token.mint(address(this), 100);
        token.approve(address(pool), 100);
        pool.bond(ALICE, 100);
        pool.requestExit(ALICE, 40, ALICE);
        vm.warp(block.timestamp + EXIT_DELAY);
        token.arm(address(this), abi.encodeCall(this.look, ()));
        pool.claimExit(ALICE, Tranche.Own, 0);
        eq(seen, 60, "the claim is booked before it is paid");
        token.arm(address(this), abi.encodeCall(this.look, ()));
        pool.slash(ALICE, ALL / 2, CAUSE);
        eq(seen, 30, "so is the slash");
    }

    function look() external {
        seen = pool.slashableNow(ALICE);
    }
}
