// A verifier of the demo, as a process of its own with a key, a native onnxruntime and a WASM one: as an operator starts it.
import { type Status, type Store, startVerifier } from "@surety/verifier";
import type { Address, Hex } from "viem";

/** What the parent sends first. */
export type VerifierConfig = {
  rpcUrl: string;
  chainId: number;
  deployments: string;
  key: Hex;
  data: string;
  models: string;
};

/** Probes of one record and slot of the day. */
export type SlotNote = { provider: Address; modelId: Hex; slot: number; probes: number; timely: number };

/** What it tells of an epoch when asked. */
export type VerifierNotes = { slots: SlotNote[] };
/** What it tells of all its work. */
export type VerifierStatus = Status;

/** Its own probes of an epoch that left, by record and slot. */
function slotNotes(store: Store, epoch: bigint): SlotNote[] {
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

process.once("message", async (config: VerifierConfig) => {
  const { hosted, shutdown } = await startVerifier({
    rpcUrls: [config.rpcUrl],
    chainId: config.chainId,
    deployments: config.deployments,
    devKey: config.key,
    keystore: undefined,
    password: undefined,
    logLevel: "error",
    logFormat: "pretty",
    data: config.data,
    models: config.models,
    inputs: undefined,
    confirmations: undefined,
    pollMs: 250,
    runTimeoutMs: 20_000,
    // No case of the demo is taken to the court.
    courtChallenge: false,
    courtBond: 0n,
    courtFeeGwei: 0,
    drandUrls: [],
    memoryBudgetMb: 2_048,
    sharedProcess: true,
    allowPrivate: true,
  });
  process.on("message", ({ question, kind, epoch }: { question: number; kind: string; epoch: number }) => {
    const value = kind === "status" ? hosted.verifier.status() : { slots: slotNotes(hosted.store, BigInt(epoch)) };
    process.send?.({ answer: question, value });
  });
  process.once("disconnect", async () => {
    await shutdown.close("the demo ended");
    process.exit(0);
  });
  process.send?.({ ready: {} });
});
