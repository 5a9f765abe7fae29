import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildMerkleSum, unpackSlots, verifyMerkleSum } from "@surety/protocol";
import { expect } from "chai";
import { openReceipts, type ReceiptStore } from "./store.ts";
import { PROVIDER } from "./testing/harness.ts";
import { MODEL, rowOf } from "./testing/rows.ts";
import { createTrees } from "./trees.ts";

describe("trees of epochs", function () {
  this.timeout(30_000);
  let directory: string;
  let store: ReceiptStore;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "surety-trees-"));
    store = await openReceipts(directory, PROVIDER);
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => store.append(rowOf(i, { units: i % 3, slot: i < 30 ? 1 : 23 }))),
    );
  });
  after(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it("are the same whether built here or in a thread, and open the leaves of positions", async () => {
    const here = createTrees(store, 1000);
    const beside = createTrees(store, 1);
    const [a, b] = await Promise.all([here.of(MODEL, 1n), beside.of(MODEL, 1n)]);
    const expected = buildMerkleSum(store.leaves(MODEL, 1n));
    for (const tree of [a, b]) {
      expect(tree).to.include({ root: expected.root, count: 60, units: 60n });
      expect(unpackSlots(tree.slots)[1]).to.equal(512);
      const positions = [59n, 0n, 1n, 59n];
      const opened = await tree.open(positions);
      expect(opened.map(({ index }) => index)).to.deep.equal([1, 2, 59]);
      for (const { index, proof } of opened) {
        const { hash, units } = store.leaves(MODEL, 1n)[index]!;
        const { prefix } = verifyMerkleSum({
          root: tree.root,
          units: 60n,
          count: 60,
          leaf: hash,
          leafUnits: units,
          proof,
        });
        expect(positions.some((p) => prefix <= p && p < prefix + BigInt(units))).to.equal(true);
      }
      expect(await tree.prove([59, 1])).to.deep.equal([opened[2], opened[0]]);
    }
    expect(await beside.of(MODEL, 1n)).to.equal(b);
    await here.close();
    await beside.close();
  });

  it("of an empty epoch are empty", async () => {
    const trees = createTrees(store, 1);
    const { root, count, units, slots } = await trees.of(MODEL, 9n);
    expect({ root: BigInt(root), count, units, slots }).to.deep.equal({ root: 0n, count: 0, units: 0n, slots: 0n });
    await trees.close();
  });
});
