import { readFileSync } from "node:fs";
import { bls12_381 as bls } from "@noble/curves/bls12-381";
import { expect } from "chai";
import fc from "fast-check";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import {
  drandPublicKey,
  drandRoundAt,
  drandSignature,
  drandValue,
  isDrandSigned,
  quicknet,
  quicknetKnown,
} from "./drand.ts";
import { code } from "./testing/refusal.ts";

const vectors = JSON.parse(readFileSync(new URL("../../test/vectors/drand-quicknet.json", import.meta.url), "utf8"));
const rounds = vectors.rounds.map((r: { round: number; signatureG1: string }) => ({
  round: BigInt(r.round),
  signature: `0x${r.signatureG1}` as Hex,
}));
const P = bls.fields.Fp.ORDER;
const known = quicknetKnown.signature;

/** The bytes of a signature with its flags, as the coordinate `x`. */
const encoded = (x: bigint, flags: bigint): Hex => `0x${((flags << 376n) | x).toString(16).padStart(96, "0")}`;

describe("drand", () => {
  it("knows quicknet as it is published", () => {
    expect(quicknet).to.deep.equal({
      chainHash: vectors.chainHash,
      genesisTime: BigInt(vectors.genesisTime),
      period: BigInt(vectors.periodSeconds),
      publicKey: `0x${vectors.publicKeyG2}`,
    });
    expect(rounds).to.deep.include(quicknetKnown);
  });

  it("accepts the published rounds, each for itself alone", () => {
    for (const { round, signature } of rounds) {
      expect(isDrandSigned(quicknet, { round, signature })).to.equal(true);
      expect(isDrandSigned(quicknet, { round: round + 3n, signature })).to.equal(false);
    }
  });

  it("refuses another network's key", () => {
    const publicKey = bytesToHex(bls.getPublicKeyForShortSignatures(7n));
    expect(isDrandSigned({ publicKey }, quicknetKnown)).to.equal(false);
  });

  it("accepts no signature with a bit flipped", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 383 }), (bit) => {
        const bytes = hexToBytes(known);
        bytes[bit >> 3]! ^= 0x80 >> (bit & 7);
        return !isDrandSigned(quicknet, { round: quicknetKnown.round, signature: bytesToHex(bytes) });
      }),
      { numRuns: 40, examples: [[0], [1], [2], [383]] },
    );
  });

  it("decompresses to a point whose bytes are the published ones", () => {
    for (const { signature } of rounds) {
      const { xHi, xLo, yHi, yLo } = drandSignature(signature);
      const [x, y] = [(xHi << 256n) | xLo, (yHi << 256n) | yLo];
      expect(y ** 2n % P).to.equal((x ** 3n + 4n) % P);
      expect(encoded(x, y > (P - 1n) / 2n ? 0xa0n : 0x80n)).to.equal(signature);
    }
    const key = drandPublicKey(quicknet.publicKey);
    expect(key.x1Hi).to.equal(BigInt(`0x${vectors.publicKeyG2.slice(0, 32)}`) & ~(0xe0n << 120n));
    expect(key.x0Lo).to.equal(BigInt(`0x${vectors.publicKeyG2.slice(-64)}`));
  });

  it("has SHA-256 of the signature for a value", () => {
    // Of round 1000, as drand publishes it beside the signature.
    expect(drandValue(known)).to.equal("0xfe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd");
  });

  it("refuses what is no finite point of the group in its one compressed form", () => {
    const { xHi, xLo } = drandSignature(known);
    const x = (xHi << 256n) | xLo;
    expect(encoded(x, 0xa0n)).to.equal(known);
    let off = 1n;
    while (bls.fields.Fp.pow(off ** 3n + 4n, (P - 1n) / 2n) === 1n) off++;
    let outside = 1n;
    while (bls.fields.Fp.pow(outside ** 3n + 4n, (P - 1n) / 2n) !== 1n) outside++;
    let small = bls.G1.ProjectivePoint.BASE;
    while (small.x >= 2n ** 381n - P)
      small = bls.G1.ProjectivePoint.fromAffine(small.add(bls.G1.ProjectivePoint.BASE).toAffine());
    const smallFlags = small.y > (P - 1n) / 2n ? 0xa0n : 0x80n;
    expect(drandSignature(encoded(small.x, smallFlags)).xLo).to.equal(small.x & (2n ** 256n - 1n));
    const wrong: Record<string, Hex> = {
      short: known.slice(0, -2) as Hex,
      long: `${known}00`,
      "no hex": `0x${"zz".repeat(48)}`,
      empty: "0x",
      "not compressed": encoded(x, 0n),
      infinity: encoded(0n, 0xc0n),
      "off the curve": encoded(off, 0x80n),
      "outside the group": encoded(outside, 0x80n),
      "x = p": encoded(P, 0x80n),
      "x + p": encoded(small.x + P, smallFlags),
    };
    for (const [name, signature] of Object.entries(wrong)) {
      expect(
        code(() => drandSignature(signature)),
        name,
      ).to.equal("DRAND_NO_POINT");
      expect(isDrandSigned(quicknet, { round: 1000n, signature }), name).to.equal(false);
    }
    expect(code(() => drandPublicKey(known))).to.equal("DRAND_NO_POINT");
    expect(code(() => drandPublicKey(`0xc0${"00".repeat(95)}`))).to.equal("DRAND_NO_POINT");
  });

  it("finds the one round that is the first at or after a time", () => {
    const network = { genesisTime: 1_000n, period: 3n };
    expect([0n, 999n, 1_000n].map((t) => drandRoundAt(network, t).round)).to.deep.equal([1n, 1n, 1n]);
    expect([1_001n, 1_003n, 1_004n].map((t) => drandRoundAt(network, t).round)).to.deep.equal([2n, 2n, 3n]);
    fc.assert(
      fc.property(fc.bigInt(0n, 5_000n), fc.bigInt(1n, 40n), (time, period) => {
        const { round, publishedAt } = drandRoundAt({ genesisTime: 1_000n, period }, time);
        expect(publishedAt).to.equal(1_000n + (round - 1n) * period);
        expect(publishedAt >= time && (round === 1n || publishedAt - period < time)).to.equal(true);
      }),
    );
    expect(code(() => drandRoundAt(network, -1n))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
