// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Exit, IStakePool, Pool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

/// @notice The verbs of the stake pool, each of which checks everything that it may and may not change.
/// @dev The test contract holds both rights and is the slasher.
abstract contract StakePoolBase is Base {
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    address internal constant CAROL = address(0xCA201);
    bytes32 internal constant CAUSE = "cause";

    /// Everything that the pool knows of an account, and who holds how many tokens.
    struct State {
        Pool active;
        Pool leaving;
        uint256 locked;
        uint256 exits;
        uint256 balance;
        uint256 mine;
        uint256 receivers;
    }

    function setUp() public virtual override {
        super.setUp();
        manager.grantRole(ROLE_EXIT, address(this), 0);
        manager.grantRole(ROLE_LOCK, address(this), 0);
    }

    function state(address account, address receiver) internal view returns (State memory s) {
        (s.active, s.leaving) = pool.pools(account, Tranche.Own);
        s.locked = pool.locked(account);
        s.exits = pool.exitCount(account, Tranche.Own);
        s.balance = asset.balanceOf(address(pool));
        s.mine = asset.balanceOf(address(this));
        s.receivers = asset.balanceOf(receiver);
        eq(pool.stakeOf(account), s.active.tokens, "stakeOf is the active pool");
        eq(
            pool.slashable(account),
            uint256(s.active.tokens) + s.leaving.tokens + backing(account),
            "everything unclaimed is slashable"
        );
    }

    function backing(address account) internal view returns (uint256) {
        (Pool memory active, Pool memory leaving) = pool.pools(account, Tranche.Backing);
        return uint256(active.tokens) + leaving.tokens;
    }

    function same(State memory have, State memory want) internal pure {
        eq(have.active.tokens, want.active.tokens, "active tokens");
        eq(have.active.shares, want.active.shares, "active shares");
        eq(have.leaving.tokens, want.leaving.tokens, "leaving tokens");
        eq(have.leaving.shares, want.leaving.shares, "leaving shares");
        eq(have.locked, want.locked, "locked");
        eq(have.exits, want.exits, "exits");
        eq(have.balance, want.balance, "pool's balance");
        eq(have.mine, want.mine, "slasher's balance");
        eq(have.receivers, want.receivers, "receiver's balance");
    }

    function doBond(address account, uint128 amount) internal {
        asset.mint(address(this), amount);
        asset.approve(address(pool), amount);
        State memory s = state(account, account);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Bonded(account, Tranche.Own, address(this), amount);
        pool.bond(account, amount);
        s.active.tokens += amount;
        s.balance += amount;
        s.mine -= amount;
        same(state(account, account), s);
    }

    function doRequest(address account, uint128 amount, address receiver) internal returns (uint256 id) {
        State memory s = state(account, receiver);
        uint64 release = uint64(block.timestamp) + EXIT_DELAY;
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.ExitRequested(account, Tranche.Own, s.exits, receiver, amount, release);
        id = pool.requestExit(account, amount, receiver);
        eq(id, s.exits, "ids count from zero");
        (Exit memory leaver, uint256 value) = pool.exitOf(account, Tranche.Own, id);
        eq(leaver.receiver, receiver, "receiver");
        eq(leaver.release, release, "release");
        require(value <= amount && value + 2 >= amount, "worth what was asked, less rounding");
        s.active.tokens -= amount;
        s.leaving.tokens += amount;
        s.leaving.shares += leaver.shares;
        s.exits += 1;
        same(state(account, receiver), s);
    }

    function doClaim(address account, uint256 id) internal returns (uint256 amount) {
        (Exit memory leaver, uint256 value) = pool.exitOf(account, Tranche.Own, id);
        State memory s = state(account, leaver.receiver);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.ExitClaimed(account, Tranche.Own, id, leaver.receiver, value);
        vm.prank(address(0xF00));
        amount = pool.claimExit(account, Tranche.Own, id);
        eq(amount, value, "pays what exitOf said");
        s.leaving.tokens -= uint128(amount);
        s.leaving.shares -= leaver.shares;
        s.balance -= amount;
        s.receivers += amount;
        if (leaver.receiver == address(this)) s.mine += amount;
        same(state(account, leaver.receiver), s);
        (Exit memory after_, uint256 rest) = pool.exitOf(account, Tranche.Own, id);
        eq(after_.shares, 0, "claimed");
        eq(rest, 0, "worth nothing more");
        eq(after_.receiver, leaver.receiver, "the note stays");
    }

    /// @dev An exit of an era that a slash ended pays nothing and touches nothing of the pool's present one.
    function claimVoid(address account, uint256 id) internal {
        (Exit memory leaver, uint256 value) = pool.exitOf(account, Tranche.Own, id);
        require(leaver.shares > 0 && value == 0, "there is a void exit");
        State memory s = state(account, leaver.receiver);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.ExitClaimed(account, Tranche.Own, id, leaver.receiver, 0);
        eq(pool.claimExit(account, Tranche.Own, id), 0, "pays nothing");
        same(state(account, leaver.receiver), s);
        (Exit memory after_,) = pool.exitOf(account, Tranche.Own, id);
        eq(after_.shares, 0, "claimed");
    }

    /// @dev Only for accounts without backing.
    function doSlash(address account, uint256 amount) internal returns (uint256 taken) {
        State memory s = state(account, account);
        uint256 total = uint256(s.active.tokens) + s.leaving.tokens;
        uint256 want = amount < total ? amount : total;
        if (want > 0) {
            vm.expectEmit(true, true, true, true, address(pool));
            emit IStakePool.Slashed(account, Tranche.Own, CAUSE, amount, want, total - want);
        }
        taken = pool.slash(account, amount, CAUSE);
        eq(taken, want, "clamps");
        uint256 fromLeaving = total == 0 ? 0 : (want * s.leaving.tokens + total - 1) / total;
        s.leaving.tokens -= uint128(fromLeaving);
        s.active.tokens -= uint128(want - fromLeaving);
        if (s.leaving.shares > uint256(s.leaving.tokens) << 30) {
            s.active.tokens += s.leaving.tokens;
            s.leaving = Pool(0, 0);
        }
        s.balance -= want;
        s.mine += want;
        if (account == address(this)) s.receivers += want;
        same(state(account, account), s);
    }
}
