// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Rights} from "../access/Rights.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {EpochKey} from "../libraries/EpochKey.sol";
import {History} from "../libraries/History.sol";
import {IStakePool} from "../stake/IStakePool.sol";
import {IProviderRegistry} from "./IProviderRegistry.sol";

/// @title Who serves
/// @notice `provider` is the address that registered, for ever; owner and operator are kept by epoch, so that what
/// happened in an epoch is judged by who held the keys then.
/// @dev docs/protocol.md section 4. Registration holds from the current epoch on, later changes from the current + 2 on.
///
/// During a handover there are two owners. What takes effect with the new one (operator, another offer) is the new
/// owner's; the endpoint, which changes at once, is the old one's; and the bond is frozen to both, so that a buyer that
/// accepts gets what it saw and nothing leaves before the provider is its own.
contract ProviderRegistry is IProviderRegistry, Rights {
    using History for History.Trace;

    uint256 private constant MAX_ENDPOINT = 256;
    /// @dev Epochs from a change to its effect.
    uint64 private constant NOTICE = 2;

    struct Provider {
        History.Trace owners;
        History.Trace operators;
        /// First epochs of tenures, each under itself.
        History.Trace tenures;
        string endpoint;
        bytes32 failureDomain;
        address offered;
    }

    /// @dev What an operator is or was, one slot.
    struct Key {
        /// Never cleared: a key that two providers used could not be told apart in old receipts.
        address provider;
        bool banned;
    }

    IEpochClock private immutable _clock;
    IStakePool private immutable _pool;

    mapping(address provider => Provider) private _providers;
    mapping(address operator => Key) private _keys;

    /// @param authority The access manager that decides who may ban keys.
    /// @param clock Says which epoch it is.
    /// @param pool Holds the bonds; this contract needs the right to request exits there.
    constructor(address authority, IEpochClock clock, IStakePool pool) AccessManaged(authority) {
        _clock = clock;
        _pool = pool;
    }

    /// @inheritdoc IProviderRegistry
    function register(address operator, string calldata endpoint, bytes32 failureDomain) external {
        if (isProvider(msg.sender)) revert ProviderRegistryRegistered(msg.sender);
        _checkEndpoint(endpoint);
        Provider storage record = _providers[msg.sender];
        uint64 epoch = _clock.current();
        _takeOperator(msg.sender, operator);
        record.owners.push(EpochKey.write(epoch), uint160(msg.sender));
        record.operators.push(EpochKey.write(epoch), uint160(operator));
        record.tenures.push(EpochKey.write(epoch), epoch);
        record.endpoint = endpoint;
        record.failureDomain = failureDomain;
        emit ProviderRegistered(msg.sender, operator, endpoint, failureDomain);
        emit OwnerChanged(msg.sender, msg.sender, epoch);
        emit OperatorChanged(msg.sender, operator, epoch);
    }

    /// @inheritdoc IProviderRegistry
    function offerOwner(address provider, address newOwner) external {
        _onlyIncomingOwner(provider);
        _providers[provider].offered = newOwner;
        emit OwnerOffered(provider, newOwner);
    }

    /// @inheritdoc IProviderRegistry
    function acceptOwner(address provider) external {
        _known(provider);
        Provider storage record = _providers[provider];
        if (msg.sender != record.offered) revert ProviderRegistryNotOffered(msg.sender, record.offered);
        record.offered = address(0);
        uint64 epoch = _clock.current() + NOTICE;
        record.owners.push(EpochKey.write(epoch), uint160(msg.sender));
        record.tenures.push(EpochKey.write(epoch), epoch);
        emit OwnerChanged(provider, msg.sender, epoch);
    }

    /// @inheritdoc IProviderRegistry
    function setOperator(address provider, address operator) external {
        _onlyIncomingOwner(provider);
        _takeOperator(provider, operator);
        Provider storage record = _providers[provider];
        uint64 epoch = _clock.current() + NOTICE;
        record.operators.push(EpochKey.write(epoch), uint160(operator));
        record.tenures.push(EpochKey.write(epoch), epoch);
        emit OperatorChanged(provider, operator, epoch);
    }

    /// @inheritdoc IProviderRegistry
    function setEndpoint(address provider, string calldata endpoint, bytes32 failureDomain) external {
        _onlyOwner(provider);
        _checkEndpoint(endpoint);
        Provider storage record = _providers[provider];
        record.endpoint = endpoint;
        record.failureDomain = failureDomain;
        emit EndpointChanged(provider, endpoint, failureDomain);
    }

    /// @inheritdoc IProviderRegistry
    function exit(address provider, uint256 amount) external returns (uint256 id) {
        _onlyOwner(provider);
        _onlyIncomingOwner(provider);
        return _pool.requestExit(provider, amount, msg.sender);
    }

    /// @inheritdoc IProviderRegistry
    function ban(address operator) external alsoClosed {
        Key storage key = _keys[operator];
        if (key.banned) return;
        key.banned = true;
        emit OperatorBanned(key.provider, operator);
    }

    /// @inheritdoc IProviderRegistry
    function isBanned(address operator) external view returns (bool) {
        return _keys[operator].banned;
    }

    /// @inheritdoc IProviderRegistry
    function ownerAt(address provider, uint64 epoch) public view returns (address) {
        return address(uint160(_providers[provider].owners.at(EpochKey.read(epoch))));
    }

    /// @inheritdoc IProviderRegistry
    function operatorAt(address provider, uint64 epoch) external view returns (address) {
        return address(uint160(_providers[provider].operators.at(EpochKey.read(epoch))));
    }

    /// @inheritdoc IProviderRegistry
    function tenureStartAt(address provider, uint64 epoch) external view returns (uint64) {
        // An epoch went in.
        return uint64(_providers[provider].tenures.at(EpochKey.read(epoch)));
    }

    /// @inheritdoc IProviderRegistry
    function isProvider(address provider) public view returns (bool) {
        return _providers[provider].owners.latest() != 0;
    }

    /// @inheritdoc IProviderRegistry
    function providerOf(address operator) external view returns (address) {
        return _keys[operator].provider;
    }

    /// @inheritdoc IProviderRegistry
    function endpointOf(address provider) external view returns (string memory endpoint, bytes32 failureDomain) {
        Provider storage record = _providers[provider];
        return (record.endpoint, record.failureDomain);
    }

    function _known(address provider) private view {
        if (!isProvider(provider)) revert ProviderRegistryUnknown(provider);
    }

    /// @dev The owner of the current epoch.
    function _onlyOwner(address provider) private view {
        _known(provider);
        address owner = ownerAt(provider, _clock.current());
        if (msg.sender != owner) revert ProviderRegistryNotOwner(msg.sender, owner);
    }

    /// @dev The owner when what is changed now takes effect: whoever accepted last.
    function _onlyIncomingOwner(address provider) private view {
        _known(provider);
        address owner = address(uint160(_providers[provider].owners.latest()));
        if (msg.sender != owner) revert ProviderRegistryNotOwner(msg.sender, owner);
    }

    function _takeOperator(address provider, address operator) private {
        if (operator == address(0)) revert ProviderRegistryZeroAddress();
        Key storage key = _keys[operator];
        if (key.banned) revert ProviderRegistryOperatorBanned(operator);
        address holder = key.provider;
        if (holder != address(0) && holder != provider) revert ProviderRegistryOperatorTaken(operator, holder);
        key.provider = provider;
    }

    function _checkEndpoint(string calldata endpoint) private pure {
        uint256 size = bytes(endpoint).length;
        if (size == 0 || size > MAX_ENDPOINT) revert ProviderRegistryBadEndpoint(size, MAX_ENDPOINT);
    }
}
