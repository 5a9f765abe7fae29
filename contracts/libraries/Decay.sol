// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Decay
/// @notice How counts fade from epoch to epoch.
/// @dev Factors per epoch are Q32: 2^32 * 2^(-1/h) for a half-life of h epochs (docs/protocol.md section 7).
library Decay {
    /// @notice A half-life of 30 epochs.
    uint256 internal constant HALF_LIFE_30 = 4_196_870_107;
    /// @notice A half-life of 3 epochs.
    uint256 internal constant HALF_LIFE_3 = 3_408_917_802;
    /// @notice A half-life of 90 epochs.
    uint256 internal constant HALF_LIFE_90 = 4_262_016_076;
    /// @notice A half-life of 10 epochs.
    uint256 internal constant HALF_LIFE_10 = 4_007_346_185;

    /// @notice `base ** exponent` of a Q32 number, by squaring, rounding down at every step.
    /// @param base One of the factors above, all below 1: no product passes 64 bits.
    function power(uint256 base, uint256 exponent) internal pure returns (uint256 result) {
        unchecked {
            result = 1 << 32;
            while (exponent > 0) {
                if (exponent & 1 == 1) result = (result * base) >> 32;
                base = (base * base) >> 32;
                exponent >>= 1;
            }
        }
    }
}
