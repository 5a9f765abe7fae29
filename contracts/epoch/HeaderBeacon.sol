// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ExactTransfer} from "../libraries/ExactTransfer.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {IEpochClock} from "./IEpochClock.sol";
import {IHeaderBeacon} from "./IHeaderBeacon.sol";
import {ISeedBeacon} from "./ISeedBeacon.sol";

/// @title Seeds from block headers
/// @notice The value is `prevrandao` of the first block whose timestamp is at or after the epoch's seed time. Exactly one
/// block is that, so whoever draws chooses nothing: neither the block nor, by drawing late, another seed.
/// @dev docs/protocol.md section 3. The proposers of the slots before that block can each withhold it, one bit apiece; a
/// chain whose prevrandao is constant must not use this. Not drawn while the block is within reach of BLOCKHASH or
/// EIP-2935, an epoch has no seed for ever.
contract HeaderBeacon is IHeaderBeacon, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Fields of a header from its first to `prevRandao`; later forks append.
    uint256 private constant MIN_FIELDS = 14;

    struct Drawn {
        bytes32 seed;
        uint64 time;
    }

    IEpochClock private immutable _clock;
    IERC20 private immutable _asset;
    uint256 private immutable _tip;

    mapping(uint64 epoch => Drawn) private _drawn;
    /// @dev What tips are paid from, not yet promised to anybody.
    uint256 private _pot;
    mapping(address account => uint256) private _tips;

    /// @param clock Says when an epoch's seed time is.
    /// @param asset Token that tips are paid in.
    /// @param tip_ Tip per draw in the asset's smallest unit.
    constructor(IEpochClock clock, IERC20 asset, uint256 tip_) {
        _clock = clock;
        _asset = asset;
        _tip = tip_;
    }

    /// @inheritdoc IHeaderBeacon
    function draw(uint64 epoch, bytes calldata header, bytes calldata parentHeader) external returns (bytes32 seed) {
        if (_drawn[epoch].time != 0) revert HeaderBeaconAlreadyDrawn(epoch);
        uint256 seedTime = _clock.times(epoch).seedTime;
        if (block.timestamp < seedTime) revert HeaderBeaconTooEarly(block.timestamp, seedTime);

        bytes32 value = _firstValue(seedTime, header, parentHeader);
        seed = Sampling.seed(value, epoch);
        _drawn[epoch] = Drawn({seed: seed, time: uint64(block.timestamp)});
        emit SeedDrawn(epoch, seed, value, msg.sender);

        uint256 paid = Math.min(_tip, _pot);
        if (paid > 0) {
            _pot -= paid;
            _tips[msg.sender] += paid;
        }
    }

    /// @inheritdoc IHeaderBeacon
    function fundTips(uint256 amount) external nonReentrant {
        uint256 received = ExactTransfer.pull(_asset, msg.sender, amount);
        if (received != amount) revert HeaderBeaconWrongTransfer(received, amount);
        _pot += amount;
        emit TipsFunded(msg.sender, amount);
    }

    /// @inheritdoc IHeaderBeacon
    function claimTips() external nonReentrant returns (uint256 amount) {
        amount = _tips[msg.sender];
        if (amount == 0) return 0;
        _tips[msg.sender] = 0;
        emit TipsClaimed(msg.sender, amount);
        _asset.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc ISeedBeacon
    function seedOf(uint64 epoch) external view returns (bytes32 seed, uint64 drawnAt) {
        Drawn storage drawn = _drawn[epoch];
        return (drawn.seed, drawn.time);
    }

    /// @inheritdoc IHeaderBeacon
    function tip() external view returns (uint256) {
        return _tip;
    }

    /// @inheritdoc IHeaderBeacon
    function tipsOf(address account) external view returns (uint256) {
        return _tips[account];
    }

    /// @dev `prevrandao` of the block that the headers show to be the first at or after `seedTime`.
    function _firstValue(uint256 seedTime, bytes memory header, bytes memory parentHeader)
        private
        view
        returns (bytes32)
    {
        Memory.Slice[] memory block_ = _parse(header);
        uint256 number = BlockHeader.getNumber(block_);
        bytes32 have = keccak256(header);
        bytes32 need = Blockhash.blockHash(number);
        if (have != need) revert HeaderBeaconWrongHash(number, have, need);

        have = keccak256(parentHeader);
        need = BlockHeader.getParentHash(block_);
        if (have != need) revert HeaderBeaconNotParent(have, need);

        uint256 blockTime = BlockHeader.getTimestamp(block_);
        if (blockTime < seedTime) revert HeaderBeaconBlockTooEarly(blockTime, seedTime);
        uint256 parentTime = BlockHeader.getTimestamp(_parse(parentHeader));
        if (parentTime >= seedTime) revert HeaderBeaconNotFirst(parentTime, seedTime);

        return BlockHeader.getPrevRandao(block_);
    }

    function _parse(bytes memory header) private pure returns (Memory.Slice[] memory fields) {
        fields = BlockHeader.parseHeader(header);
        if (fields.length < MIN_FIELDS) revert HeaderBeaconShortHeader(fields.length, MIN_FIELDS);
    }
}
