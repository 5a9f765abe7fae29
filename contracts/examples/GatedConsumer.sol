// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReliability} from "../reliability/IReliability.sol";

/// @title A dapp that buys inference from dependable providers only
/// @notice Shows the two gates: one on the record, one also on open cases.
contract GatedConsumer {
    /// @notice `provider` passed both gates for `modelId`.
    event Accepted(address indexed provider, bytes32 indexed modelId, address indexed by);

    IReliability private immutable _ledger;
    /// @notice Lowest score accepted, 1e9 = 100 %.
    uint256 public immutable minScore;
    /// @notice Oldest measurement accepted, epochs.
    uint256 public immutable maxAge;

    /// @param ledger The reliability ledger.
    /// @param minScore_ Lowest score accepted, 1e9 = 100 %.
    /// @param maxAge_ Oldest measurement accepted, epochs.
    constructor(IReliability ledger, uint256 minScore_, uint256 maxAge_) {
        _ledger = ledger;
        minScore = minScore_;
        maxAge = maxAge_;
    }

    /// @notice Accepts a provider for a model, or reverts with the reason: `ReliabilityUnknown`,
    /// `ReliabilityScoreTooLow`, `ReliabilityTooOld` from the record, then `ReliabilityDisputed`.
    function accept(address provider, bytes32 modelId) external {
        _ledger.requireReliable(provider, modelId, minScore, maxAge);
        _ledger.requireUndisputed(provider, modelId, minScore, maxAge);
        emit Accepted(provider, modelId, msg.sender);
    }
}
