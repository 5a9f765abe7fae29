// What one request costs in the provider's own process, step by step: `node provider/bench/steps.ts [rounds]`.
import { hash as digestOf } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  domainProblem,
  encodeTensors,
  leafHash,
  receiptDigest,
  receiptDomain,
  sealOutput,
  units,
} from "@surety/protocol";
import {
  decodeInferRequest,
  encodeInferRequest,
  encodeOutputs,
  HEADER_LENGTH,
  joinInferResponse,
  receiptParameters,
} from "@surety/sdk";
import { toHex } from "viem";

import { openEpochKeys } from "../src/epoch-key.ts";
import { readModels } from "../src/models.ts";
import { createReceiptHasher } from "../src/receipt-hash.ts";
import { openReceipts } from "../src/store.ts";
import { loadInputs, MODELS, OPERATOR, PROVIDER, sumBackend } from "../src/testing/harness.ts";
import { rowOf } from "../src/testing/rows.ts";

const rounds = Number(process.argv[2] ?? 1000);
const directory = mkdtempSync(join(tmpdir(), "surety-bench-"));
const store = await openReceipts(directory, PROVIDER);
const keys = openEpochKeys(join(directory, "epoch-secret"), PROVIDER);
const domain = receiptDomain({ chainId: 31337, receiptLog: "0x5fbdb2315678afecb367f032d93f642f64180aa3" });
const hash = createReceiptHasher(domain);
const model = (await readModels(MODELS)).find(({ manifest }) => manifest.name === "eth-spot-tcn")!;
const message = encodeInferRequest({ inputs: loadInputs("eth-spot-tcn").at(0), binaryOutput: true });
const raw = { body: message.body, headerLength: message.headers[HEADER_LENGTH] };
const { inputs } = decodeInferRequest(raw);
const backend = await sumBackend(model);
const outputs = await backend.run(inputs);
const inputBytes = encodeTensors(inputs);
const { receipt } = rowOf(0, { modelId: model.modelId });
const salt = keys.salt(model.modelId, 1n, 0);
const { digest, sealed } = hash(receipt, salt);
const signature = await OPERATOR.sign({ hash: digest });
const { outputHash, ...fields } = receipt;

let seq = 0;
const steps: [string, () => unknown][] = [
  ["decode the request", () => decodeInferRequest(raw)],
  ["domain and units", () => [domainProblem(model.manifest, inputs), units(model.manifest, inputs)]],
  ["canonical bytes, in and out", () => [encodeTensors(inputs), encodeTensors(outputs)]],
  ["SHA-256, in and out", () => [1, 2].map(() => digestOf("sha256", inputBytes, "hex"))],
  ["salt", () => keys.salt(model.modelId, 1n, 0)],
  ["digest, seal and leaf", () => hash(receipt, salt)],
  ["store, alone (one sync each)", () => store.append(rowOf(seq++, { modelId: model.modelId }))],
  [
    "store, eight at a time",
    () => Promise.all(Array.from({ length: 8 }, () => store.append(rowOf(seq++, { modelId: model.modelId })))),
  ],
  ["sign", () => OPERATOR.sign({ hash: digest })],
  [
    "encode the answer",
    () =>
      joinInferResponse(
        { modelName: "m", parameters: receiptParameters(receipt, signature) },
        encodeOutputs(outputs, () => true),
      ),
  ],
  ["(digest, by protocol/)", () => receiptDigest(domain, receipt)],
  ["(seal and leaf, by protocol/)", () => [sealOutput(toHex(salt), outputHash), leafHash({ ...fields, sealed })]],
];
console.log(`${"step".padEnd(34)}${"CPU us".padStart(10)}${"wall us".padStart(10)}`);
for (const [name, step] of steps) {
  for (let i = 0; i < rounds / 2; i++) await step();
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < rounds; i++) await step();
  const wall = ((performance.now() - start) * 1000) / rounds;
  const { user, system } = process.cpuUsage(cpu);
  console.log(name.padEnd(34) + ((user + system) / rounds).toFixed(1).padStart(10) + wall.toFixed(1).padStart(10));
}
await store.close();
rmSync(directory, { recursive: true });
