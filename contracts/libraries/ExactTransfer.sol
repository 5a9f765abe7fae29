// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title ExactTransfer
/// @notice Takes tokens and says how many came, so that a token with transfer fees is noticed and refused.
/// @dev The caller compares with its own error. Guard the function that calls this against re-entry: a token that calls
/// back could otherwise have one payment counted twice.
library ExactTransfer {
    using SafeERC20 for IERC20;

    /// @notice Moves `amount` of `token` from `from` to this contract.
    /// @param token The token; `from` has approved this contract.
    /// @param from Who pays.
    /// @param amount In the token's smallest unit.
    /// @return received By how much this contract's balance grew; 0 if it did not.
    function pull(IERC20 token, address from, uint256 amount) internal returns (uint256 received) {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount);
        uint256 afterwards = token.balanceOf(address(this));
        return afterwards > before ? afterwards - before : 0;
    }
}
