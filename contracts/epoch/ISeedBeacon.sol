// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Randomness of an epoch
/// @notice One seed per epoch: `keccak256(abi.encode("surety.seed", value, epoch))` with the first beacon value
/// at or after the epoch's seed time, so that nobody chooses it.
/// @dev Rules: docs/protocol.md section 3.
interface ISeedBeacon {
    /// @notice The seed of `epoch` was drawn from the beacon's `value`.
    event SeedDrawn(uint64 indexed epoch, bytes32 seed, bytes32 value, address indexed by);

    /// @notice The seed of `epoch`, and when it was drawn (Unix seconds; 0 and 0 if not drawn).
    function seedOf(uint64 epoch) external view returns (bytes32 seed, uint64 drawnAt);
}
