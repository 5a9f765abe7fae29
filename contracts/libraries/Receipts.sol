// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Receipts
/// @notice What an operator signs for a client, and the leaf that the same inference leaves in the epoch's log.
/// @dev docs/protocol.md section 5, "Receipt" and "Leaf". The EIP-712 domain is `Surety`, version 1, the home chain and
/// `ReceiptLog`.
library Receipts {
    /// @notice One served inference, signed by the operator and given to the client.
    /// @param provider Address that registered, for ever.
    /// @param modelId Hash of the model manifest.
    /// @param epoch Epoch of serving.
    /// @param seq Number of the receipt in (provider, model, epoch), dense from 0; the index of its leaf.
    /// @param slot Slot of the epoch, 0 to 23.
    /// @param client Who signed the request, or zero.
    /// @param inputHash Tensor hash of the inputs.
    /// @param outputHash Tensor hash of the outputs.
    /// @param units Rows of the batch axis.
    /// @param servedAtMs When the answer left, milliseconds since 1970.
    /// @param latencyMs How long it took, milliseconds.
    struct Receipt {
        address provider;
        bytes32 modelId;
        uint64 epoch;
        uint32 seq;
        uint8 slot;
        address client;
        bytes32 inputHash;
        bytes32 outputHash;
        uint32 units;
        uint64 servedAtMs;
        uint32 latencyMs;
    }

    /// @notice The same inference as the log's tree holds it: the output hash is sealed by a salt.
    /// @dev `sealedOutput` is the protocol's `sealed`, which Solidity reserves; the rest is as in `Receipt`.
    struct LeafFields {
        address provider;
        bytes32 modelId;
        uint64 epoch;
        uint32 seq;
        uint8 slot;
        address client;
        bytes32 inputHash;
        bytes32 sealedOutput;
        uint32 units;
        uint64 servedAtMs;
        uint32 latencyMs;
    }

    /// @notice EIP-712 type hash of `Receipt`.
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(address provider,bytes32 modelId,uint64 epoch,uint32 seq,uint8 slot,address client,bytes32 inputHash,bytes32 outputHash,uint32 units,uint64 servedAtMs,uint32 latencyMs)"
    );

    /// @notice EIP-712 struct hash of a receipt, without the domain.
    function structHash(Receipt memory receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, _asLeaf(receipt)));
    }

    /// @notice Leaf hash, hashed twice so that no tree node passes for a leaf.
    function leafHash(LeafFields memory fields) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(fields))));
    }

    /// @notice The leaf that the same inference leaves.
    /// @param sealedOutput What it shows of the output.
    function leafOf(Receipt memory receipt, bytes32 sealedOutput) internal pure returns (LeafFields memory leaf) {
        // A word for each of the eleven fields.
        assembly ("memory-safe") {
            mcopy(leaf, receipt, 0x160)
        }
        leaf.sealedOutput = sealedOutput;
    }

    /// @dev The same place in memory, with the output's hash where its seal stands: the two structs have one layout, so that
    /// one coder serves both. Never handed out, or what is written to one would change the other.
    function _asLeaf(Receipt memory receipt) private pure returns (LeafFields memory fields) {
        assembly ("memory-safe") {
            fields := receipt
        }
    }

    /// @notice What a leaf shows of an output before outputs open.
    /// @param salt The leaf's salt, kept by the provider until then.
    /// @param outputHash Tensor hash of the outputs.
    function seal(bytes32 salt, bytes32 outputHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(salt, outputHash));
    }
}
