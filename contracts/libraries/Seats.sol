// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ticket} from "../types/Ticket.sol";

/// @title Seats
/// @notice Draws a committee of distinct verifiers from the tickets.
/// @dev docs/protocol.md section 3, "Seats". Nobody stores a committee: whoever needs one derives it.
library Seats {
    /// @notice Seats that probe during the epoch, drawn from the seed two epochs before.
    uint8 internal constant ROLE_PROBE = 0;
    /// @notice Seats that re-run samples, drawn from the epoch's own seed.
    uint8 internal constant ROLE_RERUN = 1;
    /// @notice Seats that re-run when the first ones lacked a quorum.
    uint8 internal constant ROLE_REDRAW = 2;
    /// @notice Seats of a jury.
    uint8 internal constant ROLE_JURY = 3;

    /// @notice Draws per seat before it stays empty.
    uint256 internal constant TRIES = 32;

    /// @dev Where seat and number of a draw stand in what is hashed: after the length of the bytes and six words.
    uint256 private constant SEAT_AT = 32 + 6 * 32;
    uint256 private constant NUMBER_AT = 32 + 7 * 32;
    /// @dev Where a ticket's slot has its epochs, after the verifier.
    uint256 private constant FROM = 160;
    uint256 private constant UNTIL = 208;

    /// @notice Place in the array that draw `n` of seat `s` hits.
    /// @param seed Seed of the draw.
    /// @param provider Provider judged.
    /// @param modelId Model judged.
    /// @param epoch Epoch judged.
    /// @param role One of the role constants.
    /// @param s Seat, from 0.
    /// @param n Draw, 0 to `TRIES` - 1.
    /// @param length Places in the draw, at least 1.
    function tryIndex(
        bytes32 seed,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 s,
        uint256 n,
        uint256 length
    ) internal pure returns (uint256) {
        return uint256(keccak256(_preimage(seed, provider, modelId, epoch, role, s, n))) % length;
    }

    /// @notice The first `count` seats: each the first of its draws whose ticket counts in the epoch and whose verifier
    /// is neither the provider's owner nor in a lower seat.
    /// @param tickets Every ticket ever sold, in place.
    /// @param length Places in the draw: the array's length at the end of two epochs before. 0 leaves all seats empty.
    /// @param seed Seed of the draw.
    /// @param provider Provider judged.
    /// @param modelId Model judged.
    /// @param epoch Epoch judged; a ticket counts if from <= epoch < until.
    /// @param role One of the role constants.
    /// @param count Seats wanted; seat s does not depend on it.
    /// @param owner Owner of the provider in that epoch, who may not sit.
    /// @return drawn Verifier per seat, zero where the seat stays empty.
    function seats(
        Ticket[] storage tickets,
        uint256 length,
        bytes32 seed,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 count,
        address owner
    ) internal view returns (address[] memory drawn) {
        drawn = new address[](count);
        if (length == 0) return drawn;
        bytes32 first;
        assembly ("memory-safe") {
            mstore(0, tickets.slot)
            first := keccak256(0, 32)
        }
        _fill(drawn, Draw(first, length, epoch, owner, _preimage(seed, provider, modelId, epoch, role, 0, 0)));
    }

    /// @dev What all seats of a committee share, in memory because the stack is short.
    struct Draw {
        /// Slot of the first ticket; each has one.
        bytes32 first;
        uint256 length;
        uint256 epoch;
        address owner;
        /// What is hashed for a draw; its last two fields, seat and number of the draw, are written anew each time.
        bytes preimage;
    }

    function _fill(address[] memory drawn, Draw memory draw) private view {
        (bytes memory preimage, bytes32 first, uint256 length) = (draw.preimage, draw.first, draw.length);
        (uint256 epoch, address owner) = (draw.epoch, draw.owner);
        for (uint256 s = 0; s < drawn.length; ++s) {
            assembly ("memory-safe") {
                mstore(add(preimage, SEAT_AT), s)
            }
            for (uint256 n = 0; n < TRIES; ++n) {
                uint256 ticket;
                // A ticket's slot is read without a look at the array's length: that of a draw is one that the array had, and
                // it never shrinks.
                assembly ("memory-safe") {
                    mstore(add(preimage, NUMBER_AT), n)
                    ticket := sload(add(first, mod(keccak256(add(preimage, 32), mload(preimage)), length)))
                }
                // The fields of a Ticket, low bits first.
                if (epoch < uint48(ticket >> FROM) || epoch >= ticket >> UNTIL) continue;
                address verifier = address(uint160(ticket));
                if (verifier == owner || _sits(drawn, s, verifier)) continue;
                drawn[s] = verifier;
                break;
            }
        }
    }

    function _preimage(
        bytes32 seed,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 s,
        uint256 n
    ) private pure returns (bytes memory) {
        return abi.encode("surety.seat", seed, provider, modelId, epoch, role, s, n);
    }

    /// @dev Whether a verifier is in a seat below `s`. Asked of every draw, so the seats are read without a look at the
    /// array's length: `s` lies below it.
    function _sits(address[] memory drawn, uint256 s, address verifier) private pure returns (bool found) {
        assembly ("memory-safe") {
            // Assembly sees what else the slot of a ticket has.
            let wanted := shr(96, shl(96, verifier))
            let end := add(add(drawn, 32), shl(5, s))
            for { let at := add(drawn, 32) } lt(at, end) { at := add(at, 32) } {
                found := or(found, eq(mload(at), wanted))
            }
        }
    }
}
