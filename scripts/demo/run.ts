import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLog } from "@surety/node-kit";
import type { Address, Hex } from "viem";
import { readModels } from "../lib/actions/model.ts";
import { stakeOf } from "../lib/actions/stake.ts";
import { readArtifact } from "../lib/artifacts.ts";
import { DEPLOYER, devAccount } from "./accounts.ts";
import { calibrate } from "./calibration.ts";
import { checkResult } from "./checks.ts";
import { type Child, createChildren } from "./children.ts";
import { closingTables } from "./closing.ts";
import { firstCounted, settledThrough } from "./counting.ts";
import { type Actor, type DemoModel, epochsLog } from "./epochs-log.ts";
import { askDapp, claimAll, deployDapp, settledOf, summaryOf, thresholdOf } from "./finale.ts";
import { gasByFunction } from "./gas.ts";
import type { LoadConfig, LoadCounts } from "./load.ts";
import type { DemoOptions } from "./options.ts";
import { createPhases } from "./phases.ts";
import type { ProviderConfig, ProviderNotes } from "./provider.ts";
import { recordResult, type SlotCounts } from "./record-result.ts";
import type { DemoResult, ProviderResult, VerifierResult } from "./result.ts";
import { addressOf, idOf, type Market, openMarket, verifierPlans } from "./setup.ts";
import { type DemoState, followChain } from "./state.ts";
import { EPOCH_LENGTH, LATENCY_MS, TARGETS, WINDOWS } from "./terms.ts";
import type { VerifierConfig, VerifierNotes, VerifierStatus } from "./verifier.ts";
import { createScreen, viewLines } from "./view.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CHAIN_ID = 31337;
/** Epochs before the first that counts, at most, and some that follow. */
const SPARE_EPOCHS = 8;

/** Notes of all processes about one epoch, kept once it has settled. */
type Notes = { served: Map<string, ProviderNotes>; slots: Map<string, SlotCounts> };

