// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelRegistry, OutputLimit} from "./IModelRegistry.sol";

/// @title What is served
/// @notice A model is its manifest, and an entry is for ever.
/// @dev docs/protocol.md sections 5 and 6. The contract cannot read the manifest: whoever serves or verifies a model checks
/// the entry against it and keeps away where they differ. A squatter of an id gains nothing, and any other spelling of the
/// manifest has another id.
contract ModelRegistry is IModelRegistry {
    uint256 private constant MAX_OUTPUTS = 16;
    uint256 private constant MAX_OPEN_BYTES = 24_576;
    uint256 private constant MAX_URI = 256;

    /// @dev ONNX numbers of the element types that may deviate, and by how much at most (wad).
    uint8 private constant FLOAT32 = 1;
    uint8 private constant FLOAT16 = 10;
    uint8 private constant FLOAT64 = 11;
    uint256 private constant LIMIT_FLOAT32 = 1e14;
    uint256 private constant LIMIT_FLOAT16 = 1e16;
    uint256 private constant LIMIT_FLOAT64 = 1e14;

    struct Model {
        bytes32 profileHash;
        uint32 maxOpenBytes;
        OutputLimit[] outputs;
        string uri;
    }

    mapping(bytes32 modelId => Model) private _models;

    /// @inheritdoc IModelRegistry
    function register(
        bytes32 modelId,
        bytes32 profileHash,
        uint32 maxOpenBytes,
        OutputLimit[] calldata outputs,
        string calldata uri
    ) external {
        if (isModel(modelId)) revert ModelRegistryRegistered(modelId);
        if (modelId == 0 || profileHash == 0) revert ModelRegistryZeroHash();
        if (maxOpenBytes == 0 || maxOpenBytes > MAX_OPEN_BYTES) {
            revert ModelRegistryBadOpenBytes(maxOpenBytes, MAX_OPEN_BYTES);
        }
        if (outputs.length == 0 || outputs.length > MAX_OUTPUTS) {
            revert ModelRegistryBadOutputs(outputs.length, MAX_OUTPUTS);
        }
        if (bytes(uri).length > MAX_URI) revert ModelRegistryBadUri(bytes(uri).length, MAX_URI);

        Model storage entry = _models[modelId];
        entry.profileHash = profileHash;
        entry.maxOpenBytes = maxOpenBytes;
        entry.uri = uri;
        for (uint256 i = 0; i < outputs.length; ++i) {
            _checkLimit(i, outputs[i]);
            entry.outputs.push(outputs[i]);
        }
        emit ModelRegistered(modelId, profileHash, maxOpenBytes, outputs, uri, msg.sender);
    }

    /// @inheritdoc IModelRegistry
    function isModel(bytes32 modelId) public view returns (bool) {
        return _models[modelId].profileHash != 0;
    }

    /// @inheritdoc IModelRegistry
    function model(bytes32 modelId)
        external
        view
        returns (bytes32 profileHash, uint32 maxOpenBytes, OutputLimit[] memory outputs, string memory uri)
    {
        Model storage entry = _models[modelId];
        return (entry.profileHash, entry.maxOpenBytes, entry.outputs, entry.uri);
    }

    /// @dev Floats have a tolerance, everything else is exact.
    function _checkLimit(uint256 index, OutputLimit calldata output) private pure {
        uint256 limit = _limitOf(output.elementType);
        bool fits = limit == 0 ? output.tauMax == 0 : output.tauMax > 0 && output.tauMax <= limit;
        if (!fits || bytes(output.name).length == 0) revert ModelRegistryBadLimit(index, output.tauMax, limit);
    }

    function _limitOf(uint8 elementType) private pure returns (uint256) {
        if (elementType == FLOAT32) return LIMIT_FLOAT32;
        if (elementType == FLOAT16) return LIMIT_FLOAT16;
        if (elementType == FLOAT64) return LIMIT_FLOAT64;
        return 0;
    }
}
