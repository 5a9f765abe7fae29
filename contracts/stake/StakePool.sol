// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Closable} from "../access/Closable.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {EpochKey} from "../libraries/EpochKey.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {SharesMath} from "../libraries/SharesMath.sol";
import {Pool} from "../types/Pool.sol";
import {ExitState, ExitStatus, IStakePool, Tranche} from "./IStakePool.sol";

/// @title The only holder of stake
/// @notice Own bonds and backing, active and leaving, and the slashes of them; see IStakePool.
/// @dev docs/protocol.md section 4. Balances are kept, never read off the token, so a donation changes nothing.
contract StakePool is IStakePool, Closable, ReentrancyGuardTransient {
    using Checkpoints for Checkpoints.Trace208;
    using SafeERC20 for IERC20;
    using SharesMath for Pool;

    uint256 private constant WAD = 1e18;

    /// @dev Two slots beside the history. Who is never slashed touches the second by its locks alone.
    struct Own {
        uint96 active;
        uint96 leavingTokens;
        /// Exits ever requested.
        uint64 exitCount;
        /// Shares of the leaving pool beyond its tokens: none until a slash.
        uint128 leavingExcess;
        uint32 leavingEra;
        /// What no exit may go below.
        uint96 locked;
        /// `active`, under the first epoch at whose start it held.
        Checkpoints.Trace208 history;
    }

    /// Shares of a pool as they were noted.
    struct Holding {
        uint128 shares;
        uint32 era;
    }

    struct Backing {
        Pool active;
        Pool leaving;
        /// Exits ever requested.
        uint64 exitCount;
        mapping(address holder => Holding) holdings;
    }

    struct Exit {
        /// Of the leaving pool; 0 once claimed.
        uint128 shares;
        uint32 era;
        /// When it can be claimed, Unix seconds; 0: no such exit.
        uint64 release;
        /// Who is paid; zero: the account itself, which spares the common exit a slot.
        address receiver;
    }

    IERC20 private immutable _asset;
    address private immutable _slasher;
    uint64 private immutable _genesis;
    uint64 private immutable _length;
    uint64 private immutable _exitDelay;

    mapping(address account => Own) private _own;
    mapping(address account => Backing) private _backing;
    mapping(address account => mapping(Tranche tranche => mapping(uint256 id => Exit))) private _exits;

    /// @param authority The access manager that decides who may deposit, request exits, lock and unlock.
    /// @param asset_ Token of all stake, without transfer fees.
    /// @param clock Says which epoch it is and how long an exit takes.
    /// @param slasher_ The only address that may slash; zero: nobody.
    constructor(address authority, IERC20 asset_, IEpochClock clock, address slasher_) AccessManaged(authority) {
        _asset = asset_;
        _slasher = slasher_;
        _genesis = clock.genesis();
        _length = clock.length();
        _exitDelay = clock.exitDelay();
    }

    /* IN */

    /// @inheritdoc IStakePool
    function bond(address account, uint256 amount) external nonReentrant whileOpen {
        if (account == address(0)) revert StakePoolZeroAddress();
        Own storage own = _own[account];
        uint256 active = own.active;
        _pull(account, Tranche.Own, amount, active + own.leavingTokens);
        _setActive(own, active + amount);
    }

    /// @inheritdoc IStakePool
    function deposit(address account, address holder, uint256 amount, uint256 minShares)
        external
        nonReentrant
        restricted
        returns (uint256 shares)
    {
        if (account == address(0) || holder == address(0)) revert StakePoolZeroAddress();
        _pull(account, Tranche.Backing, amount, _backingTotal(account));
        Backing storage backing = _backing[account];
        Pool memory active = backing.active;
        shares = active.buy(amount);
        if (shares < minShares) revert StakePoolTooFewShares(shares, minShares);
        backing.active = active;
        _setShares(account, holder, active, _sharesOf(backing, holder) + shares);
    }

    /* OUT */

    /// @inheritdoc IStakePool
    function requestExit(address account, uint256 amount, address receiver) external alsoClosed returns (uint256 id) {
        Own storage own = _own[account];
        _needFree(own, amount);
        id = own.exitCount++;
        _setActive(own, own.active - amount);
        _leave(account, Tranche.Own, id, amount, receiver);
    }

    /// @inheritdoc IStakePool
    function requestBackingExit(address account, address holder, uint256 shares, address receiver)
        external
        alsoClosed
        returns (uint256 id)
    {
        Backing storage backing = _backing[account];
        uint256 held = _sharesOf(backing, holder);
        if (shares > held) revert StakePoolInsufficientShares(held, shares);
        Pool memory active = backing.active;
        uint256 amount = active.sell(shares);
        backing.active = active;
        _setShares(account, holder, active, held - shares);
        id = backing.exitCount++;
        _leave(account, Tranche.Backing, id, amount, receiver);
    }

    /// @inheritdoc IStakePool
    function claimExit(address account, Tranche tranche, uint256 id) external nonReentrant returns (uint256 amount) {
        ExitStatus memory status = exitStatus(account, tranche, id);
        if (status.state == ExitState.None || status.state == ExitState.Claimed) revert StakePoolNoExit(account, id);
        if (status.state == ExitState.Waiting) revert StakePoolTooEarly(block.timestamp, status.release);

        Pool memory leaving = _leaving(account, tranche);
        amount = leaving.sell(status.shares);
        _setLeaving(account, tranche, leaving);
        _exits[account][tranche][id].shares = 0;
        emit ExitClaimed(account, tranche, id, status.receiver, amount);
        if (amount > 0) _asset.safeTransfer(status.receiver, amount);
    }

    /* LOCKS */

    /// @inheritdoc IStakePool
    function lock(address account, uint256 amount) external restricted {
        Own storage own = _own[account];
        _needFree(own, amount);
        _setLocked(account, own, own.locked + amount);
    }

    /// @inheritdoc IStakePool
    function unlock(address account, uint256 amount) external alsoClosed {
        if (amount == 0) revert StakePoolZeroAmount();
        Own storage own = _own[account];
        uint256 locked_ = own.locked;
        if (amount > locked_) revert StakePoolNotLocked(locked_, amount);
        _setLocked(account, own, locked_ - amount);
    }

    /* SLASH */

    /// @inheritdoc IStakePool
    function slash(address account, uint256 wad, bytes32 cause) external nonReentrant returns (uint256 taken) {
        if (msg.sender != _slasher) revert StakePoolNotSlasher(msg.sender, _slasher);
        uint256 own = _ownTotal(account);
        uint256 backing = _backingTotal(account);
        taken = Math.mulDiv(own + backing, Math.min(wad, WAD), WAD, Math.Rounding.Ceil);

        uint256 fromOwn = Math.min(taken, own);
        uint256 fromBacking = taken - fromOwn;
        if (fromOwn > 0) {
            uint256 fromActive = fromOwn - _slashLeaving(account, Tranche.Own, fromOwn, own);
            _setActive(_own[account], _own[account].active - fromActive);
        }
        if (fromBacking > 0) {
            uint256 fromActive = fromBacking - _slashLeaving(account, Tranche.Backing, fromBacking, backing);
            Pool memory active = _backing[account].active;
            active.take(fromActive);
            _backing[account].active = active;
        }
        emit Slashed(account, cause, wad, fromOwn, fromBacking, own + backing - taken);
        if (taken > 0) _asset.safeTransfer(msg.sender, taken);
    }

    /// @dev Takes the leaving pool's part of `amount`, which its tranche of `total` loses: in proportion, rounded up, so
    /// that leaving never bears less than staying. It stays within the pool because `amount` is within the total.
    function _slashLeaving(address account, Tranche tranche, uint256 amount, uint256 total)
        private
        returns (uint256 part)
    {
        uint256 tokens = tranche == Tranche.Own ? _own[account].leavingTokens : _backing[account].leaving.tokens;
        // Mostly nothing leaves, and the rest of the leaving pool is not read.
        if (tokens == 0) return 0;
        part = Math.mulDiv(amount, tokens, total, Math.Rounding.Ceil);
        Pool memory leaving = _leaving(account, tranche);
        leaving.take(part);
        _setLeaving(account, tranche, leaving);
    }

    /* READS */

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
        return _own[account].active;
    }

    /// @inheritdoc IStakePool
    function stakeAt(address account, uint64 epoch) external view returns (uint256) {
        return _own[account].history.upperLookupRecent(EpochKey.read(epoch));
    }

    /// @inheritdoc IStakePool
    function locked(address account) external view returns (uint256) {
        return _own[account].locked;
    }

    /// @inheritdoc IStakePool
    function backingOf(address account, address holder) external view returns (uint256 shares, uint256 value) {
        Backing storage backing = _backing[account];
        shares = _sharesOf(backing, holder);
        value = backing.active.valueOf(shares);
    }

    /// @inheritdoc IStakePool
    function slashableNow(address account) external view returns (uint256) {
        return _ownTotal(account) + _backingTotal(account);
    }

    /// @inheritdoc IStakePool
    function pools(address account, Tranche tranche) external view returns (Pool memory active, Pool memory leaving) {
        active = tranche == Tranche.Own ? Pool(_own[account].active, 0, 0) : _backing[account].active;
        leaving = _leaving(account, tranche);
    }

    /// @inheritdoc IStakePool
    function exitStatus(address account, Tranche tranche, uint256 id) public view returns (ExitStatus memory status) {
        Exit memory leaver = _exits[account][tranche][id];
        if (leaver.release == 0) return status;
        status.receiver = leaver.receiver == address(0) ? account : leaver.receiver;
        status.release = leaver.release;
        if (leaver.shares == 0) {
            status.state = ExitState.Claimed;
            return status;
        }
        status.state = block.timestamp < leaver.release ? ExitState.Waiting : ExitState.Released;
        Pool memory leaving = _leaving(account, tranche);
        // Both no more than the pool's own.
        status.shares = uint128(leaving.sharesNow(leaver.shares, leaver.era));
        status.value = uint128(leaving.valueOf(status.shares));
    }

    /// @inheritdoc IStakePool
    function exitCount(address account, Tranche tranche) external view returns (uint256) {
        return tranche == Tranche.Own ? _own[account].exitCount : _backing[account].exitCount;
    }

    /* INSIDE */

    /// @dev Takes tokens from the caller for a tranche that holds `total`.
    function _pull(address account, Tranche tranche, uint256 amount, uint256 total) private {
        if (amount == 0) revert StakePoolZeroAmount();
        uint256 room = type(uint96).max - total;
        if (amount > room) revert StakePoolTooMuch(amount, room);
        uint256 received = ExactTransfer.pull(_asset, msg.sender, amount);
        if (received != amount) revert StakePoolWrongTransfer(received, amount);
        emit Bonded(account, tranche, msg.sender, amount);
    }

    /// @dev Notes an exit of `amount`, which the caller has taken from the active pool.
    function _leave(address account, Tranche tranche, uint256 id, uint256 amount, address receiver) private {
        if (amount == 0) revert StakePoolZeroAmount();
        if (receiver == address(0)) revert StakePoolZeroAddress();
        Pool memory leaving = _leaving(account, tranche);
        uint64 release = SafeCast.toUint64(block.timestamp) + _exitDelay;
        Exit storage leaver = _exits[account][tranche][id];
        leaver.shares = uint128(leaving.buy(amount));
        leaver.era = leaving.era;
        leaver.release = release;
        if (receiver != account) leaver.receiver = receiver;
        _setLeaving(account, tranche, leaving);
        emit ExitRequested(account, tranche, id, receiver, amount, release);
    }

    /// @dev What changes in an epoch counts from the start of the next. Before genesis it counts from the start of the
    /// first. `active` is within the tranche's bound.
    function _setActive(Own storage own, uint256 active) private {
        own.active = uint96(active);
        uint256 next = block.timestamp < _genesis ? 0 : (block.timestamp - _genesis) / _length + 1;
        own.history.push(EpochKey.write(next), uint96(active));
    }

    function _setLeaving(address account, Tranche tranche, Pool memory leaving) private {
        if (tranche == Tranche.Backing) {
            _backing[account].leaving = leaving;
            return;
        }
        Own storage own = _own[account];
        own.leavingTokens = leaving.tokens;
        // Shares are bought at one token or less and sold rounding down, so there are never fewer than tokens.
        uint128 excess = leaving.shares - leaving.tokens;
        if (excess != own.leavingExcess || leaving.era != own.leavingEra) {
            (own.leavingExcess, own.leavingEra) = (excess, leaving.era);
        }
    }

    /// @dev `locked_` is within the bond when it rises.
    function _setLocked(address account, Own storage own, uint256 locked_) private {
        own.locked = uint96(locked_);
        emit LockedChanged(account, locked_);
    }

    function _setShares(address account, address holder, Pool memory active, uint256 shares) private {
        _backing[account].holdings[holder] = Holding(uint128(shares), active.era);
        emit SharesChanged(account, holder, shares, active.era);
    }

    function _sharesOf(Backing storage backing, address holder) private view returns (uint256) {
        Holding memory noted = backing.holdings[holder];
        return backing.active.sharesNow(noted.shares, noted.era);
    }

    /// @dev Reverts unless `amount` is something and within what the active own bond has above its lock. After a slash
    /// nothing may be.
    function _needFree(Own storage own, uint256 amount) private view {
        if (amount == 0) revert StakePoolZeroAmount();
        uint256 free = Math.saturatingSub(own.active, own.locked);
        if (amount > free) revert StakePoolInsufficientStake(free, amount);
    }

    function _leaving(address account, Tranche tranche) private view returns (Pool memory) {
        if (tranche == Tranche.Backing) return _backing[account].leaving;
        Own storage own = _own[account];
        return Pool(own.leavingTokens, own.leavingTokens + own.leavingExcess, own.leavingEra);
    }

    function _ownTotal(address account) private view returns (uint256) {
        return uint256(_own[account].active) + _own[account].leavingTokens;
    }

    function _backingTotal(address account) private view returns (uint256) {
        return uint256(_backing[account].active.tokens) + _backing[account].leaving.tokens;
    }
}
