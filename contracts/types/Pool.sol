// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Tokens and the shares of them, one slot. Rules: SharesMath.
struct Pool {
    /// In the asset's smallest unit.
    uint96 tokens;
    /// Shares of the present era.
    uint128 shares;
    /// How often the shares were scaled down.
    uint32 era;
}
