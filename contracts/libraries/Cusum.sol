// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Cusum
/// @notice Page's test for a failure rate that has risen above an accepted one.
/// @dev Eight rungs: q0 is the accepted rate, q1 = min(4 q0, 60 %) the one that it is tested against. A failure adds
/// ln(q1/q0), a success takes ln((1-q0)/(1-q1)) away, never below 0. Natural logarithms in Q24 (docs/protocol.md section 7).
library Cusum {
    /// @notice ln(1e4): reached once in ten thousand by chance.
    uint256 internal constant ALARM = 154_523_870;
    /// @notice Number of rungs.
    uint256 internal constant RUNGS = 8;

    uint256 private constant MAX = type(uint40).max;

    // Eight lanes of 32 bits, rung 0 lowest: q0 in 1e-3 (0.1 % to 20 %), ln(q1/q0), ln((1-q0)/(1-q1)).
    uint256 private constant RATE = 1 | (2 << 32) | (5 << 64) | (10 << 96) | (20 << 128) | (50 << 160) | (100 << 192)
        | (200 << 224);
    uint256 private constant UP = 23_258_160 | (23_258_160 << 32) | (23_258_160 << 64) | (23_258_160 << 96)
        | (23_258_160 << 128) | (23_258_160 << 160) | (23_258_160 << 192) | (18_431_656 << 224);
    uint256 private constant DOWN = 50_458 | (101_169 << 32) | (254_849 << 64) | (516_263 << 96) | (1_059_966 << 128)
        | (2_883_169 << 160) | (6_802_576 << 192) | (11_629_080 << 224);

    /// @notice The lowest rung whose accepted rate is at least `bad / total`; `RUNGS` if the rate is above them all.
    /// @param bad Failures, below 2^128. @param total All of the same unit, below 2^128.
    function rungOf(uint256 bad, uint256 total) internal pure returns (uint256 rung) {
        uint256 rates = RATE;
        unchecked {
            bad *= 1000;
            while (rung < RUNGS && bad > total * (rates & type(uint32).max)) {
                rates >>= 32;
                ++rung;
            }
        }
    }

    /// @notice The detector after some samples.
    /// @param cusum The detector before. @param rung As `rungOf` gives it; above the last one nothing is detected.
    /// @param good Successes, whole samples. @param bad Failures.
    function step(uint256 cusum, uint256 rung, uint256 good, uint256 bad) internal pure returns (uint256) {
        if (rung >= RUNGS) return 0; // the rate is beyond what a change could be told from
        uint256 up = cusum + bad * _lane(UP, rung);
        uint256 down = good * _lane(DOWN, rung);
        return up > down ? Math.min(up - down, MAX) : 0;
    }

    function _lane(uint256 lanes, uint256 index) private pure returns (uint256) {
        return (lanes >> (32 * index)) & type(uint32).max;
    }
}
