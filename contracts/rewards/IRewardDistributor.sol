// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Pay
/// @notice An epoch's budget is what was funded for it before it ended: 75 % for providers by reliable bonded capacity,
/// 20 % for verifiers by valid reveals, 5 % for challengers. Pull-payments only.
/// @dev Rules: docs/protocol.md sections 2 and 8.
interface IRewardDistributor {
    /// @notice `amount` was added to the budget of `epoch`.
    event Funded(uint64 indexed epoch, address indexed from, uint256 amount);
    /// @notice A settlement earned `weight` in `epoch`.
    event WeightAdded(address indexed provider, bytes32 indexed modelId, uint64 indexed epoch, uint256 weight);
    /// @notice A verifier earned `points` in `epoch`.
    event PointsAdded(address indexed verifier, uint64 indexed epoch, uint256 points);
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

    /// @notice Notes points for valid reveals. Caller: by the access manager.
    function addPoints(address verifier, uint64 epoch, uint256 points) external;

    /// @notice Credits what is due of the provider's records and pays its owner. Anyone may push it.
    /// @param modelIds The models whose pending weights are to be credited first.
    function claimProvider(address provider, bytes32[] calldata modelIds) external returns (uint256 amount);

    /// @notice Credits what is due to the verifier and pays it. Anyone may push it.
    function claimVerifier(address verifier) external returns (uint256 amount);

    /// @notice Sends what nobody can earn of a settled epoch's budget to the sink. Anyone may, once per epoch.
    function sweep(uint64 epoch) external returns (uint256 amount);

    /// @notice Budget, sum of weights and sum of points of an epoch.
    function epochInfo(uint64 epoch) external view returns (uint256 budget, uint256 weight, uint256 points, bool swept);

    /// @notice What could be claimed for the provider now.
    function claimableProvider(address provider, bytes32[] calldata modelIds) external view returns (uint256);

    /// @notice What could be claimed for the verifier now.
    function claimableVerifier(address verifier) external view returns (uint256);

    /// @notice Where unearned budget goes.
    function sink() external view returns (address);
}
