// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title What a pause stops
/// @notice Governance pauses a contract by closing it in the access manager (`setTargetClosed`). That stops new risk only:
/// bonds, promises, tickets, commitments, bonded cases, missed duties. Exits, claims, openings, reveals, settlements, slashes
/// and verdicts go on.
/// @dev docs/protocol.md section 4.
abstract contract Closable is AccessManaged {
    /// @notice Governance has paused this contract.
    error ClosablePaused(address target);

    /// @dev For what begins: anybody's, unless paused.
    modifier whileOpen() {
        _requireOpen();
        _;
    }

    /// @dev As `restricted`, for what ends: also while paused. A right with a delay does not count.
    modifier alsoClosed() {
        _requireRight();
        _;
    }

    function _requireRight() private view {
        IAccessManager manager = IAccessManager(authority());
        uint64 role = manager.getTargetFunctionRole(address(this), msg.sig);
        (bool member, uint32 delay) = manager.hasRole(role, msg.sender);
        if (!member || delay != 0) revert AccessManagedUnauthorized(msg.sender);
    }

    function _requireOpen() private view {
        if (IAccessManager(authority()).isTargetClosed(address(this))) revert ClosablePaused(address(this));
    }
}
