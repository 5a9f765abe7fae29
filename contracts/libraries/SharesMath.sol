// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Pool} from "../types/Pool.sol";

/// @title SharesMath
/// @notice A pool whose shares lose together: buying and selling keep the price of a share, taking lowers it.
/// @dev Always tokens <= shares <= tokens * 2^30.
///
/// The left side: a pool begins at a share per token, a sale and a purchase round against the one who makes them, and
/// tokens come in only for shares. So a share is never worth more than one smallest unit, which is all that rounding can
/// cost anybody, also the second depositor: there is no price to inflate.
///
/// The right side: after heavy losses few tokens carry many shares, and a purchase at that price would soon pass any
/// type. A loss that leaves less than a token per 2^30 shares therefore begins a new era: all shares are divided by 2^30,
/// those that holders noted when they next read them. Nobody loses by it more than a share, so less than a unit. A total
/// loss goes the same way until no share is left. With at most 2^96 tokens, shares stay below 2^126.
library SharesMath {
    /// @dev Bits by which an era scales shares down.
    uint256 private constant ERA_BITS = 30;

    /// @notice Adds tokens to the pool.
    /// @param amount In the smallest unit; the pool's tokens and these are below 2^96.
    /// @return shares What they buy, at least `amount`.
    function buy(Pool memory pool, uint256 amount) internal pure returns (uint256 shares) {
        shares = pool.tokens == 0 ? amount : Math.mulDiv(amount, pool.shares, pool.tokens);
        pool.tokens += uint96(amount);
        pool.shares += uint128(shares);
    }

    /// @notice Removes shares of the present era, at most the pool's.
    /// @return amount What they are worth, in the smallest unit.
    function sell(Pool memory pool, uint256 shares) internal pure returns (uint256 amount) {
        amount = valueOf(pool, shares);
        pool.tokens -= uint96(amount);
        pool.shares -= uint128(shares);
    }

    /// @notice Takes tokens, at most the pool's, from all shares alike.
    /// @param amount In the smallest unit.
    function take(Pool memory pool, uint256 amount) internal pure {
        pool.tokens -= uint96(amount);
        while (pool.shares > uint256(pool.tokens) << ERA_BITS) {
            pool.shares >>= ERA_BITS;
            ++pool.era;
        }
    }

    /// @notice What shares that were noted in an earlier era are in the present one.
    function sharesNow(Pool memory pool, uint256 shares, uint256 era) internal pure returns (uint256) {
        return shares >> (ERA_BITS * (pool.era - era));
    }

    /// @notice What shares of the present era are worth, in the smallest unit.
    function valueOf(Pool memory pool, uint256 shares) internal pure returns (uint256) {
        return shares == 0 ? 0 : Math.mulDiv(shares, pool.tokens, pool.shares);
    }
}
