import { createConnection } from "node:net";
import { floatTensor, receiptDomain, recoverReceiptSigner, tensorHash } from "@surety/protocol";
import { decodeInferResponse, encodeInferRequest, HEADER_LENGTH } from "@surety/sdk";
import { expect } from "chai";
import { loadInputs } from "../../models/inputs.ts";
import { createServer } from "./server.ts";
import { type Harness, LENGTH, OPERATOR, PROVIDER, silent, startHarness, untilReady } from "./testing/harness.ts";

const digits = loadInputs("digits-cnn");
const candles = loadInputs("eth-spot-tcn");
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const image = (pixel: number, rows = 1) =>
  floatTensor(
    "image",
    [rows, 1, 8, 8],
    Array.from({ length: 64 * rows }, () => pixel),
  );

describe("provider over HTTP, with the reference runtime and the shipped models", function () {
  this.timeout(30_000);
  let h: Harness;
  let admitted: true | "capacity" = true;
  before(async () => {
    h = await startHarness({ native: true, admit: () => admitted });
    h.setTime(1n, 3);
    await untilReady(h);
  });
  after(() => h.close());

  it("describes itself as any server of the protocol", async () => {
    expect((await h.get("/v2")).body).to.deep.equal({
      name: "surety-provider",
      version: "0.1.0",
      extensions: ["binary_tensor_data"],
    });
    expect((await h.get("/v2/health/live")).body).to.deep.equal({ live: true });
    const { body } = await h.get("/v2/models/digits-cnn");
    expect(body).to.deep.equal({
      name: "digits-cnn",
      platform: "onnx_onnxv1",
      inputs: [{ name: "image", datatype: "FP32", shape: [-1, 1, 8, 8] }],
      outputs: [{ name: "logits", datatype: "FP32", shape: [-1, 10] }],
    });
    expect((await h.get("/v2/models/digits-cnn/ready")).status).to.equal(200);
    const status = (await h.get("/surety/v1/status")).body;
    expect(status).to.include({ provider: PROVIDER, operator: OPERATOR.address, ready: true, epoch: "1" });
    expect(status.models).to.have.length(3);
  });

  it("answers with a receipt that the operator signed over what came and what went", async () => {
    const inputs = digits.at(0);
    const { receipt, signature, response } = await h.infer("digits-cnn", inputs, { id: "my request" });
    expect(response.id).to.equal("my request");
    expect(response.outputs[0]).to.include({ name: "logits", datatype: "FP32" });
    expect(receipt.inputHash).to.equal(tensorHash(inputs));
    expect(receipt.outputHash).to.equal(tensorHash(response.outputs));
    expect(receipt).to.include({ provider: PROVIDER, epoch: 1n, seq: 0, slot: Number((3n * 24n) / LENGTH), units: 1 });
    expect(receipt.servedAtMs).to.equal(1_700_000_000_000n + LENGTH * 1000n + 3000n);
    expect(await recoverReceiptSigner(receiptDomain(h.chain.identity), receipt, signature)).to.equal(OPERATOR.address);
    const next = await h.infer("digits-cnn", digits.at(1));
    expect(next.receipt.seq).to.equal(1);
    const other = await h.infer("eth-spot-tcn", candles.at(7));
    expect(other.receipt.seq).to.equal(0);
  });

  it("serves a client that speaks plain JSON, with the same hashes", async () => {
    const inputs = digits.at(3);
    const values = [...new Float32Array(inputs[0]!.data.slice().buffer)];
    const body = JSON.stringify({ inputs: [{ name: "image", shape: [1, 1, 8, 8], datatype: "FP32", data: values }] });
    const answer = await h.post("/v2/models/digits-cnn/infer", body, { "content-type": "application/json" });
    expect(answer.status, text(answer.body)).to.equal(200);
    expect(answer.headers["content-type"]).to.match(/application\/json/);
    const json = JSON.parse(text(answer.body));
    expect(json.model_name).to.equal("digits-cnn");
    expect(json.outputs[0].data).to.have.length(10);
    const receipt = JSON.parse(json.parameters.surety_receipt);
    expect(receipt.inputHash).to.equal(tensorHash(inputs));
    expect(receipt.outputHash).to.equal(tensorHash(decodeInferResponse({ body: answer.body }).outputs));
    expect(json.parameters.surety_signature).to.match(/^0x[0-9a-f]{130}$/);
  });

  it("counts the rows of a batch as units, and answers them as one", async () => {
    const rows = [4, 5, 6].map((i) => new Float32Array(digits.at(i)[0]!.data.slice().buffer));
    const batch = floatTensor(
      "image",
      [3, 1, 8, 8],
      rows.flatMap((row) => [...row]),
    );
    const { receipt, response } = await h.infer("digits-cnn", [batch]);
    expect(receipt.units).to.equal(3);
    expect(response.outputs[0]!.shape).to.deep.equal([3, 10]);
  });

  it("sends the outputs that are asked for, with a receipt over all of them", async () => {
    const all = await h.infer("digits-cnn", digits.at(8));
    const { receipt, response } = await h.infer("digits-cnn", digits.at(8), {
      outputs: [{ name: "logits", binary: false }],
    });
    expect(response.outputs).to.deep.equal(all.response.outputs);
    expect(receipt.outputHash).to.equal(all.receipt.outputHash);
    const none = await h.infer("digits-cnn", digits.at(8), { outputs: [] });
    expect(none.response.outputs).to.deep.equal([]);
    expect(none.receipt.outputHash).to.equal(all.receipt.outputHash);
  });

  it("refuses what is malformed, unknown, too large or outside the domain, and gives no receipt for it", async () => {
    const status = async () =>
      (await h.get("/surety/v1/status")).body.models.map((m: { receipts: number }) => m.receipts);
    const before = await status();
    const refusals: [number, RegExp, string, Uint8Array | string, Record<string, string>?][] = [
      [400, /no JSON/, "digits-cnn", "{"],
      [400, /no JSON/, "digits-cnn", ""],
      [400, /inputs is empty/, "digits-cnn", '{"inputs":[]}'],
      [
        400,
        /input image is missing/,
        "digits-cnn",
        '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}',
      ],
      [400, /element 0 of image is 25, needs 0 to 24/, "digits-cnn", JSON.stringify(asJson(image(25)))],
      [
        400,
        /needs FP32 \[-1,1,8,8\]/,
        "digits-cnn",
        JSON.stringify({ inputs: [{ ...asJson(image(1)).inputs[0], shape: [1, 64] }] }),
      ],
      [400, /no output "x"/, "digits-cnn", JSON.stringify({ ...asJson(image(1)), outputs: [{ name: "x" }] })],
      [400, /Content-Length is/, "digits-cnn", "{}", { [HEADER_LENGTH]: "7" }],
      [404, /"nothing" is not served/, "nothing", "{}"],
      [413, /at most 24576: send fewer rows/, "digits-cnn", JSON.stringify(asJson(image(1, 100)))],
      [413, /too large/i, "digits-cnn", new Uint8Array(2 << 20)],
      [415, /content-encoding "gzip"/, "digits-cnn", "{}", { "content-encoding": "gzip" }],
    ];
    for (const [code, words, model, body, headers] of refusals) {
      const answer = await h.post(`/v2/models/${model}/infer`, body, headers);
      expect(answer.status, text(answer.body)).to.equal(code);
      expect(Object.keys(JSON.parse(text(answer.body)))).to.deep.equal(["error"]);
      expect(JSON.parse(text(answer.body)).error).to.match(words);
    }
    expect((await h.get("/nowhere")).status).to.equal(404);
    expect((await h.get("/v2/models/nothing")).status).to.equal(404);
    const nan = encodeInferRequest({
      inputs: [{ ...image(1), data: new Uint8Array(256).fill(255) }],
      binaryOutput: true,
    });
    const outside = await h.post("/v2/models/digits-cnn/infer", nan.body, nan.headers);
    expect([outside.status, text(outside.body)]).to.deep.equal([
      400,
      '{"error":"element 0 of image is NaN, needs 0 to 24"}',
    ]);
    expect(await status()).to.deep.equal(before);
  });

  it("sheds load with 429 when it is told to, and says when to come again", async () => {
    admitted = "capacity";
    const answer = await h.post("/v2/models/digits-cnn/infer", JSON.stringify(asJson(image(1))));
    admitted = true;
    expect(answer.status).to.equal(429);
    expect(answer.headers["retry-after"]).to.equal("1");
    expect(JSON.parse(text(answer.body)).error).to.match(/at capacity/);
  });
});

