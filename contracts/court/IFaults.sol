// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipts} from "../libraries/Receipts.sol";
import {IEvidence, Proof, Attested} from "./IEvidence.sol";

/// @title Faults that prove themselves
/// @notice What signatures, hashes and silence prove needs no jury: anyone shows it, once each, until the epoch's dispute
/// end, and is the challenger.
/// @dev Rules: docs/protocol.md section 8, "Objective".
interface IFaults is IEvidence {
    /// @notice A fault was proven; `fault` is its number, `taken` what it cost.
    event FaultProven(
        bytes32 indexed fault, address indexed account, address indexed challenger, bytes32 cause, uint256 taken
    );

    /// @notice What the breach of a promise cost, as settlements had noted it.
    event PromisePunished(
        address indexed provider, bytes32 indexed modelId, uint256 index, address indexed challenger, uint256 taken
    );

    /// @notice The fault was proven before.
    error FaultsProven(bytes32 fault);
    /// @notice The receipts are not of one provider, model, epoch and number.
    error FaultsNotOneReceipt();
    /// @notice The receipts have one content.
    error FaultsSameContent(bytes32 content);
    /// @notice One number is no repetition: two are needed.
    error FaultsOneNumber(uint256 i);
    /// @notice Nothing was promised for this epoch.
    error FaultsNoPromise(address provider, bytes32 modelId, uint64 epoch);
    /// @notice The log was committed.
    error FaultsLogged(address provider, bytes32 modelId, uint64 epoch);
    /// @notice Nothing is due for this promise.
    error FaultsNoBreach(address provider, bytes32 modelId, uint256 index);
    /// @notice The hashes do not refute the verdict (0 match, 1 grey, 2 mismatch, 3 not opened).
    error FaultsNotRefuted(uint256 verdict);

    /// @notice Two receipts on one number with different content: 50 % of the provider's stake, and the key is banned.
    function equivocation(
        Receipts.Receipt calldata a,
        bytes calldata signatureA,
        Receipts.Receipt calldata b,
        bytes calldata signatureB
    ) external returns (uint256 taken);

    /// @notice Promised, the log window is over, and there is no log: 1 % of the provider's stake.
    function missingLog(address provider, bytes32 modelId, uint64 epoch) external returns (uint256 taken);

    /// @notice A verdict that hashes alone refute: 50 % of the verifier's stake, once per report. Either the opened output is
    /// bit for bit what the seat's own two runs gave, and the verdict is mismatch; or the model is exact, the output is
    /// neither, and the verdict is match.
    /// @param rerun The seat's report and what it committed to. @param j The sample.
    /// @param nativeHash Hash of its native outputs. @param wasmHash Hash of its WASM outputs.
    /// @param ownProof Path of these two under the data root.
    /// @param proof The provider's leaf that holds the sample.
    /// @param salt Opens the leaf's seal together with `outputHash`.
    function refutedVerdict(
        Attested calldata rerun,
        uint8 j,
        bytes32 nativeHash,
        bytes32 wasmHash,
        bytes32[] calldata ownProof,
        Proof calldata proof,
        bytes32 salt,
        bytes32 outputHash
    ) external returns (uint256 taken);

    /// @notice A probe seat that counts one receipt under two numbers: 50 % of the verifier's stake, once per report.
    /// @param probes The seat's report and what it committed to. @param receiptHash Struct hash of the receipt.
    /// @param i One of its numbers. @param proofI Path of this leaf under the data root.
    /// @param k Another. @param proofK Path of that one.
    function repeatedReceipt(
        Attested calldata probes,
        bytes32 receiptHash,
        uint16 i,
        bytes32[] calldata proofI,
        uint16 k,
        bytes32[] calldata proofK
    ) external returns (uint256 taken);

    /// @notice Collects what a promise's alarms cost since it was last collected: 0.5 to 5 % of the provider's stake. Anyone,
    /// at any time: settlements noted it, so nothing is to be shown.
    function brokenPromise(address provider, bytes32 modelId, uint256 index) external returns (uint256 taken);

    /// @notice Whether a fault was proven.
    function isProven(bytes32 fault) external view returns (bool);
}
