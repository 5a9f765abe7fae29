// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bls} from "../libraries/Bls.sol";
import {ITippedBeacon} from "./ITippedBeacon.sol";

/// @title Seeds from drand
/// @notice The value is the randomness of the first drand round published at or after the epoch's seed time: SHA-256 of
/// the round's signature, as drand publishes it. Anyone draws, for a fixed tip.
interface IDrandBeacon is ITippedBeacon {
    /// @notice A drand network of the scheme bls-unchained-g1-rfc9380.
    struct Network {
        /// @notice When round 1 was published, Unix seconds.
        uint64 genesisTime;
        /// @notice Seconds from round to round, at least 1.
        uint64 period;
        /// @notice The key that the network signs under.
        Bls.G2 publicKey;
    }

    /// @notice A period of zero seconds.
    error DrandBeaconNoPeriod();
    /// @notice The known signature given to the constructor is not one of the public key for `round`.
    error DrandBeaconWrongKey(uint64 round);
    /// @notice The signature is a point, but not the network's signature of `round`, the round that the epoch needs.
    error DrandBeaconWrongSignature(uint64 round);

    /// @notice Draws the seed of `epoch`.
    /// @param epoch The epoch whose round is published: `roundOf(epoch)`.
    /// @param signature The round's signature, decompressed.
    /// @return seed The epoch's seed.
    function draw(uint64 epoch, Bls.G1 calldata signature) external returns (bytes32 seed);

    /// @notice The network that seeds come from; fixed at construction.
    function network() external view returns (Network memory);

    /// @notice The round that seeds `epoch`, and when it is published (Unix seconds).
    function roundOf(uint64 epoch) external view returns (uint64 round, uint256 publishedAt);
}
