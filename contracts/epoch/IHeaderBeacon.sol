// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ITippedBeacon} from "./ITippedBeacon.sol";

/// @title Seeds from block headers
/// @notice The value is `prevrandao` of the first block whose timestamp is at or after the epoch's seed time,
/// shown by the RLP headers of that block and of its parent. Anyone draws, for a fixed tip.
interface IHeaderBeacon is ITippedBeacon {
    /// @notice The header given for block `number` does not hash to that block's hash (zero: out of reach).
    error HeaderBeaconWrongHash(uint256 number, bytes32 have, bytes32 need);
    /// @notice The parent header is not the parent of the block.
    error HeaderBeaconNotParent(bytes32 have, bytes32 need);
    /// @notice The block lies before the seed time.
    error HeaderBeaconBlockTooEarly(uint256 have, uint256 need);
    /// @notice The parent is at or after the seed time, so the block is not the first.
    error HeaderBeaconNotFirst(uint256 parentTimestamp, uint256 seedTime);
    /// @notice The header has too few fields.
    error HeaderBeaconShortHeader(uint256 have, uint256 need);

    /// @notice Draws the seed of `epoch`.
    /// @param epoch The epoch whose seed time has passed.
    /// @param header RLP of the first block with timestamp >= seed time; still within reach of BLOCKHASH or EIP-2935.
    /// @param parentHeader RLP of its parent, with timestamp < seed time.
    /// @return seed The epoch's seed.
    function draw(uint64 epoch, bytes calldata header, bytes calldata parentHeader) external returns (bytes32 seed);
}
