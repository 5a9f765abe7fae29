// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExitState, ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {Pool} from "../../../contracts/types/Pool.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

/// @notice The verbs of the stake pool, each of which checks everything that it may and may not change.
/// @dev The test contract holds all rights and is the slasher.
abstract contract StakePoolBase is Base {
    address internal constant ALICE = address(0xA11CE);
    address internal constant BOB = address(0xB0B);
    address internal constant CAROL = address(0xCA201);
    bytes32 internal constant CAUSE = "cause";
    uint256 internal constant ALL = 1e18;

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
        manager.grantRole(ROLE_VAULT, address(this), 0);
        asset.approve(address(pool), type(uint256).max);
    }

    function state(address account, Tranche tranche, address receiver) internal view returns (State memory s) {
        (s.active, s.leaving) = pool.pools(account, tranche);
        s.locked = pool.locked(account);
        s.exits = pool.exitCount(account, tranche);
        s.balance = asset.balanceOf(address(pool));
        s.mine = asset.balanceOf(address(this));
        s.receivers = asset.balanceOf(receiver);
        if (tranche == Tranche.Own) eq(pool.stakeOf(account), s.active.tokens, "stakeOf is the active pool");
        eq(pool.stakeAt(account, clock.current() + 1), pool.stakeOf(account), "and counts from the next epoch on");
        eq(
            pool.slashableNow(account),
            totalOf(account, Tranche.Own) + totalOf(account, Tranche.Backing),
            "everything unclaimed is slashable"
        );
    }

    function totalOf(address account, Tranche tranche) internal view returns (uint256) {
        (Pool memory active, Pool memory leaving) = pool.pools(account, tranche);
        return uint256(active.tokens) + leaving.tokens;
    }

    function exitOf(address account, uint256 id) internal view returns (ExitStatus memory) {
        return pool.exitStatus(account, Tranche.Own, id);
    }

    function valueOf(address account, uint256 id) internal view returns (uint256) {
        return exitOf(account, id).value;
    }

    function sharesOf(address account, address holder) internal view returns (uint256 shares) {
        (shares,) = pool.backingOf(account, holder);
    }

    function same(Pool memory have, Pool memory want, string memory what) internal pure {
        eq(have.tokens, want.tokens, string.concat(what, " tokens"));
        eq(have.shares, want.shares, string.concat(what, " shares"));
        eq(have.era, want.era, string.concat(what, " era"));
    }

    function same(State memory have, State memory want) internal pure {
        same(have.active, want.active, "active");
        same(have.leaving, want.leaving, "leaving");
        eq(have.locked, want.locked, "locked");
        eq(have.exits, want.exits, "exits");
        eq(have.balance, want.balance, "pool's balance");
        eq(have.mine, want.mine, "slasher's balance");
        eq(have.receivers, want.receivers, "receiver's balance");
    }

    function doBond(address account, uint96 amount) internal {
        asset.mint(address(this), amount);
        State memory s = state(account, Tranche.Own, account);
        uint256 began = pool.stakeAt(account, clock.current());
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Bonded(account, Tranche.Own, address(this), amount);
        pool.bond(account, amount);
        s.active.tokens += amount;
        s.balance += amount;
        s.mine -= amount;
        same(state(account, Tranche.Own, account), s);
        eq(pool.stakeAt(account, clock.current()), began, "nothing for the epoch under way");
    }

    function doDeposit(address account, address holder, uint96 amount) internal returns (uint256 shares) {
        asset.mint(address(this), amount);
        State memory s = state(account, Tranche.Backing, account);
        uint256 held = sharesOf(account, holder);
        uint256 want = s.active.tokens == 0 ? amount : uint256(amount) * s.active.shares / s.active.tokens;
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Bonded(account, Tranche.Backing, address(this), amount);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.SharesChanged(account, holder, held + want, s.active.era);
        shares = pool.deposit(account, holder, amount, want);
        eq(shares, want, "shares at the pool's price");
        eq(sharesOf(account, holder), held + shares, "the holder's");
        s.active.tokens += amount;
        s.active.shares += uint128(shares);
        s.balance += amount;
        s.mine -= amount;
        same(state(account, Tranche.Backing, account), s);
    }

    function doRequest(address account, uint96 amount, address receiver) internal returns (uint256 id) {
        State memory s = state(account, Tranche.Own, receiver);
        uint64 release = uint64(block.timestamp) + EXIT_DELAY;
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.ExitRequested(account, Tranche.Own, s.exits, receiver, amount, release);
        id = pool.requestExit(account, amount, receiver);
        s.active.tokens -= amount;
        checkRequest(account, Tranche.Own, id, amount, s, receiver);
    }

    function doBackingRequest(address account, address holder, uint256 shares, address receiver)
        internal
        returns (uint256 id)
    {
        State memory s = state(account, Tranche.Backing, receiver);
        uint256 held = sharesOf(account, holder);
        uint96 amount = uint96(shares * s.active.tokens / s.active.shares);
        uint64 release = uint64(block.timestamp) + EXIT_DELAY;
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.SharesChanged(account, holder, held - shares, s.active.era);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.ExitRequested(account, Tranche.Backing, s.exits, receiver, amount, release);
        id = pool.requestBackingExit(account, holder, shares, receiver);
        eq(sharesOf(account, holder), held - shares, "shares left");
        s.active.tokens -= amount;
        s.active.shares -= uint128(shares);
        checkRequest(account, Tranche.Backing, id, amount, s, receiver);
    }

    function checkRequest(
        address account,
        Tranche tranche,
        uint256 id,
        uint96 amount,
        State memory s,
        address receiver
    ) private view {
        eq(id, s.exits, "ids count from zero");
        ExitStatus memory leaver = pool.exitStatus(account, tranche, id);
        require(leaver.state == ExitState.Waiting, "waiting");
        eq(leaver.receiver, receiver, "receiver");
        eq(leaver.release, block.timestamp + EXIT_DELAY, "release");
        require(leaver.value <= amount && leaver.value + 2 >= amount, "worth what was asked, less rounding");
        s.leaving.tokens += amount;
        s.leaving.shares += leaver.shares;
        s.exits += 1;
        same(state(account, tranche, receiver), s);
    }

    function doClaim(address account, uint256 id) internal returns (uint256 amount) {
        return doClaim(account, Tranche.Own, id);
    }

    function doClaim(address account, Tranche tranche, uint256 id) internal returns (uint256 amount) {
        ExitStatus memory leaver = pool.exitStatus(account, tranche, id);
        require(leaver.state == ExitState.Released, "released");
        State memory s = state(account, tranche, leaver.receiver);
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.ExitClaimed(account, tranche, id, leaver.receiver, leaver.value);
        vm.prank(address(0xF00));
        amount = pool.claimExit(account, tranche, id);
        eq(amount, leaver.value, "pays what exitStatus said");
        s.leaving.tokens -= uint96(amount);
        s.leaving.shares -= leaver.shares;
        s.balance -= amount;
        s.receivers += amount;
        if (leaver.receiver == address(this)) s.mine += amount;
        same(state(account, tranche, leaver.receiver), s);
        ExitStatus memory then = pool.exitStatus(account, tranche, id);
        require(then.state == ExitState.Claimed, "claimed");
        eq(then.shares, 0, "no shares");
        eq(then.value, 0, "worth nothing more");
        eq(then.receiver, leaver.receiver, "the note stays");
        eq(then.release, leaver.release, "all of it");
    }

    /// @dev Slashes, and computes by itself what each of the four pools must lose.
    function doSlash(address account, uint256 wad) internal returns (uint256 taken) {
        State memory own = state(account, Tranche.Own, account);
        State memory back = state(account, Tranche.Backing, account);
        uint256 ownTotal = uint256(own.active.tokens) + own.leaving.tokens;
        uint256 backTotal = uint256(back.active.tokens) + back.leaving.tokens;
        taken = ((ownTotal + backTotal) * (wad < ALL ? wad : ALL) + ALL - 1) / ALL;
        uint256 fromOwn = taken < ownTotal ? taken : ownTotal;
        vm.expectEmit(true, true, true, true, address(pool));
        emit IStakePool.Slashed(account, CAUSE, wad, fromOwn, taken - fromOwn, ownTotal + backTotal - taken);
        eq(pool.slash(account, wad, CAUSE), taken, "takes its share, rounded up");
        lose(own, fromOwn, ownTotal, taken, account);
        lose(back, taken - fromOwn, backTotal, taken, account);
        same(state(account, Tranche.Own, account), own);
        same(state(account, Tranche.Backing, account), back);
    }

    /// @dev What a tranche of `total` looks like once it lost `part` of all that was taken.
    function lose(State memory s, uint256 part, uint256 total, uint256 taken, address account) private view {
        uint256 fromLeaving = total == 0 ? 0 : (part * s.leaving.tokens + total - 1) / total;
        s.leaving.tokens -= uint96(fromLeaving);
        s.active.tokens -= uint96(part - fromLeaving);
        rescale(s.leaving);
        rescale(s.active);
        s.balance -= taken;
        s.mine += taken;
        if (account == address(this)) s.receivers += taken;
    }

    function rescale(Pool memory p) private pure {
        while (p.shares / 2 ** 30 > p.tokens || (p.shares / 2 ** 30 == p.tokens && p.shares % 2 ** 30 > 0)) {
            p.shares /= 2 ** 30;
            p.era += 1;
        }
    }

    /// @dev The share of everything that takes exactly `amount`, if there is less than 1e18.
    function wadOf(address account, uint256 amount) internal view returns (uint256) {
        return amount * ALL / pool.slashableNow(account);
    }
}
