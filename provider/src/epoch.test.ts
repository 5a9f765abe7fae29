import {
  leafHash,
  receiptDomain,
  samplePositions,
  sealOutput,
  signRequest,
  type Tensor,
  tensorHash,
  unpackSlots,
  verifyMerkleSum,
} from "@surety/protocol";
import { parseInputsOpening, parseOutputsOpening, requestParameters } from "@surety/sdk";
import { expect } from "chai";
import { type Hex, keccak256, numberToHex, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { loadInputs } from "../../models/inputs.ts";
import {
  CAPACITY,
  fromBase64,
  GENESIS,
  type Harness,
  LENGTH,
  PROVIDER,
  startHarness,
  until,
  untilReady,
} from "./testing/harness.ts";

const digits = loadInputs("digits-cnn");
const seed = keccak256("0x01");
const CLIENT = privateKeyToAccount(`0x${"c1".repeat(32)}`);
const opening = (modelId: Hex, epoch: number, part: "inputs" | "outputs") =>
  `/surety/v1/models/${modelId}/epochs/${epoch}/${part}`;

describe("an epoch of a provider", function () {
  this.timeout(20_000);
  let h: Harness;
  let modelId: Hex;
  const modelOf = (name: string) => h.models.find((m) => m.manifest.name === name)!.modelId;
  beforeEach(async () => {
    h = await startHarness();
    modelId = modelOf("digits-cnn");
    h.setTime(1n, 0);
    await untilReady(h);
  });
  afterEach(() => h.close());

  const serve = (count: number, from = 0) =>
    Promise.all(Array.from({ length: count }, (_, i) => h.infer("digits-cnn", digits.at(from + i))));
  /** A request that a client signed at the start of a second of epoch 1. */
  const serveSigned = async (index: number, second: number) => {
    const inputs = digits.at(index);
    const signedAtMs = (GENESIS + LENGTH + BigInt(second)) * 1000n;
    const asked = { provider: PROVIDER, modelId, client: CLIENT.address, inputHash: tensorHash(inputs) } as const;
    const request = { ...asked, signedAtMs, nonce: zeroHash };
    const signature = await signRequest(request, receiptDomain(h.chain.identity), CLIENT);
    return h.infer("digits-cnn", inputs, { parameters: requestParameters(request, signature) });
  };
  const committed = (epoch: bigint) =>
    until(
      `the logs of epoch ${epoch} are committed`,
      () => h.chain.commits.filter((c) => c.epoch === epoch).length === 3,
    );

  it("is numbered densely, committed with its demand, sampled, and opened part by part", async () => {
    const given = await serve(5);
    h.setTime(1n, 12);
    given.push(...(await serve(5, 5)), await serveSigned(10, 12));
    const seqs = given.map(({ receipt }) => receipt.seq).sort((a, b) => a - b);
    expect(seqs).to.deep.equal(Array.from({ length: 11 }, (_, i) => i));

    // Not over: nothing is known of it.
    expect((await h.get(opening(modelId, 1, "inputs"))).status).to.equal(425);
    h.setTime(2n, 0);
    await committed(1n);
    const log = h.chain.commits.find((c) => c.modelId === modelId)!;
    expect(log).to.include({ count: 11, units: 11n });
    const shares = unpackSlots(log.slots);
    expect([shares[0], shares[12]]).to.deep.equal([465, 558]);

    expect(given.at(-1)!.receipt.client).to.equal(CLIENT.address.toLowerCase());

    // No seed yet.
    h.setTime(2n, 3);
    expect((await h.get(opening(modelId, 1, "inputs"))).status).to.equal(425);
    expect((await h.get(opening(modelId, 1, "outputs"))).status).to.equal(425);
    h.chain.seeds.set(1n, { seed, drawnAt: 0n });
    await until("inputs open", async () => (await h.get(opening(modelId, 1, "inputs"))).status === 200);
    const inputs = JSON.stringify((await h.get(opening(modelId, 1, "inputs"))).body);
    const subject = { provider: PROVIDER, modelId, epoch: 1n } as const;
    const shown = parseInputsOpening(inputs, subject);

    // Every position falls on a leaf that is shown and proves itself.
    const positions = samplePositions({ seed, ...subject, m: h.chain.m, units: log.units });
    const ranges = shown.leaves.map(({ index, fields, proof, inputs: bytes }) => {
      const leaf = leafHash(fields);
      const { root, count, units } = log;
      const { prefix } = verifyMerkleSum({ root, count, units, leaf, leafUnits: fields.units, proof });
      expect(tensorHash(fromBase64(Buffer.from(bytes).toString("base64")))).to.equal(fields.inputHash);
      // The leaf names the client of its receipt: who is restored if it is found wrong.
      expect(fields.client).to.equal(given.find(({ receipt }) => receipt.seq === index)!.receipt.client);
      return { from: prefix, to: prefix + BigInt(fields.units) };
    });
    for (const p of positions) expect(ranges.filter(({ from, to }) => from <= p && p < to)).to.have.length(1);
    for (const { from, to } of ranges) expect(positions.some((p) => from <= p && p < to)).to.equal(true);

    // Nothing of the outputs is out before commits close: neither the hash, nor the salt, nor the bytes.
    const answers = new Map(given.map(({ receipt, response }) => [receipt.seq, { receipt, response }]));
    for (const { index } of shown.leaves) {
      const { receipt, response } = answers.get(index)!;
      expect(inputs).not.to.contain(receipt.outputHash.slice(2));
      expect(inputs).not.to.contain(Buffer.from(response.outputs[0]!.data).toString("base64").slice(0, 40));
    }
    h.setTime(2n, 6.999);
    await until(
      "the chain's clock is read",
      async () => (await h.get("/surety/v1/status")).body.head.timestamp === "1700000054",
    );
    const refused = await h.get(opening(modelId, 1, "outputs"));
    expect([refused.status, Object.keys(refused.body)]).to.deep.equal([425, ["error"]]);
    expect(refused.body.error).to.match(/open at chain time 1700000055, it is 1700000054/);

    h.setTime(2n, 7);
    await until("outputs open", async () => (await h.get(opening(modelId, 1, "outputs"))).status === 200);
    const outputs = parseOutputsOpening(JSON.stringify((await h.get(opening(modelId, 1, "outputs"))).body), subject);
    expect(outputs.leaves.map(({ index }) => index)).to.deep.equal(shown.leaves.map(({ index }) => index));
    for (const [i, { salt, outputs: bytes, index }] of outputs.leaves.entries()) {
      const { receipt } = answers.get(index)!;
      const hash = tensorHash(fromBase64(Buffer.from(bytes).toString("base64")));
      expect(hash).to.equal(receipt.outputHash);
      expect(sealOutput(salt, hash)).to.equal(shown.leaves[i]!.fields.sealed);
    }
  });

  it("decides openings by chain time, whatever the wall clock says", async () => {
    await serve(3);
    h.setTime(2n, 0);
    await committed(1n);
    h.chain.seeds.set(1n, { seed, drawnAt: 0n });
    h.setTime(2n, 4);
    await until("inputs open", async () => (await h.get(opening(modelId, 1, "inputs"))).status === 200);
    h.skew(3_600_000);
    expect((await h.get(opening(modelId, 1, "outputs"))).status).to.equal(425);
  });

  it("commits an empty log too, and opens nothing of it", async () => {
    h.setTime(2n, 0);
    await committed(1n);
    expect(h.chain.commits[0]).to.include({ root: zeroHash, count: 0, units: 0n, slots: 0n });
    h.chain.seeds.set(1n, { seed, drawnAt: 0n });
    h.setTime(2n, 3);
    await until("open", async () => (await h.get(opening(modelId, 1, "inputs"))).status === 200);
    expect((await h.get(opening(modelId, 1, "inputs"))).body.leaves).to.deep.equal([]);
  });

  it("commits once, also when it is stopped in between", async () => {
    await serve(4);
    h.chain.down = true;
    h.setTime(2n, 0);
    await h.restart();
    expect(h.chain.commits).to.have.length(0);
    h.chain.down = false;
    await committed(1n);
    await h.restart();
    h.setTime(2n, 1);
    await untilReady(h);
    expect(h.chain.commits).to.have.length(3);
    expect((await serve(1))[0]!.receipt).to.include({ epoch: 2n, seq: 0 });
    const { body } = await h.get("/surety/v1/status");
    expect(body.models[0].logs).to.deep.include({ epoch: "1", state: "committed" });
  });

  it("goes on with the next number after a restart", async () => {
    await serve(4);
    await h.restart();
    await untilReady(h);
    const again = await serve(3);
    expect(again.map(({ receipt }) => receipt.seq).sort()).to.deep.equal([4, 5, 6]);
  });

  it("takes nothing more once it is closed, even if the wall clock goes back", async () => {
    await serve(2);
    h.setTime(2n, 0);
    await committed(1n);
    h.setTime(1n, 23);
    await untilReady(h);
    await serve(1).then(
      () => expect.fail("a receipt was given"),
      (error: Error) => expect(error.message).to.match(/^503 .*the log of epoch 1 is closed/),
    );
  });

  it("waits for the wall clock before it closes an epoch", async () => {
    h.setTime(2n, 1);
    h.skew(-1500);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(h.chain.commits).to.have.length(0);
    h.skew(0);
    await committed(1n);
  });

  it("refuses what the promise does not cover, and covers all that it does", async () => {
    const cap = Number(CAPACITY * LENGTH);
    const rows = 60;
    const batch: Tensor[] = [
      { name: "image", datatype: "FP32", shape: [rows, 1, 8, 8], data: new Uint8Array(rows * 256) },
    ];
    for (let i = 0; i < cap / rows; i++) await h.infer("digits-cnn", batch);
    const full = await h.post("/v2/models/digits-cnn/infer", JSON.stringify({ inputs: [plain(digits.at(0)[0]!)] }));
    expect(full.status).to.equal(429);
    expect(JSON.parse(new TextDecoder().decode(full.body)).error).to.match(/epoch 1 holds 240 promised units/);
    h.setTime(2n, 0);
    await committed(1n);
    expect(h.chain.commits.find((c) => c.modelId === modelId)!.units).to.equal(BigInt(cap));
    await h.infer("digits-cnn", batch);
  });

  it("samples anew when a reorganisation changes the seed", async () => {
    await serve(40);
    h.setTime(2n, 0);
    await committed(1n);
    h.chain.seeds.set(1n, { seed, drawnAt: 0n });
    h.setTime(2n, 3);
    const indices = async () =>
      (await h.get(opening(modelId, 1, "inputs"))).body.leaves?.map((l: { index: number }) => l.index);
    await until("inputs open", async () => (await indices()) !== undefined);
    const first = await indices();
    h.chain.seeds.set(1n, { seed: keccak256("0x02"), drawnAt: 0n });
    await until("other leaves are shown", async () => String(await indices()) !== String(first));
  });

  it("shows nothing for a seed that came too late, or for a log that is not on chain", async () => {
    await serve(2);
    h.setTime(2n, 0);
    await committed(1n);
    h.chain.seeds.set(1n, { seed, drawnAt: 1_700_000_055n });
    h.setTime(2n, 8);
    await until("concluded", async () => (await h.get(opening(modelId, 1, "inputs"))).status === 404);
    expect((await h.get(opening(modelId, 1, "outputs"))).body.error).to.match(/no seed was drawn in time/);

    await serve(2, 0);
    h.chain.down = true;
    h.setTime(3n, 5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    h.chain.down = false;
    await until("given up", async () => (await h.get(opening(modelId, 2, "inputs"))).status === 404);
    expect((await h.get(opening(modelId, 2, "inputs"))).body.error).to.match(/its log is missed/);
  });

  it("answers 404 for what it does not know", async () => {
    for (const path of [
      opening(modelId, 7, "inputs"),
      opening(modelId, 0, "outputs"),
      opening(numberToHex(1, { size: 32 }), 1, "inputs"),
      `/surety/v1/models/${modelId}/epochs/-1/inputs`,
      `/surety/v1/models/${modelId}/epochs/1e9/inputs`,
    ]) {
      const { status, body } = await h.get(path);
      expect([status, Object.keys(body)]).to.deep.equal([404, ["error"]]);
    }
  });

  it("forgets an epoch when it can no longer be disputed, and not before", async () => {
    await serve(2);
    h.setTime(2n, 0);
    await committed(1n);
    const kept = async () =>
      (await h.get("/surety/v1/status")).body.models[0].logs.map((l: { epoch: string }) => l.epoch);
    const hold = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return kept();
    };
    // settleEnd is 35 s after the epoch, the dispute window 5 s, an answer window 1 s; it is settled late.
    h.setTime(2n, 100);
    expect(await hold()).to.include("1");
    h.chain.nextToSettle_ = 2n;
    expect(await hold()).to.include("1");
    h.setTime(2n, 107);
    expect(await hold()).to.include("1");
    h.setTime(2n, 108);
    await until("forgotten", async () => !(await kept()).includes("1"));
    expect((await h.get(opening(modelId, 1, "inputs"))).body.error).to.match(/its log is pruned/);
  });
});

const plain = ({ name, shape, data }: Tensor) => ({
  name,
  shape,
  datatype: "FP32",
  data: [...new Float32Array(data.slice().buffer)],
});
