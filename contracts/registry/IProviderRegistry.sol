// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who serves
/// @notice `provider` is the address that registered, for ever. `owner` (money) and `operator` (signs receipts, commits
/// logs) are fields of its record; a change of either takes effect at the current epoch + 2 and restarts tenure.
/// @dev Rules: docs/protocol.md section 4.
interface IProviderRegistry {
    /// @notice A provider registered.
    event ProviderRegistered(address indexed provider, address indexed operator, string endpoint, bytes32 failureDomain);
    /// @notice The owner offered the provider to `newOwner`, who has to accept.
    event OwnerOffered(address indexed provider, address indexed newOwner);
    /// @notice `owner` owns the provider from `epoch` on.
    event OwnerChanged(address indexed provider, address indexed owner, uint64 epoch);
    /// @notice `operator` signs for the provider from `epoch` on.
    event OperatorChanged(address indexed provider, address indexed operator, uint64 epoch);
    /// @notice The provider's address on the network or failure domain changed.
    event EndpointChanged(address indexed provider, string endpoint, bytes32 failureDomain);
    /// @notice The key `operator` signed two contents for one receipt; it is nobody's from now on.
    event OperatorBanned(address indexed provider, address indexed operator);

    /// @notice The address is registered already.
    error ProviderRegistryRegistered(address provider);
    /// @notice There is no such provider.
    error ProviderRegistryUnknown(address provider);
    /// @notice Only the owner may do this.
    error ProviderRegistryNotOwner(address have, address need);
    /// @notice Only the address that was offered the provider may accept.
    error ProviderRegistryNotOffered(address have, address need);
    /// @notice The operator key is, or was, another provider's.
    error ProviderRegistryOperatorTaken(address operator, address provider);
    /// @notice The key was banned.
    error ProviderRegistryOperatorBanned(address operator);
    /// @notice The zero address cannot be owner or operator.
    error ProviderRegistryZeroAddress();
    /// @notice The endpoint is empty or longer than 256 bytes.
    error ProviderRegistryBadEndpoint(uint256 have, uint256 limit);

    /// @notice Registers the caller as provider and owner.
    /// @param operator Key that signs receipts and commits logs; never used by another provider.
    /// @param endpoint Base URL of the Open Inference Protocol, at most 256 bytes.
    /// @param failureDomain What it shares its fate with (cloud and region), free form.
    function register(address operator, string calldata endpoint, bytes32 failureDomain) external;

    /// @notice Offers the provider to `newOwner`; the zero address takes an offer back. Caller: the owner, during a
    /// handover the new one.
    function offerOwner(address provider, address newOwner) external;

    /// @notice Accepts an offer; effective at the current epoch + 2. Caller: who was offered.
    function acceptOwner(address provider) external;

    /// @notice Changes the operator; effective at the current epoch + 2. Caller: the owner, during a handover the new one.
    function setOperator(address provider, address operator) external;

    /// @notice Changes endpoint and failure domain at once. Caller: the owner of the current epoch.
    function setEndpoint(address provider, string calldata endpoint, bytes32 failureDomain) external;

    /// @notice Starts an exit of the provider's own bond, paid to the owner after the exit delay. Caller: the owner; during a
    /// handover nobody.
    function exit(address provider, uint256 amount) external returns (uint256 id);

    /// @notice Bans a key for ever: nobody can take it as operator, and it commits no log. What it signed stays evidence
    /// against its provider. Nothing happens if it is banned already. Caller: the court, by the access manager.
    function ban(address operator) external;

    /// @notice Whether a key was banned.
    function isBanned(address operator) external view returns (bool);

    /// @notice Whether the address has registered.
    function isProvider(address provider) external view returns (bool);

    /// @notice The owner in `epoch`; zero if unknown.
    function ownerAt(address provider, uint64 epoch) external view returns (address);

    /// @notice The operator in `epoch`; zero if unknown.
    function operatorAt(address provider, uint64 epoch) external view returns (address);

    /// @notice The first epoch of the tenure that holds in `epoch`.
    function tenureStartAt(address provider, uint64 epoch) external view returns (uint64);

    /// @notice The provider that `operator` is or was a key of; zero if none.
    function providerOf(address operator) external view returns (address);

    /// @notice Endpoint and failure domain.
    function endpointOf(address provider) external view returns (string memory endpoint, bytes32 failureDomain);
}
