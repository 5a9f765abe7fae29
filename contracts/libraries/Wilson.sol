// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Wilson
/// @notice Wilson's score interval of a rate, in integers.
/// @dev Counts and quantiles are Q24 (one sample, or one standard deviation, is 2^24); results are 1e9 = 100 %, rounded
/// down. The order of operations is part of the protocol (docs/protocol.md section 7).
library Wilson {
    /// @notice 100 %.
    uint256 internal constant SCALE = 1e9;

    /// @notice Lower bound.
    /// @param good Good samples, at most `total`.
    /// @param total All samples, above 0.
    /// @param z Quantile of the normal distribution.
    /// @param z2 Its square.
    function low(uint256 good, uint256 total, uint256 z, uint256 z2) internal pure returns (uint256) {
        uint256 center = good + z2 / 2;
        uint256 spread = _radius(good, total, z, z2);
        return center > spread ? (center - spread) * SCALE / (total + z2) : 0;
    }

    /// @notice Upper bound; parameters as `low`.
    function high(uint256 good, uint256 total, uint256 z, uint256 z2) internal pure returns (uint256) {
        return Math.min(SCALE, (good + z2 / 2 + _radius(good, total, z, z2)) * SCALE / (total + z2));
    }

    function _radius(uint256 good, uint256 total, uint256 z, uint256 z2) private pure returns (uint256) {
        return (z * Math.sqrt(good * (total - good) / total * (1 << 24) + z2 * (1 << 24) / 4)) >> 24;
    }
}
