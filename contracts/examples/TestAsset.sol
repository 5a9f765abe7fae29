// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title TestAsset
/// @notice An ERC-20 that anybody mints. For development chains only: stake in it is worth nothing.
contract TestAsset is ERC20 {
    constructor() ERC20("Surety test asset", "TEST") {}

    /// @notice Creates `amount` (18 decimals) for `to`. Anyone may.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
