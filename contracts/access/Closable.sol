// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Rights} from "./Rights.sol";

/// @title What a pause stops
/// @notice Governance pauses a contract by closing it in the access manager (`setTargetClosed`). That stops new risk only:
/// bonds, promises, tickets, commitments, bonded cases, missed duties. Exits, claims, openings, reveals, settlements, slashes
/// and verdicts go on.
/// @dev docs/protocol.md section 4.
abstract contract Closable is Rights {
    /// @notice Governance has paused this contract.
    error ClosablePaused(address target);

    /// @dev For what begins: anybody's, unless paused.
    modifier whileOpen() {
        _requireOpen();
        _;
    }

    function _requireOpen() private view {
        if (IAccessManager(authority()).isTargetClosed(address(this))) revert ClosablePaused(address(this));
    }
}
