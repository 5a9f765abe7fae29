// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {BlockHeader} from "@openzeppelin/contracts/utils/BlockHeader.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {IEpochClock} from "./IEpochClock.sol";
import {IHeaderBeacon} from "./IHeaderBeacon.sol";
import {TippedBeacon} from "./TippedBeacon.sol";

/// @title Seeds from block headers
/// @notice The value is `prevrandao` of the first block whose timestamp is at or after the epoch's seed time. Exactly one
/// block is that, so whoever draws chooses nothing: neither the block nor, by drawing late, another seed.
/// @dev docs/protocol.md section 3. The proposers of the slots before that block can each withhold it, one bit apiece; a
/// chain whose prevrandao is constant must not use this. Not drawn while the block is within reach of BLOCKHASH or
/// EIP-2935, an epoch has no seed for ever.
contract HeaderBeacon is IHeaderBeacon, TippedBeacon {
    /// @dev Fields of a header from its first to `prevRandao`; later forks append.
    uint256 private constant MIN_FIELDS = 14;

    /// @param clock Says when an epoch's seed time is.
    /// @param asset Token that tips are paid in.
    /// @param tip_ Tip per draw in the asset's smallest unit.
    constructor(IEpochClock clock, IERC20 asset, uint256 tip_) TippedBeacon(clock, asset, tip_) {}

    /// @inheritdoc IHeaderBeacon
    function draw(uint64 epoch, bytes calldata header, bytes calldata parentHeader) external returns (bytes32 seed) {
        uint256 seedTime = _undrawnSeedTime(epoch);
        _notBefore(seedTime);
        return _record(epoch, _firstValue(seedTime, header, parentHeader));
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
