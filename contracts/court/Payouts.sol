// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {IPayouts} from "./IPayouts.sol";

/// @title Pull payments
/// @notice The till of one room; see IPayouts.
abstract contract Payouts is IPayouts, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    IERC20 private immutable _asset;

    mapping(address account => uint256) private _owed;
    /// @inheritdoc IPayouts
    uint256 public totalOwed;

    /// @param asset Token of all stake, without transfer fees.
    constructor(IERC20 asset) {
        _asset = asset;
    }

    /// @inheritdoc IPayouts
    function claim(address account) external nonReentrant returns (uint256 amount) {
        amount = _clear(account);
        if (amount == 0) revert PayoutsNothingOwed(account);
        totalOwed -= amount;
        emit Claimed(account, amount);
        _asset.safeTransfer(account, amount);
    }

    /// @inheritdoc IPayouts
    function owed(address account) public view virtual returns (uint256) {
        return _owed[account];
    }

    /// @dev Takes what is owed off the books.
    function _clear(address account) internal virtual returns (uint256 amount) {
        amount = _owed[account];
        _owed[account] = 0;
    }

    function _owe(address account, uint256 amount) internal {
        if (amount == 0) return;
        totalOwed += amount;
        _credit(account, amount);
    }

    /// @dev As `_owe`, of a sum that is already in `totalOwed`.
    function _credit(address account, uint256 amount) internal {
        if (amount == 0) return;
        _owed[account] += amount;
        emit Owed(account, amount);
    }

    /// @dev Takes a bond from the caller; only from functions that are guarded against re-entry.
    function _take(uint256 amount) internal {
        uint256 received = ExactTransfer.pull(_asset, msg.sender, amount);
        if (received != amount) revert PayoutsWrongTransfer(received, amount);
    }
}
