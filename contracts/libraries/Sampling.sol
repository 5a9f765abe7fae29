// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Seats} from "./Seats.sol";

/// @title Sampling
/// @notice How many inferences and probes an epoch is judged by, and which inferences they are.
/// @dev docs/protocol.md sections 3, 5 and 6.
library Sampling {
    /// @notice A log of no units has nothing to sample.
    error SamplingNoUnits(uint256 have, uint256 need);
    /// @notice The target is finer than the largest tier of probes can tell; `need` is the highest target, 1e9 = 100 %.
    error SamplingTargetTooHigh(uint256 have, uint256 need);

    // 7 epochs and a CUSUM of 4: a record that is new or in doubt. 30 epochs and 1.5: one that is settling. Q24.
    uint256 private constant YOUNG = 7;
    uint256 private constant GROWN = 30;
    uint256 private constant CUSUM_DOUBT = 67_108_864;
    uint256 private constant CUSUM_CALM = 25_165_824;

    /// @notice The seed of an epoch from its beacon value.
    /// @param value Beacon value.
    /// @param epoch The epoch it seeds.
    function seed(bytes32 value, uint256 epoch) internal pure returns (bytes32) {
        return keccak256(abi.encode("surety.seed", value, epoch));
    }

    /// @notice The position, in units, that sample `j` hits; the leaf around it is re-run. Duplicates stay.
    /// @param seed_ Seed of the epoch.
    /// @param provider Provider sampled.
    /// @param modelId Model sampled.
    /// @param epoch Epoch of the log.
    /// @param j Number of the sample, below `sampleCount`.
    /// @param units Units of the log, at least 1.
    /// @return Position in [0, units).
    function position(bytes32 seed_, address provider, bytes32 modelId, uint256 epoch, uint256 j, uint256 units)
        internal
        pure
        returns (uint256)
    {
        if (units == 0) revert SamplingNoUnits(0, 1);
        return uint256(keccak256(abi.encode("surety.sample", seed_, provider, modelId, epoch, j))) % units;
    }

    /// @notice The two samples whose inputs a re-run seat mixes into an input of its own, which nobody has served.
    /// @param seed_ Seed of the epoch.
    /// @param provider Provider judged.
    /// @param modelId Model judged.
    /// @param role 1 re-run, 2 redraw.
    /// @param seat The seat.
    /// @param m Samples of the log, at least 1.
    /// @return i The sample that the mix starts from, below `m`.
    /// @return k The sample that it moves towards, below `m`.
    function ownInput(bytes32 seed_, address provider, bytes32 modelId, uint8 role, uint8 seat, uint256 m)
        internal
        pure
        returns (uint256 i, uint256 k)
    {
        if (m == 0) revert SamplingNoUnits(0, 1);
        uint256 drawn = uint256(keccak256(abi.encode("surety.own", seed_, provider, modelId, role, seat)));
        return (uint256(uint32(drawn)) % m, uint256(uint32(drawn >> 32)) % m);
    }

    /// @notice Whether a seat's own input is redone in the next epoch: a tenth of them are, and nobody knows which before.
    /// @param nextSeed Seed of the epoch after the one judged.
    /// @param provider Provider judged.
    /// @param modelId Model judged.
    /// @param role 1 re-run, 2 redraw.
    /// @param seat The seat.
    function isRedone(bytes32 nextSeed, address provider, bytes32 modelId, uint8 role, uint8 seat)
        internal
        pure
        returns (bool)
    {
        return _redo(nextSeed, provider, modelId, role, seat) % 10 == 0;
    }

    /// @notice Whether the next epoch asks a probe seat for its receipts, and for which: of a tenth of the seats for two of
    /// different numbers, so that one receipt under many numbers shows.
    /// @param nextSeed Seed of the epoch after the one probed.
    /// @param provider Provider probed.
    /// @param modelId Model probed.
    /// @param seat The seat.
    /// @param answered Receipts that the seat says it has.
    /// @return asked Whether it is asked; never without receipts.
    /// @return i The one number. @return k The other; the same only if there is one receipt.
    function askedReceipts(bytes32 nextSeed, address provider, bytes32 modelId, uint8 seat, uint256 answered)
        internal
        pure
        returns (bool asked, uint256 i, uint256 k)
    {
        uint256 drawn = _redo(nextSeed, provider, modelId, Seats.ROLE_PROBE, seat);
        if (answered == 0 || drawn % 10 != 0) return (false, 0, 0);
        i = uint256(uint32(drawn >> 32)) % answered;
        k = answered == 1 ? i : (i + 1 + uint256(uint32(drawn >> 64)) % (answered - 1)) % answered;
        return (true, i, k);
    }

    function _redo(bytes32 nextSeed, address provider, bytes32 modelId, uint8 role, uint8 seat)
        private
        pure
        returns (uint256)
    {
        return uint256(keccak256(abi.encode("surety.redo", nextSeed, provider, modelId, role, seat)));
    }

    /// @notice Samples of one log, m: 48, 24 or 12, fewer the longer a record has been calm.
    /// @param settled Epochs settled since tenure began.
    /// @param cusum CUSUM of the word C, Q24.
    /// @param recheck The record's recheck flag.
    function sampleCount(uint256 settled, uint256 cusum, bool recheck) internal pure returns (uint256) {
        if (settled < YOUNG || cusum > CUSUM_DOUBT || recheck) return 48;
        if (settled < GROWN || cusum > CUSUM_CALM) return 24;
        return 12;
    }

    /// @notice Probes per epoch that resolve a promised target, m_T: 32, 64 or 192.
    /// @param target Promised timely share, 1e9 = 100 %, at most 99.9 %.
    function probesFor(uint256 target) internal pure returns (uint256) {
        if (target <= 990_000_000) return 32;
        if (target <= 995_000_000) return 64;
        if (target <= 999_000_000) return 192;
        revert SamplingTargetTooHigh(target, 999_000_000);
    }

    /// @notice Probes that each seat sends, n_p = ceil(mT / 3).
    /// @param mT As `probesFor` returns it.
    function probesPerSeat(uint256 mT) internal pure returns (uint256) {
        return (mT + 2) / 3;
    }
}
