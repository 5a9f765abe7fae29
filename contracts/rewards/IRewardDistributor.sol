// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where an epoch's budget stands.
enum BudgetState {
    /// The epoch is not over: it can be funded.
    Open,
    /// Over, and nobody funded it: it pays nothing.
    Unfunded,
    /// Over and funded; weights and points are still added.
    Counting,
    /// All that was earned can be claimed.
    Closed,
    /// And what nobody earned went to the sink.
    Swept
}

/// @title Pay
/// @notice An epoch's budget is what was funded for it before it ended: 75 % for providers by reliable bonded capacity,
/// 20 % for verifiers by valid reveals, 5 % for challengers by what they had slashed. Pull-payments only.
/// @dev Rules: docs/protocol.md sections 2 and 8.
interface IRewardDistributor {
    /// @notice `amount` was added to the budget of `epoch`.
    event Funded(uint64 indexed epoch, address indexed from, uint256 amount);
    /// @notice A settlement earned `weight` in `epoch`.
    event WeightAdded(address indexed provider, bytes32 indexed modelId, uint64 indexed epoch, uint256 weight);
    /// @notice A verifier earned `points` in `epoch`; 1e9 = one.
    event PointsAdded(address indexed verifier, uint64 indexed epoch, uint256 points);
    /// @notice A challenger may get up to `amount` of the challengers' part of `epoch`.
    event BountyAdded(address indexed challenger, uint64 indexed epoch, uint256 amount);
    /// @notice `amount` of the budget of `epoch` was credited to `account`.
    event Credited(address indexed account, uint64 indexed epoch, uint256 amount);
    /// @notice `amount` was paid out for `account` to `receiver`.
    event Claimed(address indexed account, address indexed receiver, uint256 amount);
    /// @notice What nobody earned in `epoch` went to the sink.
    event Swept(uint64 indexed epoch, uint256 amount);

    /// @notice The epoch has ended (Unix seconds).
    error RewardDistributorEpochOver(uint256 have, uint256 need);
    /// @notice The amount is zero.
    error RewardDistributorZeroAmount();
    /// @notice The token moved another amount than it was asked to.
    error RewardDistributorWrongTransfer(uint256 have, uint256 need);
    /// @notice An earlier epoch's weight or points cannot be credited before its settlement ends (Unix seconds).
    error RewardDistributorPending(uint256 have, uint256 need);
    /// @notice The epoch's settlement is not over (Unix seconds).
    error RewardDistributorNotOver(uint256 have, uint256 need);
    /// @notice Nobody funded the epoch.
    error RewardDistributorUnfunded(uint64 epoch);
    /// @notice The epoch was swept.
    error RewardDistributorSwept(uint64 epoch);
    /// @notice The provider is not registered.
    error RewardDistributorUnknownProvider(address provider);
    /// @notice The sink is the zero address.
    error RewardDistributorNoSink();

    /// @notice Adds `amount` to the budget of `epoch`, which must not have ended. Anyone may.
    function fund(uint64 epoch, uint256 amount) external;

    /// @notice Notes the weight of one settlement, after crediting the record's pending one. Caller: by the access manager.
    /// @param weight In the asset's smallest unit (bonded stake that proved reliable); 0 only credits.
    function addWeight(address provider, bytes32 modelId, uint64 epoch, uint256 weight) external;

    /// @notice Notes points for valid reveals, 1e9 = one. Caller: by the access manager.
    function addPoints(address verifier, uint64 epoch, uint256 points) external;

    /// @notice Notes what a challenger may get at most of the current epoch's part for challengers, in the asset's smallest
    /// unit. Caller: by the access manager.
    function addBounty(address challenger, uint256 amount) external;

    /// @notice Credits what is due of the provider's records and pays its owner. Anyone may push it.
    /// @param modelIds The models whose pending weights are to be credited first.
    function claimProvider(address provider, bytes32[] calldata modelIds) external returns (uint256 amount);

    /// @notice Credits what is due to the verifier and pays it. Anyone may push it.
    function claimVerifier(address verifier) external returns (uint256 amount);

    /// @notice Credits what is due to the challenger of epochs that are over and pays it. Anyone may push it.
    function claimChallenger(address challenger) external returns (uint256 amount);

    /// @notice Sends what nobody can earn of a settled epoch's budget to the sink. Anyone may, once per epoch.
    function sweep(uint64 epoch) external returns (uint256 amount);

    /// @notice Budget, sum of weights and sum of points (1e9 = one) of an epoch.
    function epochInfo(uint64 epoch) external view returns (uint256 budget, uint256 weight, uint256 points, bool swept);

    /// @notice The parts of an epoch's budget, and the bounties that share the last one.
    function partsOf(uint64 epoch)
        external
        view
        returns (uint256 providers, uint256 verifiers, uint256 challengers, uint256 bounties);

    /// @notice Where an epoch's budget stands.
    function stateOf(uint64 epoch) external view returns (BudgetState);

    /// @notice What could be claimed for the provider now.
    function claimableProvider(address provider, bytes32[] calldata modelIds) external view returns (uint256);

    /// @notice What could be claimed for the verifier now.
    function claimableVerifier(address verifier) external view returns (uint256);

    /// @notice What could be claimed for the challenger now.
    function claimableChallenger(address challenger) external view returns (uint256);

    /// @notice Where unearned budget goes.
    function sink() external view returns (address);
}
