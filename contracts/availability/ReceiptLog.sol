// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IEpochClock, Times} from "../epoch/IEpochClock.sol";
import {DemandProfile} from "../libraries/DemandProfile.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IReliabilityLedger} from "../reliability/IReliabilityLedger.sol";
import {Commitment, ICommitmentBook} from "./ICommitmentBook.sol";
import {IReceiptLog, Log} from "./IReceiptLog.sol";

/// @title Epoch logs
/// @notice Takes one log per provider, model and epoch, and fixes how many samples it is judged by; see IReceiptLog.
contract ReceiptLog is IReceiptLog, EIP712 {
    IEpochClock private immutable _clock;
    IReliabilityLedger private immutable _ledger;
    IProviderRegistry private immutable _providers;
    ICommitmentBook private immutable _book;

    mapping(address provider => mapping(bytes32 modelId => mapping(uint64 epoch => Log))) private _logs;

    /// @param clock Time.
    /// @param ledger The record, which decides the number of samples.
    /// @param providers Who operates a provider.
    /// @param book Promises, which cap the units.
    constructor(IEpochClock clock, IReliabilityLedger ledger, IProviderRegistry providers, ICommitmentBook book)
        EIP712("Surety", "1")
    {
        _clock = clock;
        _ledger = ledger;
        _providers = providers;
        _book = book;
    }

    /// @inheritdoc IReceiptLog
    function commit(bytes32 modelId, uint64 epoch, bytes32 root, uint32 count, uint64 units, uint256 slots) external {
        address provider = _providers.providerOf(msg.sender);
        if (provider == address(0) || _providers.operatorAt(provider, epoch) != msg.sender) {
            revert ReceiptLogNotOperator(msg.sender);
        }
        if (_providers.isBanned(msg.sender)) revert ReceiptLogBannedOperator(msg.sender);
        Times memory times = _clock.times(epoch);
        if (block.timestamp < times.end || block.timestamp >= times.logEnd) {
            revert ReceiptLogWrongTime(block.timestamp, times.end, times.logEnd);
        }
        if (_logs[provider][modelId][epoch].exists) revert ReceiptLogCommitted(provider, modelId, epoch);
        uint256 cap = _capOf(provider, modelId, epoch);
        if (units > cap) revert ReceiptLogOverCapacity(units, cap);
        if ((count == 0) != (root == 0) || (units == 0) != (slots == 0) || (units > 0 && count == 0)) {
            revert ReceiptLogInconsistent();
        }
        if (units > 0) DemandProfile.checkSlots(slots);

        uint8 m = units == 0 ? 0 : _sampleCount(provider, modelId, epoch);
        _logs[provider][modelId][epoch] = Log(root, units, count, m, true);
        emit LogCommitted(provider, modelId, epoch, root, count, units, slots, cap, m);
    }

    /// @inheritdoc IReceiptLog
    function log(address provider, bytes32 modelId, uint64 epoch) external view returns (Log memory) {
        return _logs[provider][modelId][epoch];
    }

    /// @inheritdoc IReceiptLog
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Units that the promise covers in one epoch.
    function _capOf(address provider, bytes32 modelId, uint64 epoch) private view returns (uint256) {
        (bool found,, Commitment memory made) = _book.commitmentAt(provider, modelId, epoch);
        if (!found) revert ReceiptLogNoPromise(provider, modelId, epoch);
        return uint256(made.capacity) * _clock.length();
    }

    /// @dev The ledger as it stands now decides; nothing later does.
    function _sampleCount(address provider, bytes32 modelId, uint64 epoch) private view returns (uint8) {
        uint64 tenureStart = _providers.tenureStartAt(provider, epoch);
        (uint256 settled, uint256 cusum, bool recheck) = _ledger.sampling(provider, modelId, tenureStart);
        return uint8(Sampling.sampleCount(settled, cusum, recheck));
    }
}
