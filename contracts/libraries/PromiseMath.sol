// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Service} from "../types/Service.sol";
import {Cusum} from "./Cusum.sol";
import {Decay} from "./Decay.sol";
import {Wilson} from "./Wilson.sol";

/// @title PromiseMath
/// @notice How far a promise is broken, and what that costs: a cut of the epoch's weight, and a share of stake.
/// @dev docs/protocol.md section 8, "Promise". Shares are 1e9 = 100 %, rounded down; equals the TypeScript twin bit for bit.
library PromiseMath {
    /// @notice The epoch is not after the last one measured; `need` is the first acceptable epoch.
    error PromiseMathEpochNotLater(uint256 have, uint256 need);

    uint256 private constant SCALE = Wilson.SCALE;
    /// @dev One probe in Q24.
    uint256 private constant ONE = 1 << 24;
    /// @dev z = 1.645, a one-sided 95 %, and its square, Q24.
    uint256 private constant Z = 27_598_520;
    uint256 private constant Z2 = 45_399_566;
    /// @dev Refusals for capacity that are left out: a tenth of the probes.
    uint256 private constant SPARED = 10;
    /// @dev Epochs measured before anything is cut.
    uint256 private constant YOUNG = 7;
    /// @dev The cut per multiple of the promised failure rate: a tenth.
    uint256 private constant CUT = 10;
    /// @dev Slash per multiple: 0.5 %, for at most ten of them; and at most 5 % per window of 30 epochs.
    uint256 private constant SLASH = 5_000_000;
    uint256 private constant MOST_MULTIPLES = 10 * SCALE;
    uint256 private constant WINDOW_MOST = 50_000_000;
    uint256 private constant WINDOW = 30;

    /// @notice Takes one measured epoch.
    /// @param service The promise so far. All zero: not measured yet.
    /// @param epoch The epoch, after the last one, below 2^24.
    /// @param target Promised share of timely answers, above 0 and below 100 %.
    /// @param probes Probes sent, above 0. @param timely Answers in time. @param atCapacity Refusals with 429, at most
    /// `probes - timely`.
    /// @return The promise after.
    /// @return cut Share by which the epoch's weight is cut.
    function measure(
        Service memory service,
        uint256 epoch,
        uint256 target,
        uint256 probes,
        uint256 timely,
        uint256 atCapacity
    ) internal pure returns (Service memory, uint256 cut) {
        uint256 gap = 1;
        if (service.measured > 0) {
            if (epoch <= service.epoch) revert PromiseMathEpochNotLater(epoch, uint256(service.epoch) + 1);
            gap = epoch - service.epoch;
        }
        uint256 allowed = SCALE - target;
        uint256 all = probes - Math.min(atCapacity, probes / SPARED);

        uint256 fade = Decay.power(Decay.HALF_LIFE_30, gap);
        service.good = uint48(((uint256(service.good) * fade) >> 32) + timely * ONE);
        service.total = uint48(((uint256(service.total) * fade) >> 32) + all * ONE);
        service.cusum = uint40(Cusum.step(service.cusum, Cusum.rungOf(allowed, SCALE), timely, all - timely));
        service.epoch = uint24(epoch);
        if (service.measured < type(uint8).max) ++service.measured;

        uint256 multiple = breach(service, target);
        if (service.measured >= YOUNG && multiple > SCALE) cut = Math.min(SCALE, (multiple - SCALE) / CUT);
        if (service.cusum >= Cusum.ALARM) {
            service.cusum = 0;
            if (multiple > SCALE) _slash(service, epoch, Math.min(MOST_MULTIPLES, multiple - SCALE));
        }
        return (service, cut);
    }

    /// @notice How many times the promised failure rate the provider fails at least, at 95 % confidence, 1e9 = once; 0 if
    /// nothing was measured.
    function breach(Service memory service, uint256 target) internal pure returns (uint256) {
        if (service.total == 0) return 0;
        uint256 failing = SCALE - Wilson.high(service.good, service.total, Z, Z2);
        return failing * SCALE / (SCALE - target);
    }

    function _slash(Service memory service, uint256 epoch, uint256 multiples) private pure {
        if (service.windowTaken == 0 || epoch >= uint256(service.windowStart) + WINDOW) {
            service.windowStart = uint24(epoch);
            service.windowTaken = 0;
        }
        uint256 share = Math.min(SLASH * multiples / SCALE, WINDOW_MOST - service.windowTaken);
        service.windowTaken += uint32(share);
        service.due = uint32(Math.min(SCALE, service.due + share));
    }
}
