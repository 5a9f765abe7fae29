// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISeedBeacon} from "./ISeedBeacon.sol";

/// @title A beacon that pays for draws
/// @notice Anyone draws an epoch's seed, once, for a fixed tip. Where the value comes from, a contract above this says.
interface ITippedBeacon is ISeedBeacon {
    /// @notice `amount` of the asset was added to the pot that tips are paid from.
    event TipsFunded(address indexed from, uint256 amount);
    /// @notice `amount` of the asset in tips was paid to `account`.
    event TipsClaimed(address indexed account, uint256 amount);

    /// @notice The seed of this epoch is drawn already.
    error TippedBeaconAlreadyDrawn(uint64 epoch);
    /// @notice The time to draw has not come; Unix seconds.
    error TippedBeaconTooEarly(uint256 have, uint256 need);
    /// @notice The token moved another amount than it was asked to: tokens with transfer fees are refused.
    error TippedBeaconWrongTransfer(uint256 have, uint256 need);

    /// @notice Adds `amount` of the asset to the pot of tips.
    function fundTips(uint256 amount) external;

    /// @notice Pays the caller's tips out.
    function claimTips() external returns (uint256 amount);

    /// @notice Tip per draw in the asset's smallest unit; paid while the pot lasts.
    function tip() external view returns (uint256);

    /// @notice Tips of `account` not yet claimed.
    function tipsOf(address account) external view returns (uint256);
}
