import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHttp, createLog, type HttpResponse } from "@surety/node-kit";
import { decodeTensors, type Receipt, type Tensor } from "@surety/protocol";
import {
  decodeInferResponse,
  encodeInferRequest,
  HEADER_LENGTH,
  type InferRequest,
  type InferResponse,
  receiptOf,
} from "@surety/sdk";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import type { ServedModel } from "../model.ts";
import { readModels } from "../models.ts";
import { createNativeBackend } from "../native-backend.ts";
import { createProvider, type Provider, type ProviderDeps } from "../provider.ts";
import { createMemoryChain, type MemoryChain } from "./memory-chain.ts";

export { loadInputs } from "../../../models/inputs.ts";

/** The folder of the shipped models. */
export const MODELS = fileURLToPath(new URL("../../../models", import.meta.url));
/** The operator key of tests: anvil's second. */
export const OPERATOR = privateKeyToAccount("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
export const PROVIDER = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
export const GENESIS = 1_700_000_000n;
export const LENGTH = 24n;
/** Units per second that each model is promised. */
export const CAPACITY = 10n;

export const silent = createLog({ name: "test", level: "silent" });
const http = createHttp({ allowHttp: true, allowPrivate: true, maxBytes: 8 << 20 });

/** A running provider with its levers. */
export type Harness = {
  chain: MemoryChain;
  models: ServedModel[];
  provider: Provider;
  directory: string;
  /** Moves both clocks to a second of an epoch. */
  setTime(epoch: bigint, second: number): void;
  /** Adds milliseconds to the wall clock alone. */
  skew(ms: number): void;
  get(path: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse>; headers: Record<string, string> }>;
  post(path: string, body: Uint8Array | string, headers?: Record<string, string>): Promise<HttpResponse>;
  infer(
    model: string,
    inputs: Tensor[],
    request?: Partial<InferRequest>,
  ): Promise<{ receipt: Receipt; signature: Hex; response: InferResponse }>;
  /** Stops and starts the provider on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

/** A backend without a runtime: every output element is the sum of the first input's bytes. */
export const sumBackend: ProviderDeps["backend"] = async ({ manifest }) => ({
  run: async (inputs) => {
    const rows = inputs[0]!.shape[0]!;
    const sum = inputs[0]!.data.reduce((total, byte) => total + byte, 0);
    return manifest.outputs.map(({ name, datatype, shape }) => {
      const full = [rows, ...shape.slice(1)];
      const values = Float32Array.from({ length: full.reduce((a, b) => a * b, 1) }, (_, i) => sum + i);
      return { name, datatype, shape: full, data: new Uint8Array(values.buffer) };
    });
  },
  close: async () => {},
});

export async function startHarness(overrides: Partial<ProviderDeps> & { native?: boolean } = {}): Promise<Harness> {
  const directory = mkdtempSync(join(tmpdir(), "surety-provider-"));
  const { native = false, ...deps } = overrides;
  let atMs = Number(GENESIS) * 1000 + 500;
  let skewMs = 0;
  const now = () => atMs + skewMs;
  const chain = createMemoryChain({
    genesis: GENESIS,
    length: LENGTH,
    provider: PROVIDER,
    operator: OPERATOR.address,
    now: () => atMs,
  });
  const models = await readModels(MODELS);
  for (const { modelId } of models) chain.capacity.set(modelId, CAPACITY);

  const start = () =>
    createProvider({
      chain,
      account: OPERATOR,
      models,
      backend: native ? createNativeBackend({ timeoutMs: 5000, log: silent, sharedProcess: true }) : sumBackend,
      dataDir: directory,
      host: "127.0.0.1",
      port: 0,
      log: silent,
      now,
      pollMs: 5,
      ...deps,
    });
  let provider = await start();
  const stop = () => provider.close();

  const harness: Harness = {
    chain,
    models,
    get provider() {
      return provider;
    },
    directory,
    setTime: (epoch, second) => {
      atMs = Number(GENESIS + epoch * LENGTH) * 1000 + second * 1000;
    },
    skew: (ms) => {
      skewMs = ms;
    },
    get: async (path) => {
      const { status, body, headers } = await http.request({ url: provider.url + path });
      return { status, body: JSON.parse(new TextDecoder().decode(body)), headers };
    },
    post: (path, body, headers = {}) => http.request({ url: provider.url + path, method: "POST", body, headers }),
    infer: async (model, inputs, request = {}) => {
      const message = encodeInferRequest({ inputs, binaryOutput: true, ...request });
      const answer = await harness.post(`/v2/models/${model}/infer`, message.body, message.headers);
      if (answer.status !== 200) throw new Error(`${answer.status} ${new TextDecoder().decode(answer.body)}`);
      const response = decodeInferResponse({ body: answer.body, headerLength: answer.headers[HEADER_LENGTH] });
      const given = receiptOf(response.parameters);
      if (given === null) throw new Error("no receipt");
      return { ...given, response };
    },
    restart: async () => {
      await stop();
      provider = await start();
    },
    close: async () => {
      await stop();
      rmSync(directory, { recursive: true });
    },
  };
  return harness;
}

/** Waits until `holds` does, or says what it waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 5000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until the provider serves. */
export const untilReady = (h: Harness): Promise<void> =>
  until("ready", async () => (await h.get("/v2/health/ready")).status === 200);

/** Tensors from base64 of their canonical bytes. */
export const fromBase64 = (text: string): Tensor[] => decodeTensors(new Uint8Array(Buffer.from(text, "base64")));
