// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One place in the draw of seats, bought with stake; one storage slot.
/// @dev docs/protocol.md section 3, "Seats".
/// @param verifier Who sits if the ticket is drawn.
/// @param from First epoch in which it counts.
/// @param until First epoch in which it no longer counts.
struct Ticket {
    address verifier;
    uint48 from;
    uint48 until;
}