/** Runs the demo. @returns Whether everything it says happened. */
export async function runDemo(options: DemoOptions): Promise<boolean> {
  const log = createLog({ name: "demo", level: "warn", format: "pretty", sink: process.stderr });
  const phases = createPhases();
  const data = mkdtempSync(join(tmpdir(), "surety-demo-"));
  let failed: Error | undefined;
  const children = createChildren((name, reason) => {
    failed ??= new Error(`${name} ${reason}`);
  });
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const say = (text: string) => console.log(text);
  let market: Market | undefined;

  try {
    phases.begin("calibration");
    const models = await readModels(join(root, "models"));
    const pace = await calibrate(children, { data, models: join(root, "models") });
    say(pace.summary);

    phases.begin("set-up");
    const chain = await children.start<{ url: string }>("chain", new URL("../chain.ts", import.meta.url), { port: 0 });
    say(`chain ${CHAIN_ID} at ${chain.ready.url}, a block every 200 ms`);
    const common = { rpcUrl: chain.ready.url, chainId: CHAIN_ID, deployments: join(root, "deployments") };
    const startVerifiers = () =>
      Promise.all(
        verifierPlans().map(async ({ name, key }) => {
          const config: VerifierConfig = {
            ...common,
            key: key.key,
            data: join(data, `verifier-${name}`),
            models: join(root, "models"),
          };
          const module = new URL("./verifier.ts", import.meta.url);
          const child = await children.start<object>(`verifier ${name}`, module, config);
          return { name, child, address: key.account.address.toLowerCase() as Address };
        }),
      );
    market = await openMarket({
      rpcUrl: chain.ready.url,
      chainId: CHAIN_ID,
      deployments: join(root, "deployments"),
      models,
      target: TARGETS[pace.probes],
      epochs: options.epochs + SPARE_EPOCHS,
      log,
      onStep: say,
    });
    const actors = market.providers.map(
      (plan): Actor => ({ name: plan.name, address: addressOf(plan), behaviour: plan.behaviour }),
    );
    const stakes = await Promise.all(actors.map(({ address }) => stakeOf(market!.as(devAccount(DEPLOYER)), address)));

    say(
      "starting three providers and six verifiers, each with one native process for its models, verifiers with a WASM one too",
    );
    const providers = await Promise.all(
      market.providers.map(async ({ name, behaviour, operator, port }) => {
        const config: ProviderConfig = {
          ...common,
          behaviour,
          key: operator.key,
          port,
          data: join(data, `provider-${name}`),
          models: join(root, "models"),
          seed: options.seed,
        };
        const child = await children.start<object>(
          `provider ${name}`,
          new URL("./provider.ts", import.meta.url),
          config,
        );
        return { name, child };
      }),
    );
    // After the providers: one that starts late has no receipts for the first promised epoch.
    const verifiers = await startVerifiers();

    phases.begin("warm-up");
    const load: LoadConfig = {
      providers: Object.fromEntries(market.providers.map(({ name, url }) => [name, url])),
      models: models.map(({ manifest }) => manifest.name),
      genesis: Number(market.deployment.genesis),
      epochLength: Number(EPOCH_LENGTH),
      firstEpoch: market.firstEpoch,
      rate: pace.rate,
      latencyMs: LATENCY_MS,
      seed: options.seed,
    };
    const clients = await children.start<object>("clients", new URL("./load.ts", import.meta.url), load);
    let counts: Record<string, LoadCounts> = {};
    clients.onMessage((message) => {
      if (message.kind === "failure") log.warn({ at: message.key, reason: message.reason }, "a client was failed");
      if (message.kind === "counts") counts = message.counts as Record<string, LoadCounts>;
    });

    const state = followChain(market.client, market.deployment, WINDOWS);
    const named = models.map((model): DemoModel => ({ name: model.manifest.name, modelId: idOf(model) }));
    const notes: Notes = { served: new Map(), slots: new Map() };
    const noted = new Set<number>();
    const screen = createScreen(process.stdout);
    const records = actors.length * named.length;
    let counted: number[] = [];
    let first: number | undefined;
    let shown = 0;
    while (counted.length < options.epochs) {
      interrupt.signal.throwIfAborted();
      if (failed) throw failed;
      const now = await state.update();
      if (first === undefined) {
        first = firstCounted(
          state,
          named.map(({ modelId }) => modelId),
          market.firstEpoch,
        );
        if (first !== undefined) phases.begin("counted epochs");
      }
      counted = first === undefined ? [] : settledThrough(state, records, first, options.epochs);
      for (const epoch of settledThrough(state, records, 0, market.lastEpoch + 1)) {
        if (noted.has(epoch)) continue;
        noted.add(epoch);
        await takeNotes(notes, epoch, providers, verifiers);
      }
      const live = { now, firstCounted: first, counted: counted.length, wanted: options.epochs, clients: counts };
      const epochOf = (t: number) => Math.floor((t - Number(market!.deployment.genesis)) / Number(EPOCH_LENGTH));
      screen.show(viewLines(state, actors, live, epochOf), shown !== state.settled.length);
      shown = state.settled.length;
      if (epochOf(now) > market.lastEpoch + 3) throw new Error("the promises ended before enough epochs had settled");
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    screen.done();

    phases.begin("closing");
    const result = await conclude({ market, state, actors, models: named, counted, notes, options, stakes, verifiers });
    phases.end();
    Object.assign(result.phases, phases.seconds);
    const checks = checkResult(result, options);
    say(`\n${closingTables(result, checks)}\n`);
    if (options.json) {
      writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
      say(`result written to ${options.json}`);
    }
    if (options.keep) {
      say(`chain ${chain.ready.url}; ${market.providers.map(({ name, url }) => `${name} ${url}`).join(", ")}`);
      say(`contracts in deployments/${CHAIN_ID}.json; running until interrupted (Ctrl-C)`);
      await new Promise((resolve) => interrupt.signal.addEventListener("abort", resolve));
    }
    return checks.every(({ holds }) => holds);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await children.stop();
    await market?.close();
    rmSync(data, { recursive: true, force: true });
  }
}

type Named<T> = { name: string; child: Child<T> };

/** Asks every process what it noted about a settled epoch. */
async function takeNotes(notes: Notes, epoch: number, providers: Named<object>[], verifiers: Named<object>[]) {
  for (const { name, child } of providers) {
    notes.served.set(`${name}/${epoch}`, await child.ask<ProviderNotes>({ kind: "notes", epoch }));
  }
  for (const { child } of verifiers) {
    const { slots } = await child.ask<VerifierNotes>({ kind: "notes", epoch });
    for (const { provider, modelId, slot, probes, timely } of slots) {
      const key = `${provider}/${modelId}/${epoch}`;
      const counts = notes.slots.get(key) ?? Array.from({ length: 24 }, () => ({ probes: 0, timely: 0 }));
      counts[slot]!.probes += probes;
      counts[slot]!.timely += timely;
      notes.slots.set(key, counts);
    }
  }
}

type Conclusion = {
  market: Market;
  state: DemoState;
  actors: readonly Actor[];
  models: readonly DemoModel[];
  counted: readonly number[];
  notes: Notes;
  options: DemoOptions;
  stakes: readonly { active: bigint }[];
  verifiers: readonly (Named<object> & { address: Address })[];
};

/** Claims, asks the dapp, and puts everything together. */
async function conclude(parts: Conclusion): Promise<DemoResult> {
  const { market, state, actors, models, counted, notes, options } = parts;
  const threshold = thresholdOf(state, market);
  const dapp = await deployDapp(market, threshold);
  const paid = await claimAll(market);
  const swapped = (actor: Actor, modelId: Hex, epoch: number) =>
    new Set<number>(notes.served.get(`${actor.name}/${epoch}`)?.[modelId]?.swappedLeaves ?? []);
  const epochs = epochsLog(state, actors, models, counted, swapped);

  const providers: ProviderResult[] = [];
  for (const [i, actor] of actors.entries()) {
    const records = [];
    let openCases = 0;
    for (const { name: model, modelId } of models) {
      // Claims take a while, in which another epoch may have settled: the ceiling has to know of it, too.
      const summary = await summaryOf(market, actor.address, modelId);
      await state.update();
      openCases += summary.openCases;
      records.push(
        recordResult({
          provider: actor.name,
          model,
          modelId,
          settled: settledOf(state, actor.address, modelId),
          epochs,
          slots: addSlots(counted.map((epoch) => notes.slots.get(`${actor.address}/${modelId}/${epoch}`))),
          served: addServed(counted.map((epoch) => notes.served.get(`${actor.name}/${epoch}`)?.[modelId])),
          summary,
          dapp: await askDapp(market, dapp, actor.address, modelId),
        }),
      );
    }
    const after = await stakeOf(market.as(devAccount(DEPLOYER)), actor.address);
    providers.push({
      ...actor,
      stake: { before: String(parts.stakes[i]!.active), after: String(after.active) },
      pay: String(paid.get(actor.address) ?? 0n),
      openCases,
      records,
    });
  }
  const verifiers: VerifierResult[] = [];
  for (const { name, child, address } of parts.verifiers) {
    const { assignments, attested, missed } = await child.ask<VerifierStatus>({ kind: "status" });
    verifiers.push({ name, address, assignments, attested, missed, pay: String(paid.get(address) ?? 0n) });
  }
  const { contracts, chainId, startBlock } = market.deployment;
  const measured = [
    "StakePool",
    "HeaderBeacon",
    "ProviderRegistry",
    "ModelRegistry",
    "VerifierRegistry",
    "CommitmentBook",
    "ReceiptLog",
    "RewardDistributor",
    "AttestationHub",
  ] as const;
  const gas = await gasByFunction(
    market.client,
    Object.fromEntries(measured.map((name) => [name, { address: contracts[name]!, abi: readArtifact(name).abi }])),
    startBlock,
  );
  return {
    chainId,
    epochs: counted.length,
    seed: options.seed,
    threshold: Number(threshold) / 1e9,
    providers,
    verifiers,
    gas,
    phases: {},
    epochsLog: epochs,
  };
}

function addSlots(all: readonly (SlotCounts | undefined)[]): SlotCounts {
  return Array.from({ length: 24 }, (_, k) => ({
    probes: all.reduce((sum, counts) => sum + (counts?.[k]?.probes ?? 0), 0),
    timely: all.reduce((sum, counts) => sum + (counts?.[k]?.timely ?? 0), 0),
  }));
}

function addServed(all: readonly ({ answers: number; swapped: number } | undefined)[]) {
  return {
    answers: all.reduce((sum, one) => sum + (one?.answers ?? 0), 0),
    swapped: all.reduce((sum, one) => sum + (one?.swapped ?? 0), 0),
  };
}
