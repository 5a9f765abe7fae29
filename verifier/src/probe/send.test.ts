import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { createHttp } from "@surety/node-kit";
import {
  encodeTensors,
  type Receipt,
  receiptDomain,
  receiptProblem,
  recoverReceiptSigner,
  tensorHash,
} from "@surety/protocol";
import { encodeInferResponse, receiptParameters } from "@surety/sdk";
import { expect } from "chai";
import { type Address, type Hex, zeroAddress } from "viem";
import { fastClock } from "../testing/fast-clock.ts";
import { CHAIN_ID, createSimChain, RECEIPTS } from "../testing/sim-chain.ts";
import { manifest, toyId, toyInputs, toyRun } from "../testing/toy-model.ts";
import { type Misbehaviour, startToyProvider, type ToyProvider } from "../testing/toy-provider.ts";
import { GENESIS, SLOW } from "../testing/world.ts";
import { type ProbeAnswer, type ProbeRequest, sendProbe } from "./send.ts";

const PROVIDER: Address = `0x${"d1".repeat(20)}`;
const inputs = toyInputs([1, 2], [3, 4]);
const other: Hex = `0x${"ee".repeat(32)}`;
const epochs = { genesis: GENESIS, length: SLOW.length };
/** Chain time stands still in the middle of epoch 3. */
const NOW = Number(GENESIS + 3n * SLOW.length + SLOW.length / 2n) * 1000;

