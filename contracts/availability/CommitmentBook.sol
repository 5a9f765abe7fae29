// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Closable} from "../access/Closable.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {EpochKey} from "../libraries/EpochKey.sol";
import {History} from "../libraries/History.sol";
import {PromiseMath} from "../libraries/PromiseMath.sol";
import {IModelRegistry} from "../registry/IModelRegistry.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {Service} from "../types/Service.sol";
import {Commitment, ICommitmentBook} from "./ICommitmentBook.sol";

/// @title Promises
/// @notice Append-only promises of availability, each bonded with the provider's own stake; see ICommitmentBook.
contract CommitmentBook is ICommitmentBook, Closable {
    using History for History.Trace;

    /// @inheritdoc ICommitmentBook
    uint256 public constant kappa = 7;

    /// @dev The finest target that 192 probes an epoch can resolve (docs/protocol.md section 6), 1e9 = 100 %.
    uint256 private constant MAX_TARGET = 999_000_000;

    IEpochClock private immutable _clock;
    IStakePool private immutable _pool;
    IProviderRegistry private immutable _providers;
    IModelRegistry private immutable _models;
    uint256 private immutable _length;

    mapping(address provider => mapping(bytes32 modelId => Commitment[])) private _commitments;
    /// @dev Stake that all promises bind, under the first epoch at whose start it held, as StakePool keeps stake.
    mapping(address provider => History.Trace) private _bonded;
    /// @dev How each promise was kept, by its index.
    mapping(address provider => mapping(bytes32 modelId => mapping(uint256 index => Service))) private _services;

    /// @param authority Access manager: who may measure promises and collect what a breach costs.
    /// @param clock Time.
    /// @param pool Where stake is locked; grants this contract `lock` and `unlock`.
    /// @param providers Who owns a provider.
    /// @param models Which models exist.
    constructor(
        address authority,
        IEpochClock clock,
        IStakePool pool,
        IProviderRegistry providers,
        IModelRegistry models
    ) AccessManaged(authority) {
        _clock = clock;
        _pool = pool;
        _providers = providers;
        _models = models;
        _length = clock.length();
    }

    /* PROMISES */

    /// @inheritdoc ICommitmentBook
    function commit(
        address provider,
        bytes32 modelId,
        uint32 target,
        uint32 latencyMs,
        uint32 capacity,
        uint88 unitPrice,
        uint32 firstEpoch,
        uint32 lastEpoch
    ) external whileOpen returns (uint256 index) {
        if (!_models.isModel(modelId)) revert CommitmentBookUnknownModel(modelId);
        if (target == 0 || target > MAX_TARGET) revert CommitmentBookBadTarget(target, MAX_TARGET);
        if (latencyMs == 0 || capacity == 0 || unitPrice == 0) revert CommitmentBookZeroTerm();
        if (lastEpoch < firstEpoch) revert CommitmentBookEmptyRange(firstEpoch, lastEpoch);

        Commitment[] storage list = _commitments[provider][modelId];
        index = list.length;
        _checkStart(provider, list, firstEpoch);
        uint256 bonded = bondedFor(capacity, unitPrice);
        Commitment memory made =
            Commitment(target, latencyMs, capacity, firstEpoch, lastEpoch, unitPrice, false);
        list.push(made);
        _changeBonded(provider, bonded, 0);
        emit Promised(provider, modelId, index, made, bonded);
        _pool.lock(provider, bonded);
    }

    /// @inheritdoc ICommitmentBook
    function release(address provider, bytes32 modelId, uint256 index) external {
        Commitment[] storage list = _commitments[provider][modelId];
        if (index >= list.length) revert CommitmentBookNoPromise(index, list.length);
        Commitment memory made = list[index];
        if (made.released) revert CommitmentBookReleased(index);
        uint256 over = _clock.times(made.lastEpoch).settleEnd;
        if (block.timestamp < over) revert CommitmentBookRunning(block.timestamp, over);

        uint256 bonded = bondedFor(made.capacity, made.unitPrice);
        list[index].released = true;
        _changeBonded(provider, 0, bonded);
        emit Released(provider, modelId, index, bonded);
        _pool.unlock(provider, bonded);
    }

    function _changeBonded(address provider, uint256 more, uint256 less) private {
        History.Trace storage history = _bonded[provider];
        uint256 next = uint256(_clock.current()) + 1;
        history.push(EpochKey.write(next), SafeCast.toUint208(history.latest() + more - less));
    }

    /// @dev The caller owns the provider, and the promise starts after what is under way and after the last promise.
    function _checkStart(address provider, Commitment[] storage list, uint256 firstEpoch) private view {
        uint64 current = _clock.current();
        // While a provider changes hands, the buyer decides what binds its bond.
        address owner = _providers.ownerAt(provider, current + 2);
        if (owner == address(0) || owner != msg.sender) revert CommitmentBookNotOwner(msg.sender, owner);
        uint256 earliest = uint256(current) + 2;
        if (list.length > 0 && list[list.length - 1].lastEpoch >= earliest) {
            earliest = uint256(list[list.length - 1].lastEpoch) + 1;
        }
        if (firstEpoch < earliest) revert CommitmentBookTooEarly(firstEpoch, earliest);
    }

    /* MEASUREMENT */

    /// @inheritdoc ICommitmentBook
    function measure(
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint256 probes,
        uint256 timely,
        uint256 atCapacity
    ) external alsoClosed returns (uint256 cut) {
        Commitment[] storage list = _commitments[provider][modelId];
        uint256 index = _firstEndingFrom(list, epoch);
        if (index == list.length || list[index].firstEpoch > epoch) {
            revert CommitmentBookNoPromise(index, list.length);
        }
        Service memory service = _services[provider][modelId][index];
        uint256 dueBefore = service.due;
        (service, cut) = PromiseMath.measure(service, epoch, list[index].target, probes, timely, atCapacity);
        _services[provider][modelId][index] = service;
        if (service.due > dueBefore) emit Breached(provider, modelId, index, epoch, service.due - dueBefore);
    }

    /// @inheritdoc ICommitmentBook
    function collectBreach(address provider, bytes32 modelId, uint256 index)
        external
        alsoClosed
        returns (uint256 share)
    {
        Service storage service = _services[provider][modelId][index];
        share = service.due;
        service.due = 0;
    }

    /* READS */

    /// @inheritdoc ICommitmentBook
    function serviceOf(address provider, bytes32 modelId, uint256 index) external view returns (Service memory) {
        return _services[provider][modelId][index];
    }

    /// @inheritdoc ICommitmentBook
    function commitmentAt(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (bool found, uint256 index, Commitment memory made)
    {
        Commitment[] storage list = _commitments[provider][modelId];
        index = _firstEndingFrom(list, epoch);
        if (index == list.length || list[index].firstEpoch > epoch) return (false, 0, made);
        return (true, index, list[index]);
    }

    /// @inheritdoc ICommitmentBook
    function nextPromised(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (bool found, uint64 next, Commitment memory made)
    {
        Commitment[] storage list = _commitments[provider][modelId];
        uint256 index = _firstEndingFrom(list, epoch);
        if (index == list.length) return (false, 0, made);
        made = list[index];
        return (true, made.firstEpoch > epoch ? made.firstEpoch : epoch, made);
    }

    /// @inheritdoc ICommitmentBook
    function commitment(address provider, bytes32 modelId, uint256 index) external view returns (Commitment memory) {
        Commitment[] storage list = _commitments[provider][modelId];
        if (index >= list.length) revert CommitmentBookNoPromise(index, list.length);
        return list[index];
    }

    /// @inheritdoc ICommitmentBook
    function count(address provider, bytes32 modelId) external view returns (uint256) {
        return _commitments[provider][modelId].length;
    }

    /// @inheritdoc ICommitmentBook
    function bondedFor(uint32 capacity, uint88 unitPrice) public view returns (uint256) {
        return kappa * capacity * _length * unitPrice;
    }

    /// @inheritdoc ICommitmentBook
    function totalBonded(address provider) external view returns (uint256) {
        return _bonded[provider].latest();
    }

    /// @inheritdoc ICommitmentBook
    function totalBondedAt(address provider, uint64 epoch) external view returns (uint256) {
        return _bonded[provider].at(EpochKey.read(epoch));
    }

    /// @dev Promises are disjoint and increasing, so the first that ends at or after `epoch` is found by halving.
    function _firstEndingFrom(Commitment[] storage list, uint256 epoch) private view returns (uint256 low) {
        uint256 high = list.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (list[middle].lastEpoch < epoch) low = middle + 1;
            else high = middle;
        }
    }
}
