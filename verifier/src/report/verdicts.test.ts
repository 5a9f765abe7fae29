import { createHash } from "node:crypto";
import { encodeTensors, leafSalt, sealOutput, type Tensor, tensorHash, unpackRerunReport } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import type { Address, Hex } from "viem";
import type { LeafRow } from "../store/types.ts";
import { manifest, profile, toyId, toyInputs, toyModels, toyRun } from "../testing/toy-model.ts";
import { judgeAll, judgeLeaf, openingProblem, packVerdicts } from "./verdicts.ts";

const provider: Address = `0x${"d1".repeat(20)}`;
const model = toyModels.get(toyId)!;
const salt = leafSalt(`0x${"5a".repeat(32)}`, 3);
const inputs = toyInputs([1, 2], [3, -1]);
/** Largest absolute output of {@link inputs}: what deviations are measured by. */
const SCALE = 5;
const TAU = profile.outputs[0]!.tauMax * SCALE;
const encoded = (error = 0): Uint8Array => encodeTensors(toyRun(inputs, error));

/** A leaf that was opened, and re-run with the same result, unless told otherwise. */
const leafOf = (over: Partial<LeafRow> = {}): LeafRow => ({
  epoch: 7n,
  provider,
  modelId: toyId,
  index: 0,
  prefix: 0n,
  units: 2n,
  sealed: sealOutput(salt, tensorHash(toyRun(inputs))),
  inputs: encodeTensors(inputs),
  native: encoded(),
  wasm: encoded(),
  failure: null,
  outputs: encoded(),
  verdict: null,
  proof: null,
  salt: null,
  ...over,
});
const verdict = (over: Partial<LeafRow>): string => judgeLeaf(leafOf(over), model).verdict;

describe("openingProblem", () => {
  const outputs = encoded();
  const sealed = sealOutput(salt, tensorHash(toyRun(inputs)));

  it("accepts exactly the salt and outputs that the leaf seals", () => {
    expect(openingProblem(outputs, salt, sealed)).to.equal(null);
  });

  it("refuses another salt, other outputs, and another leaf's seal", () => {
    expect(openingProblem(outputs, leafSalt(`0x${"5a".repeat(32)}`, 4), sealed)).to.equal("OPENING_SEAL");
    expect(openingProblem(encoded(1e-6), salt, sealed)).to.equal("OPENING_SEAL");
    expect(openingProblem(outputs, salt, `0x${"ee".repeat(32)}`)).to.equal("OPENING_SEAL");
    expect(openingProblem(new Uint8Array(), salt, sealed)).to.equal("OPENING_SEAL");
  });

  it("refuses outputs with any one bit turned", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * outputs.length - 1 }), (bit) => {
        const touched = outputs.slice();
        touched[bit >> 3]! ^= 1 << (bit & 7);
        expect(openingProblem(touched, salt, sealed)).to.equal("OPENING_SEAL");
      }),
      { numRuns: 60 },
    );
  });

  it("refuses bytes that the leaf does seal but that are no canonical tensors", () => {
    for (const bytes of [Uint8Array.of(1, 2, 3), outputs.slice(0, -1), Uint8Array.of(...outputs, 0)]) {
      const hash: Hex = `0x${createHash("sha256").update(bytes).digest("hex")}`;
      expect(openingProblem(bytes, salt, sealOutput(salt, hash))).to.equal("PROTOCOL_BAD_TENSORS");
    }
  });
});

describe("judgeLeaf", () => {
  it("matches outputs within tau of either runtime", () => {
    expect(verdict({})).to.equal("match");
    expect(verdict({ outputs: encoded(0.3 * TAU) })).to.equal("match");
    expect(verdict({ native: encoded(1), outputs: encoded() })).to.equal("match");
    expect(verdict({ wasm: encoded(1), outputs: encoded() })).to.equal("match");
  });

  it("finds outputs beyond four tau of both runtimes, which agree, a mismatch", () => {
    expect(verdict({ outputs: encoded(1e-2) })).to.equal("mismatch");
    expect(verdict({ outputs: encoded(-8 * TAU) })).to.equal("mismatch");
  });

  it("leaves what lies between tau and four tau grey", () => {
    expect(verdict({ outputs: encoded(2 * TAU) })).to.equal("grey");
  });

  it("leaves it grey where its own runtimes disagree", () => {
    expect(verdict({ native: encoded(1), outputs: encoded(2) })).to.equal("grey");
  });

  it("finds outputs of another name or shape a mismatch", () => {
    const renamed = toyRun(inputs).map((t): Tensor => ({ ...t, name: "z" }));
    const fewer = toyRun(toyInputs([1, 2]));
    for (const outputs of [renamed, fewer]) {
      expect(verdict({ outputs: encodeTensors(outputs) })).to.equal("mismatch");
    }
    expect(verdict({ outputs: encoded(Number.NaN) })).to.equal("mismatch");
  });

  it("says nothing of inputs outside the model's domain, however wrong the outputs", () => {
    const far = toyInputs([11, 0], [0, 0]);
    const own = encodeTensors(toyRun(far));
    const leaf = { inputs: encodeTensors(far), native: own, wasm: own };
    expect(verdict({ ...leaf, outputs: encodeTensors(toyRun(far, 5)) })).to.equal("grey");
    const near = toyInputs([10, 0], [0, 0]);
    const there = encodeTensors(toyRun(near));
    const within = { inputs: encodeTensors(near), native: there, wasm: there };
    expect(verdict({ ...within, outputs: encodeTensors(toyRun(near, 5)) })).to.equal("mismatch");
  });

  it("calls outputs that never came not opened, whether or not it was re-run", () => {
    expect(verdict({ outputs: null })).to.equal("not-opened");
    expect(verdict({ outputs: null, native: null, wasm: null, failure: "out of memory" })).to.equal("not-opened");
  });

  it("knows nothing without a result of each runtime, and says why", () => {
    for (const missing of [{ native: null }, { wasm: null }, { native: null, wasm: null }]) {
      const wrong = { ...missing, outputs: encoded(1) };
      expect(judgeLeaf(leafOf(wrong), model)).to.deep.equal({ verdict: "grey", reason: "not re-run in time" });
      expect(judgeLeaf(leafOf({ ...wrong, failure: "out of memory" }), model)).to.deep.equal({
        verdict: "grey",
        reason: "out of memory",
      });
    }
  });

  it("leaves it grey if its own results do not fit the profile", () => {
    const strange = encodeTensors(toyRun(inputs).map((t): Tensor => ({ ...t, name: "z" })));
    const { verdict: found, reason } = judgeLeaf(leafOf({ native: strange, outputs: encoded(1) }), model);
    expect(found).to.equal("grey");
    expect(reason).to.include("do not fit the profile");
  });

  it("gives the same verdict from the same evidence", () => {
    const errors = fc.double({ min: -10 * TAU, max: 10 * TAU, noNaN: true });
    fc.assert(
      fc.property(errors, errors, (claimed, native) => {
        const leaf = leafOf({ outputs: encoded(claimed), native: encoded(native) });
        expect(judgeLeaf(leaf, model)).to.deep.equal(judgeLeaf(structuredClone(leaf), structuredClone(model)));
      }),
      { numRuns: 40 },
    );
  });

  it("judges by the profile's tolerance", () => {
    const wide = { ...profile, outputs: profile.outputs.map((o) => ({ ...o, tauMax: 1, tauL2: 1 })) };
    const leaf = leafOf({ outputs: encoded(1e-2) });
    expect(judgeLeaf(leaf, { manifest, profile: wide }).verdict).to.equal("match");
    expect(judgeLeaf(leaf, { manifest, profile }).verdict).to.equal("mismatch");
  });
});

