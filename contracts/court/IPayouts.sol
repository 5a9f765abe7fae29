// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Pull payments
/// @notice What a room of the court owes is fetched, never sent: a payee that cannot be paid blocks nobody.
interface IPayouts {
    /// @notice `account` is owed `amount` more.
    event Owed(address indexed account, uint256 amount);
    /// @notice `amount` was paid to `account`.
    event Claimed(address indexed account, uint256 amount);

    /// @notice Nothing is owed to the account.
    error PayoutsNothingOwed(address account);
    /// @notice The token moved another amount than it was asked to: tokens with transfer fees are refused.
    error PayoutsWrongTransfer(uint256 have, uint256 need);

    /// @notice Pays what is owed to `account`. Anyone may push it.
    /// @return amount In the asset's smallest unit.
    function claim(address account) external returns (uint256 amount);

    /// @notice What is owed to `account`, in the asset's smallest unit.
    function owed(address account) external view returns (uint256);

    /// @notice The sum of everything owed.
    function totalOwed() external view returns (uint256);
}
