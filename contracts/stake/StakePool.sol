// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {Exit, IStakePool, Pool, Tranche} from "./IStakePool.sol";

/// @title The only holder of stake
/// @notice Own bonds, complete; backing has the same storage and the same path through a slash, and joins with its vaults.
/// @dev docs/protocol.md section 4. Balances are kept, never read off the token, so a donation changes nothing.
///
/// The own active pool has one holder and needs no shares: its `shares` stay 0. A leaving pool starts at one share per
/// token; a slash takes tokens and leaves shares, so tokens <= shares always, and every rounding is down on what is paid.
contract StakePool is IStakePool, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Most shares that one smallest unit of a leaving pool may carry. New shares are bought at the pool's price, so
    /// after heavy slashes an ordinary exit would mint a share count near 2^128 and in the end none would fit: exits would
    /// be stuck. A slash that leaves less than this price wipes the pool instead: the era ends, its shares are void, and
    /// the dust (under a billionth of what the exits were worth) goes to the active pool, where it stays slashable. With
    /// at most 2^96 tokens in a tranche, shares stay below 2^126.
    uint256 private constant MAX_SHARES_PER_TOKEN = 2 ** 30;

    struct Stake {
        Pool active;
        Pool leaving;
        /// Generation of the leaving pool's shares.
        uint32 era;
        /// Exits ever requested.
        uint64 exitCount;
        /// What no exit may go below; own tranche only.
        uint128 locked;
        mapping(uint256 id => Exit) exits;
    }

    IERC20 private immutable _asset;
    address private immutable _slasher;
    uint64 private immutable _exitDelay;

    mapping(address account => mapping(Tranche tranche => Stake)) private _stakes;

    /// @param authority The access manager that decides who may request exits, lock and unlock.
    /// @param asset_ Token of all stake, without transfer fees.
    /// @param clock Says how long an exit takes.
    /// @param slasher_ The only address that may slash; zero: nobody.
    constructor(address authority, IERC20 asset_, IEpochClock clock, address slasher_) AccessManaged(authority) {
        _asset = asset_;
        _slasher = slasher_;
        _exitDelay = clock.exitDelay();
    }

    /// @inheritdoc IStakePool
    function bond(address account, uint256 amount) external nonReentrant {
        if (account == address(0)) revert StakePoolZeroAddress();
        if (amount == 0) revert StakePoolZeroAmount();
        uint256 received = ExactTransfer.pull(_asset, msg.sender, amount);
        if (received != amount) revert StakePoolWrongTransfer(received, amount);

        Stake storage stake = _stakes[account][Tranche.Own];
        uint256 active = stake.active.tokens + amount;
        // The bound behind MAX_SHARES_PER_TOKEN.
        SafeCast.toUint96(active + stake.leaving.tokens);
        stake.active.tokens = SafeCast.toUint128(active);
        emit Bonded(account, Tranche.Own, msg.sender, amount);
    }

    /// @inheritdoc IStakePool
    function requestExit(address account, uint256 amount, address receiver) external restricted returns (uint256 id) {
        if (receiver == address(0)) revert StakePoolZeroAddress();
        if (amount == 0) revert StakePoolZeroAmount();
        Stake storage stake = _stakes[account][Tranche.Own];
        _needFree(stake, amount);

        Pool memory leaving = stake.leaving;
        // Never zero: an emptied pool has no shares, and otherwise there is at least a share per token.
        uint256 shares = leaving.tokens == 0 ? amount : Math.mulDiv(amount, leaving.shares, leaving.tokens);
        uint64 release = SafeCast.toUint64(block.timestamp) + _exitDelay;
        id = stake.exitCount++;
        stake.exits[id] =
            Exit({receiver: receiver, release: release, era: stake.era, shares: SafeCast.toUint128(shares)});
        stake.active.tokens -= SafeCast.toUint128(amount);
        stake.leaving = Pool({
            tokens: SafeCast.toUint128(leaving.tokens + amount),
            shares: SafeCast.toUint128(leaving.shares + shares)
        });
        emit ExitRequested(account, Tranche.Own, id, receiver, amount, release);
    }

    /// @inheritdoc IStakePool
    function claimExit(address account, Tranche tranche, uint256 id) external nonReentrant returns (uint256 amount) {
        Stake storage stake = _stakes[account][tranche];
        Exit memory leaver = stake.exits[id];
        if (leaver.shares == 0) revert StakePoolNoExit(account, id);
        if (block.timestamp < leaver.release) revert StakePoolTooEarly(block.timestamp, leaver.release);

        amount = _value(stake, leaver);
        stake.exits[id].shares = 0;
        if (leaver.era == stake.era) {
            // At most the pool's own tokens and shares, so both fit.
            stake.leaving.tokens -= uint128(amount);
            stake.leaving.shares -= leaver.shares;
        }
        emit ExitClaimed(account, tranche, id, leaver.receiver, amount);
        if (amount > 0) _asset.safeTransfer(leaver.receiver, amount);
    }

    /// @inheritdoc IStakePool
    function lock(address account, uint256 amount) external restricted {
        if (amount == 0) revert StakePoolZeroAmount();
        Stake storage stake = _stakes[account][Tranche.Own];
        _needFree(stake, amount);
        uint128 locked_ = SafeCast.toUint128(stake.locked + amount);
        stake.locked = locked_;
        emit LockedChanged(account, locked_);
    }

    /// @inheritdoc IStakePool
    function unlock(address account, uint256 amount) external restricted {
        if (amount == 0) revert StakePoolZeroAmount();
        Stake storage stake = _stakes[account][Tranche.Own];
        uint128 locked_ = stake.locked;
        if (amount > locked_) revert StakePoolNotLocked(locked_, amount);
        locked_ -= uint128(amount);
        stake.locked = locked_;
        emit LockedChanged(account, locked_);
    }

    /// @inheritdoc IStakePool
    function slash(address account, uint256 amount, bytes32 cause) external nonReentrant returns (uint256 taken) {
        if (msg.sender != _slasher) revert StakePoolNotSlasher(msg.sender, _slasher);
        taken = _take(account, Tranche.Own, amount, cause);
        taken += _take(account, Tranche.Backing, amount - taken, cause);
        if (taken > 0) _asset.safeTransfer(msg.sender, taken);
    }

    /// @inheritdoc IStakePool
    function asset() external view returns (address) {
        return address(_asset);
    }

    /// @inheritdoc IStakePool
    function slasher() external view returns (address) {
        return _slasher;
    }

    /// @inheritdoc IStakePool
    function stakeOf(address account) external view returns (uint256) {
        return _stakes[account][Tranche.Own].active.tokens;
    }

    /// @inheritdoc IStakePool
    function locked(address account) external view returns (uint256) {
        return _stakes[account][Tranche.Own].locked;
    }

    /// @inheritdoc IStakePool
    function slashable(address account) external view returns (uint256) {
        return _total(_stakes[account][Tranche.Own]) + _total(_stakes[account][Tranche.Backing]);
    }

    /// @inheritdoc IStakePool
    function pools(address account, Tranche tranche) external view returns (Pool memory active, Pool memory leaving) {
        Stake storage stake = _stakes[account][tranche];
        return (stake.active, stake.leaving);
    }

    /// @inheritdoc IStakePool
    function exitOf(address account, Tranche tranche, uint256 id) external view returns (Exit memory, uint256 value) {
        Stake storage stake = _stakes[account][tranche];
        Exit memory leaver = stake.exits[id];
        return (leaver, _value(stake, leaver));
    }

    /// @inheritdoc IStakePool
    function exitCount(address account, Tranche tranche) external view returns (uint256) {
        return _stakes[account][tranche].exitCount;
    }

    /// @dev Takes up to `wanted` from a tranche, from its two pools in proportion. The leaving pool's part is rounded up, so
    /// that leaving never bears less than staying; it stays within the pool because `taken` is within the total.
    function _take(address account, Tranche tranche, uint256 wanted, bytes32 cause) private returns (uint256 taken) {
        Stake storage stake = _stakes[account][tranche];
        uint256 total = _total(stake);
        taken = Math.min(wanted, total);
        if (taken == 0) return 0;

        Pool memory leaving = stake.leaving;
        uint256 active = stake.active.tokens;
        uint256 fromLeaving = Math.mulDiv(taken, leaving.tokens, total, Math.Rounding.Ceil);
        active -= taken - fromLeaving;
        leaving.tokens -= uint128(fromLeaving);
        if (leaving.shares > leaving.tokens * MAX_SHARES_PER_TOKEN) {
            active += leaving.tokens;
            leaving = Pool(0, 0);
            ++stake.era;
        }
        stake.active.tokens = SafeCast.toUint128(active);
        stake.leaving = leaving;
        emit Slashed(account, tranche, cause, wanted, taken, total - taken);
    }

    /// @dev Reverts unless `amount` of the active pool is above what is locked. After a slash nothing may be.
    function _needFree(Stake storage stake, uint256 amount) private view {
        uint256 free = Math.saturatingSub(stake.active.tokens, stake.locked);
        if (amount > free) revert StakePoolInsufficientStake(free, amount);
    }

    function _value(Stake storage stake, Exit memory leaver) private view returns (uint256) {
        if (leaver.shares == 0 || leaver.era != stake.era) return 0;
        Pool memory leaving = stake.leaving;
        return Math.mulDiv(leaver.shares, leaving.tokens, leaving.shares);
    }

    function _total(Stake storage stake) private view returns (uint256) {
        return uint256(stake.active.tokens) + stake.leaving.tokens;
    }
}
