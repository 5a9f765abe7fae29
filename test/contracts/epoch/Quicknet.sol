// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDrandBeacon} from "../../../contracts/epoch/IDrandBeacon.sol";
import {Bls} from "../../../contracts/libraries/Bls.sol";

/// @dev The drand network quicknet and three of its rounds, as test/vectors/drand-quicknet.json has them, decompressed.
library Quicknet {
    uint64 internal constant GENESIS = 1692803367;
    uint64 internal constant PERIOD = 3;

    function network() internal pure returns (IDrandBeacon.Network memory) {
        return IDrandBeacon.Network({genesisTime: GENESIS, period: PERIOD, publicKey: key()});
    }

    function key() internal pure returns (Bls.G2 memory) {
        return Bls.G2({
            x0Hi: 0x0d1fec758c921cc22b0e17e63aaf4bcb,
            x0Lo: 0x5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a,
            x1Hi: 0x03cf0f2896adee7eb8b5f01fcad39122,
            x1Lo: 0x12c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451,
            y0Hi: 0x0e5db2b6bfbb01c867749cadffca88b3,
            y0Lo: 0x6c24f3012ba09fc4d3022c5c37dce0f977d3adb5d183c7477c442b1f04515273,
            y1Hi: 0x01a714f2edb74119a2f2b0d5a7c75ba9,
            y1Lo: 0x02d163700a61bc224ededd8e63aef7be1aaf8e93d7a9718b047ccddb3eb5d68b
        });
    }

    /// @dev The signature of a round as published.
    function published(uint64 round) internal pure returns (bytes memory) {
        if (round == 1000) {
            return hex"b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";
        }
        if (round == 1001) {
            return hex"b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41";
        }
        if (round == 1002) {
            return hex"ab066f9c12dd6de1336fca0f925192fb0c72a771c3e4c82ede1fd362c1a770f9eb05843c6308ce2530b53a99c0281a6e";
        }
        revert("no such round");
    }

    /// @dev The signature of a round, decompressed.
    function signature(uint64 round) internal pure returns (Bls.G1 memory) {
        if (round == 1000) {
            return Bls.G1({
                xHi: 0x144679b9a59af2ec876b1a6b1ad52ea9,
                xLo: 0xb1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39,
                yHi: 0x11f92e4521ef54f047b64b85fa98db2d,
                yLo: 0x46f0f44add1f60b93f8a0dbddd63b34f238657c2d93aed18b90bddd60a01b6d2
            });
        }
        if (round == 1001) {
            return Bls.G1({
                xHi: 0x133bf3667cbd5a82de3a24b4e0e9fe55,
                xLo: 0x13cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41,
                yHi: 0x15725954c8f0c9afc82902f9f39d202a,
                yLo: 0x4fbe48d7cd5ed3ab26c458f6773b385639e980a4fe3073672572fa77fbdbded0
            });
        }
        if (round == 1002) {
            return Bls.G1({
                xHi: 0x0b066f9c12dd6de1336fca0f925192fb,
                xLo: 0x0c72a771c3e4c82ede1fd362c1a770f9eb05843c6308ce2530b53a99c0281a6e,
                yHi: 0x1311d877209ccf4e919ca24e5c287584,
                yLo: 0x4e1a77ab175b445f621b1f5b82ac19638e740205dfb8c075dd4ca8c55de03261
            });
        }
        revert("no such round");
    }
}
