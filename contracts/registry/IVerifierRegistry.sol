// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who verifies
/// @notice Stake is bought in tickets of one size; a seat is drawn by drawing a ticket. Purchase and return take effect
/// at the current epoch + 2, kept by epoch; a dead place is reused only after the exit delay.
/// @dev Rules: docs/protocol.md section 3.
interface IVerifierRegistry {
    /// @notice `verifier` holds ticket `index` from epoch `from` on.
    event TicketBought(address indexed verifier, uint256 indexed index, uint64 from);
    /// @notice Ticket `index` ends with epoch `until` (exclusive).
    event TicketReturned(address indexed verifier, uint256 indexed index, uint64 until);

    /// @notice `verifier` buys no tickets before epoch `until`, and anybody may take back those that it has.
    event Ejected(address indexed verifier, uint64 until);

    /// @notice Between 1 and 32 tickets at a time.
    error VerifierRegistryBadCount(uint256 have, uint256 limit);
    /// @notice The ticket is another verifier's.
    error VerifierRegistryNotHolder(address have, address need);
    /// @notice There is no such ticket.
    error VerifierRegistryNoTicket(uint256 have, uint256 length);
    /// @notice The ticket was returned already.
    error VerifierRegistryReturned(uint256 index, uint64 until);
    /// @notice A provider's stake is not a verifier's: use another address.
    error VerifierRegistryIsProvider(address account);
    /// @notice The caller was ejected: it buys no tickets before epoch `need`.
    error VerifierRegistryEjected(uint256 have, uint256 need);
    /// @notice The verifier's stake covers all its tickets but `limit` of them.
    error VerifierRegistryBacked(uint256 have, uint256 limit);
    /// @notice The ticket size is zero.
    error VerifierRegistryNoSize();

    /// @notice Locks `count` tickets of the caller's bonded stake.
    function buy(uint256 count) external returns (uint256[] memory indexes);

    /// @notice Returns tickets and frees their stake for exit. A ticket bought in the same epoch never counts.
    function giveBack(uint256[] calldata indexes) external;

    /// @notice Ejects a verifier for `epochs` epochs from now; never shortens. Caller: by the access manager.
    function eject(address verifier, uint64 epochs) external;

    /// @notice Returns tickets of a verifier that was ejected, or whose stake a slash has left below what its tickets lock: of
    /// the latter only as many as nothing backs. Anyone may. By index, because a verifier has as many tickets as it likes.
    function takeBack(address verifier, uint256[] calldata indexes) external;

    /// @notice Starts an exit of the caller's free stake, paid to the caller after the exit delay. Not for providers.
    function exit(uint256 amount) external returns (uint256 id);

    /// @notice The verifiers on the seats of one assignment; the zero address is an empty seat. The provider's owner in
    /// `epoch` takes no seat.
    /// @param seed Seed of the draw.
    /// @param role 0 probe, 1 re-run, 2 redraw, 3 jury.
    /// @param count Number of seats.
    function seats(
        bytes32 seed,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 count
    ) external view returns (address[] memory);

    /// @notice The verifier on one seat, as `seats` draws it.
    function seatAt(
        bytes32 seed,
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint8 role,
        uint256 seat
    ) external view returns (address);

    /// @notice Price of a ticket in stake.
    function ticketSize() external view returns (uint256);

    /// @notice Ticket `index`: holder, first epoch, first epoch after the last (2^48 - 1 until it is returned). Zero if there
    /// is none.
    function ticket(uint256 index) external view returns (address verifier, uint64 from, uint64 until);

    /// @notice Places in the array of tickets at the end of `epoch`.
    function lengthAt(uint64 epoch) external view returns (uint256);

    /// @notice First epoch in which `verifier` may buy tickets again; 0 if it was never ejected.
    function ejectedUntil(address verifier) external view returns (uint64);

    /// @notice Tickets that `verifier` holds and has not returned.
    function ticketsOf(address verifier) external view returns (uint256);
}
