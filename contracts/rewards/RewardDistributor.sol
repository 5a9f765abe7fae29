// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Rights} from "../access/Rights.sol";
import {IEpochClock} from "../epoch/IEpochClock.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {IProviderRegistry} from "../registry/IProviderRegistry.sol";
import {BudgetState, IRewardDistributor} from "./IRewardDistributor.sol";

/// @title Pay
/// @notice Splits each epoch's budget by weights and points; see IRewardDistributor.
contract RewardDistributor is IRewardDistributor, Rights, ReentrancyGuardTransient {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    struct Epoch {
        uint128 budget;
        uint120 bounties;
        bool swept;
        uint256 weight;
        uint256 points;
    }

    /// @dev The weight or points of one epoch that are not credited yet, one slot.
    struct Pending {
        uint64 epoch;
        uint192 amount;
    }

    /// @dev A challenger's bounties of one epoch, and what it was credited before: one slot, written by every slash. Each is
    /// a part of slashes, of stakes that the pool counts in 96 bits.
    struct Bounties {
        uint32 epoch;
        uint112 pending;
        uint112 credited;
    }

    uint256 private constant PROVIDERS_BPS = 7_500;
    uint256 private constant VERIFIERS_BPS = 2_000;
    uint256 private constant CHALLENGERS_BPS = 500;
    uint256 private constant BPS = 10_000;

    IERC20 private immutable _asset;
    IEpochClock private immutable _clock;
    IProviderRegistry private immutable _providers;
    address private immutable _sink;

    mapping(uint64 epoch => Epoch) private _epochs;
    mapping(address provider => mapping(bytes32 modelId => Pending)) private _weights;
    /// @dev Two epochs are open at a time, because reveals of an epoch come before the close of the one before it.
    mapping(address verifier => Pending[2]) private _points;
    mapping(address challenger => Bounties) private _bounties;
    mapping(address provider => uint256) private _providerBalance;
    mapping(address verifier => uint256) private _verifierBalance;

    /// @param authority Access manager: who may add weight and points.
    /// @param asset The token of all pay; without transfer fees.
    /// @param clock Time.
    /// @param providers Who owns a provider.
    /// @param sink_ Where unearned budget goes.
    constructor(address authority, IERC20 asset, IEpochClock clock, IProviderRegistry providers, address sink_)
        AccessManaged(authority)
    {
        if (sink_ == address(0)) revert RewardDistributorNoSink();
        _asset = asset;
        _clock = clock;
        _providers = providers;
        _sink = sink_;
    }

    /* BUDGET */

    /// @inheritdoc IRewardDistributor
    function fund(uint64 epoch, uint256 amount) external nonReentrant {
        if (amount == 0) revert RewardDistributorZeroAmount();
        uint256 end = _clock.times(epoch).end;
        if (block.timestamp >= end) revert RewardDistributorEpochOver(block.timestamp, end);
        Epoch storage info = _epochs[epoch];
        info.budget = (info.budget + amount).toUint128();
        emit Funded(epoch, msg.sender, amount);
        uint256 received = ExactTransfer.pull(_asset, msg.sender, amount);
        if (received != amount) revert RewardDistributorWrongTransfer(received, amount);
    }

    /// @inheritdoc IRewardDistributor
    function sweep(uint64 epoch) external returns (uint256 amount) {
        _requireOver(epoch);
        Epoch storage info = _epochs[epoch];
        if (info.budget == 0) revert RewardDistributorUnfunded(epoch);
        if (info.swept) revert RewardDistributorSwept(epoch);
        info.swept = true;
        amount = info.budget;
        if (info.weight > 0) amount -= _part(info, PROVIDERS_BPS);
        if (info.points > 0) amount -= _part(info, VERIFIERS_BPS);
        amount -= Math.min(info.bounties, _part(info, CHALLENGERS_BPS));
        emit Swept(epoch, amount);
        if (amount > 0) _asset.safeTransfer(_sink, amount);
    }

    /* EARNING */

    /// @inheritdoc IRewardDistributor
    function addWeight(address provider, bytes32 modelId, uint64 epoch, uint256 weight) external alsoClosed {
        Pending storage pending = _weights[provider][modelId];
        if (pending.amount > 0) {
            _requireCreditable(pending.epoch);
            _creditWeight(provider, pending);
        }
        if (weight == 0) return;
        _weights[provider][modelId] = Pending(epoch, weight.toUint192());
        _epochs[epoch].weight += weight;
        emit WeightAdded(provider, modelId, epoch, weight);
    }

    /// @inheritdoc IRewardDistributor
    function addPoints(address verifier, uint64 epoch, uint256 points) external alsoClosed {
        Pending storage pending = _points[verifier][epoch % 2];
        if (pending.amount > 0 && pending.epoch != epoch) {
            _requireCreditable(pending.epoch);
            _creditPoints(verifier, pending);
        }
        _points[verifier][epoch % 2] = Pending(epoch, (pending.amount + points).toUint192());
        _epochs[epoch].points += points;
        emit PointsAdded(verifier, epoch, points);
    }

    /// @inheritdoc IRewardDistributor
    function addBounty(address challenger, uint256 amount) external alsoClosed {
        uint64 epoch = _clock.current();
        Bounties memory held = _bounties[challenger];
        _creditBounties(challenger, held, epoch);
        held.epoch = uint256(epoch).toUint32();
        held.pending = (held.pending + amount).toUint112();
        _bounties[challenger] = held;
        Epoch storage info = _epochs[epoch];
        info.bounties = (info.bounties + amount).toUint120();
        emit BountyAdded(challenger, epoch, amount);
    }

    function _creditWeight(address provider, Pending storage pending) private {
        uint256 amount = _weightShare(pending.epoch, pending.amount);
        _providerBalance[provider] += amount;
        emit Credited(provider, pending.epoch, amount);
        pending.amount = 0;
    }

    function _creditPoints(address verifier, Pending storage pending) private {
        uint256 amount = _pointsShare(pending.epoch, pending.amount);
        _verifierBalance[verifier] += amount;
        emit Credited(verifier, pending.epoch, amount);
        pending.amount = 0;
    }

    /// @dev Bounties are of the epoch in which a fault is proven, whose budget and bounties are final once it is over.
    /// @param held Written here alone: the caller stores it. @param current The epoch that is not over.
    function _creditBounties(address challenger, Bounties memory held, uint64 current) private {
        if (held.pending == 0 || held.epoch == current) return;
        uint256 amount = _bountyShare(held.epoch, held.pending);
        held.credited = (held.credited + amount).toUint112();
        held.pending = 0;
        emit Credited(challenger, held.epoch, amount);
    }

    /* CLAIMS */

    /// @inheritdoc IRewardDistributor
    function claimProvider(address provider, bytes32[] calldata modelIds) external returns (uint256 amount) {
        if (!_providers.isProvider(provider)) revert RewardDistributorUnknownProvider(provider);
        for (uint256 i = 0; i < modelIds.length; ++i) {
            Pending storage pending = _weights[provider][modelIds[i]];
            if (pending.amount > 0 && _isOver(pending.epoch)) _creditWeight(provider, pending);
        }
        amount = _providerBalance[provider];
        _providerBalance[provider] = 0;
        _pay(provider, _providers.ownerAt(provider, _clock.current()), amount);
    }

    /// @inheritdoc IRewardDistributor
    function claimVerifier(address verifier) external returns (uint256 amount) {
        for (uint256 i = 0; i < 2; ++i) {
            Pending storage pending = _points[verifier][i];
            if (pending.amount > 0 && _isOver(pending.epoch)) _creditPoints(verifier, pending);
        }
        amount = _verifierBalance[verifier];
        _verifierBalance[verifier] = 0;
        _pay(verifier, verifier, amount);
    }

    /// @inheritdoc IRewardDistributor
    function claimChallenger(address challenger) external returns (uint256 amount) {
        Bounties memory held = _bounties[challenger];
        _creditBounties(challenger, held, _clock.current());
        amount = held.credited;
        held.credited = 0;
        _bounties[challenger] = held;
        _pay(challenger, challenger, amount);
    }

    function _pay(address account, address receiver, uint256 amount) private {
        if (amount == 0) return;
        emit Claimed(account, receiver, amount);
        _asset.safeTransfer(receiver, amount);
    }

    /* READS */

    /// @inheritdoc IRewardDistributor
    function epochInfo(uint64 epoch)
        external
        view
        returns (uint256 budget, uint256 weight, uint256 points, bool swept)
    {
        Epoch storage info = _epochs[epoch];
        return (info.budget, info.weight, info.points, info.swept);
    }

    /// @inheritdoc IRewardDistributor
    function partsOf(uint64 epoch)
        external
        view
        returns (uint256 providers, uint256 verifiers, uint256 challengers, uint256 bounties)
    {
        Epoch storage info = _epochs[epoch];
        providers = _part(info, PROVIDERS_BPS);
        verifiers = _part(info, VERIFIERS_BPS);
        return (providers, verifiers, _part(info, CHALLENGERS_BPS), info.bounties);
    }

    /// @inheritdoc IRewardDistributor
    function stateOf(uint64 epoch) external view returns (BudgetState) {
        Epoch storage info = _epochs[epoch];
        if (block.timestamp < _clock.times(epoch).end) return BudgetState.Open;
        if (info.budget == 0) return BudgetState.Unfunded;
        if (!_isOver(epoch)) return BudgetState.Counting;
        return info.swept ? BudgetState.Swept : BudgetState.Closed;
    }

    /// @inheritdoc IRewardDistributor
    function claimableProvider(address provider, bytes32[] calldata modelIds) external view returns (uint256 amount) {
        amount = _providerBalance[provider];
        for (uint256 i = 0; i < modelIds.length; ++i) {
            Pending memory pending = _weights[provider][modelIds[i]];
            if (pending.amount > 0 && _isOver(pending.epoch)) amount += _weightShare(pending.epoch, pending.amount);
        }
    }

    /// @inheritdoc IRewardDistributor
    function claimableVerifier(address verifier) external view returns (uint256 amount) {
        amount = _verifierBalance[verifier];
        for (uint256 i = 0; i < 2; ++i) {
            Pending memory pending = _points[verifier][i];
            if (pending.amount > 0 && _isOver(pending.epoch)) amount += _pointsShare(pending.epoch, pending.amount);
        }
    }

    /// @inheritdoc IRewardDistributor
    function claimableChallenger(address challenger) external view returns (uint256 amount) {
        Bounties memory held = _bounties[challenger];
        amount = held.credited;
        if (held.pending > 0 && held.epoch < _clock.current()) amount += _bountyShare(held.epoch, held.pending);
    }

    /// @inheritdoc IRewardDistributor
    function sink() external view returns (address) {
        return _sink;
    }

    function _weightShare(uint64 epoch, uint256 weight) private view returns (uint256) {
        Epoch storage info = _epochs[epoch];
        return Math.mulDiv(_part(info, PROVIDERS_BPS), weight, info.weight);
    }

    function _pointsShare(uint64 epoch, uint256 points) private view returns (uint256) {
        Epoch storage info = _epochs[epoch];
        return Math.mulDiv(_part(info, VERIFIERS_BPS), points, info.points);
    }

    /// @dev In full, or in proportion where the epoch's bounties are more than the challengers' part.
    function _bountyShare(uint64 epoch, uint256 amount) private view returns (uint256) {
        Epoch storage info = _epochs[epoch];
        uint256 part = _part(info, CHALLENGERS_BPS);
        return info.bounties <= part ? amount : Math.mulDiv(part, amount, info.bounties);
    }

    function _part(Epoch storage info, uint256 bps) private view returns (uint256) {
        return uint256(info.budget) * bps / BPS;
    }

    function _isOver(uint64 epoch) private view returns (bool) {
        return block.timestamp >= _clock.times(epoch).settleEnd;
    }

    function _requireOver(uint64 epoch) private view {
        uint256 over = _clock.times(epoch).settleEnd;
        if (block.timestamp < over) revert RewardDistributorNotOver(block.timestamp, over);
    }

    function _requireCreditable(uint64 epoch) private view {
        uint256 over = _clock.times(epoch).settleEnd;
        if (block.timestamp < over) revert RewardDistributorPending(block.timestamp, over);
    }
}
