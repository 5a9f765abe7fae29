// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {DoubleEndedQueue} from "@openzeppelin/contracts/utils/structs/DoubleEndedQueue.sol";
import {Closable} from "../access/Closable.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {EpochKey} from "../libraries/EpochKey.sol";
import {History} from "../libraries/History.sol";
import {Seats} from "../libraries/Seats.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {Ticket} from "../types/Ticket.sol";
import {IProviderRegistry} from "./IProviderRegistry.sol";
import {IVerifierRegistry} from "./IVerifierRegistry.sol";

/// @title Who verifies
/// @notice Stake is bought in tickets of one size; a seat is drawn by drawing a ticket.
/// @dev docs/protocol.md section 3. A draw for epoch e reads the array's length at the end of e - 2 and, per place, whether
/// the ticket counts in e. Both are fixed when e - 2 ends, before its seed exists: a purchase or return in epoch x counts
/// from x + 2 on. And both stay readable: a place that has counted keeps its ticket until the end of its last epoch lies
/// the exit delay back, beyond which nobody's stake can depend on the draw.
contract VerifierRegistry is IVerifierRegistry, Closable {
    using History for History.Trace;
    using DoubleEndedQueue for DoubleEndedQueue.Bytes32Deque;

    uint256 private constant MAX_COUNT = 32;
    /// @dev Epochs from a change to its effect.
    uint64 private constant NOTICE = 2;
    /// @dev `until` of a ticket that was not returned.
    uint48 private constant LIVE = type(uint48).max;

    IEpochClock private immutable _clock;
    IStakePool private immutable _pool;
    IProviderRegistry private immutable _providers;
    uint256 private immutable _ticketSize;
    uint256 private immutable _genesis;
    uint256 private immutable _length;
    uint256 private immutable _exitDelay;

    Ticket[] private _tickets;
    /// @dev Array length by epoch.
    History.Trace private _lengths;
    /// @dev Places of returned tickets. At the back those that have counted, so in the order in which they become free; at
    /// the front those that never will, free at once.
    DoubleEndedQueue.Bytes32Deque private _dead;
    mapping(address verifier => uint256) private _ticketsOf;
    /// @inheritdoc IVerifierRegistry
    mapping(address verifier => uint64) public ejectedUntil;

    /// @param authority Access manager: who may eject.
    /// @param clock Says which epoch it is.
    /// @param pool Holds the stake; this contract needs the right to lock, unlock and request exits there.
    /// @param providers Says who is a provider, and whose.
    /// @param ticketSize_ Stake per ticket in the asset's smallest unit.
    constructor(
        address authority,
        IEpochClock clock,
        IStakePool pool,
        IProviderRegistry providers,
        uint256 ticketSize_
    ) AccessManaged(authority) {
        if (ticketSize_ == 0) revert VerifierRegistryNoSize();
        _clock = clock;
        _pool = pool;
        _providers = providers;
        _ticketSize = ticketSize_;
        _genesis = clock.genesis();
        _length = clock.length();
        _exitDelay = clock.exitDelay();
    }

    /// @inheritdoc IVerifierRegistry
    function buy(uint256 count) external whileOpen returns (uint256[] memory indexes) {
        _checkCount(count);
        _onlyVerifier();
        uint64 epoch = _clock.current();
        if (epoch < ejectedUntil[msg.sender]) revert VerifierRegistryEjected(epoch, ejectedUntil[msg.sender]);
        _pool.lock(msg.sender, count * _ticketSize);

        uint48 from = EpochKey.write(epoch + NOTICE);
        indexes = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = _takePlace();
            indexes[i] = index;
            _tickets[index] = Ticket({verifier: msg.sender, from: from, until: LIVE});
            emit TicketBought(msg.sender, index, from);
        }
        _lengths.push(EpochKey.write(epoch), SafeCast.toUint208(_tickets.length));
        _ticketsOf[msg.sender] += count;
    }

    /// @inheritdoc IVerifierRegistry
    function giveBack(uint256[] calldata indexes) external {
        _return(msg.sender, indexes);
    }

    /// @inheritdoc IVerifierRegistry
    function eject(address verifier, uint64 epochs) external alsoClosed {
        uint64 until = _clock.current() + epochs;
        if (until <= ejectedUntil[verifier]) return;
        ejectedUntil[verifier] = until;
        emit Ejected(verifier, until);
    }

    /// @inheritdoc IVerifierRegistry
    function takeBack(address verifier, uint256[] calldata indexes) external {
        if (_clock.current() >= ejectedUntil[verifier]) {
            uint256 missing = Math.saturatingSub(_pool.locked(verifier), _pool.stakeOf(verifier));
            uint256 limit = Math.ceilDiv(missing, _ticketSize);
            if (indexes.length > limit) revert VerifierRegistryBacked(indexes.length, limit);
        }
        _return(verifier, indexes);
    }

    function _return(address verifier, uint256[] calldata indexes) private {
        uint256 count = indexes.length;
        _checkCount(count);
        uint48 until = EpochKey.write(_clock.current() + NOTICE);
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = indexes[i];
            if (index >= _tickets.length) revert VerifierRegistryNoTicket(index, _tickets.length);
            Ticket storage held = _tickets[index];
            if (held.verifier != verifier) revert VerifierRegistryNotHolder(verifier, held.verifier);
            if (held.until != LIVE) revert VerifierRegistryReturned(index, held.until);
            held.until = until;
            // Returned in the epoch of its purchase it never counts. Its place is free at once, or buying and returning
            // the same stake over and over would fill the array with dead places, and seats would stay empty.
            if (held.from == until) _dead.pushFront(bytes32(index));
            else _dead.pushBack(bytes32(index));
            emit TicketReturned(verifier, index, until);
        }
        _ticketsOf[verifier] -= count;
        _pool.unlock(verifier, count * _ticketSize);
    }

    /// @inheritdoc IVerifierRegistry
    function exit(uint256 amount) external returns (uint256 id) {
        // A provider's bond belongs to its owner, who may be another by now.
        _onlyVerifier();
        return _pool.requestExit(msg.sender, amount, msg.sender);
    }

    /// @inheritdoc IVerifierRegistry
    function seats(bytes32 seed, address provider, bytes32 modelId, uint64 epoch, uint8 role, uint256 count)
        external
        view
        returns (address[] memory)
    {
        return _seats(seed, provider, modelId, epoch, role, count);
    }

    /// @inheritdoc IVerifierRegistry
    function seatAt(bytes32 seed, address provider, bytes32 modelId, uint64 epoch, uint8 role, uint256 seat)
        external
        view
        returns (address)
    {
        // Seats above it do not matter: a seat depends on lower ones alone.
        return _seats(seed, provider, modelId, epoch, role, seat + 1)[seat];
    }

    function _seats(bytes32 seed, address provider, bytes32 modelId, uint64 epoch, uint8 role, uint256 count)
        private
        view
        returns (address[] memory)
    {
        uint256 places = epoch < NOTICE ? 0 : lengthAt(epoch - NOTICE);
        address owner = _providers.ownerAt(provider, epoch);
        return Seats.seats(_tickets, places, seed, provider, modelId, epoch, role, count, owner);
    }

    /// @inheritdoc IVerifierRegistry
    function ticketSize() external view returns (uint256) {
        return _ticketSize;
    }

    /// @inheritdoc IVerifierRegistry
    function ticket(uint256 index) external view returns (address verifier, uint64 from, uint64 until) {
        if (index >= _tickets.length) return (address(0), 0, 0);
        Ticket memory held = _tickets[index];
        return (held.verifier, held.from, held.until);
    }

    /// @inheritdoc IVerifierRegistry
    function lengthAt(uint64 epoch) public view returns (uint256) {
        return _lengths.at(EpochKey.read(epoch));
    }

    /// @inheritdoc IVerifierRegistry
    function ticketsOf(address verifier) external view returns (uint256) {
        return _ticketsOf[verifier];
    }

    /// @dev The place that has been free longest, or a new one.
    function _takePlace() private returns (uint256 index) {
        if (!_dead.empty()) {
            index = uint256(_dead.front());
            Ticket memory old = _tickets[index];
            uint256 free = _genesis + (uint256(old.until) + 1) * _length + _exitDelay;
            if (old.from == old.until || block.timestamp >= free) {
                _dead.popFront();
                return index;
            }
        }
        index = _tickets.length;
        _tickets.push();
    }

    function _onlyVerifier() private view {
        if (_providers.isProvider(msg.sender)) revert VerifierRegistryIsProvider(msg.sender);
    }

    function _checkCount(uint256 count) private pure {
        if (count == 0 || count > MAX_COUNT) revert VerifierRegistryBadCount(count, MAX_COUNT);
    }
}