describe("packVerdicts", () => {
  const leaves = [
    leafOf({ index: 0, prefix: 0n, units: 2n }),
    leafOf({ index: 1, prefix: 2n, units: 1n, outputs: encoded(1) }),
    leafOf({ index: 3, prefix: 5n, units: 2n, native: null }),
    leafOf({ index: 4, prefix: 7n, units: 1n, outputs: null }),
  ];

  it("gives each sample the verdict of the leaf it falls on, and calls a sample without one not opened", () => {
    const positions = [0n, 6n, 1n, 2n, 3n, 4n, 7n, 5n, 2n, 8n];
    expect(unpackRerunReport(packVerdicts(positions, judgeAll(leaves, model), model))).to.deep.equal({
      n: 10,
      panel: 0,
      verdicts: [
        "match",
        "grey",
        "match",
        "mismatch",
        "not-opened",
        "not-opened",
        "not-opened",
        "grey",
        "mismatch",
        "not-opened",
      ],
    });
  });

  it("does not depend on the order of the leaves", () => {
    const positions = [4n, 0n, 6n, 2n];
    const packed = packVerdicts(positions, judgeAll(leaves, model), model);
    expect(packVerdicts(positions, judgeAll(leaves.toReversed(), model), model)).to.equal(packed);
  });

  it("packs a log without samples, and one that was not opened at all", () => {
    expect(unpackRerunReport(packVerdicts([], [], model))).to.deep.equal({ n: 0, verdicts: [], panel: 0 });
    expect(unpackRerunReport(packVerdicts([0n, 9n], [], model)).verdicts).to.deep.equal(["not-opened", "not-opened"]);
  });

  describe("panel", () => {
    /** Leaves of distinct inputs, each answered `error` away from what the model gives. */
    const leavesOf = (count: number, error: number, same = false) =>
      Array.from({ length: count }, (_, i) => {
        const x = toyInputs([same ? 1 : 1 + i / 100, 2]);
        const own = encodeTensors(toyRun(x));
        const outputs = encodeTensors(toyRun(x, error));
        const place = { index: i, prefix: BigInt(i), units: 1n };
        return leafOf({ ...place, inputs: encodeTensors(x), native: own, wasm: own, outputs });
      });
    const panelOf = (leaves: LeafRow[], of = model) =>
      unpackRerunReport(packVerdicts([...leaves.keys()].map(BigInt), judgeAll(leaves, of), of)).panel;
    /** Within tau, so that each answer alone is a match. */
    const MILD = 0.6 * TAU;

    it("fails answers that match one by one and cannot all be honest", () => {
      const leaves = leavesOf(12, MILD);
      expect(new Set(judgeAll(leaves, model).map((leaf) => leaf.verdict))).to.deep.equal(new Set(["match"]));
      expect(panelOf(leaves)).to.equal(2);
      expect(panelOf(leavesOf(12, 0))).to.equal(1);
    });

    it("counts a repeated input once, so that repeating a request frames nobody", () => {
      expect(panelOf(leavesOf(12, MILD, true))).to.equal(0);
      expect(panelOf([...leavesOf(8, 0), ...leavesOf(12, MILD, true)])).to.equal(1);
    });

    it("judges nothing of too few samples, and of a model without a panel", () => {
      expect(panelOf(leavesOf(7, MILD))).to.equal(0);
      const { panel, ...rest } = profile;
      expect(panelOf(leavesOf(12, MILD), { manifest, profile: rest })).to.equal(0);
    });
  });

  it("keeps the leaf beside its verdict", () => {
    const [first] = judgeAll(leaves, model);
    expect(first).to.include({ index: 0, units: 2n, verdict: "match" });
  });
});
