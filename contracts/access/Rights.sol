// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title Rights between contracts
/// @notice Who may call what stands in the access manager, but no pause there takes these rights away: what has begun goes on
/// to its end.
/// @dev docs/protocol.md section 4.
abstract contract Rights is AccessManaged {
    /// @dev As `restricted`, also while governance has closed this contract. A right with a delay does not count.
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
}
