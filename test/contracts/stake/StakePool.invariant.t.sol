// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExitState, ExitStatus, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {StakePool} from "../../../contracts/stake/StakePool.sol";
import {Pool} from "../../../contracts/types/Pool.sol";
import {Base} from "../Base.sol";
import {StakePoolHandler} from "./StakePoolHandler.sol";

/// @dev The runner drives only contracts of the test's own file.
contract Handler is StakePoolHandler {}

/// @notice What must hold of the pool, whatever is done and in whatever order; numbers as in docs/protocol.md section 10.
/// @dev 4, 5, 7, 8, 9 and 17 compare before and after, so they stand in the handler.
contract StakePoolInvariantTest is Base {
    StakePoolHandler internal handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        handler = new Handler();
        pool = new StakePool(address(manager), asset, clock, address(handler));
        allowStake(pool);
        manager.grantRole(ROLE_EXIT, address(handler), 0);
        manager.grantRole(ROLE_LOCK, address(handler), 0);
        manager.grantRole(ROLE_VAULT, address(handler), 0);
        manager.grantRole(0, address(handler), 0);
        handler.begin(pool, asset, manager, EXIT_DELAY);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory out) {
        out = new FuzzSelector[](1);
        out[0].addr = address(handler);
        out[0].selectors = new bytes4[](16);
        out[0].selectors[0] = StakePoolHandler.bond.selector;
        out[0].selectors[1] = StakePoolHandler.deposit.selector;
        out[0].selectors[2] = StakePoolHandler.requestExit.selector;
        out[0].selectors[3] = StakePoolHandler.requestBackingExit.selector;
        out[0].selectors[4] = StakePoolHandler.claimExit.selector;
        out[0].selectors[5] = StakePoolHandler.slash.selector;
        out[0].selectors[6] = StakePoolHandler.slashMost.selector;
        out[0].selectors[7] = StakePoolHandler.lock.selector;
        out[0].selectors[8] = StakePoolHandler.unlock.selector;
        out[0].selectors[9] = StakePoolHandler.donate.selector;
        out[0].selectors[10] = StakePoolHandler.pause.selector;
        out[0].selectors[11] = StakePoolHandler.wrongCalls.selector;
        out[0].selectors[12] = StakePoolHandler.lifeGoesOn.selector;
        out[0].selectors[13] = StakePoolHandler.inAndOut.selector;
        out[0].selectors[14] = StakePoolHandler.warp.selector;
        // Twice, or few exits are ever old enough to be claimed.
        out[0].selectors[15] = StakePoolHandler.warp.selector;
    }

    function invariant_stakePool() public view {
        uint256 live = 0;
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address account = handler.actor(i);
            live += pool.slashableNow(account);
            checkTranche(account, Tranche.Own);
            checkTranche(account, Tranche.Backing);
            checkHolders(account);
            checkEpochs(account);
            checkViews(account);
        }
        eq(asset.balanceOf(address(pool)), live + handler.donated(), "1: every token is somebody's stake or a gift");
        eq(asset.balanceOf(address(handler)), handler.slashed(), "3: what was slashed went to the slasher");
    }

    function checkTranche(address account, Tranche tranche) internal view {
        (Pool memory active, Pool memory leaving) = pool.pools(account, tranche);
        uint256 inside = uint256(active.tokens) + leaving.tokens;
        uint256 out = handler.paid(account, tranche) + handler.lost(account, tranche);
        eq(handler.put(account, tranche), inside + out, "3: bonded = live + exited + slashed");
        bounded(leaving);
        if (tranche == Tranche.Own) eq(active.shares, 0, "the own active pool has no shares");
        else bounded(active);

        uint256 count = pool.exitCount(account, tranche);
        uint256 shares = 0;
        uint256 value = 0;
        for (uint256 id = 0; id < count; ++id) {
            ExitStatus memory status = pool.exitStatus(account, tranche, id);
            checkState(status, handler.receiver(account, tranche));
            uint256 asked = handler.asked(account, tranche, id);
            require(status.value <= asked + count, "8: no exit is worth more than was asked");
            if (handler.lost(account, tranche) == 0 && status.state != ExitState.Claimed) {
                eq(status.value, asked, "8: never slashed, never less");
            }
            shares += status.shares;
            value += status.value;
        }
        sums(shares, value, count, leaving);
    }

    /// @dev 2: shares of users add up to the pool's, less what a new era rounds off each, and values to its tokens.
    function sums(uint256 shares, uint256 value, uint256 count, Pool memory p) internal pure {
        require(p.era == 0 ? shares == p.shares : shares <= p.shares && shares + count >= p.shares, "2: shares add up");
        require(value <= p.tokens, "1: values are covered");
        require(value + 2 * count >= p.tokens, "2: nothing is stranded");
    }

    function checkHolders(address account) internal view {
        (Pool memory active,) = pool.pools(account, Tranche.Backing);
        uint256 shares = 0;
        uint256 value = 0;
        for (uint256 i = 0; i < handler.HOLDERS(); ++i) {
            (uint256 has, uint256 worth) = pool.backingOf(account, handler.holder(i));
            shares += has;
            value += worth;
        }
        sums(shares, value, handler.HOLDERS(), active);
    }

    /// @dev Shares can never outgrow their type, no share is worth more than a unit, and an emptied pool has none.
    function bounded(Pool memory p) internal pure {
        require(p.tokens <= p.shares, "8: never more than a token per share");
        require(p.shares <= uint256(p.tokens) << 30, "9: never below the floor");
    }

    function checkState(ExitStatus memory status, address receiver) internal view {
        require(status.state != ExitState.None, "18: it exists");
        eq(status.receiver, receiver, "18: receiver");
        bool early = block.timestamp < status.release;
        require((status.state == ExitState.Waiting) == early, "6: no exit before its time");
    }

    function checkEpochs(address account) internal view {
        uint64 now_ = clock.current();
        eq(pool.stakeAt(account, now_ + 1), pool.stakeOf(account), "stake counts from the next epoch on");
        for (uint64 e = now_ > handler.MEMORY() ? now_ - handler.MEMORY() + 1 : 0; e <= now_; ++e) {
            eq(pool.stakeAt(account, e), handler.began(account, e), "stake as the epoch began");
        }
    }

    /// @dev 18: views answer to anything.
    function checkViews(address account) internal view {
        eq(uint256(pool.exitStatus(account, Tranche.Own, type(uint256).max).state), 0, "18: no such exit");
        eq(pool.exitStatus(address(this), Tranche.Backing, 0).value, 0, "18: no such account");
        eq(pool.stakeAt(account, type(uint64).max), pool.stakeOf(account), "18: an epoch beyond all time");
        (uint256 shares, uint256 value) = pool.backingOf(account, address(0));
        eq(shares + value, 0, "18: no such holder");
        pool.locked(account);
    }
}