describe("provider's server", () => {
  it("drops who sends a request too slowly", async function () {
    this.timeout(10_000);
    const server = createServer({
      models: new Map(),
      serve: () => Promise.reject(new Error("never called")),
      openings: { step: async () => {}, inputs: () => "", outputs: () => "" },
      problem: () => null,
      status: () => ({}),
      log: silent,
      requestTimeoutMs: 300,
    });
    const { hostname, port } = new URL(await server.listen({ host: "127.0.0.1", port: 0 }));
    const slow = (start: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = createConnection(Number(port), hostname, () => socket.write(start));
        let answer = "";
        socket.on("data", (data) => {
          answer += data;
        });
        socket.once("error", reject);
        socket.once("close", () => resolve(answer));
      });
    const answers = await Promise.all([
      slow("POST /v2/models/x/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"),
      slow("GET /v2 HTTP/1.1\r\nhost: x\r\nx-"),
    ]);
    await server.close();
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1.1 408 /);
  });
});

/** A request as a plain JSON client writes it. */
function asJson(tensor: { name: string; shape: number[]; data: Uint8Array }) {
  const data = [...new Float32Array(tensor.data.slice().buffer)];
  return { inputs: [{ name: tensor.name, shape: tensor.shape, datatype: "FP32", data }] };
}
