// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Pool} from "../types/Pool.sol";

/// @notice Who bears a loss first: the account's own bond (junior), then its backing (senior).
enum Tranche {
    Own,
    Backing
}

/// @notice How far an exit has come: never asked for, not released yet, to be claimed, paid.
enum ExitState {
    None,
    Waiting,
    Released,
    Claimed
}

/// @notice All there is to know of one exit.
struct ExitStatus {
    ExitState state;
    /// Who is paid.
    address receiver;
    /// When it can be claimed, Unix seconds.
    uint64 release;
    /// Its present shares of the leaving pool; 0 once claimed.
    uint128 shares;
    /// What it pays if it is claimed before another slash, in the asset's smallest unit; 0 once claimed.
    uint128 value;
}

/// @title The only holder of stake
/// @notice Two tranches per account, two pools each: active and leaving. An exit moves value from active to leaving and
/// notes shares under a release time; a slash scales both at once, so everything stays slashable until it is claimed.
/// Amounts are in the asset's smallest unit; a tranche, active and leaving together, holds at most 2^96 - 1.
/// @dev Rules: docs/protocol.md section 4. Knows nothing of what stake is for.
interface IStakePool {
    /// @notice `amount` was added to the tranche of `account`.
    event Bonded(address indexed account, Tranche indexed tranche, address indexed from, uint256 amount);
    /// @notice `amount` began to leave.
    event ExitRequested(
        address indexed account, Tranche indexed tranche, uint256 indexed id, address receiver, uint256 amount, uint64 release
    );
    /// @notice `amount` was paid to `receiver`: what slashes left of the exit.
    event ExitClaimed(address indexed account, Tranche indexed tranche, uint256 indexed id, address receiver, uint256 amount);
    /// @notice `holder` has `shares` of the active backing of `account`, counted in `era`.
    event SharesChanged(address indexed account, address indexed holder, uint256 shares, uint32 era);
    /// @notice A slash of `wad`, for the reason `cause`, took `own` and `backing`; `remaining` is still slashable.
    event Slashed(
        address indexed account, bytes32 indexed cause, uint256 wad, uint256 own, uint256 backing, uint256 remaining
    );
    /// @notice No exit of `account` may go below `locked`.
    event LockedChanged(address indexed account, uint256 locked);

    /// @notice Only the slasher may do this.
    error StakePoolNotSlasher(address have, address need);
    /// @notice The amount is zero, or too small to be worth anything.
    error StakePoolZeroAmount();
    /// @notice The account, holder or receiver is the zero address.
    error StakePoolZeroAddress();
    /// @notice The tranche would hold more than it can.
    error StakePoolTooMuch(uint256 have, uint256 limit);
    /// @notice The account's free active stake is too small.
    error StakePoolInsufficientStake(uint256 have, uint256 need);
    /// @notice The holder has too few shares.
    error StakePoolInsufficientShares(uint256 have, uint256 need);
    /// @notice The deposit buys fewer shares than asked for.
    error StakePoolTooFewShares(uint256 have, uint256 need);
    /// @notice The unlock is larger than what is locked.
    error StakePoolNotLocked(uint256 have, uint256 need);
    /// @notice There is no such exit, or it was claimed.
    error StakePoolNoExit(address account, uint256 id);
    /// @notice The exit is not released yet (Unix seconds).
    error StakePoolTooEarly(uint256 have, uint256 need);
    /// @notice The token moved another amount than it was asked to: tokens with transfer fees are refused.
    error StakePoolWrongTransfer(uint256 have, uint256 need);

    /// @notice Adds `amount` to the own bond of `account`, from the caller. Anyone may add to anyone's bond.
    function bond(address account, uint256 amount) external;

    /// @notice Adds `amount` to the backing of `account`, from the caller. Caller: vaults, by the access manager.
    /// @param holder Who gets the shares.
    /// @param minShares Least shares that `amount` must buy.
    /// @return shares What it bought; a share is never worth more than one smallest unit.
    function deposit(address account, address holder, uint256 amount, uint256 minShares)
        external
        returns (uint256 shares);

    /// @notice Starts an exit of `amount` of the own bond. Caller: the registries, by the access manager, also while it
    /// has the pool closed.
    /// @return id The exit's number, per account and tranche, from 0.
    function requestExit(address account, uint256 amount, address receiver) external returns (uint256 id);

    /// @notice Starts an exit of `shares` of `holder` in the backing. Caller: vaults, by the access manager, also while it
    /// has the pool closed.
    /// @return id The exit's number, per account and tranche, from 0.
    function requestBackingExit(address account, address holder, uint256 shares, address receiver)
        external
        returns (uint256 id);

    /// @notice Pays a released exit to its receiver. Anyone may push it.
    function claimExit(address account, Tranche tranche, uint256 id) external returns (uint256 amount);

    /// @notice Raises what no exit may go below; needs that much active own bond. Caller: by the access manager.
    function lock(address account, uint256 amount) external;

    /// @notice Lowers it. Caller: by the access manager, also while it has the pool closed.
    function unlock(address account, uint256 amount) external;

    /// @notice Takes a share of everything slashable of `account`, own bond first, and sends it to the caller. Rounds up;
    /// never reverts on amount. Caller: the slasher.
    /// @param wad The share; 1e18 and above is all.
    /// @param cause What the event carries.
    /// @return taken What was taken.
    function slash(address account, uint256 wad, bytes32 cause) external returns (uint256 taken);

    /// @notice The token of all stake.
    function asset() external view returns (address);

    /// @notice The only address that may slash; zero: nobody.
    function slasher() external view returns (address);

    /// @notice Active own bond of `account`.
    function stakeOf(address account) external view returns (uint256);

    /// @notice Active own bond of `account` when `epoch` began; for an epoch to come, as it stands.
    function stakeAt(address account, uint64 epoch) external view returns (uint256);

    /// @notice What no exit of `account` may go below.
    function locked(address account) external view returns (uint256);

    /// @notice What `holder` has of the active backing of `account`.
    /// @return shares Present shares. @return value What they are worth.
    function backingOf(address account, address holder) external view returns (uint256 shares, uint256 value);

    /// @notice Everything of `account` that a slash can reach: both tranches, active and leaving.
    function slashableNow(address account) external view returns (uint256);

    /// @notice The pools of a tranche. The own active pool has one holder and no shares.
    function pools(address account, Tranche tranche) external view returns (Pool memory active, Pool memory leaving);

    /// @notice What became of an exit.
    function exitStatus(address account, Tranche tranche, uint256 id) external view returns (ExitStatus memory);

    /// @notice Number of exits ever requested.
    function exitCount(address account, Tranche tranche) external view returns (uint256);
}
