import {
  buildMerkleSum,
  encodeTensors,
  type LeafFields,
  leafHash,
  leafSalt,
  SuretyError,
  samplePositions,
  sealOutput,
  tensorHash,
  units,
} from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { type Address, type Hex, zeroAddress } from "viem";
import { refusal } from "../testing/refusal.ts";
import { manifest, toyId, toyInputs, toyRun } from "../testing/toy-model.ts";
import { checkLeaf, type LeafGround, type ShownLeaf } from "./check-leaf.ts";

const provider: Address = `0x${"d1".repeat(20)}`;
const EPOCH = 7n;
/** Rows of each request of a log. */
const ROWS = [1, 3, 2, 1, 4];

type Log = { ground: LeafGround; shown: ShownLeaf[] };

const inputsOf = (seq: number, rows: number) =>
  toyInputs(...Array.from({ length: rows }, (_, i): [number, number] => [seq / 4, i - 1]));

/** A log as an honest provider writes it; `change` touches a leaf before it is committed. */
function logOf(rows: readonly number[], change: (fields: LeafFields) => LeafFields = (fields) => fields): Log {
  const leaves = rows.map((count, seq) => {
    const inputs = inputsOf(seq, count);
    const fields: LeafFields = {
      provider,
      modelId: toyId,
      epoch: EPOCH,
      seq,
      slot: seq % 24,
      client: zeroAddress,
      inputHash: tensorHash(inputs),
      sealed: sealOutput(leafSalt(`0x${"5a".repeat(32)}`, seq), tensorHash(toyRun(inputs))),
      units: units(manifest, inputs),
      servedAtMs: 1_800_000_000_000n + BigInt(seq),
      latencyMs: 5,
    };
    return { fields: change(fields), inputs: encodeTensors(inputs) };
  });
  const tree = buildMerkleSum(leaves.map(({ fields }) => ({ hash: leafHash(fields), units: fields.units })));
  return {
    ground: { provider, modelId: toyId, epoch: EPOCH, root: tree.root, count: tree.count, units: tree.units, manifest },
    shown: leaves.map((leaf, index) => ({ ...leaf, index, proof: tree.proof(index) })),
  };
}

const { ground, shown } = logOf(ROWS);
const at = (index: number): ShownLeaf => shown[index]!;
const other32: Hex = `0x${"ee".repeat(32)}`;

