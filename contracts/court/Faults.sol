// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Receipts} from "../libraries/Receipts.sol";
import {Reports} from "../libraries/Reports.sol";
import {OutputLimit} from "../registry/IModelRegistry.sol";
import {Evidence} from "./Evidence.sol";
import {Proof, Attested} from "./IEvidence.sol";
import {IFaults} from "./IFaults.sol";

/// @title Faults that prove themselves
/// @notice See IFaults.
contract Faults is IFaults, Evidence {
    /// @dev Shares of stake, 1e18 = 100 % (docs/protocol.md section 8, "Schedule").
    uint256 private constant EQUIVOCATION = 0.5e18;
    uint256 private constant MISSING_LOG = 0.01e18;
    uint256 private constant REFUTED = 0.5e18;
    /// @dev The book counts shares in 1e9 = 100 %.
    uint256 private constant SHARE = 1e9;

    /// @inheritdoc IFaults
    mapping(bytes32 fault => bool) public isProven;

    /// @param sources The contracts below. Grants needed: `Penalties.punish`, `ProviderRegistry.ban`,
    /// `CommitmentBook.collectBreach`.
    constructor(Sources memory sources) Evidence(sources) {}

    /// @inheritdoc IFaults
    function equivocation(
        Receipts.Receipt calldata a,
        bytes calldata signatureA,
        Receipts.Receipt calldata b,
        bytes calldata signatureB
    ) external returns (uint256 taken) {
        if (a.provider != b.provider || a.modelId != b.modelId || a.epoch != b.epoch || a.seq != b.seq) {
            revert FaultsNotOneReceipt();
        }
        bytes32 content = Receipts.structHash(a);
        if (content == Receipts.structHash(b)) revert FaultsSameContent(content);
        address operator = _requireSigned(a, signatureA);
        _requireSigned(b, signatureB);
        _requireDisputable(a.provider, a.modelId, a.epoch);
        bytes32 fault = keccak256(abi.encode("equivocation", a.provider, a.modelId, a.epoch, a.seq));
        taken = _punish(fault, a.provider, EQUIVOCATION, "equivocation");
        _providers.ban(operator);
    }

    /// @inheritdoc IFaults
    function missingLog(address provider, bytes32 modelId, uint64 epoch) external returns (uint256 taken) {
        _requireFrom(_timesOf(epoch).logEnd);
        (bool promised,) = _promiseAt(provider, modelId, epoch);
        if (!promised) revert FaultsNoPromise(provider, modelId, epoch);
        if (_log.log(provider, modelId, epoch).exists) revert FaultsLogged(provider, modelId, epoch);
        _requireDisputable(provider, modelId, epoch);
        bytes32 fault = keccak256(abi.encode("missing log", provider, modelId, epoch));
        return _punish(fault, provider, MISSING_LOG, "missing log");
    }

    /// @inheritdoc IFaults
    function refutedVerdict(
        Attested calldata rerun,
        uint8 j,
        bytes32 nativeHash,
        bytes32 wasmHash,
        bytes32[] calldata ownProof,
        Proof memory proof,
        bytes32 salt,
        bytes32 outputHash
    ) external returns (uint256 taken) {
        _requireDisputable(rerun.provider, rerun.modelId, rerun.epoch);
        uint256 report = _proveRerun(rerun);
        _requireOwnOutputs(rerun.dataRoot, j, nativeHash, wasmHash, ownProof);
        _requireSample(rerun, j, proof);
        _requireSeal(salt, outputHash, proof.leaf.sealedOutput);
        _requireRefuted(rerun.modelId, Reports.verdict(report, j), outputHash == nativeHash, outputHash == wasmHash);
        bytes32 fault = keccak256(
            abi.encode("refuted verdict", rerun.provider, rerun.modelId, rerun.epoch, rerun.role, rerun.seat)
        );
        return _punish(fault, rerun.verifier, REFUTED, "refuted verdict");
    }

    /// @inheritdoc IFaults
    function repeatedReceipt(
        Attested calldata probes,
        bytes32 receiptHash,
        uint16 i,
        bytes32[] calldata proofI,
        uint16 k,
        bytes32[] calldata proofK
    ) external returns (uint256 taken) {
        if (i == k) revert FaultsOneNumber(i);
        _requireDisputable(probes.provider, probes.modelId, probes.epoch);
        _proveProbes(probes);
        _requireProbe(probes.dataRoot, i, receiptHash, proofI);
        _requireProbe(probes.dataRoot, k, receiptHash, proofK);
        bytes32 fault =
            keccak256(abi.encode("repeated receipt", probes.provider, probes.modelId, probes.epoch, probes.seat));
        return _punish(fault, probes.verifier, REFUTED, "repeated receipt");
    }

    /// @inheritdoc IFaults
    function brokenPromise(address provider, bytes32 modelId, uint256 index) external returns (uint256 taken) {
        uint256 share = _book.collectBreach(provider, modelId, index);
        if (share == 0) revert FaultsNoBreach(provider, modelId, index);
        taken = _penalties.punish(provider, share * SHARE, "broken promise", msg.sender, address(0), 0);
        emit PromisePunished(provider, modelId, index, msg.sender, taken);
    }

    /// @dev The leaf is of the log that the seat judged, and sample `j` hits it.
    function _requireSample(Attested calldata rerun, uint8 j, Proof memory proof) private view {
        (, uint64 prefix) = _prove(proof);
        Receipts.LeafFields memory leaf = proof.leaf;
        if (leaf.provider != rerun.provider || leaf.modelId != rerun.modelId || leaf.epoch != rerun.epoch) {
            revert FaultsNotOneReceipt();
        }
        _requireHolds(prefix, leaf.units, _position(leaf.provider, leaf.modelId, leaf.epoch, j));
    }

    function _requireRefuted(bytes32 modelId, uint256 verdict, bool isNative, bool isWasm) private view {
        if (verdict == Reports.MISMATCH && isNative && isWasm) return;
        if (verdict == Reports.MATCH && !isNative && !isWasm && _isExact(modelId)) return;
        revert FaultsNotRefuted(verdict);
    }

    /// @dev Whether no output has a tolerance. An arg-max may differ, but it stands beside its scores, which have one.
    function _isExact(bytes32 modelId) private view returns (bool) {
        (,, OutputLimit[] memory outputs,) = _models.model(modelId);
        for (uint256 i = 0; i < outputs.length; ++i) {
            if (outputs[i].tauMax != 0) return false;
        }
        return true;
    }

    function _punish(bytes32 fault, address account, uint256 wad, bytes32 cause) private returns (uint256 taken) {
        if (isProven[fault]) revert FaultsProven(fault);
        isProven[fault] = true;
        taken = _penalties.punish(account, wad, cause, msg.sender, address(0), 0);
        emit FaultProven(fault, account, msg.sender, cause, taken);
    }
}
