import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "@surety/node-kit";
import { expect } from "chai";
import { type Hex, zeroHash } from "viem";
import { createStore, type Key, otherRerun, type Store } from "./index.ts";
import { MIGRATIONS } from "./open.ts";

const [ROOT, SALT, OTHER]: [Hex, Hex, Hex] = [`0x${"70".repeat(32)}`, `0x${"5a".repeat(32)}`, `0x${"ee".repeat(32)}`];
const record = { epoch: 7n, provider: `0x${"d1".repeat(20)}`, modelId: `0x${"11".repeat(32)}` } as const;
const [probe, rerun, redraw] = ([0, 1, 2] as const).map((role): Key => ({ ...record, role })) as [Key, Key, Key];
const why = { reason: "WHY", detail: "words" };

describe("store", () => {
  let store: Store;
  beforeEach(() => {
    store = createStore(":memory:");
    for (const key of [probe, rerun, redraw]) store.assignments.plan(key, 1, "{}");
  });
  afterEach(() => store.close());

  it("keeps the commitments of a store from before the redraw, as those of the first round", () => {
    const directory = mkdtempSync(join(tmpdir(), "surety-store-"));
    try {
      const path = join(directory, "work.sqlite");
      const old = openDatabase(path);
      old.migrate("verifier", MIGRATIONS.slice(0, 2));
      old.db.prepare("INSERT INTO commitment (epoch, root, hash) VALUES (7, ?, ?)").run(ROOT, OTHER);
      old.close();
      const upgraded = createStore(path);
      expect(upgraded.commitments.get(7n, 0)).to.deep.equal({ epoch: 7n, round: 0, root: ROOT, hash: OTHER });
      expect(upgraded.commitments.get(7n, 1)).to.equal(undefined);
      upgraded.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("takes one commitment in each round of an epoch, and no second", () => {
    for (const round of [0, 1] as const) store.commitments.add({ epoch: 7n, round, root: ROOT, hash: OTHER });
    expect(() => store.commitments.add({ epoch: 7n, round: 1, root: ROOT, hash: SALT })).to.throw();
    expect(store.commitments.get(7n, 1)?.hash).to.equal(OTHER);
  });

  it("shows a first round's seat no results that came with the redraw, so that its own root stands", () => {
    const leaf = { ...record, prefix: 0n, units: 1n, sealed: ROOT, inputs: new Uint8Array([1]), proof: null };
    const own = { native: new Uint8Array([2]), wasm: new Uint8Array([3]), failure: null };
    for (const index of [0, 1]) store.leaves.add({ ...leaf, index });
    store.leaves.rerun({ ...record, index: 0 }, own, 0);
    store.leaves.rerun({ ...record, index: 1 }, own, 1);
    const seen = (key: Key) => store.leaves.of(key).map(({ native, wasm }) => native !== null && wasm !== null);
    expect(seen(rerun)).to.deep.equal([true, false]);
    expect(seen(redraw)).to.deep.equal([true, true]);
  });

  it("knows the other seat of a record", () => {
    expect(otherRerun(store, rerun)?.role).to.equal(2);
    expect(otherRerun(store, redraw)?.role).to.equal(1);
    store.assignments.remove(redraw);
    expect(otherRerun(store, rerun)).to.equal(undefined);
  });

  it("abstains only where there is no result yet", () => {
    const { assignments } = store;
    expect(assignments.abstain(probe, why)).to.equal(true);
    expect(assignments.get(probe)).to.deep.include({ state: "rerun", report: 0n, dataRoot: zeroHash, ...why });
    assignments.move(rerun, "planned", "evidence");
    assignments.move(rerun, "evidence", "rerun", { dataRoot: ROOT });
    expect(assignments.abstain(rerun, why)).to.equal(false);
    expect(assignments.get(rerun)).to.deep.include({ dataRoot: ROOT, reason: null });
    expect(assignments.abstain(redraw, why)).to.equal(true);
    expect(assignments.get(redraw)).to.deep.include({ state: "rerun", report: null, dataRoot: zeroHash });
  });

  it("retracts a report before it is revealed, never after", () => {
    const { assignments } = store;
    assignments.move(rerun, "planned", "rerun", { dataRoot: ROOT });
    expect(assignments.retract(rerun, why, 5n)).to.equal(false);
    assignments.include(rerun, SALT);
    assignments.move(rerun, "rerun", "committed");
    expect(assignments.retract(rerun, why, 5n)).to.equal(true);
    const want = { state: "compared", report: 5n, dataRoot: ROOT, salt: SALT, ...why };
    expect(assignments.get(rerun)).to.deep.include(want);
    assignments.move(rerun, "compared", "revealed");
    expect(assignments.retract(rerun, why, 6n)).to.equal(false);
  });

  it("takes over a signed result, and what it says of an abstention", () => {
    const { assignments } = store;
    assignments.abstain(probe, why);
    expect(assignments.adopt(probe, { report: 9n, dataRoot: OTHER, salt: SALT }, null)).to.equal(true);
    const want = { report: 9n, dataRoot: OTHER, salt: SALT, included: true, reason: null, detail: null };
    expect(assignments.get(probe)).to.deep.include(want);
    expect(assignments.adopt(rerun, { report: null, dataRoot: OTHER, salt: SALT }, why)).to.equal(false);
  });
});