describe("sendProbe", () => {
  const clock = fastClock({ base: NOW, start: 0, speed: 0 });
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  let provider: ToyProvider;

  before(async () => {
    provider = await startToyProvider(createSimChain(epochs, SLOW.windows, clock), clock, PROVIDER);
  });
  afterEach(() => {
    for (const name of Object.keys(provider.misbehave)) delete provider.misbehave[name as keyof Misbehaviour];
  });
  after(async () => {
    await http.close();
    await provider.close();
  });

  const probe = (over: Partial<ProbeRequest> = {}): Promise<ProbeAnswer> =>
    sendProbe({
      http,
      endpoint: provider.endpoint,
      name: manifest.name,
      inputs,
      parameters: {},
      latencyMs: 2_000,
      receiptProblem: (receipt, outputHash) =>
        receiptProblem(receipt, {
          provider: PROVIDER,
          modelId: toyId,
          epoch: 3n,
          client: zeroAddress,
          inputHash: tensorHash(inputs),
          outputHash,
          units: 2,
          epochs,
          sentMs: NOW,
          receivedMs: NOW,
          skewMs: 1_000,
        }),
      ...over,
    });
  const nothing = { answered: false, timely: false, receipt: null, signature: null, outputs: null };
  /** Answers a request with these words instead. */
  const says =
    (status: number, body: string | Uint8Array = "") =>
    (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
      return true;
    };

  it("keeps outputs, receipt and signature of a good answer", async () => {
    const answer = await probe();
    expect(answer).to.include({ answered: true, timely: true, atCapacity: false, reason: null });
    expect(answer.outputs).to.deep.equal(encodeTensors(toyRun(inputs)));
    const domain = receiptDomain({ chainId: BigInt(CHAIN_ID), receiptLog: RECEIPTS });
    expect(await recoverReceiptSigner(domain, answer.receipt!, answer.signature!)).to.equal(provider.operator);
  });

  it("tells a full provider from one that fails", async () => {
    provider.misbehave.infer = says(429);
    expect(await probe()).to.include({ ...nothing, atCapacity: true, reason: "AT_CAPACITY" });
    for (const status of [204, 400, 404, 500, 503]) {
      provider.misbehave.infer = says(status, status === 204 ? "" : "{}");
      expect(await probe()).to.include({ ...nothing, atCapacity: false, reason: `STATUS_${status}` });
    }
  });

  it("counts a receipt of other things as no answer, and says which", async () => {
    const wrong: [Partial<Receipt>, string][] = [
      [{ provider: `0x${"d2".repeat(20)}` }, "RECEIPT_PROVIDER"],
      [{ modelId: other }, "RECEIPT_MODEL"],
      [{ inputHash: other }, "RECEIPT_INPUT_HASH"],
      [{ outputHash: other }, "RECEIPT_OUTPUT_HASH"],
      [{ client: PROVIDER }, "RECEIPT_CLIENT"],
      [{ units: 1 }, "RECEIPT_UNITS"],
      [{ epoch: 2n }, "RECEIPT_EPOCH"],
      [{ slot: 13 }, "RECEIPT_SLOT"],
      [{ servedAtMs: BigInt(NOW - 5_000) }, "RECEIPT_TIME"],
    ];
    for (const [change, reason] of wrong) {
      provider.misbehave.receipt = (receipt) => ({ ...receipt, ...change });
      expect(await probe()).to.include({ ...nothing, atCapacity: false, reason });
    }
  });

  it("counts an answer without a receipt, or of another model, as none", async () => {
    const answer = (modelName: string) => {
      const { body, headers } = encodeInferResponse({ modelName, outputs: toyRun(inputs), parameters: {} }, () => true);
      return (_: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, headers).end(body);
        return true;
      };
    };
    provider.misbehave.infer = answer(manifest.name);
    expect(await probe()).to.include({ ...nothing, reason: "ANSWER_WITHOUT_RECEIPT" });
    provider.misbehave.infer = answer("another");
    expect(await probe()).to.include({ ...nothing, reason: "ANSWER_OTHER_MODEL" });
  });

  it("counts a malformed answer as a failure and does not fail itself", async () => {
    for (const body of ["", "not json", "[]", "null", '{"model_name":"toy"}', '{"model_name":"toy","outputs":[{}]}']) {
      provider.misbehave.infer = says(200, body);
      const answer = await probe();
      expect(answer, body).to.include(nothing);
      expect(answer.reason, body).to.match(/^[A-Z_]+$/);
      expect(answer.reason, body).not.to.equal("UNEXPECTED");
    }
  });

  it("counts a malformed receipt as a failure", async () => {
    const { receipt, signature } = await probe();
    const [[name, text], [signatureName]] = Object.entries(receiptParameters(receipt!, signature!)) as [
      [string, string],
      [string, string],
    ];
    const malformed: Record<string, unknown>[] = [
      { [name]: text },
      { [signatureName]: signature },
      { [name]: "{}", [signatureName]: signature },
      { [name]: "not json", [signatureName]: signature },
      { [name]: 5, [signatureName]: signature },
      { [name]: text.replace('"slot":12', '"slot":24'), [signatureName]: signature },
      { [name]: text, [signatureName]: `${signature}00` },
    ];
    const answers = (parameters: object) => {
      const answer = { modelName: manifest.name, outputs: toyRun(inputs), parameters };
      const { body, headers } = encodeInferResponse(answer as never, () => true);
      provider.misbehave.infer = (_, response) => {
        response.writeHead(200, headers).end(body);
        return true;
      };
    };
    for (const parameters of malformed) {
      answers(parameters);
      expect(await probe(), JSON.stringify(parameters)).to.include({ ...nothing, reason: "SDK_MALFORMED" });
    }
    answers({ [name]: text, [signatureName]: signature });
    expect(await probe()).to.include({ answered: true, reason: null });
  });

  it("keeps a late answer apart from none", async () => {
    provider.misbehave.error = () => {
      const until = Date.now() + 600;
      while (Date.now() < until);
      return 0;
    };
    expect(await probe({ latencyMs: 400 })).to.include({ answered: true, timely: false, reason: "LATE" });
    delete provider.misbehave.error;
    provider.misbehave.infer = () => true;
    const started = performance.now();
    const none = await probe({ latencyMs: 100 });
    expect(none).to.include({ ...nothing, atCapacity: false });
    expect(none.elapsedMs).to.be.within(250, performance.now() - started + 1);
  });

  it("reports a dead endpoint as a failure", async () => {
    const answer = await probe({ endpoint: "http://127.0.0.1:1/" });
    expect(answer).to.include({ ...nothing, atCapacity: false });
    expect(answer.reason).not.to.equal(null);
  });

  it("says nothing of the provider when this side is closing", async () => {
    const own = createHttp({ allowHttp: true, allowPrivate: true });
    provider.misbehave.infer = () => true;
    const asked = probe({ http: own, latencyMs: 1_000 }).then(
      () => "answered",
      (error: { code: string }) => error.code,
    );
    await setTimeout(50);
    await own.close();
    expect(await asked).to.equal("HTTP_CLIENT_CLOSED");
  });
});
