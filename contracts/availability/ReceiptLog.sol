// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IEpochClock, Times} from "../epoch/IEpochClock.sol";
import {DemandProfile} from "../libraries/DemandProfile.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {IReliabilityLedger} from "../reliability/IReliabilityLedger.sol";
import {Commitment, ICommitmentBook} from "./ICommitmentBook.sol";
import {IReceiptLog, Log, Measures} from "./IReceiptLog.sol";

/// @title Epoch logs
/// @notice Takes one log per provider, model and epoch, and fixes how many samples it is judged by; see IReceiptLog.
contract ReceiptLog is IReceiptLog, EIP712 {
    /// @dev A log, two slots. Reveals and settlements read the second alone: it has what they would ask others for, which
    /// is past and does not change.
    struct Entry {
        bytes32 root;
        Measures measures;
    }

    IEpochClock private immutable _clock;
    IReliabilityLedger private immutable _ledger;
    IProviderRegistry private immutable _providers;
    ICommitmentBook private immutable _book;
    uint256 private immutable _length;

    mapping(address provider => mapping(bytes32 modelId => mapping(uint64 epoch => Entry))) private _logs;

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
        _length = clock.length();
    }

    /// @inheritdoc IReceiptLog
    function commit(bytes32 modelId, uint64 epoch, bytes32 root, uint32 count, uint64 units, uint256 slots) external {
        address provider = _providers.providerOf(msg.sender);
        if (provider == address(0) || _providers.operatorAt(provider, epoch) != msg.sender) {
            revert ReceiptLogNotOperator(msg.sender);
        }
        if (_providers.isBanned(msg.sender)) revert ReceiptLogBannedOperator(msg.sender);
        _requireWindow(epoch);
        if (_logs[provider][modelId][epoch].measures.exists) revert ReceiptLogCommitted(provider, modelId, epoch);
        (uint256 cap, uint32 target) = _promised(provider, modelId, epoch);
        if (units > cap) revert ReceiptLogOverCapacity(units, cap);
        if ((count == 0) != (root == 0) || (units == 0) != (slots == 0) || (units > 0 && count == 0)) {
            revert ReceiptLogInconsistent();
        }
        if (units > 0) DemandProfile.checkSlots(slots);

        uint64 tenureStart = _providers.tenureStartAt(provider, epoch);
        uint8 m = units == 0 ? 0 : _sampleCount(provider, modelId, tenureStart);
        Measures memory measures = Measures(units, count, m, true, target, tenureStart);
        _logs[provider][modelId][epoch] = Entry(root, measures);
        emit LogCommitted(provider, modelId, epoch, root, count, units, slots, cap, m);
    }

    /// @inheritdoc IReceiptLog
    function log(address provider, bytes32 modelId, uint64 epoch) external view returns (Log memory) {
        Entry storage entry = _logs[provider][modelId][epoch];
        Measures memory measures = entry.measures;
        return Log(entry.root, measures.units, measures.count, measures.m, measures.exists);
    }

    /// @inheritdoc IReceiptLog
    function termsOf(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (bool exists, uint8 m, uint32 target)
    {
        Measures storage measures = _logs[provider][modelId][epoch].measures;
        return (measures.exists, measures.m, measures.target);
    }

    /// @inheritdoc IReceiptLog
    function measuresOf(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (Measures memory)
    {
        return _logs[provider][modelId][epoch].measures;
    }

    /// @inheritdoc IReceiptLog
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _requireWindow(uint64 epoch) private view {
        Times memory times = _clock.times(epoch);
        if (block.timestamp < times.end || block.timestamp >= times.logEnd) {
            revert ReceiptLogWrongTime(block.timestamp, times.end, times.logEnd);
        }
    }

    /// @dev Units that the promise covers in one epoch, and its target.
    function _promised(address provider, bytes32 modelId, uint64 epoch)
        private
        view
        returns (uint256 cap, uint32 target)
    {
        (bool found,, Commitment memory made) = _book.commitmentAt(provider, modelId, epoch);
        if (!found) revert ReceiptLogNoPromise(provider, modelId, epoch);
        return (made.capacity * _length, made.target);
    }

    /// @dev The ledger as it stands now decides; nothing later does.
    function _sampleCount(address provider, bytes32 modelId, uint64 tenureStart) private view returns (uint8) {
        (uint256 settled, uint256 cusum, bool recheck) = _ledger.sampling(provider, modelId, tenureStart);
        return uint8(Sampling.sampleCount(settled, cusum, recheck));
    }
}
