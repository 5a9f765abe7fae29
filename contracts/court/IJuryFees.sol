// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayouts} from "./IPayouts.sol";

/// @title What jurors are paid
/// @notice The part of a bond that goes to a jury is shared equally by the jurors who revealed, whatever they voted.
interface IJuryFees is IPayouts {
    /// @notice A juror was paid its part of a case.
    event JurorPaid(bytes32 indexed id, address indexed juror, uint256 amount);

    /// @notice There is nothing for this juror, or no more.
    error JuryFeesNothingDue(bytes32 id, address juror);

    /// @notice Credits a juror who revealed its part of a case. Anyone may push it.
    function payJuror(bytes32 id, address juror) external returns (uint256 amount);

    /// @notice What each juror who revealed gets of a case, in the asset's smallest unit.
    function perJuror(bytes32 id) external view returns (uint256);
}
