// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Service} from "../types/Service.sol";

/// @notice A promise of availability for one model (docs/protocol.md section 4).
struct Commitment {
    /// Promised share of timely answers, 1e9 = 100 %; at most 999,000,000.
    uint32 target;
    /// An answer later than this is not timely, milliseconds.
    uint32 latencyMs;
    /// Units of work per second.
    uint32 capacity;
    /// First and last epoch, both inclusive.
    uint32 firstEpoch;
    uint32 lastEpoch;
    /// Price of a unit in the asset's smallest unit.
    uint88 unitPrice;
    /// Whether its bond was freed again.
    bool released;
}

/// @title Promises
/// @notice Append-only per provider and model, disjoint and increasing. A promise locks `kappa * capacity * L * unitPrice`
/// of the provider's own bond.
interface ICommitmentBook {
    /// @notice A promise was made; `bonded` of the provider's own bond is locked for it.
    event Promised(
        address indexed provider, bytes32 indexed modelId, uint256 indexed index, Commitment commitment, uint256 bonded
    );
    /// @notice A promise is over and its bond free.
    event Released(address indexed provider, bytes32 indexed modelId, uint256 indexed index, uint256 bonded);

    /// @notice A promise's alarm sounded while it was broken: `share` more of the provider's stake is due (1e9 = 100 %).
    event Breached(
        address indexed provider, bytes32 indexed modelId, uint256 indexed index, uint64 epoch, uint256 share
    );

    /// @notice Only the provider's owner may promise.
    error CommitmentBookNotOwner(address have, address need);
    /// @notice The model is not registered.
    error CommitmentBookUnknownModel(bytes32 modelId);
    /// @notice The target is zero, or above what sampling can resolve (1e9 = 100 %).
    error CommitmentBookBadTarget(uint256 have, uint256 limit);
    /// @notice A latency bound, capacity or unit price of zero.
    error CommitmentBookZeroTerm();
    /// @notice The first epoch must be `need` or later: after the current one by two, and after the last promise.
    error CommitmentBookTooEarly(uint256 have, uint256 need);
    /// @notice The last epoch lies before the first.
    error CommitmentBookEmptyRange(uint256 first, uint256 last);
    /// @notice There is no such promise.
    error CommitmentBookNoPromise(uint256 have, uint256 length);
    /// @notice The promise's bond was freed already.
    error CommitmentBookReleased(uint256 index);
    /// @notice The promise still runs or can still be settled (Unix seconds).
    error CommitmentBookRunning(uint256 have, uint256 need);

    /// @notice Makes a promise. Caller: who owns `provider` two epochs from now, when a promise can begin.
    /// @param target Promised share of timely answers, 1e9 = 100 %. @param latencyMs Latency bound, milliseconds.
    /// @param capacity Units per second. @param unitPrice Price of a unit.
    /// @param firstEpoch At least the current epoch + 2. @param lastEpoch Inclusive.
    /// @return index Of the promise, per provider and model.
    function commit(
        address provider,
        bytes32 modelId,
        uint32 target,
        uint32 latencyMs,
        uint32 capacity,
        uint88 unitPrice,
        uint32 firstEpoch,
        uint32 lastEpoch
    ) external returns (uint256 index);

    /// @notice Frees the bond of a promise that is over and whose last epoch can no longer earn. Anyone may.
    function release(address provider, bytes32 modelId, uint256 index) external;

    /// @notice Takes what a settled epoch's probes say of the promise that holds in it. Caller: settlement, by the access
    /// manager.
    /// @param probes Probes that count, above 0. @param timely Answers in time. @param atCapacity Refusals with 429.
    /// @return cut Share by which the epoch's weight is cut, 1e9 = 100 %.
    function measure(
        address provider,
        bytes32 modelId,
        uint64 epoch,
        uint256 probes,
        uint256 timely,
        uint256 atCapacity
    ) external returns (uint256 cut);

    /// @notice Hands over what breaches of a promise cost and nobody has collected, and forgets it. Caller: the court, by
    /// the access manager.
    /// @return share Share of the provider's stake, 1e9 = 100 %; 0 if nothing is due.
    function collectBreach(address provider, bytes32 modelId, uint256 index) external returns (uint256 share);

    /// @notice How promise `index` was kept so far; all zero if it was not measured or does not exist.
    function serviceOf(address provider, bytes32 modelId, uint256 index) external view returns (Service memory);

    /// @notice The promise that holds in `epoch`; `found` is false if there is none.
    function commitmentAt(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (bool found, uint256 index, Commitment memory commitment);

    /// @notice The first promised epoch at or after `epoch`, and the promise that holds in it.
    function nextPromised(address provider, bytes32 modelId, uint64 epoch)
        external
        view
        returns (bool found, uint64 next, Commitment memory commitment);

    /// @notice Promise `index`.
    function commitment(address provider, bytes32 modelId, uint256 index) external view returns (Commitment memory);

    /// @notice Number of promises.
    function count(address provider, bytes32 modelId) external view returns (uint256);

    /// @notice Stake that a promise of these terms locks: `kappa * capacity * L * unitPrice`.
    function bondedFor(uint32 capacity, uint88 unitPrice) external view returns (uint256);

    /// @notice Sum of what the provider's unreleased promises lock.
    function totalBonded(address provider) external view returns (uint256);

    /// @notice The same when `epoch` began; for an epoch to come, as it stands.
    function totalBondedAt(address provider, uint64 epoch) external view returns (uint256);

    /// @notice Epochs of full revenue that a promise is bonded with (7).
    function kappa() external view returns (uint256);
}
