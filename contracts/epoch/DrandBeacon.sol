// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Bls} from "../libraries/Bls.sol";
import {IDrandBeacon} from "./IDrandBeacon.sol";
import {IEpochClock} from "./IEpochClock.sol";
import {TippedBeacon} from "./TippedBeacon.sol";

/// @title Seeds from drand
/// @notice The value is the randomness of the first drand round published at or after the epoch's seed time. The round
/// follows from the time and its signature is unique, so whoever draws chooses nothing; and there is no last moment to.
/// @dev docs/protocol.md section 3, docs/beacons.md. Trusts that fewer than the threshold of the network's members
/// collude, and that the chain's clock is behind true time by less than `beaconLag`.
contract DrandBeacon is IDrandBeacon, TippedBeacon {
    bytes private constant DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

    uint64 private immutable _genesisTime;
    uint64 private immutable _period;
    /// @dev Written by the constructor only.
    Bls.G2 private _publicKey;

    /// @notice Refuses a chain without EIP-2537 and a key that did not sign the known round.
    /// @param clock Says when an epoch's seed time is.
    /// @param asset Token that tips are paid in.
    /// @param tip_ Tip per draw in the asset's smallest unit.
    /// @param network_ The drand network.
    /// @param knownRound A round that the network has published.
    /// @param knownSignature Its signature.
    constructor(
        IEpochClock clock,
        IERC20 asset,
        uint256 tip_,
        Network memory network_,
        uint64 knownRound,
        Bls.G1 memory knownSignature
    ) TippedBeacon(clock, asset, tip_) {
        if (network_.period == 0) revert DrandBeaconNoPeriod();
        _genesisTime = network_.genesisTime;
        _period = network_.period;
        _publicKey = network_.publicKey;
        if (!_isSigned(knownRound, knownSignature)) revert DrandBeaconWrongKey(knownRound);
    }

    /// @inheritdoc IDrandBeacon
    function draw(uint64 epoch, Bls.G1 calldata signature) external returns (bytes32 seed) {
        (uint64 round, uint256 publishedAt) = _roundAt(_undrawnSeedTime(epoch));
        _notBefore(publishedAt);
        if (!_isSigned(round, signature)) revert DrandBeaconWrongSignature(round);
        return _record(epoch, sha256(Bls.compress(signature)));
    }

    /// @inheritdoc IDrandBeacon
    function roundOf(uint64 epoch) external view returns (uint64 round, uint256 publishedAt) {
        return _roundAt(_seedTime(epoch));
    }

    /// @inheritdoc IDrandBeacon
    function network() external view returns (Network memory) {
        return Network({genesisTime: _genesisTime, period: _period, publicKey: _publicKey});
    }

    /// @dev The first round at or after `time`. Round r is published at genesisTime + (r - 1) * period.
    function _roundAt(uint256 time) private view returns (uint64 round, uint256 publishedAt) {
        uint256 genesis = _genesisTime;
        uint256 period = _period;
        uint256 before = time > genesis ? (time - genesis + period - 1) / period : 0;
        return (uint64(before + 1), genesis + before * period);
    }

    /// @dev Whether the network signed `round`. The infinite key signs no finite point, so none passes under it.
    function _isSigned(uint64 round, Bls.G1 memory signature) private view returns (bool) {
        return Bls.verify(sha256(abi.encodePacked(round)), DST, signature, _publicKey);
    }
}
