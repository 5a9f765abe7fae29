import { bls12_381 as bls } from "@noble/curves/bls12-381";
import { bytesToHex, type Hex, numberToBytes, sha256 } from "viem";
import { show, type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** A drand network of the scheme bls-unchained-g1-rfc9380. */
export type DrandNetwork = {
  /** What the network is called by in addresses. */
  chainHash: string;
  /** When round 1 was published, Unix seconds. */
  genesisTime: bigint;
  /** Seconds from round to round. */
  period: bigint;
  /** A point of G2, compressed: 96 bytes. */
  publicKey: Hex;
};

/** A published round. */
export type DrandRound = { round: bigint; signature: Hex };

/** The network of the League of Entropy that a public deployment draws from. */
export const quicknet: DrandNetwork = {
  chainHash: "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
  genesisTime: 1_692_803_367n,
  period: 3n,
  publicKey:
    "0x83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
};

/** A round of quicknet by which `DrandBeacon` is tried when it is created. */
export const quicknetKnown: DrandRound = {
  round: 1000n,
  signature: "0xb44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
};

const DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

const isBytes = (value: unknown, length: number): value is Hex =>
  typeof value === "string" && value.length === 2 + 2 * length && /^0x[0-9a-fA-F]*$/.test(value);

type Point = { toRawBytes(isCompressed: boolean): Uint8Array };
type Group<P> = { fromHex(hex: string): P; ZERO: P };

/** The point that bytes stand for; refuses all but a finite point of the group in its one compressed form. */
function point<P extends Point & { equals(other: P): boolean }>(group: Group<P>, length: number, value: Hex): P {
  const refuse = (why: string, cause?: unknown) =>
    new SuretyError("DRAND_NO_POINT", `${show(value)} is no compressed point of ${length} bytes: ${why}`, { cause });
  if (!isBytes(value, length)) throw refuse("its length or digits are wrong");
  let found: P;
  try {
    found = group.fromHex(value.slice(2));
  } catch (cause) {
    throw refuse("it is not on the curve, or outside the group", cause);
  }
  if (found.equals(group.ZERO)) throw refuse("it is infinity");
  // The library reduces coordinates that are too large; their bytes have another hash than those of the point.
  if (bytesToHex(found.toRawBytes(true)) !== value.toLowerCase()) throw refuse("its coordinate is no field element");
  return found;
}

const g1 = (value: Hex) => point(bls.G1.ProjectivePoint, 48, value);
const g2 = (value: Hex) => point(bls.G2.ProjectivePoint, 96, value);

const hi = (coordinate: bigint): bigint => coordinate >> 256n;
const lo = (coordinate: bigint): bigint => coordinate & ((1n << 256n) - 1n);

/**
 * A signature as `DrandBeacon.draw` takes it: the point, decompressed.
 * @throws SuretyError DRAND_NO_POINT
 */
export function drandSignature(signature: Hex) {
  const { x, y } = g1(signature).toAffine();
  return { xHi: hi(x), xLo: lo(x), yHi: hi(y), yLo: lo(y) };
}

/**
 * A public key as the constructor of `DrandBeacon` takes it: the point, decompressed.
 * @throws SuretyError DRAND_NO_POINT
 */
export function drandPublicKey(publicKey: Hex) {
  const { x, y } = g2(publicKey).toAffine();
  return {
    x0Hi: hi(x.c0),
    x0Lo: lo(x.c0),
    x1Hi: hi(x.c1),
    x1Lo: lo(x.c1),
    y0Hi: hi(y.c0),
    y0Lo: lo(y.c0),
    y1Hi: hi(y.c1),
    y1Lo: lo(y.c1),
  };
}

/** The first round published at or after `time`, Unix seconds (docs/protocol.md section 3). */
export function drandRoundAt({ genesisTime, period }: Pick<DrandNetwork, "genesisTime" | "period">, time: Uint) {
  const since = uint("time", time, 64) - genesisTime;
  const before = since > 0n ? (since + period - 1n) / period : 0n;
  return { round: before + 1n, publishedAt: genesisTime + before * period };
}

/** The beacon value of a round: SHA-256 of its signature as published. */
export const drandValue = (signature: Hex): Hex => sha256(signature);

/** Whether the network signed a round; false for whatever is no signature at all. */
export function isDrandSigned(
  { publicKey }: Pick<DrandNetwork, "publicKey">,
  { round, signature }: DrandRound,
): boolean {
  const message = sha256(numberToBytes(uint("round", round, 64), { size: 8 }), "bytes");
  const key = g2(publicKey);
  try {
    return bls.verifyShortSignature(g1(signature), message, key, { DST });
  } catch (error) {
    if (error instanceof SuretyError) return false;
    throw error;
  }
}
