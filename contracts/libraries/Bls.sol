// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Bls
/// @notice Checks BLS signatures in G1 of BLS12-381 under a public key in G2, by the precompiles of EIP-2537.
/// @dev Points are encoded as EIP-2537 has them: `abi.encode` of the structs below. The pairing refuses coordinates that
/// are no field elements, points off the curve and points outside the subgroup of prime order.
library Bls {
    /// @notice A point of G1; a coordinate is `Hi * 2^256 + Lo`. All zero is the point at infinity.
    struct G1 {
        uint256 xHi;
        uint256 xLo;
        uint256 yHi;
        uint256 yLo;
    }

    /// @notice A point of G2; a coordinate is `0 + 1 * i` with i^2 = -1, each half `Hi * 2^256 + Lo`.
    struct G2 {
        uint256 x0Hi;
        uint256 x0Lo;
        uint256 x1Hi;
        uint256 x1Lo;
        uint256 y0Hi;
        uint256 y0Lo;
        uint256 y1Hi;
        uint256 y1Lo;
    }

    /// @notice Nothing answers at the precompile's address: this chain has no EIP-2537.
    error BlsNoPrecompile(address precompile);
    /// @notice The precompile refused its input: a point off the curve or outside the subgroup; or it had too little gas.
    error BlsNoPoint(address precompile);
    /// @notice The coordinate is not below the field's modulus.
    error BlsNoFieldElement(uint256 hi, uint256 lo);
    /// @notice The point at infinity signs nothing.
    error BlsInfinity();

    address private constant MODEXP = address(0x05);
    address private constant G1_ADD = address(0x0b);
    address private constant PAIRING = address(0x0f);
    address private constant MAP_TO_G1 = address(0x10);

    /// @dev The field's modulus p, and (p - 1) / 2.
    uint256 private constant P_HI = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LO = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    uint256 private constant HALF_HI = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LO = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @notice Whether `signature` is `publicKey`'s of `message`: e(signature, -g2) * e(hash(message), publicKey) = 1.
    /// @param message What is signed.
    /// @param dst Tag that keeps this use of the hash apart from others, at most 255 bytes.
    /// @param signature Not infinity; coordinates below p.
    /// @param publicKey Whoever trusts it sees to it that it is not infinity.
    function verify(bytes32 message, bytes memory dst, G1 memory signature, G2 memory publicKey)
        internal
        view
        returns (bool)
    {
        _checkField(signature.xHi, signature.xLo);
        _checkField(signature.yHi, signature.yLo);
        if (signature.xHi | signature.xLo | signature.yHi | signature.yLo == 0) revert BlsInfinity();
        bytes memory pairs = bytes.concat(
            abi.encode(signature, _negatedGenerator()), hashToG1(message, dst), abi.encode(publicKey)
        );
        return abi.decode(_call(PAIRING, pairs, 32), (bool));
    }

    /// @notice The 48 bytes in which a point is published: x, with bit 7 of the first byte for compression, bit 5 for the
    /// larger y of the two.
    /// @param point On the curve and not infinity, as `verify` has it.
    function compress(G1 memory point) internal pure returns (bytes memory) {
        uint256 flags = _isBelow(HALF_HI, HALF_LO, point.yHi, point.yLo) ? 0xa0 : 0x80;
        return abi.encodePacked(uint128(point.xHi | flags << 120), point.xLo);
    }

    /// @notice Hashes to a point of G1: RFC 9380, BLS12381G1_XMD:SHA-256_SSWU_RO.
    /// @dev MAP_TO_G1 clears the cofactor of each half, which is the same as clearing that of the sum.
    /// @return point 128 bytes, as EIP-2537 encodes a point.
    function hashToG1(bytes32 message, bytes memory dst) internal view returns (bytes memory point) {
        bytes memory suffix = abi.encodePacked(dst, uint8(dst.length));
        bytes32 b0 = sha256(abi.encodePacked(bytes32(0), bytes32(0), message, uint16(128), uint8(0), suffix));
        bytes32 b1 = sha256(abi.encodePacked(b0, uint8(1), suffix));
        bytes32 b2 = sha256(abi.encodePacked(b0 ^ b1, uint8(2), suffix));
        bytes32 b3 = sha256(abi.encodePacked(b0 ^ b2, uint8(3), suffix));
        bytes32 b4 = sha256(abi.encodePacked(b0 ^ b3, uint8(4), suffix));
        return _call(G1_ADD, bytes.concat(_map(b1, b2), _map(b3, b4)), 128);
    }

    /// @dev The point that belongs to the field element (hi * 2^256 + lo) mod p.
    function _map(bytes32 hi, bytes32 lo) private view returns (bytes memory) {
        bytes memory power = abi.encodePacked(uint256(64), uint256(1), uint256(64), hi, lo, uint8(1), P_HI, P_LO);
        return _call(MAP_TO_G1, _call(MODEXP, power, 64), 128);
    }

    function _call(address precompile, bytes memory input, uint256 length) private view returns (bytes memory output) {
        bool ok;
        (ok, output) = precompile.staticcall(input);
        if (!ok) revert BlsNoPoint(precompile);
        if (output.length != length) revert BlsNoPrecompile(precompile);
    }

    function _checkField(uint256 hi, uint256 lo) private pure {
        if (!_isBelow(hi, lo, P_HI, P_LO)) revert BlsNoFieldElement(hi, lo);
    }

    function _isBelow(uint256 hi, uint256 lo, uint256 thanHi, uint256 thanLo) private pure returns (bool) {
        return hi < thanHi || (hi == thanHi && lo < thanLo);
    }

    /// @dev The generator of G2 with its y negated.
    function _negatedGenerator() private pure returns (G2 memory) {
        return G2({
            x0Hi: 0x024aa2b2f08f0a91260805272dc51051,
            x0Lo: 0xc6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8,
            x1Hi: 0x13e02b6052719f607dacd3a088274f65,
            x1Lo: 0x596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e,
            y0Hi: 0x0d1b3cc2c7027888be51d9ef691d77bc,
            y0Lo: 0xb679afda66c73f17f9ee3837a55024f78c71363275a75d75d86bab79f74782aa,
            y1Hi: 0x13fa4d4a0ad8b1ce186ed5061789213d,
            y1Lo: 0x993923066dddaf1040bc3ff59f825c78df74f2d75467e25e0f55f8a00fa030ed
        });
    }
}
