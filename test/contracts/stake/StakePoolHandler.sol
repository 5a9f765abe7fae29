// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {TestAsset} from "../../../contracts/examples/TestAsset.sol";
import {ExitState, ExitStatus, IStakePool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {StakePool} from "../../../contracts/stake/StakePool.sol";
import {Pool} from "../../../contracts/types/Pool.sol";
import {vm} from "../Vm.sol";

/// @notice Does everything that can be done to a stake pool, rightly and wrongly, in any order, and keeps its own books.
/// @dev Holds all rights, the manager and the slasher's place. Numbers in names are those of docs/protocol.md section 10.
/// No function may revert: each bounds what it is given.
abstract contract StakePoolHandler {
    uint256 public constant ACTORS = 3;
    uint256 public constant HOLDERS = 3;
    /// Epochs back that the books of stake by epoch reach.
    uint64 public constant MEMORY = 6;
    uint256 internal constant MOST = 1e27;
    uint256 internal constant ALL = 1e18;
    uint64 internal constant GENESIS = 1_000_000;
    uint64 internal constant LENGTH = 1000;

    StakePool internal pool;
    TestAsset internal asset;
    AccessManager internal manager;
    uint64 internal exitDelay;

    bool public paused;
    uint256 public donated;
    uint256 public slashed;
    mapping(address account => mapping(Tranche => uint256)) public put;
    mapping(address account => mapping(Tranche => uint256)) public paid;
    mapping(address account => mapping(Tranche => uint256)) public lost;
    mapping(address account => mapping(uint64 epoch => uint256)) public began;
    mapping(address account => mapping(Tranche => mapping(uint256 id => uint256))) public asked;

    function begin(StakePool pool_, TestAsset asset_, AccessManager manager_, uint64 exitDelay_) external {
        pool = pool_;
        asset = asset_;
        manager = manager_;
        exitDelay = exitDelay_;
        asset.approve(address(pool_), type(uint256).max);
    }

    function actor(uint256 who) public pure returns (address) {
        return address(uint160(0xA000 + who % ACTORS));
    }

    function holder(uint256 who) public pure returns (address) {
        return address(uint160(0xB000 + who % HOLDERS));
    }

    /// @notice Who is paid: odd accounts themselves, even ones another.
    function receiver(address account, Tranche tranche) public pure returns (address) {
        if (tranche == Tranche.Own && uint160(account) % 2 == 1) return account;
        return address(uint160(account) + 0x1000 * (1 + uint160(tranche)));
    }

    function epoch() public view returns (uint64) {
        return (uint64(block.timestamp) - GENESIS) / LENGTH;
    }

    /* WHAT MAY BE DONE */

    function bond(uint256 who, uint256 amount) external {
        address account = actor(who);
        amount = spread(amount, MOST);
        if (paused) return fails(abi.encodeCall(pool.bond, (account, amount)));
        asset.mint(address(this), amount);
        Pool[4] memory before = all(account);
        pool.bond(account, amount);
        put[account][Tranche.Own] += amount;
        unmoved4(before[1], all(account)[1]);
        unmoved4(before[2], all(account)[2]);
        unmoved4(before[3], all(account)[3]);
    }

    function deposit(uint256 who, uint256 whose, uint256 amount) external {
        address account = actor(who);
        amount = spread(amount, MOST);
        Pool[4] memory before = all(account);
        (, uint256 had) = pool.backingOf(account, holder(whose));
        bytes memory call_ = abi.encodeCall(pool.deposit, (account, holder(whose), amount, amount));
        if (paused) return fails(call_);
        asset.mint(address(this), amount);
        uint256 shares = pool.deposit(account, holder(whose), amount, amount);
        put[account][Tranche.Backing] += amount;
        (, uint256 has) = pool.backingOf(account, holder(whose));
        require(has <= had + amount + 1 && has + 1 >= had + amount, "8: a deposit is worth what it cost");
        require(shares >= amount, "a share is never worth more than a unit");
        unmoved4(before[1], all(account)[1]);
        risen4(before[2], all(account)[2]);
        unmoved4(before[3], all(account)[3]);
    }

    function requestExit(uint256 who, uint256 amount) external {
        address account = actor(who);
        uint256 free = freeOf(account);
        if (free == 0) return;
        amount = spread(amount, free);
        Pool[4] memory before = all(account);
        uint256 id = pool.requestExit(account, amount, receiver(account, Tranche.Own));
        asked[account][Tranche.Own][id] = amount;
        risen4(before[1], all(account)[1]);
    }

    function requestBackingExit(uint256 who, uint256 whose, uint256 shares) external {
        address account = actor(who);
        (uint256 held, uint256 value) = pool.backingOf(account, holder(whose));
        if (value == 0) return;
        shares = spread(shares, held);
        Pool[4] memory before = all(account);
        uint256 amount = shares * before[2].tokens / before[2].shares;
        address to = receiver(account, Tranche.Backing);
        if (amount == 0) return fails(abi.encodeCall(pool.requestBackingExit, (account, holder(whose), shares, to)));
        uint256 id = pool.requestBackingExit(account, holder(whose), shares, to);
        asked[account][Tranche.Backing][id] = amount;
        risen4(before[2], all(account)[2]);
        risen4(before[3], all(account)[3]);
    }

    function claimExit(uint256 who, uint256 which, uint256 id) external {
        address account = actor(who);
        Tranche tranche = Tranche(which % 2);
        uint256 count = pool.exitCount(account, tranche);
        if (count == 0) return;
        id = id % count;
        ExitStatus memory status = pool.exitStatus(account, tranche, id);
        bytes memory call_ = abi.encodeCall(pool.claimExit, (account, tranche, id));
        if (block.timestamp < status.release || status.state == ExitState.Claimed) {
            require(status.state != ExitState.Released, "18: the view tells the truth");
            return fails(call_);
        }
        Pool[4] memory before = all(account);
        uint256 balance = asset.balanceOf(status.receiver);
        vm.prank(address(0xF00));
        uint256 amount = pool.claimExit(account, tranche, id);
        require(amount == status.value, "18: it pays what the view says");
        require(asset.balanceOf(status.receiver) == balance + amount, "3: to the receiver");
        paid[account][tranche] += amount;
        uint256 leaving = tranche == Tranche.Own ? 1 : 3;
        risen4(before[leaving], all(account)[leaving]);
    }

    function lock(uint256 who, uint256 amount) external {
        address account = actor(who);
        uint256 free = freeOf(account);
        if (free == 0) return;
        amount = spread(amount, free);
        if (paused) return fails(abi.encodeCall(pool.lock, (account, amount)));
        pool.lock(account, amount);
    }

    function unlock(uint256 who, uint256 amount) external {
        address account = actor(who);
        uint256 locked = pool.locked(account);
        if (locked == 0) return;
        pool.unlock(account, spread(amount, locked));
    }

    function slash(uint256 who, uint256 wad) external {
        _slash(actor(who), spread(wad, 2 * ALL));
    }

    /// @dev Near-total and total slashes are the ones that begin eras and void shares.
    function slashMost(uint256 who, uint256 left) external {
        _slash(actor(who), left % 4 == 0 ? ALL : ALL - spread(left, 1e9) % ALL);
    }

    function donate(uint256 amount) external {
        amount = spread(amount, MOST);
        asset.mint(address(pool), amount);
        donated += amount;
    }

    function warp(uint256 secs) external {
        uint64 from = epoch();
        vm.warp(block.timestamp + secs % 10_000);
        uint64 to = epoch();
        for (uint64 e = to > from + MEMORY ? to - MEMORY : from + 1; e <= to; ++e) {
            for (uint256 i = 0; i < ACTORS; ++i) began[actor(i)][e] = pool.stakeOf(actor(i));
        }
    }

    /// @notice 17: the manager closes or opens the pool.
    function pause(uint256 on) external {
        paused = on % 4 == 0;
        manager.setTargetClosed(address(pool), paused);
    }

    /* WHAT MAY NOT */

    /// @notice Strangers, zeros and too much: each is refused, whatever the state.
    function wrongCalls(uint256 who, uint256 whose, uint256 amount) external {
        address account = actor(who);
        amount = spread(amount, MOST);
        vm.startPrank(address(0xBAD));
        fails(abi.encodeCall(pool.requestExit, (account, amount, address(0xBAD))));
        fails(abi.encodeCall(pool.requestBackingExit, (account, holder(whose), amount, address(0xBAD))));
        fails(abi.encodeCall(pool.deposit, (account, address(0xBAD), amount, 0)));
        fails(abi.encodeCall(pool.lock, (account, amount)));
        fails(abi.encodeCall(pool.unlock, (account, amount)));
        fails(abi.encodeCall(pool.slash, (account, amount, "wrong")));
        fails(abi.encodeCall(pool.bond, (account, amount)));
        vm.stopPrank();
        (uint256 held,) = pool.backingOf(account, holder(whose));
        fails(abi.encodeCall(pool.bond, (account, 0)));
        fails(abi.encodeCall(pool.bond, (account, 2 ** 96)));
        fails(abi.encodeCall(pool.deposit, (account, holder(whose), 2 ** 96, 0)));
        fails(abi.encodeCall(pool.requestExit, (account, 0, account)));
        fails(abi.encodeCall(pool.requestExit, (account, freeOf(account) + amount, account)));
        fails(abi.encodeCall(pool.requestBackingExit, (account, holder(whose), 0, account)));
        fails(abi.encodeCall(pool.requestBackingExit, (account, holder(whose), held + amount, account)));
        fails(abi.encodeCall(pool.lock, (account, freeOf(account) + amount)));
        fails(abi.encodeCall(pool.unlock, (account, pool.locked(account) + amount)));
        fails(abi.encodeCall(pool.claimExit, (account, Tranche.Own, pool.exitCount(account, Tranche.Own))));
    }

    /* WHAT MUST STILL WORK */

    /// @notice 7 and 9: all that is left can be taken, old holders have nothing, and life goes on after it.
    function lifeGoesOn(uint256 who) external {
        address account = actor(who);
        uint256 snapshot = vm.snapshotState();
        if (paused) manager.setTargetClosed(address(pool), false);
        uint256 everything = pool.slashableNow(account);
        require(pool.slash(account, type(uint256).max, "all") == everything, "7: everything");
        require(pool.slashableNow(account) == 0, "7: nothing is left");
        for (uint256 i = 0; i < HOLDERS; ++i) {
            (uint256 shares,) = pool.backingOf(account, holder(i));
            require(shares == 0, "9: old shares are void");
        }
        uint256 need = 1e18 + pool.locked(account);
        asset.mint(address(this), need + 1e18);
        pool.bond(account, need);
        require(pool.deposit(account, holder(0), 1e18, 0) == 1e18, "9: a share a token again");
        uint256 own = pool.requestExit(account, 1e18, account);
        uint256 backing = pool.requestBackingExit(account, holder(0), 1e18, account);
        vm.warp(block.timestamp + exitDelay);
        require(pool.claimExit(account, Tranche.Own, own) == 1e18, "9: a new exit is whole");
        require(pool.claimExit(account, Tranche.Backing, backing) == 1e18, "9: in both tranches");
        vm.revertToState(snapshot);
    }

    /// @notice 8: in and out without a slash returns what went in, two units at most lost; and 17: closed or not.
    function inAndOut(uint256 who, uint256 amount) external {
        address account = actor(who);
        amount = spread(amount, MOST);
        uint256 snapshot = vm.snapshotState();
        asset.mint(address(this), 2 * amount);
        manager.setTargetClosed(address(pool), false);
        uint256 shares = pool.deposit(account, address(this), amount, 0);
        pool.bond(account, amount);
        manager.setTargetClosed(address(pool), true);
        uint256 own = type(uint256).max;
        if (freeOf(account) >= amount) own = pool.requestExit(account, amount, address(0xC0DE));
        (, uint256 worth) = pool.backingOf(account, address(this));
        uint256 backing = type(uint256).max;
        if (worth > 0) backing = pool.requestBackingExit(account, address(this), shares, address(0xC0DE));
        vm.warp(block.timestamp + exitDelay);
        if (own != type(uint256).max) about(pool.claimExit(account, Tranche.Own, own), amount);
        if (worth > 0) about(pool.claimExit(account, Tranche.Backing, backing), amount);
        else require(amount <= 2, "8: two units at most lost");
        vm.revertToState(snapshot);
    }

    /* HELP */

    function _slash(address account, uint256 wad) internal {
        uint256[2] memory before = [totalOf(account, Tranche.Own), totalOf(account, Tranche.Backing)];
        uint256[] memory values = valuesOf(account);
        uint256 total = before[0] + before[1];
        uint256 taken = pool.slash(account, wad, "cause");
        uint256[2] memory now_ = [totalOf(account, Tranche.Own), totalOf(account, Tranche.Backing)];
        require(taken == (total * (wad < ALL ? wad : ALL) + ALL - 1) / ALL, "7: its share, rounded up");
        require(now_[0] + now_[1] == total - taken, "7: and no more");
        require(taken <= before[0] ? now_[1] == before[1] : now_[0] == 0, "own bond first");
        loseEqually(account, before, now_, values);
        slashed += taken;
        lost[account][Tranche.Own] += before[0] - now_[0];
        lost[account][Tranche.Backing] += before[1] - now_[1];
    }

    /// @dev 5: every exit and every holder keeps the same part of what it had as its tranche does, to three units.
    function loseEqually(address account, uint256[2] memory before, uint256[2] memory now_, uint256[] memory values)
        internal
        view
    {
        uint256[] memory left = valuesOf(account);
        uint256 ownExits = pool.exitCount(account, Tranche.Own);
        for (uint256 i = 0; i < left.length; ++i) {
            uint256 t = i < ownExits ? 0 : 1;
            uint256 have = left[i] * before[t];
            uint256 want = values[i] * now_[t];
            require((have > want ? have - want : want - have) <= 3 * before[t], "5: equal shares lose equally");
        }
    }

    /// @dev Values of all own exits, all backing exits, all holders.
    function valuesOf(address account) internal view returns (uint256[] memory values) {
        uint256 own = pool.exitCount(account, Tranche.Own);
        uint256 backing = pool.exitCount(account, Tranche.Backing);
        values = new uint256[](own + backing + HOLDERS);
        for (uint256 id = 0; id < own; ++id) values[id] = pool.exitStatus(account, Tranche.Own, id).value;
        for (uint256 id = 0; id < backing; ++id) {
            values[own + id] = pool.exitStatus(account, Tranche.Backing, id).value;
        }
        for (uint256 i = 0; i < HOLDERS; ++i) (, values[own + backing + i]) = pool.backingOf(account, holder(i));
    }

    /// @dev Own active, own leaving, backing active, backing leaving.
    function all(address account) internal view returns (Pool[4] memory p) {
        (p[0], p[1]) = pool.pools(account, Tranche.Own);
        (p[2], p[3]) = pool.pools(account, Tranche.Backing);
    }

    function totalOf(address account, Tranche tranche) internal view returns (uint256) {
        (Pool memory active, Pool memory leaving) = pool.pools(account, tranche);
        return uint256(active.tokens) + leaving.tokens;
    }

    function freeOf(address account) internal view returns (uint256) {
        uint256 stake = pool.stakeOf(account);
        uint256 locked = pool.locked(account);
        return stake > locked ? stake - locked : 0;
    }

    function fails(bytes memory call_) internal {
        (bool ok,) = address(pool).call(call_);
        require(!ok, "a wrong call went through");
    }

    function about(uint256 out, uint256 amount) internal pure {
        require(out <= amount && out + 2 >= amount, "8: two units at most lost");
    }

    function unmoved4(Pool memory before, Pool memory now_) internal pure {
        require(before.tokens == now_.tokens && before.shares == now_.shares, "4: a pool moved");
    }

    /// @dev Rounding may raise the price of a share, by less than one unit over the whole pool.
    function risen4(Pool memory before, Pool memory now_) internal pure {
        if (before.shares == 0 || now_.shares == 0) return;
        uint256 old = uint256(before.tokens) * now_.shares;
        uint256 new_ = uint256(now_.tokens) * before.shares;
        require(new_ >= old, "4: a share lost value without a slash");
        require(new_ - old <= before.shares, "4: a share gained more than rounding");
    }

    /// @dev 1 to most, all magnitudes alike: the low byte chooses how many bits are kept.
    function spread(uint256 amount, uint256 most) internal pure returns (uint256) {
        return ((amount >> 8) >> (amount % 256)) % most + 1;
    }
}
