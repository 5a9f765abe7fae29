import { createHttp } from "@surety/node-kit";
import {
  type ClientRequest,
  REQUEST_AHEAD_MS,
  REQUEST_LIFETIME_MS,
  receiptDomain,
  SuretyError,
  signRequest,
  type Tensor,
  tensorHash,
} from "@surety/protocol";
import {
  createInferClient,
  HEADER_LENGTH,
  type InferClientOptions,
  type RequestClaim,
  requestParameters,
  saveReceipt,
} from "@surety/sdk";
import { expect } from "chai";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { loadInputs } from "../../models/inputs.ts";
import { createSignedRequests } from "./signed-requests.ts";
import { GENESIS, type Harness, LENGTH, OPERATOR, PROVIDER, startHarness, untilReady } from "./testing/harness.ts";

const digits = loadInputs("digits-cnn");
const CLIENT = privateKeyToAccount(`0x${"c1".repeat(32)}`);
const STRANGER = privateKeyToAccount(`0x${"5e".repeat(32)}`);
const lower = (address: string) => address.toLowerCase();

describe("signed requests over HTTP, with the reference runtime", function () {
  this.timeout(30_000);
  let h: Harness;
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  before(async () => {
    h = await startHarness({ native: true });
    moveTo(1n, 6);
    await untilReady(h);
  });
  after(async () => {
    await h.close();
    await http.close();
  });

  let atMs = 0;
  /** Moves the provider's clock and the clients'. */
  const moveTo = (epoch: bigint, second: number): void => {
    h.setTime(epoch, second);
    atMs = Number(GENESIS + epoch * LENGTH) * 1000 + second * 1000;
  };
  const manifest = () => h.models.find((model) => model.manifest.name === "digits-cnn")!;
  const domain = () => receiptDomain(h.chain.identity);

  /** A request's content, and the parameters with its signature. */
  const sign = async (inputs: Tensor[], over: Partial<ClientRequest> = {}, key = CLIENT) => {
    const { modelId } = manifest();
    const nonce = generatePrivateKey();
    const asked = { provider: PROVIDER, modelId, client: CLIENT.address, inputHash: tensorHash(inputs) } as const;
    const request: ClientRequest = { ...asked, signedAtMs: BigInt(atMs), nonce, ...over };
    const signature = await signRequest(request, domain(), key);
    return { request, signature, parameters: requestParameters(request, signature) };
  };
  const ask = (inputs: Tensor[], parameters: Record<string, string>) => h.infer("digits-cnn", inputs, { parameters });
  const refusal = async (inputs: Tensor[], parameters: Record<string, string>): Promise<string> => {
    const before = await served();
    const message = await ask(inputs, parameters).then(
      () => "served",
      (error: Error) => error.message,
    );
    expect(await served(), message).to.equal(before);
    return message;
  };
  const served = async (): Promise<number> => {
    const { models } = (await h.get("/surety/v1/status")).body;
    return models.reduce((sum: number, one: { receipts: number }) => sum + one.receipts, 0);
  };
  type Signed = Record<string, string>;

  it("names the client in the receipt, in binary and in plain JSON", async () => {
    const inputs = digits.at(0);
    const { parameters } = await sign(inputs);
    const { receipt } = await ask(inputs, parameters as Signed);
    expect(receipt.client).to.equal(lower(CLIENT.address));
    const unsigned = await ask(inputs, {});
    expect(unsigned.receipt.client).to.match(/^0x0+$/);

    // As JSON beside binary outputs or not, and as plain JSON: parameters are in the JSON either way.
    const again = (await sign(inputs)).parameters;
    const values = [...new Float32Array(inputs[0]!.data.slice().buffer)];
    const json = {
      inputs: [{ name: "image", shape: [1, 1, 8, 8], datatype: "FP32", data: values }],
      parameters: again,
    };
    const answer = await h.post("/v2/models/digits-cnn/infer", JSON.stringify(json));
    expect(answer.status).to.equal(200);
    const { parameters: given } = JSON.parse(new TextDecoder().decode(answer.body));
    expect(JSON.parse(given.surety_receipt).client).to.equal(lower(CLIENT.address));
  });

  it("refuses whatever the client did not sign, with what it is held against, and serves nothing", async () => {
    const inputs = digits.at(1);
    const own = await sign(inputs);
    const claims: [string, Signed, RegExp][] = [
      [
        "another key",
        (await sign(inputs, {}, STRANGER)).parameters as Signed,
        /^403 .*needs 0x[0-9a-f]{40} over provider/,
      ],
      [
        "another provider",
        (await sign(inputs, { provider: STRANGER.address })).parameters as Signed,
        /^403 .*Nothing was served/,
      ],
      ["another model", (await sign(inputs, { modelId: `0x${"11".repeat(32)}` })).parameters as Signed, /^403 /],
      ["other inputs", (await sign(digits.at(2))).parameters as Signed, /^403 /],
      [
        "another nonce",
        requestParameters({ ...own.request, nonce: generatePrivateKey() }, own.signature) as Signed,
        /^403 /,
      ],
      [
        "another time",
        requestParameters({ ...own.request, signedAtMs: own.request.signedAtMs + 1n }, own.signature) as Signed,
        /^403 /,
      ],
      [
        "another client",
        requestParameters({ ...own.request, client: STRANGER.address }, own.signature) as Signed,
        /^403 /,
      ],
      [
        "no point of the curve",
        { ...own.parameters, surety_signature: `0x${"ff".repeat(31)}${"01".repeat(33)}1b` } as Signed,
        /^403 /,
      ],
      ["a twin", { ...own.parameters, surety_signature: twinOf(own.signature) } as Signed, /^403 .*lower s/],
      ["no signature", { surety_request: own.parameters.surety_request } as Signed, /^400 .*surety_signature/],
      ["no claim", { surety_signature: own.signature }, /^400 .*surety_request/],
      ["no JSON", { ...own.parameters, surety_request: "{" } as Signed, /^400 .*JSON/],
      [
        "nobody",
        requestParameters({ ...own.request, client: `0x${"00".repeat(20)}` }, own.signature) as Signed,
        /^400 .*client/,
      ],
    ];
    for (const [what, parameters, words] of claims) expect(await refusal(inputs, parameters), what).to.match(words);
    expect((await ask(inputs, own.parameters as Signed)).receipt.client).to.equal(lower(CLIENT.address));
  });

  it("answers a signed request once, however often it comes and however its signature is written", async () => {
    const inputs = digits.at(3);
    const { parameters } = await sign(inputs);
    const before = await served();
    const copies = await Promise.allSettled(Array.from({ length: 5 }, () => ask(inputs, parameters as Signed)));
    expect(copies.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    expect(await served()).to.equal(before + 1);
    expect(await refusal(inputs, parameters as Signed)).to.match(/^409 .*another nonce/);
  });

  it("takes a signature for half a minute, and not before its time", async () => {
    const inputs = digits.at(4);
    const at = async (ms: number): Promise<string> => {
      const { parameters } = await sign(inputs, { signedAtMs: BigInt(atMs + ms) });
      return ask(inputs, parameters as Signed).then(
        () => "served",
        (error: Error) => error.message,
      );
    };
    moveTo(3n, 20);
    expect(await at(-REQUEST_LIFETIME_MS - 1)).to.match(/^403 .*30001 ms ago, needs at most 30000 ms ago/);
    expect(await at(REQUEST_AHEAD_MS + 1)).to.match(/^403 .*-2001 ms ago/);
    expect(await at(-REQUEST_LIFETIME_MS)).to.equal("served");
    expect(await at(REQUEST_AHEAD_MS)).to.equal("served");
  });

  it("does not answer again what it answered before a restart", async () => {
    const inputs = digits.at(5);
    const { parameters } = await sign(inputs);
    await ask(inputs, parameters as Signed);
    await h.restart();
    await untilReady(h);
    expect(await refusal(inputs, parameters as Signed)).to.match(/^503 .*answered already/);
    moveTo(3n, 23);
    expect(await refusal(inputs, parameters as Signed)).to.match(/^503 .*answered already/);
    const again = await sign(inputs);
    expect((await ask(inputs, again.parameters as Signed)).receipt.client).to.equal(lower(CLIENT.address));
  });

  describe("from the sdk's client", () => {
    const client = (over: Partial<InferClientOptions> = {}) =>
      createInferClient({
        endpoint: h.provider.url,
        provider: PROVIDER,
        operator: OPERATOR.address,
        domain: domain(),
        clock: h.chain.identity.clock,
        account: CLIENT,
        post: (url, { headers, body }) => http.request({ url, method: "POST", headers, body }),
        now: () => atMs,
        ...over,
      });
    const codeOf = (answer: Promise<unknown>) =>
      answer.then(
        () => "answered",
        (error: unknown) => (error instanceof SuretyError ? error.code : Promise.reject(error)),
      );

    it("is answered with a receipt that names it, or nobody if it has no key", async () => {
      const { receipt, outputs, signature } = await client().infer(manifest().manifest, digits.at(6));
      expect(receipt.client).to.equal(lower(CLIENT.address));
      expect(receipt.outputHash).to.equal(tensorHash(outputs));
      expect(saveReceipt({ receipt, signature })).to.include(lower(CLIENT.address));
      const unsigned = await client({ account: undefined }).infer(manifest().manifest, digits.at(6));
      expect(unsigned.receipt.client).to.match(/^0x0+$/);
    });

    it("takes no answer whose receipt is another's or names somebody else", async () => {
      const { manifest: model } = manifest();
      // A provider that drops the signature on its way.
      const stripped: InferClientOptions["post"] = async (url, { headers, body }) => {
        const length = Number(headers[HEADER_LENGTH]);
        const { parameters: _, ...rest } = JSON.parse(new TextDecoder().decode(body.subarray(0, length)));
        const head = new TextEncoder().encode(JSON.stringify(rest));
        const less = Uint8Array.from([...head, ...body.subarray(length)]);
        return http.request({
          url,
          method: "POST",
          headers: { ...headers, [HEADER_LENGTH]: String(head.length) },
          body: less,
        });
      };
      const error = await client({ post: stripped })
        .infer(model, digits.at(7))
        .catch((e: SuretyError) => e);
      expect(error).to.have.property("code", "INFER_BAD_RECEIPT");
      expect((error as SuretyError).message).to.match(/names client 0x0+, needs 0x/);
      expect(await codeOf(client({ operator: STRANGER.address }).infer(model, digits.at(7)))).to.equal(
        "INFER_BAD_SIGNATURE",
      );
      expect(
        await codeOf(client({ account: undefined, now: () => atMs - 10_000 }).infer(model, digits.at(7))),
      ).to.equal("INFER_BAD_RECEIPT");
      const wild = [{ ...digits.at(0)[0]!, data: new Uint8Array(256).fill(255) }];
      expect(await codeOf(client().infer(model, wild))).to.equal("INFER_OUTSIDE_DOMAIN");
      const lost = { ...model, name: "nothing" };
      expect(await codeOf(client().infer(lost, digits.at(7)))).to.equal("INFER_REFUSED");
      const bare: InferClientOptions["post"] = async () => ({
        status: 200,
        headers: {},
        body: new TextEncoder().encode('{"model_name":"digits-cnn","outputs":[]}'),
      });
      expect(await codeOf(client({ post: bare }).infer(model, digits.at(7)))).to.equal("INFER_NO_RECEIPT");
    });
  });
});

describe("the memory of signed requests", () => {
  it("keeps what it took for as long as it is good, and takes nothing older, also when the clock is set back", async () => {
    let now = 1_800_000_000_000;
    const domain = receiptDomain({ chainId: 31337, receiptLog: `0x${"0a".repeat(20)}` });
    const requests = createSignedRequests({ domain, provider: PROVIDER, now: () => now });
    const asked = { modelId: `0x${"11".repeat(32)}`, inputHash: `0x${"1a".repeat(32)}` } as const;
    const sign = async (): Promise<RequestClaim> => {
      const signed = { client: lower(CLIENT.address) as Hex, signedAtMs: BigInt(now), nonce: generatePrivateKey() };
      return { signed, signature: await signRequest({ provider: PROVIDER, ...asked, ...signed }, domain, CLIENT) };
    };
    const codeOf = (claim: RequestClaim) =>
      requests.take(claim, asked).then(
        () => "taken",
        (error: SuretyError) => error.code,
      );
    now += REQUEST_AHEAD_MS + 1;
    const first = await sign();
    const second = await sign();
    expect(await codeOf(first)).to.equal("taken");
    expect(await codeOf(first)).to.equal("PROVIDER_REQUEST_REPEATED");
    // What failed before it was numbered may come again.
    const { release } = await requests.take(second, asked);
    release();
    expect(await codeOf(second)).to.equal("taken");

    now += 3_600_000;
    expect(await codeOf(await sign())).to.equal("taken");
    now -= 3_600_000;
    expect(await codeOf(first)).to.equal("PROVIDER_NOT_READY");
    expect(await codeOf(second)).to.equal("PROVIDER_NOT_READY");
    now += 1;
    expect(await codeOf(await sign())).to.equal("taken");
  });
});

/** The other signature of the same content, which ECDSA allows. */
function twinOf(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(`0x${signature.slice(66, 130)}`);
  return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${signature.endsWith("1b") ? "1c" : "1b"}`;
}
