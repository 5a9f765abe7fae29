// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISeedBeacon} from "./ISeedBeacon.sol";

/// @title Seeds from block headers
/// @notice The value is `prevrandao` of the first block whose timestamp is at or after the epoch's seed time,
/// shown by the RLP headers of that block and of its parent. Anyone draws, for a fixed tip.
interface IHeaderBeacon is ISeedBeacon {
    /// @notice `amount` of the asset was added to the pot that tips are paid from.
    event TipsFunded(address indexed from, uint256 amount);
    /// @notice `amount` of the asset in tips was paid to `account`.
    event TipsClaimed(address indexed account, uint256 amount);

    /// @notice The seed of this epoch is drawn already.
    error HeaderBeaconAlreadyDrawn(uint64 epoch);
    /// @notice The seed time has not come.
    error HeaderBeaconTooEarly(uint256 have, uint256 need);
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
    /// @notice The token moved another amount than it was asked to: tokens with transfer fees are refused.
    error HeaderBeaconWrongTransfer(uint256 have, uint256 need);

    /// @notice Draws the seed of `epoch`.
    /// @param epoch The epoch whose seed time has passed.
    /// @param header RLP of the first block with timestamp >= seed time; still within reach of BLOCKHASH or EIP-2935.
    /// @param parentHeader RLP of its parent, with timestamp < seed time.
    /// @return seed The epoch's seed.
    function draw(uint64 epoch, bytes calldata header, bytes calldata parentHeader) external returns (bytes32 seed);

    /// @notice Adds `amount` of the asset to the pot of tips.
    function fundTips(uint256 amount) external;

    /// @notice Pays the caller's tips out.
    function claimTips() external returns (uint256 amount);

    /// @notice Tip per draw in the asset's smallest unit; paid while the pot lasts.
    function tip() external view returns (uint256);

    /// @notice Tips of `account` not yet claimed.
    function tipsOf(address account) external view returns (uint256);
}
