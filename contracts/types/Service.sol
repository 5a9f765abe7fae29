// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice How one promise was kept so far, one storage slot (docs/protocol.md section 8, "Promise"). No prior, no cut
/// memory: a promise is judged by its own epochs alone.
struct Service {
    /// Decayed timely probes, Q24 (one probe is 2^24).
    uint48 good;
    /// Decayed probes, Q24.
    uint48 total;
    /// Change detector at the promised failure rate, Q24 natural logarithms.
    uint40 cusum;
    /// Last epoch measured.
    uint24 epoch;
    /// Epochs measured, 255 at most.
    uint8 measured;
    /// Epoch of the first slash of the window of 30 epochs.
    uint24 windowStart;
    /// Share of stake that slashes of this window take together, 1e9 = 100 %.
    uint32 windowTaken;
    /// Share of stake to be slashed that nobody has collected yet, 1e9 = 100 %.
    uint32 due;
}
