import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp, loadSettings, readDeployment } from "@surety/node-kit";
import { leafHash, samplePositions, verifyMerkleSum } from "@surety/protocol";
import {
  encodeInferRequest,
  headerBeaconAbi,
  parseInputsOpening,
  parseOutputsOpening,
  receiptLogAbi,
} from "@surety/sdk";
import { expect } from "chai";
import { type Address, createPublicClient, createWalletClient, type Hex, http as rpcHttp } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { loadInputs } from "../../models/inputs.ts";
import { main as deploy } from "../../scripts/deploy.ts";
import { devKeys } from "../../scripts/lib/testing/chain.ts";
import { createStage, type Operator, type Stage } from "../../scripts/lib/testing/operator.ts";
import { main as mint } from "../../scripts/mint.ts";
import { main as model } from "../../scripts/model.ts";
import { main as register } from "../../scripts/provider.ts";
import { headerRlp, type RpcBlock } from "../../verifier/src/settle/header.ts";
import { providerSettings } from "./config.ts";
import { startProvider } from "./serve-command.ts";
import { MODELS, until } from "./testing/harness.ts";

const LENGTH = 9;
const WINDOWS = { log: 4, open: 3, commit: 2, output: 2, reveal: 2 };

describe("provider on a served chain", function () {
  this.timeout(180_000);
  let stage: Stage;
  let owner: Operator, operator: Operator, stranger: Operator;
  let data: string;
  let modelId: Hex;
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  before(async () => {
    stage = await createStage();
    // Hardhat's clock is late by the time that it took to start.
    await stage.chain.passTo(BigInt(Math.floor(Date.now() / 1000)));
    [owner, operator, stranger] = stage.operators as [Operator, Operator, Operator];
    data = mkdtempSync(join(tmpdir(), "surety-on-chain-"));
    const windows = Object.entries(WINDOWS).flatMap(([name, seconds]) => [`--${name}-window`, String(seconds)]);
    await stranger.ok(deploy, "--epoch-length", String(LENGTH), "--beacon-lag", "1", ...windows);
    await owner.ok(mint, "--amount", "100000");
    const { models } = await stranger.ok(model, "register", "--models", MODELS, "--uri", "https://m.example/{id}");
    modelId = models[0].id;
  });
  after(async () => {
    await http.close();
    await stage.close();
    rmSync(data, { recursive: true });
  });

  const settings = (overrides: Record<string, string> = {}) =>
    loadSettings(providerSettings, {
      env: {
        ...operator.env,
        SURETY_DATA: data,
        SURETY_MODELS: MODELS,
        SURETY_PORT: "0",
        SURETY_POLL_MS: "100",
        SURETY_SHARED_PROCESS: "true",
        ...overrides,
      },
    });
  const get = async (url: string) => {
    const { status, body } = await http.request({ url });
    return { status, text: new TextDecoder().decode(body) };
  };

  it("says what to do if its key is no provider's operator", async () => {
    await startProvider(settings()).then(
      () => expect.fail("it started"),
      (error) =>
        expect([error.code, error.message]).to.match(/PROVIDER_NOT_REGISTERED.*is no provider's operator.*register/),
    );
  });

  it("serves, commits its log, and opens what the chain's seed draws", async () => {
    await owner.ok(register, "register", "--endpoint", "https://a.example", "--operator", operator.address);
    await owner.ok(register, "bond", "--amount", "50000");
    const { provider, shutdown } = await startProvider(settings());
    try {
      const terms = ["--model-id", modelId, "--target", "99", "--latency-ms", "2000", "--unit-price", "0.1"];
      const promise = await owner.ok(register, "commit", ...terms, "--capacity", "10", "--epochs", "40");
      const first = BigInt(promise.firstEpoch);
      const refused = await get(`${provider.url}/v2/models/digits-cnn/ready`);
      expect(refused.status).to.equal(503);
      await until(
        "the promised epoch",
        async () => (await get(`${provider.url}/v2/models/digits-cnn/ready`)).status === 200,
        60_000,
      );

      const digits = loadInputs("digits-cnn");
      const status = () =>
        provider.status() as { epoch: string; models: { receipts: number; units: string; cap: string }[] };
      const epoch = BigInt(status().epoch);
      expect(epoch >= first).to.equal(true);
      expect(status().models[0]!.cap).to.equal(String(10 * LENGTH));
      for (let i = 0; i < 5; i++) {
        const { body, headers } = encodeInferRequest({ inputs: digits.at(i), binaryOutput: true });
        const answer = await http.request({
          url: `${provider.url}/v2/models/digits-cnn/infer`,
          method: "POST",
          body,
          headers,
        });
        expect(answer.status, new TextDecoder().decode(answer.body)).to.equal(200);
      }

      const deployment = readDeployment(operator.env.SURETY_DEPLOYMENTS!, 31337);
      const address = (name: string) => deployment.contracts[name] as Address;
      const args = [owner.address, modelId, epoch] as const;
      const readLog = () =>
        stage.chain.client.readContract({
          address: address("ReceiptLog"),
          abi: receiptLogAbi,
          functionName: "log",
          args,
        });
      await until("the log is on chain", async () => (await readLog()).exists, 60_000);
      const log = await readLog();
      expect(log).to.include({ m: 48 });
      expect(log.count).to.be.within(1, 5);

      // Draw the seed as anyone may: from the headers around the seed time.
      const client = createPublicClient({ transport: rpcHttp(stage.chain.url) });
      const seedTime = deployment.genesis + (epoch + 1n) * BigInt(LENGTH) + BigInt(WINDOWS.log) + 1n;
      await until("the seed time", async () => (await client.getBlock()).timestamp >= seedTime, 60_000);
      let number = (await client.getBlock()).number;
      while ((await client.getBlock({ blockNumber: number - 1n })).timestamp >= seedTime) number -= 1n;
      const header = async (n: bigint) => {
        const params: [Hex, false] = [`0x${n.toString(16)}`, false];
        return headerRlp((await client.request({ method: "eth_getBlockByNumber", params })) as unknown as RpcBlock);
      };
      const wallet = createWalletClient({
        account: privateKeyToAccount(devKeys[2]),
        transport: rpcHttp(stage.chain.url),
      });
      await wallet.writeContract({
        chain: null,
        address: address("HeaderBeacon"),
        abi: headerBeaconAbi,
        functionName: "draw",
        args: [epoch, await header(number), await header(number - 1n)],
      });

      const path = `${provider.url}/surety/v1/models/${modelId}/epochs/${epoch}`;
      await until("inputs open", async () => (await get(`${path}/inputs`)).status === 200, 20_000);
      const subject = { provider: owner.address, modelId, epoch };
      const inputs = parseInputsOpening((await get(`${path}/inputs`)).text, subject);
      const [seed] = await client.readContract({
        address: address("HeaderBeacon"),
        abi: headerBeaconAbi,
        functionName: "seedOf",
        args: [epoch],
      });
      const positions = samplePositions({ seed, ...subject, m: log.m, units: log.units });
      const ranges = inputs.leaves.map(({ fields, proof }) => {
        const { root, count, units } = log;
        const { prefix } = verifyMerkleSum({
          root,
          count,
          units,
          leaf: leafHash(fields),
          leafUnits: fields.units,
          proof,
        });
        return { from: prefix, to: prefix + BigInt(fields.units) };
      });
      for (const p of positions) expect(ranges.some(({ from, to }) => from <= p && p < to)).to.equal(true);
      expect((await get(`${path}/outputs`)).status).to.equal(425);
      await until("outputs open", async () => (await get(`${path}/outputs`)).status === 200, 60_000);
      const outputs = parseOutputsOpening((await get(`${path}/outputs`)).text, subject);
      expect(outputs.leaves.map(({ index }) => index)).to.deep.equal(inputs.leaves.map(({ index }) => index));
    } finally {
      await shutdown.close("the test is over");
    }
  });
});
