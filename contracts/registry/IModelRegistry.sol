// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The tolerance of one output.
struct OutputLimit {
    /// The output's name in the ONNX graph.
    string name;
    /// Element type, by ONNX number (1 = float32).
    uint8 elementType;
    /// Largest scale-relative deviation that still matches, wad (1e18 = 1); 0: exact.
    uint64 tauMax;
}

/// @title What is served
/// @notice A model is its manifest: the id is the manifest's keccak256. The tolerance stands on chain beside the hash of
/// the profile it comes from.
/// @dev Rules: docs/protocol.md sections 5 and 6.
interface IModelRegistry {
    /// @notice A model was registered.
    event ModelRegistered(
        bytes32 indexed modelId, bytes32 profileHash, uint32 maxOpenBytes, OutputLimit[] outputs, string uri, address indexed by
    );

    /// @notice The model is registered already.
    error ModelRegistryRegistered(bytes32 modelId);
    /// @notice A hash is zero.
    error ModelRegistryZeroHash();
    /// @notice A model has 1 to 16 outputs.
    error ModelRegistryBadOutputs(uint256 have, uint256 limit);
    /// @notice The tolerance of output `index` is above what its element type allows (wad), or its name is empty.
    error ModelRegistryBadLimit(uint256 index, uint256 have, uint256 limit);
    /// @notice `maxOpenBytes` is 1 to 24,576.
    error ModelRegistryBadOpenBytes(uint256 have, uint256 limit);
    /// @notice The URI is longer than 256 bytes.
    error ModelRegistryBadUri(uint256 have, uint256 limit);

    /// @notice Registers a model. Anyone may; the id binds every field through the manifest.
    /// @param modelId keccak256 of the manifest's canonical JSON.
    /// @param profileHash keccak256 of the tolerance profile's canonical JSON.
    /// @param maxOpenBytes Largest leaf opening in bytes, at most 24,576.
    /// @param outputs Tolerance of each output; float32 at most 1e-4.
    /// @param uri Where the manifest can be fetched.
    function register(
        bytes32 modelId,
        bytes32 profileHash,
        uint32 maxOpenBytes,
        OutputLimit[] calldata outputs,
        string calldata uri
    ) external;

    /// @notice Whether the model is registered.
    function isModel(bytes32 modelId) external view returns (bool);

    /// @notice A model's registration; empty if there is none.
    function model(bytes32 modelId)
        external
        view
        returns (bytes32 profileHash, uint32 maxOpenBytes, OutputLimit[] memory outputs, string memory uri);
}
