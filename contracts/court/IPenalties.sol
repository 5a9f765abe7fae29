// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayouts} from "./IPayouts.sol";

/// @title Where slashed stake goes
/// @notice The only slasher. Takes a share of what an account has at stake and splits it: to the harmed client at most 30 %,
/// to the challenger at most 20 %, of the rest half to the reserve and half burned. The challenger gets as much again as a
/// bounty from the epoch's budget, within what the two leave of half: whoever accuses itself loses half at least
/// (docs/decisions/0010-the-court.md).
/// @dev Rules: docs/protocol.md section 8.
interface IPenalties is IPayouts {
    /// @notice `taken` was slashed from `account` for the reason `cause` and split. `toReserve` and `burned` are owed with it,
    /// without an `Owed` of their own.
    event Punished(
        address indexed account,
        bytes32 indexed cause,
        address indexed challenger,
        address client,
        uint256 taken,
        uint256 toClient,
        uint256 toChallenger,
        uint256 toReserve,
        uint256 burned
    );

    /// @notice An address is zero.
    error PenaltiesZeroAddress();

    /// @notice Slashes a share of everything slashable of `account`. Never reverts on amounts: with nothing to take it
    /// notes the fault and pays nobody. Caller: the rooms of the court, by the access manager.
    /// @param wad Share, 1e18 = everything.
    /// @param cause What for.
    /// @param challenger Who proved it; zero: nobody.
    /// @param client Whose inference it was; zero: nobody's.
    /// @param clientCap Most that the client gets, in the asset's smallest unit.
    /// @return taken What was slashed.
    function punish(
        address account,
        uint256 wad,
        bytes32 cause,
        address challenger,
        address client,
        uint256 clientCap
    ) external returns (uint256 taken);

    /// @notice Who gets the reserve's half.
    function reserve() external view returns (address);
}
