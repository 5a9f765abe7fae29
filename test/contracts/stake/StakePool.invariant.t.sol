// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Exit, IStakePool, Pool, Tranche} from "../../../contracts/stake/IStakePool.sol";
import {StakePool} from "../../../contracts/stake/StakePool.sol";
import {TestAsset} from "../../../contracts/examples/TestAsset.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

/// @notice Does everything that can be done to a stake pool, in any order, and keeps its own books.
contract StakePoolHandler {
    uint256 public constant ACTORS = 3;
    uint256 internal constant MOST = 1e27;

    StakePool internal pool;
    TestAsset internal asset;

    /// Ghost sums over all accounts.
    uint256 public donated;
    uint256 public slashed;
    /// Ghost sums per account.
    mapping(address => uint256) public bonded;
    mapping(address => uint256) public paid;
    mapping(address => uint256) public slashedOf;
    /// What each exit was asked for, and the exits themselves.
    mapping(address => uint256[]) internal _asked;
    uint256 public claims;

    function begin(StakePool pool_, TestAsset asset_) external {
        pool = pool_;
        asset = asset_;
        asset.approve(address(pool_), type(uint256).max);
    }

    function actor(uint256 who) public pure returns (address) {
        return address(uint160(0xA000 + who % ACTORS));
    }

    function receiver(address account) public pure returns (address) {
        return address(uint160(account) + 0x1000);
    }

    function asked(address account, uint256 id) external view returns (uint256) {
        return _asked[account][id];
    }

    function bond(uint256 who, uint256 amount) external {
        address account = actor(who);
        amount = spread(amount, MOST);
        asset.mint(address(this), amount);
        Pool memory before = leavingOf(account);
        pool.bond(account, amount);
        bonded[account] += amount;
        unmoved(before, leavingOf(account));
    }

    function requestExit(uint256 who, uint256 amount) external {
        address account = actor(who);
        uint256 free = freeOf(account);
        if (free == 0) return;
        Pool memory before = leavingOf(account);
        amount = spread(amount, free);
        pool.requestExit(account, amount, receiver(account));
        _asked[account].push(amount);
        risen(before, leavingOf(account));
    }

    function claimExit(uint256 who, uint256 id) external {
        address account = actor(who);
        uint256 count = pool.exitCount(account, Tranche.Own);
        if (count == 0) return;
        id = id % count;
        (Exit memory leaver, uint256 value) = pool.exitOf(account, Tranche.Own, id);
        if (leaver.shares == 0) return;
        if (block.timestamp < leaver.release) {
            vm.expectRevert(
                abi.encodeWithSelector(IStakePool.StakePoolTooEarly.selector, block.timestamp, leaver.release)
            );
            pool.claimExit(account, Tranche.Own, id);
            return;
        }
        Pool memory before = leavingOf(account);
        uint256 amount = pool.claimExit(account, Tranche.Own, id);
        require(amount == value, "pays what the view says");
        paid[account] += amount;
        claims++;
        risen(before, leavingOf(account));
    }

    function slash(uint256 who, uint256 amount) external {
        _slash(actor(who), spread(amount, 2 * MOST));
    }

    /// @dev Near-total and total slashes are the ones that strand or explode shares.
    function slashMost(uint256 who, uint256 left) external {
        address account = actor(who);
        uint256 all = pool.slashable(account);
        left = left % 4 == 0 ? 0 : spread(left, 1e9);
        _slash(account, all > left ? all - left : all);
    }

    function lock(uint256 who, uint256 amount) external {
        address account = actor(who);
        uint256 free = freeOf(account);
        if (free == 0) return;
        pool.lock(account, spread(amount, free));
    }

    function unlock(uint256 who, uint256 amount) external {
        address account = actor(who);
        uint256 locked = pool.locked(account);
        if (locked == 0) return;
        pool.unlock(account, spread(amount, locked));
    }

    function donate(uint256 amount) external {
        amount = spread(amount, MOST);
        asset.mint(address(pool), amount);
        donated += amount;
    }

    function warp(uint32 secs) external {
        vm.warp(block.timestamp + secs % 10_000);
    }

    function _slash(address account, uint256 amount) internal {
        uint256 all = pool.slashable(account);
        uint256 taken = pool.slash(account, amount, "cause");
        require(taken == (amount < all ? amount : all), "takes what is there, never reverts on amount");
        require(pool.slashable(account) == all - taken, "and no more");
        slashed += taken;
        slashedOf[account] += taken;
    }

    function freeOf(address account) internal view returns (uint256) {
        uint256 stake = pool.stakeOf(account);
        uint256 locked = pool.locked(account);
        return stake > locked ? stake - locked : 0;
    }

    function leavingOf(address account) internal view returns (Pool memory leaving) {
        (, leaving) = pool.pools(account, Tranche.Own);
    }

    /// @dev Only a slash moves the value of a share.
    function unmoved(Pool memory before, Pool memory now_) internal pure {
        require(before.tokens == now_.tokens && before.shares == now_.shares, "no bond touches the leaving pool");
    }

    /// @dev Rounding may raise it, by less than one unit over the whole pool.
    function risen(Pool memory before, Pool memory now_) internal pure {
        if (before.shares == 0 || now_.shares == 0) return;
        uint256 old = uint256(before.tokens) * now_.shares;
        uint256 new_ = uint256(now_.tokens) * before.shares;
        require(new_ >= old, "a share lost value without a slash");
        require(new_ - old < before.shares, "a share gained more than rounding");
    }

    /// @dev 1 to most, all magnitudes alike: the low byte chooses how many bits are kept.
    function spread(uint256 amount, uint256 most) internal pure returns (uint256) {
        return ((amount >> 8) >> (amount % 256)) % most + 1;
    }
}

