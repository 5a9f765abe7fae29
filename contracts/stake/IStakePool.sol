// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who bears a loss first: the account's own bond (junior), then its backing (senior).
enum Tranche {
    Own,
    Backing
}

/// @notice Tokens and the shares of them. Value per share moves only in a slash.
struct Pool {
    uint128 tokens;
    uint128 shares;
}

/// @notice One exit under way.
struct Exit {
    /// Who is paid.
    address receiver;
    /// When it can be claimed, Unix seconds.
    uint64 release;
    /// The generation of the leaving pool that the shares belong to.
    uint32 era;
    /// Shares of the leaving pool; 0 once claimed.
    uint128 shares;
}

/// @title The only holder of stake
/// @notice Two tranches per account, two pools each: active and leaving. An exit moves value from active to leaving and
/// notes shares under a release time; a slash scales both at once, so everything stays slashable until it is claimed.
/// @dev Rules: docs/protocol.md section 4. Knows nothing of what stake is for. The own tranche is complete; backing uses
/// the same storage and joins with its vaults.
interface IStakePool {
    /// @notice `amount` was added to the tranche of `account`.
    event Bonded(address indexed account, Tranche indexed tranche, address indexed from, uint256 amount);
    /// @notice `amount` began to leave.
    event ExitRequested(
        address indexed account, Tranche indexed tranche, uint256 indexed id, address receiver, uint256 amount, uint64 release
    );
    /// @notice `amount` was paid to `receiver`: what slashes left of the exit.
    event ExitClaimed(address indexed account, Tranche indexed tranche, uint256 indexed id, address receiver, uint256 amount);
    /// @notice `taken` of the tranche's `wanted` was slashed, for the reason `cause`; `remaining` is still slashable.
    event Slashed(
        address indexed account, Tranche indexed tranche, bytes32 indexed cause, uint256 wanted, uint256 taken, uint256 remaining
    );
    /// @notice No exit of `account` may go below `locked`.
    event LockedChanged(address indexed account, uint256 locked);

    /// @notice Only the slasher may do this.
    error StakePoolNotSlasher(address have, address need);
    /// @notice The amount is zero.
    error StakePoolZeroAmount();
    /// @notice The account or receiver is the zero address.
    error StakePoolZeroAddress();
    /// @notice The account's free active stake is too small.
    error StakePoolInsufficientStake(uint256 have, uint256 need);
    /// @notice The unlock is larger than what is locked.
    error StakePoolNotLocked(uint256 have, uint256 need);
    /// @notice There is no such exit, or it was claimed.
    error StakePoolNoExit(address account, uint256 id);
    /// @notice The exit is not released yet (Unix seconds).
    error StakePoolTooEarly(uint256 have, uint256 need);
    /// @notice The token moved another amount than it was asked to: tokens with transfer fees are refused.
    error StakePoolWrongTransfer(uint256 have, uint256 need);

    /// @notice Adds `amount` to the own bond of `account`, from the caller. Anyone may add to anyone's bond; it and what
    /// leaves are together at most 2^96 - 1.
    function bond(address account, uint256 amount) external;

    /// @notice Starts an exit of `amount` of the own bond. Caller: the registries, by the access manager.
    /// @return id The exit's number, per account and tranche, from 0.
    function requestExit(address account, uint256 amount, address receiver) external returns (uint256 id);

    /// @notice Pays a released exit to its receiver. Anyone may push it.
    function claimExit(address account, Tranche tranche, uint256 id) external returns (uint256 amount);

    /// @notice Raises what no exit may go below; needs that much active own bond. Caller: by the access manager.
    function lock(address account, uint256 amount) external;

    /// @notice Lowers it. Caller: by the access manager.
    function unlock(address account, uint256 amount) external;

    /// @notice Takes up to `amount` from `account`, own bond first, and sends it to the caller. Clamps, never reverts on
    /// amount. Caller: the slasher.
    /// @return taken What was taken.
    function slash(address account, uint256 amount, bytes32 cause) external returns (uint256 taken);

    /// @notice The token of all stake.
    function asset() external view returns (address);

    /// @notice The only address that may slash; zero: nobody.
    function slasher() external view returns (address);

    /// @notice Active own bond of `account`.
    function stakeOf(address account) external view returns (uint256);

    /// @notice What no exit of `account` may go below.
    function locked(address account) external view returns (uint256);

    /// @notice Everything of `account` that a slash can reach: both tranches, active and leaving.
    function slashable(address account) external view returns (uint256);

    /// @notice The pools of a tranche.
    function pools(address account, Tranche tranche) external view returns (Pool memory active, Pool memory leaving);

    /// @notice An exit, and what it would pay if it were released now.
    function exitOf(address account, Tranche tranche, uint256 id) external view returns (Exit memory, uint256 value);

    /// @notice Number of exits ever requested.
    function exitCount(address account, Tranche tranche) external view returns (uint256);
}
