// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IVerifierRegistry} from "../../../contracts/registry/IVerifierRegistry.sol";
import {Base} from "../Base.sol";
import {vm} from "../Vm.sol";

/// @notice Tickets of a verifier that was ejected, or that a slash left without their stake.
contract EjectionTest is Base {
    uint64 private constant ROLE_EJECT = 10;
    address private constant V = address(0xE1);
    address private constant STRANGER = address(0xC3);
    uint256[] private held;

    function setUp() public override {
        super.setUp();
        allow(address(verifiers), IVerifierRegistry.eject.selector, ROLE_EJECT);
        manager.grantRole(ROLE_EJECT, address(this), 0);
        held = registerVerifier(V, 4);
        toEpoch(5);
    }

    function some(uint256 from, uint256 count) private view returns (uint256[] memory indexes) {
        indexes = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) indexes[i] = held[from + i];
    }

    function take(uint256[] memory indexes) private {
        vm.prank(STRANGER);
        verifiers.takeBack(V, indexes);
    }

    function backed(uint256 have, uint256 limit) private {
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryBacked.selector, have, limit));
    }

    function test_OnlyTheCourtEjects() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
        verifiers.eject(V, 30);
    }

    function test_Ejected() public {
        verifiers.eject(V, 30);
        eq(verifiers.ejectedUntil(V), 35, "for thirty epochs");
        bondFor(V, TICKET);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryEjected.selector, 5, 35));
        vm.prank(V);
        verifiers.buy(1);
        take(some(0, 4));
        eq(verifiers.ticketsOf(V), 0, "all are taken back");
        eq(pool.locked(V), 0, "its stake is free, and slashable until it is claimed");
        (,, uint64 until) = verifiers.ticket(held[0]);
        eq(until, 7, "in two epochs, as if it had returned them");
        toEpoch(35);
        vm.prank(V);
        verifiers.buy(1);
    }

    function test_ALaterEjectionNeverShortens() public {
        verifiers.eject(V, 30);
        verifiers.eject(V, 3);
        eq(verifiers.ejectedUntil(V), 35, "still");
        toEpoch(6);
        verifiers.eject(V, 30);
        eq(verifiers.ejectedUntil(V), 36, "longer");
    }

    function test_NobodyTakesBackedTickets() public {
        backed(1, 0);
        take(some(0, 1));
        verifiers.eject(V, 3);
        toEpoch(8);
        backed(1, 0);
        take(some(0, 1));
    }

    /// @notice After a slash as many tickets as the stake no longer covers.
    function test_UnbackedTickets() public {
        pool.slash(V, 0.3e18, "cause");
        backed(3, 2);
        take(some(0, 3));
        take(some(0, 2));
        eq(verifiers.ticketsOf(V), 2, "two of four: 28 of 40 are left");
        backed(1, 0);
        take(some(2, 1));
    }

    function test_TheVerifiersOwnOnly() public {
        uint256[] memory other = registerVerifier(address(0xE2), 1);
        verifiers.eject(V, 30);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryNotHolder.selector, V, address(0xE2))
        );
        verifiers.takeBack(V, other);
        take(some(0, 1));
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierRegistry.VerifierRegistryReturned.selector, held[0], 7)
        );
        take(some(0, 1));
    }
}
