import { createHash } from "node:crypto";
import { rerunDataRoot, samplePositions } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { type Address, type Hex, zeroHash } from "viem";
import { itemsOf } from "./rerun/data-root.ts";
import { leafOfSamples, positionsOf, type RerunBasis, rerunBasis } from "./samples.ts";
import type { LeafRow } from "./store/types.ts";

const subject = { provider: `0x${"d1".repeat(20)}` as Address, modelId: `0x${"11".repeat(32)}` as Hex, epoch: 7n };
const basis: RerunBasis = {
  seed: `0x${"5e".repeat(32)}`,
  root: `0x${"70".repeat(32)}`,
  count: 9,
  units: 2n ** 60n + 1n,
  m: 12,
};

/** Leaves of these units, one after the other. */
function placed(units: readonly number[]) {
  let prefix = 0n;
  return units.map((n, index) => {
    const leaf = { index, prefix, units: BigInt(n) };
    prefix += BigInt(n);
    return leaf;
  });
}

describe("rerunBasis", () => {
  it("reads what the schedule wrote, to the last unit", () => {
    const text = JSON.stringify({ ...basis, units: basis.units.toString() });
    expect(rerunBasis(text)).to.deep.equal(basis);
  });
});

describe("positionsOf", () => {
  it("are the samples that the protocol draws", () => {
    const { seed, m, units } = basis;
    expect(positionsOf(subject, basis)).to.deep.equal(samplePositions({ ...subject, seed, m, units }));
    expect(positionsOf(subject, { ...basis, units: 0n })).to.deep.equal([]);
  });

  it("are kept for nothing but the same draw", () => {
    const first = positionsOf(subject, basis);
    const others: readonly bigint[][] = [
      [...positionsOf({ ...subject, epoch: 8n }, basis)],
      [...positionsOf({ ...subject, provider: `0x${"d2".repeat(20)}` }, basis)],
      [...positionsOf({ ...subject, modelId: `0x${"12".repeat(32)}` }, basis)],
      [...positionsOf(subject, { ...basis, seed: `0x${"5f".repeat(32)}` })],
      [...positionsOf(subject, { ...basis, units: 1_000n })],
      [...positionsOf(subject, { ...basis, m: 24 })],
    ];
    for (const other of others) expect(other).not.to.deep.equal(first);
    expect(positionsOf(subject, basis)).to.deep.equal(first);
  });
});

describe("leafOfSamples", () => {
  it("finds the one leaf that a position falls on", () => {
    const units = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(units, (counts) => {
        const owners = counts.flatMap((n, index) => Array.from({ length: n }, () => index));
        const positions = owners.map((_, p) => BigInt(p));
        const found = leafOfSamples(positions, placed(counts)).map((leaf) => leaf?.index);
        expect(found).to.deep.equal(owners);
      }),
    );
  });

  it("finds none where a leaf is missing or the log has ended, and the same leaf as often as it is drawn", () => {
    const [a, , c] = placed([2, 3, 1]);
    const found = leafOfSamples([5n, 0n, 3n, 1n, 6n, 5n], [c!, a!]);
    expect(found).to.deep.equal([c, a, undefined, a, undefined, c]);
  });
});

describe("the root over own results", () => {
  const sha256 = (bytes: Uint8Array): Hex => `0x${createHash("sha256").update(bytes).digest("hex")}`;
  const rows = placed([2, 3, 1]).map(
    (leaf): LeafRow => ({
      ...subject,
      ...leaf,
      sealed: zeroHash,
      inputs: new Uint8Array(),
      native: Uint8Array.of(leaf.index, 1),
      wasm: Uint8Array.of(leaf.index, 2),
      failure: null,
      outputs: null,
      verdict: null,
      proof: null,
      salt: null,
    }),
  );
  const dataRootOf = (...of: Parameters<typeof itemsOf>) => rerunDataRoot(itemsOf(...of));
  const item = (j: number, index: number) => ({
    j,
    nativeHash: sha256(Uint8Array.of(index, 1)),
    wasmHash: sha256(Uint8Array.of(index, 2)),
  });

  it("is over both results of each sample, a leaf drawn twice counting twice", () => {
    const want = rerunDataRoot([item(0, 1), item(1, 0), item(2, 1)]);
    expect(dataRootOf([4n, 0n, 2n], rows)).to.equal(want);
    expect(dataRootOf([4n, 0n, 2n], rows.toReversed())).to.equal(want);
    expect(dataRootOf([4n, 0n], rows)).not.to.equal(want);
  });

  it("leaves out samples without both results, and keeps the others' numbers", () => {
    const want = rerunDataRoot([item(1, 0), item(3, 2)]);
    for (const missing of [{ native: null }, { wasm: null }, { native: null, wasm: null }]) {
      const some = rows.map((row) => (row.index === 1 ? { ...row, ...missing } : row));
      expect(dataRootOf([4n, 0n, 2n, 5n], some)).to.equal(want);
    }
  });

  it("holds the own input's outputs after those of the samples", () => {
    const own = { native: Uint8Array.of(7), wasm: new Uint8Array() };
    const last = { j: 2, nativeHash: sha256(own.native), wasmHash: sha256(own.wasm) };
    expect(dataRootOf([4n, 0n], rows, own)).to.equal(rerunDataRoot([item(0, 1), item(1, 0), last]));
  });

  it("is zero without results, and does not look at what the provider opened", () => {
    expect(dataRootOf([0n, 1n], [])).to.equal(zeroHash);
    expect(dataRootOf([], rows)).to.equal(zeroHash);
    const opened = rows.map((row) => ({ ...row, outputs: Uint8Array.of(9), verdict: "mismatch" }));
    expect(dataRootOf([0n, 5n], opened)).to.equal(dataRootOf([0n, 5n], rows));
  });
});
