// Verifiers of the demo, as a process: keys that share one native ONNX Runtime and a WASM one, each with work of its own.
import { join } from "node:path";
import { createChainClient, createHttp, createLog, readDeployment } from "@surety/node-kit";
import { COURT_TERMS, type Hosted, openHost, randomInputs, readModels, type Status, systemRng } from "@surety/verifier";
import type { Address, Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { loadInputs } from "../../models/inputs.ts";

/** What the parent sends first. */
export type VerifiersConfig = {
  rpcUrl: string;
  chainId: number;
  deployments: string;
  keys: { name: string; key: Hex }[];
  data: string;
  models: string;
};

/** Probes of one record and slot of the day. */
export type SlotNote = { provider: Address; modelId: Hex; slot: number; probes: number; timely: number };

/** What they tell of an epoch when asked. */
export type VerifierNotes = { slots: SlotNote[] };
/** What they tell of all their work, by name. */
export type VerifierStatus = Record<string, Status>;

/** A verifier's own probes of an epoch that left, by record and slot. */
function slotNotes({ store }: Hosted, epoch: bigint): SlotNote[] {
  const assigned = store.assignments.all().filter((one) => one.epoch === epoch && one.role === 0);
  return assigned.flatMap(({ provider, modelId }) => {
    const probes = store.probes.of({ epoch, provider, modelId });
    const left = probes.filter(({ state }) => state === "answered" || state === "failed");
    const slots = [...new Set(left.map(({ slot }) => slot))];
    return slots.map((slot) => {
      const here = left.filter((probe) => probe.slot === slot);
      return { provider, modelId, slot, probes: here.length, timely: here.filter(({ timely }) => timely).length };
    });
  });
}

process.once("message", async (config: VerifiersConfig) => {
  const { chainId } = config;
  const log = createLog({ name: "verifiers", level: "error", format: "pretty", sink: process.stderr });
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const models = await readModels(config.models);
  const inputs = new Map(models.map(({ id, manifest }) => [id as string, loadInputs(manifest.name)]));
  const host = await openHost({
    client: createChainClient({ urls: [config.rpcUrl], chainId, http }),
    deployment: readDeployment(config.deployments, chainId),
    directory: join(config.data, "chain"),
    models,
    inputs: randomInputs(inputs, systemRng),
    http,
    log,
    pollMs: 250,
    txPollMs: 100,
    runTimeoutMs: 20_000,
    memoryBudgetBytes: 2 ** 31,
    sharedProcess: true,
    // What gas costs is no matter on this chain.
    court: { ...COURT_TERMS, maxFee: 10n ** 15n },
  });
  const verifiers = new Map<string, Hosted>();
  for (const { name, key } of config.keys) {
    const hosted = await host.add({ account: privateKeyToAccount(key), directory: join(config.data, name) });
    hosted.verifier.start();
    verifiers.set(name, hosted);
  }
  const all = [...verifiers];
  process.on("message", ({ question, kind, epoch }: { question: number; kind: string; epoch: number }) => {
    const status = (): VerifierStatus =>
      Object.fromEntries(all.map(([name, { verifier }]) => [name, verifier.status()]));
    const notes = (): VerifierNotes => ({ slots: all.flatMap(([, hosted]) => slotNotes(hosted, BigInt(epoch))) });
    process.send?.({ answer: question, value: kind === "status" ? status() : notes() });
  });
  const stop = async () => {
    await host.close();
    await http.close();
    process.exit(0);
  };
  process.once("disconnect", stop).once("SIGTERM", stop);
  // An interrupt reaches the whole group; the parent decides when its children end.
  process.on("SIGINT", () => undefined);
  process.send?.({ ready: {} });
});