/// @notice What must hold of the own tranche, whatever is done and in whatever order.
contract StakePoolInvariantTest is Base {
    StakePoolHandler internal handler;

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function setUp() public override {
        super.setUp();
        handler = new StakePoolHandler();
        pool = new StakePool(address(manager), asset, clock, address(handler));
        allow(address(pool), IStakePool.requestExit.selector, ROLE_EXIT);
        allow(address(pool), IStakePool.lock.selector, ROLE_LOCK);
        allow(address(pool), IStakePool.unlock.selector, ROLE_LOCK);
        manager.grantRole(ROLE_EXIT, address(handler), 0);
        manager.grantRole(ROLE_LOCK, address(handler), 0);
        handler.begin(pool, asset);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory out) {
        out = new FuzzSelector[](1);
        out[0].addr = address(handler);
        out[0].selectors = new bytes4[](10);
        out[0].selectors[0] = StakePoolHandler.bond.selector;
        out[0].selectors[1] = StakePoolHandler.requestExit.selector;
        out[0].selectors[2] = StakePoolHandler.claimExit.selector;
        out[0].selectors[3] = StakePoolHandler.slash.selector;
        out[0].selectors[4] = StakePoolHandler.slashMost.selector;
        out[0].selectors[5] = StakePoolHandler.lock.selector;
        out[0].selectors[6] = StakePoolHandler.unlock.selector;
        out[0].selectors[7] = StakePoolHandler.donate.selector;
        out[0].selectors[8] = StakePoolHandler.warp.selector;
        // Twice, or few exits are ever old enough to be claimed.
        out[0].selectors[9] = StakePoolHandler.warp.selector;
    }

    /// Every token is somebody's stake or a gift.
    function invariant_balanceIsStakeAndGifts() public view {
        uint256 live = 0;
        for (uint256 i = 0; i < handler.ACTORS(); ++i) live += pool.slashable(handler.actor(i));
        eq(asset.balanceOf(address(pool)), live + handler.donated(), "balance");
        eq(asset.balanceOf(address(handler)), handler.slashed(), "what was slashed went to the slasher");
    }

    /// What came in is there, was paid or was slashed, to the wei, for each account alone.
    function invariant_conservation() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address account = handler.actor(i);
            uint256 out = handler.paid(account) + handler.slashedOf(account);
            eq(handler.bonded(account), pool.slashable(account) + out, "conservation");
            eq(asset.balanceOf(handler.receiver(account)), handler.paid(account), "paid to the receiver");
            require(handler.paid(account) <= handler.bonded(account), "nobody gains");
        }
    }

    /// The shares of the live era's exits are the pool's, their values add up to no more than its tokens, and no rounding
    /// strands more than a unit per exit.
    function invariant_sharesAddUp() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address account = handler.actor(i);
            (, Pool memory leaving) = pool.pools(account, Tranche.Own);
            uint256 count = pool.exitCount(account, Tranche.Own);
            uint256 shares = 0;
            uint256 value = 0;
            uint32 era = latestEra(account, count);
            for (uint256 id = 0; id < count; ++id) {
                (Exit memory leaver, uint256 worth) = pool.exitOf(account, Tranche.Own, id);
                require(worth <= handler.asked(account, id) + count, "no exit is worth more than was asked");
                if (leaver.era == era && leaving.shares > 0) shares += leaver.shares;
                value += worth;
                if (handler.slashedOf(account) == 0 && leaver.shares > 0) {
                    eq(worth, handler.asked(account, id), "never slashed, never less");
                }
            }
            eq(shares, leaving.shares, "shares");
            require(value <= leaving.tokens, "exits are covered");
            require(value + count >= leaving.tokens, "nothing is stranded");
        }
    }

    /// Shares can never outgrow their type, and an emptied pool has none.
    function invariant_sharesStayBounded() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            (Pool memory active, Pool memory leaving) = pool.pools(handler.actor(i), Tranche.Own);
            eq(active.shares, 0, "the own active pool has no shares");
            require(leaving.tokens <= leaving.shares, "never more than a token per share");
            require(leaving.shares <= uint256(leaving.tokens) << 30, "never below the floor");
        }
    }

    /// Whatever was taken before, all that is left can be taken, and life goes on after it.
    function invariant_slashReachesEverythingAndLifeGoesOn() public {
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address account = handler.actor(i);
            uint256 all = pool.slashable(account);
            vm.prank(address(handler));
            eq(pool.slash(account, type(uint256).max, "all"), all, "everything");
            eq(pool.slashable(account), 0, "nothing left");
            bondFor(account, 1e18 + pool.locked(account));
            vm.prank(address(handler));
            uint256 id = pool.requestExit(account, 1e18, account);
            (, uint256 value) = pool.exitOf(account, Tranche.Own, id);
            eq(value, 1e18, "a new exit is whole");
        }
        vm.revertToState(snapshot);
    }

    /// @dev If the pool has shares, they are of the era of the last request.
    function latestEra(address account, uint256 count) internal view returns (uint32) {
        if (count == 0) return 0;
        (Exit memory last,) = pool.exitOf(account, Tranche.Own, count - 1);
        return last.era;
    }
}
