import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLog } from "@surety/node-kit";
import type { Address } from "viem";
import { readModels } from "../lib/actions/model.ts";
import { stakeOf } from "../lib/actions/stake.ts";
import { CLIENT, DEPLOYER, devAccount, LAZY } from "./accounts.ts";
import { calibrate } from "./calibration.ts";
import { checkResult } from "./checks.ts";
import { type Child, createChildren } from "./children.ts";
import { closingTables } from "./closing.ts";
import { conclude, type Notes } from "./conclude.ts";
import { firstCounted, settledThrough } from "./counting.ts";
import { casesOf, followCourt, lossesOf, restored } from "./court.ts";
import type { Actor, DemoModel } from "./epochs-log.ts";
import { summaryOf, thresholdOf } from "./finale.ts";
import type { LazyConfig } from "./lazy.ts";
import type { LoadConfig, LoadCounts } from "./load.ts";
import type { DemoOptions } from "./options.ts";
import { createPhases } from "./phases.ts";
import type { ProviderConfig, ProviderNotes } from "./provider.ts";
import { addressOf, idOf, type Market, openMarket } from "./setup.ts";
import { followChain } from "./state.ts";
import { EPOCH_LENGTH, LATENCY_MS, TARGETS, VERIFIER_HOSTS, WINDOWS } from "./terms.ts";
import type { VerifierNotes, VerifiersConfig } from "./verifiers.ts";
import { createScreen, viewLines } from "./view.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const CHAIN_ID = 31337;
/** Epochs before the first that counts, at most, and some that follow, in which the court comes to its end. */
const SPARE_EPOCHS = 16;
/** Longest wait for the court once all epochs have settled. */
const COURT_PATIENCE_MS = 100_000;

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
    const stakeNow = async (address: Address) => (await stakeOf(market!.as(devAccount(DEPLOYER)), address)).active;
    const stakes = await Promise.all(actors.map(({ address }) => stakeNow(address)));
    const [lazyAddress, clientAddress] = [LAZY, CLIENT].map(
      (index) => devAccount(index).account.address.toLowerCase() as Address,
    ) as [Address, Address];
    const lazyStake = await stakeNow(lazyAddress);

    say("starting three providers, twelve verifiers in two processes, and one that runs nothing");
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
    const plans = market.verifiers.map(({ name, key }) => ({ name, key: key.key }));
    const hosts = await Promise.all(
      Array.from({ length: VERIFIER_HOSTS }, (_, i) => {
        const config: VerifiersConfig = {
          ...common,
          keys: plans.filter((_, k) => k % VERIFIER_HOSTS === i),
          data: join(data, `verifiers-${i}`),
          models: join(root, "models"),
        };
        return children.start<object>(`verifiers ${i}`, new URL("./verifiers.ts", import.meta.url), config);
      }),
    );
    const lazy: LazyConfig = {
      ...common,
      providers: actors.map(({ address }) => address),
      modelIds: models.map(idOf),
      firstEpoch: market.firstEpoch,
    };
    const idle = await children.start<object>(
      "verifier that runs nothing",
      new URL("./lazy.ts", import.meta.url),
      lazy,
    );
    idle.onMessage(({ reason }) => log.warn({ reason }, "the verifier that runs nothing missed an epoch"));

    phases.begin("warm-up");
    const load: LoadConfig = {
      providers: Object.fromEntries(
        market.providers.map((plan) => {
          const { name, url, operator } = plan;
          return [name, { url, provider: addressOf(plan), operator: operator.account.address }];
        }),
      ),
      models: models.map(({ manifest }) => manifest),
      chainId: CHAIN_ID,
      receiptLog: market.deployment.contracts.ReceiptLog!,
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
    const court = followCourt(market.client, market.deployment);
    const named = models.map((model): DemoModel => ({ name: model.manifest.name, modelId: idOf(model) }));
    const notes: Notes = { served: new Map(), slots: new Map() };
    const noted = new Set<number>();
    const screen = createScreen(process.stdout);
    const records = actors.length * named.length;
    let counted: number[] = [];
    let first: number | undefined;
    let shown = 0;
    /** Reads and shows what is new. */
    const turn = async (): Promise<void> => {
      interrupt.signal.throwIfAborted();
      if (failed) throw failed;
      const now = await state.update();
      await court.update();
      if (first === undefined) {
        first = firstCounted(
          state,
          named.map(({ modelId }) => modelId),
          market!.firstEpoch,
        );
        if (first !== undefined) phases.begin("counted epochs");
      }
      counted = first === undefined ? [] : settledThrough(state, records, first, options.epochs);
      for (const epoch of settledThrough(state, records, 0, market!.lastEpoch + 1)) {
        if (noted.has(epoch)) continue;
        noted.add(epoch);
        await takeNotes(notes, epoch, providers, hosts);
      }
      const live = { now, firstCounted: first, counted: counted.length, wanted: options.epochs, clients: counts };
      const epochOf = (t: number) => Math.floor((t - Number(market!.deployment.genesis)) / Number(EPOCH_LENGTH));
      screen.show(viewLines(state, court, actors, live, epochOf), shown !== state.settled.length);
      shown = state.settled.length;
      if (epochOf(now) > market!.lastEpoch + 3) throw new Error("the promises ended before enough epochs had settled");
      await new Promise((resolve) => setTimeout(resolve, 400));
    };
    /** Whether the court has come to its end with all that the demo waits for. */
    const isJudged = async (): Promise<boolean> => {
      const cheat = actors.find(({ behaviour }) => behaviour === "cheap-model")!.address;
      if (casesOf(court, cheat).byJury === 0 || lossesOf(court, lazyAddress).length === 0) return false;
      if (restored(court, clientAddress).amount === 0n) return false;
      const threshold = thresholdOf(state, market!);
      const summaries = await Promise.all(named.map(({ modelId }) => summaryOf(market!, cheat, modelId)));
      return summaries.every(({ score }) => score < threshold);
    };
    while (counted.length < options.epochs) await turn();
    phases.begin("court");
    const patience = performance.now() + COURT_PATIENCE_MS;
    while (performance.now() < patience && !(await isJudged())) await turn();
    screen.done();

    phases.begin("closing");
    const parts = { market, state, court, actors, models: named, counted, notes, options, stakes, lazyStake };
    const result = await conclude({ ...parts, hosts, clients });
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
async function takeNotes(notes: Notes, epoch: number, providers: Named<object>[], hosts: Child<object>[]) {
  for (const { name, child } of providers) {
    notes.served.set(`${name}/${epoch}`, await child.ask<ProviderNotes>({ kind: "notes", epoch }));
  }
  for (const host of hosts) {
    const { slots } = await host.ask<VerifierNotes>({ kind: "notes", epoch });
    for (const { provider, modelId, slot, probes, timely } of slots) {
      const key = `${provider}/${modelId}/${epoch}`;
      const counts = notes.slots.get(key) ?? Array.from({ length: 24 }, () => ({ probes: 0, timely: 0 }));
      counts[slot]!.probes += probes;
      counts[slot]!.timely += timely;
      notes.slots.set(key, counts);
    }
  }
}
