import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHttp } from "@surety/node-kit";
import {
  buildMerkleSum,
  leafHash,
  type Receipt,
  receiptDomain,
  recoverReceiptSigner,
  sealOutput,
} from "@surety/protocol";
import { decodeInferResponse, encodeInferRequest, HEADER_LENGTH, receiptOf } from "@surety/sdk";
import { expect } from "chai";
import { type Hex, toHex } from "viem";
import { loadInputs } from "../../models/inputs.ts";
import type { LogCommit } from "./chain.ts";
import { openEpochKeys } from "./epoch-key.ts";
import { readModels } from "./models.ts";
import { openReceipts } from "./store.ts";
import { GENESIS, MODELS, OPERATOR, PROVIDER, until } from "./testing/harness.ts";

const LENGTH = 90;
const KILLS = 3;
const CLIENTS = 4;
const digits = loadInputs("digits-cnn");
const victim = fileURLToPath(new URL("./testing/victim.ts", import.meta.url));

type Given = { receipt: Receipt; signature: Hex };

describe("a provider that is killed", function () {
  this.timeout(180_000);
  let directory: string;
  let child: ChildProcess | undefined;
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "surety-kill-"));
  });
  after(async () => {
    child?.kill("SIGKILL");
    await http.close();
    rmSync(directory, { recursive: true });
  });

  /** Starts the provider with its clock at a second after genesis. */
  const start = (second: number, onCommit: (log: LogCommit) => void = () => {}): Promise<string> =>
    new Promise((resolve, reject) => {
      const aheadMs = Number(GENESIS) * 1000 + second * 1000 - Date.now();
      child = fork(victim, [directory, String(GENESIS), String(LENGTH), String(aheadMs)], {
        serialization: "advanced",
      });
      child.on("message", (message: { url?: string; commit?: LogCommit }) => {
        if (message.url !== undefined) resolve(message.url);
        if (message.commit !== undefined) onCommit(message.commit);
      });
      child.once("exit", (code) => reject(new Error(`the provider ended with ${code} before it listened`)));
    });
  const kill = async () => {
    const gone = new Promise((resolve) => child?.once("exit", resolve));
    child?.kill("SIGKILL");
    await gone;
  };

  /** Asks until the provider is gone, keeping every receipt that came. */
  const client = async (url: string, given: Given[]): Promise<void> => {
    for (let i = 0; ; i++) {
      const message = encodeInferRequest({ inputs: digits.at(i % digits.count), binaryOutput: true });
      const url_ = `${url}/v2/models/digits-cnn/infer`;
      let answer: Awaited<ReturnType<typeof http.request>>;
      try {
        answer = await http.request({ url: url_, method: "POST", body: message.body, headers: message.headers });
      } catch {
        return; // The connection broke: what was under way got no receipt.
      }
      if (answer.status === 503) continue;
      expect(answer.status).to.equal(200);
      const { parameters } = decodeInferResponse({ body: answer.body, headerLength: answer.headers[HEADER_LENGTH] });
      given.push(receiptOf(parameters)!);
    }
  };

  it("never gives a number twice, and its log holds every receipt that it gave", async () => {
    // A new store serves from the next epoch on: it is made in epoch 0, all serving happens in epoch 1.
    await start(1);
    await kill();
    const given: Given[] = [];
    const perLife: number[] = [];
    for (let life = 0; life <= KILLS; life++) {
      const url = await start(LENGTH + 5);
      const before = given.length;
      const clients = Array.from({ length: CLIENTS }, () => client(url, given));
      await until("enough receipts", () => given.length >= before + 12 + 5 * life, 60_000);
      await kill();
      await Promise.all(clients);
      perLife.push(given.length - before);
    }
    expect(perLife.every((n) => n >= 12)).to.equal(true);
    const seqs = given.map(({ receipt }) => receipt.seq);
    expect(new Set(seqs).size).to.equal(seqs.length);

    // The epoch is over: the next life commits what the others served.
    const commits: LogCommit[] = [];
    await start(2 * LENGTH, (log) => commits.push(log));
    await until("three logs are committed", () => commits.length === 3, 60_000);
    const ended = new Promise((resolve) => child?.once("exit", resolve));
    child?.send("stop");
    expect(await ended).to.equal(0);

    const { modelId } = (await readModels(MODELS)).find(({ manifest }) => manifest.name === "digits-cnn")!;
    const log = commits.find((c) => c.modelId === modelId)!;
    const store = await openReceipts(join(directory, "receipts"), PROVIDER);
    const keys = openEpochKeys(join(directory, "epoch-secret"), PROVIDER);
    const domain = receiptDomain({ chainId: 31337, receiptLog: "0x5fbdb2315678afecb367f032d93f642f64180aa3" });
    const rows = Array.from({ length: log.count }, (_, seq) => store.receipt(modelId, 1n, seq)!);
    await store.close();

    expect(log.count).to.be.within(given.length, given.length + KILLS * CLIENTS + CLIENTS);
    const leaves = rows.map(({ receipt: { outputHash, ...fields } }) => {
      const salt = toHex(keys.salt(modelId, 1n, fields.seq));
      return { hash: leafHash({ ...fields, sealed: sealOutput(salt, outputHash) }), units: fields.units };
    });
    const tree = buildMerkleSum(leaves);
    expect([tree.root, tree.units]).to.deep.equal([log.root, log.units]);
    for (const { receipt, signature } of given) {
      expect(rows[receipt.seq]!.receipt).to.deep.equal(receipt);
      expect(await recoverReceiptSigner(domain, receipt, signature)).to.equal(OPERATOR.address);
    }
  });
});