describe("checkLeaf", () => {
  it("tells where each leaf of an honest log stands", () => {
    let before = 0n;
    for (const [i, leaf] of shown.entries()) {
      expect(checkLeaf(leaf, ground)).to.deep.equal({ prefix: before, units: BigInt(ROWS[i]!) });
      before += BigInt(ROWS[i]!);
    }
    expect(before).to.equal(ground.units);
  });

  it("puts every sampled position into exactly one leaf of any log", () => {
    const logs = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(logs, fc.uint8Array({ minLength: 32, maxLength: 32 }), (rows, bytes) => {
        const log = logOf(rows);
        const seed: Hex = `0x${Buffer.from(bytes).toString("hex")}`;
        const places = log.shown.map((leaf) => checkLeaf(leaf, log.ground));
        const input = { seed, provider, modelId: toyId, epoch: EPOCH, m: 12, units: log.ground.units };
        for (const p of samplePositions(input)) {
          expect(places.filter(({ prefix, units }) => prefix <= p && p < prefix + units)).to.have.length(1);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("refuses a leaf whose fields are not the committed ones, whichever field it is", () => {
    const forged: Partial<LeafFields>[] = [
      { slot: 9 },
      { client: `0x${"c1".repeat(20)}` },
      { inputHash: other32 },
      { sealed: other32 },
      { units: 2 },
      { servedAtMs: 1_800_000_000_999n },
      { latencyMs: 4 },
    ];
    for (const change of forged) {
      const leaf = { ...at(1), fields: { ...at(1).fields, ...change } };
      expect(
        refusal(() => checkLeaf(leaf, ground)),
        Object.keys(change).join(),
      ).to.equal("PROTOCOL_BAD_PROOF");
    }
  });

  it("refuses a leaf of another provider, model or epoch, even one that its own log proves", () => {
    const others: Partial<Pick<LeafFields, "provider" | "modelId" | "epoch">>[] = [
      { provider: `0x${"d2".repeat(20)}` },
      { modelId: other32 },
      { epoch: 8n },
    ];
    for (const change of others) {
      const log = logOf(ROWS, (fields) => ({ ...fields, ...change }));
      const what = Object.keys(change).join();
      for (const root of [ground.root, log.ground.root]) {
        expect(
          refusal(() => checkLeaf(log.shown[2]!, { ...ground, root })),
          what,
        ).to.equal("EVIDENCE_OTHER_LOG");
      }
      expect(
        refusal(() => checkLeaf(log.shown[2]!, { ...log.ground, ...change })),
        what,
      ).to.equal("none");
    }
  });

  it("refuses a leaf under an index that is not its own", () => {
    expect(refusal(() => checkLeaf({ ...at(1), index: 2 }, ground))).to.equal("EVIDENCE_INDEX");
    expect(refusal(() => checkLeaf({ ...at(1), proof: at(2).proof }, ground))).to.equal("EVIDENCE_INDEX");
    expect(refusal(() => checkLeaf({ ...at(1), fields: { ...at(1).fields, seq: 2 } }, ground))).to.equal(
      "EVIDENCE_INDEX",
    );
    expect(refusal(() => checkLeaf({ ...at(2), index: 1, proof: { ...at(2).proof, index: 1 } }, ground))).to.equal(
      "EVIDENCE_INDEX",
    );
  });

  it("refuses a log that committed a leaf with another leaf's seq", () => {
    const log = logOf(ROWS, (fields) => ({ ...fields, seq: fields.seq === 3 ? 0 : fields.seq }));
    expect(refusal(() => checkLeaf(log.shown[3]!, log.ground))).to.equal("EVIDENCE_INDEX");
    expect(refusal(() => checkLeaf(log.shown[2]!, log.ground))).to.equal("none");
  });

  it("refuses a path that does not lead to the committed root, units and count", () => {
    const { index, siblings } = at(1).proof;
    const paths = [
      siblings.slice(1),
      [...siblings, { hash: other32, sum: 0n }],
      siblings.toReversed(),
      siblings.with(0, { ...siblings[0]!, hash: other32 }),
      siblings.with(0, { ...siblings[0]!, sum: siblings[0]!.sum + 1n }),
      at(2).proof.siblings,
    ];
    for (const path of paths) {
      const leaf = { ...at(1), proof: { index, siblings: path } };
      expect(refusal(() => checkLeaf(leaf, ground))).to.equal("PROTOCOL_BAD_PROOF");
    }
    const grounds: Partial<LeafGround>[] = [
      { root: other32 },
      { units: ground.units + 1n },
      { count: 1 },
      { count: ground.count + 4 },
    ];
    for (const change of grounds) {
      expect(
        refusal(() => checkLeaf(at(1), { ...ground, ...change })),
        Object.keys(change).join(),
      ).to.equal("PROTOCOL_BAD_PROOF");
    }
  });

  it("refuses inputs that are not those of the leaf, to the bit", () => {
    expect(refusal(() => checkLeaf({ ...at(1), inputs: at(2).inputs }, ground))).to.equal("EVIDENCE_INPUT_HASH");
    const touched = at(1).inputs.slice();
    touched[touched.length - 1]! ^= 1;
    expect(refusal(() => checkLeaf({ ...at(1), inputs: touched }, ground))).to.equal("EVIDENCE_INPUT_HASH");
  });

  it("refuses inputs that are no canonical tensors", () => {
    const { inputs } = at(1);
    for (const bytes of [inputs.slice(0, -1), Uint8Array.of(...inputs, 0), Uint8Array.of(1)]) {
      expect(refusal(() => checkLeaf({ ...at(1), inputs: bytes }, ground))).to.equal("PROTOCOL_BAD_TENSORS");
    }
  });

  it("refuses a log that counts other units than its inputs make", () => {
    for (const claimed of [1, 4, 40]) {
      const log = logOf(ROWS, (fields) => ({ ...fields, units: fields.seq === 1 ? claimed : fields.units }));
      expect(refusal(() => checkLeaf(log.shown[1]!, log.ground))).to.equal("EVIDENCE_UNITS");
      expect(refusal(() => checkLeaf(log.shown[2]!, log.ground))).to.equal("none");
    }
  });

  it("refuses inputs of a committed leaf that the model does not take", () => {
    const strange = [{ name: "z", datatype: "FP32" as const, shape: [1, 2], data: new Uint8Array(8) }];
    const log = logOf(ROWS, (fields) => ({
      ...fields,
      inputHash: fields.seq === 0 ? tensorHash(strange) : fields.inputHash,
    }));
    const leaf = { ...log.shown[0]!, inputs: encodeTensors(strange) };
    expect(refusal(() => checkLeaf(leaf, log.ground))).to.equal("PROTOCOL_BAD_INPUTS");
  });

  it("says which leaf it was", () => {
    try {
      checkLeaf({ ...at(3), inputs: at(2).inputs }, ground);
      expect.fail("not refused");
    } catch (error) {
      expect(error).to.be.instanceOf(SuretyError);
      expect((error as SuretyError).message).to.include("leaf 3");
      expect((error as SuretyError).details).to.deep.equal({ index: 3 });
    }
  });

  it("refuses inputs with any one bit turned", () => {
    const leaf = at(2);
    const bits = { min: 0, max: 8 * leaf.inputs.length - 1 };
    fc.assert(
      fc.property(fc.integer(bits), (bit) => {
        const inputs = leaf.inputs.slice();
        inputs[bit >> 3]! ^= 1 << (bit & 7);
        expect(refusal(() => checkLeaf({ ...leaf, inputs }, ground))).to.be.oneOf([
          "EVIDENCE_INPUT_HASH",
          "PROTOCOL_BAD_TENSORS",
          "PROTOCOL_BAD_TENSOR",
        ]);
      }),
      { numRuns: 60 },
    );
  });
});
