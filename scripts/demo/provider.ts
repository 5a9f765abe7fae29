// A provider of the demo, as a process: the sidecar as an operator starts it, with the misbehaviour that its name promises.
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createRuntime, quantizeWeights, readModel } from "@surety/inference";
import { createChainClient, createHttp, createLog, readDeployment } from "@surety/node-kit";
import { compare, tensorHash } from "@surety/protocol";
import { type Admit, type Backend, type BackendFactory, createNativeBackend, startProvider } from "@surety/provider";
import type { Hex } from "viem";
import type { SuretyDeployment } from "../lib/actions/deploy.ts";
import { seededRandom } from "../lib/random.ts";
import { peakSlots, shedRate } from "./demand.ts";
import type { Behaviour } from "./result.ts";
import { followChain } from "./state.ts";
import { WINDOWS } from "./terms.ts";

/** What the parent sends first. */
export type ProviderConfig = {
  rpcUrl: string;
  chainId: number;
  deployments: string;
  behaviour: Behaviour;
  key: Hex;
  port: number;
  data: string;
  models: string;
  seed: number;
};

/**
 * What it confesses of an epoch, by model id: answers given, those from the cheap copy, and the leaves of those that are
 * wrong, which is nearly all of them: one in a thousand lies within the model's tolerance by chance.
 */
export type ProviderNotes = Record<Hex, { answers: number; swapped: number; swappedLeaves: number[] }>;

/** Share of answers that the cheap provider takes from the rounded copy: each that is found is a case. */
const CHEAP_SHARE = 0.1;

process.once("message", async (config: ProviderConfig) => {
  const log = createLog({ name: "demo", level: "warn", format: "pretty", sink: process.stderr });
  const random = seededRandom(config.seed, config.behaviour);
  const honest = createNativeBackend({ timeoutMs: 10_000, log, sharedProcess: true });
  /** Output hashes of answers from the cheap copy: whether they are wrong. */
  const swapped = new Map<Hex, boolean>();

  const cheapCopy: BackendFactory = async (model): Promise<Backend> => {
    const original = await honest(model);
    const { profile } = await readModel(join(config.models, model.manifest.name));
    const runtime = createRuntime({ kind: "native", timeoutMs: 10_000, log });
    await runtime.load(model.modelId, quantizeWeights(model.onnx).model);
    return {
      run: async (inputs) => {
        if (random() >= CHEAP_SHARE) return original.run(inputs);
        const claim = await runtime.run(model.modelId, inputs);
        // The truth is only asked for to know, for the closing table, which of the swapped answers are wrong.
        const truth = await original.run(inputs);
        const { verdict } = compare({ claim, native: truth, wasm: truth, profile, inDomain: true });
        swapped.set(tensorHash(claim), verdict === "mismatch");
        return claim;
      },
      close: async () => {
        await runtime.close();
        await original.close();
      },
    };
  };

  const { provider, shutdown } = await startProvider(
    {
      rpcUrls: [config.rpcUrl],
      chainId: config.chainId,
      deployments: config.deployments,
      devKey: config.key,
      keystore: undefined,
      password: undefined,
      // Its cases would fill the screen: it says of each what becomes of it.
      logLevel: config.behaviour === "cheap-model" ? "silent" : "warn",
      logFormat: "pretty",
      data: config.data,
      models: config.models,
      host: "127.0.0.1",
      port: config.port,
      pollMs: 250,
      runTimeoutMs: 10_000,
      sharedProcess: true,
      memoryBudgetMb: 2_048,
      maxInFlight: 256,
      maxSkewMs: 5_000,
      // The cheat fights as long as it has money for juries.
      courtDefend: config.behaviour === "cheap-model" ? "always" : "honest",
    },
    {
      backend: config.behaviour === "cheap-model" ? cheapCopy : honest,
      ...(config.behaviour === "sheds-peak" && { admit: await shedder(config, random) }),
    },
  );

  const receipts = new DatabaseSync(join(config.data, "receipts", "receipts.sqlite"), { readOnly: true });
  const rows = receipts.prepare(
    "SELECT seq, output_hash FROM receipt JOIN model ON model.id = receipt.model WHERE model_id = ? AND epoch = ?",
  );
  const models = receipts.prepare("SELECT model_id FROM model");
  const notesOf = (epoch: number): ProviderNotes =>
    Object.fromEntries(
      models.all().map(({ model_id }) => {
        const answers = rows.all(String(model_id), epoch).map(({ seq, output_hash }) => ({
          seq: Number(seq),
          wrong: swapped.get(`0x${Buffer.from(output_hash as Uint8Array).toString("hex")}`),
        }));
        const cheap = answers.filter(({ wrong }) => wrong !== undefined);
        const swappedLeaves = cheap.filter(({ wrong }) => wrong === true).map(({ seq }) => seq);
        return [String(model_id).toLowerCase(), { answers: answers.length, swapped: cheap.length, swappedLeaves }];
      }),
    );

  process.on("message", ({ question, epoch }: { question: number; epoch: number }) => {
    process.send?.({ answer: question, value: notesOf(epoch) });
  });
  const stop = async (reason: string) => {
    receipts.close();
    await shutdown.close(reason);
    process.exit(0);
  };
  process.once("disconnect", () => stop("the demo ended"));
  process.send?.({ ready: { url: provider.url } });
});

/** Refuses requests in the peak slots, as many as the published demand makes it cost 8 %. */
async function shedder(config: ProviderConfig, random: () => number): Promise<Admit> {
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const client = createChainClient({ urls: [config.rpcUrl], chainId: config.chainId, http });
  const deployment = readDeployment(config.deployments, config.chainId) as SuretyDeployment;
  const state = followChain(
    client,
    { ...deployment, epochLength: BigInt(deployment.epochLength), exitDelay: BigInt(deployment.exitDelay) },
    WINDOWS,
  );
  setInterval(() => void state.update().catch((error) => console.error(`shedding provider: ${error}`)), 1000);
  const plans = new Map<string, { slots: number[]; rate: number }>();
  return ({ modelId, epoch, slot }) => {
    const key = `${modelId}/${epoch}`;
    let plan = plans.get(key);
    if (plan === undefined) {
      // The profile of an epoch stands from three epochs before; one plan holds for the whole epoch.
      const profile = state.profile(modelId.toLowerCase() as Hex, Number(epoch));
      plan = { slots: peakSlots(profile), rate: shedRate(profile) };
      plans.set(key, plan);
    }
    return plan.slots.includes(slot) && random() < plan.rate ? "capacity" : true;
  };
}
