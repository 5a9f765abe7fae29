import { join } from "node:path";
import {
  cageFacts,
  createMemoryBudget,
  createRuntime,
  DEFAULT_BUDGET_BYTES,
  DEFAULT_MEMORY_BYTES,
  openCage,
  type Runtime,
  type StoredModel,
} from "@surety/inference";
import {
  type BeaconName,
  beaconOf,
  contractAddress,
  createSender,
  type Store as Database,
  type Deployment,
  type Http,
  type Log,
  openJournal,
  openStore,
  pinChain,
} from "@surety/node-kit";
import { receiptDomain } from "@surety/protocol";
import { errorsAbi } from "@surety/sdk";
import type { LocalAccount, PublicClient } from "viem";
import { COURT_TERMS, type CourtTerms } from "./court/limits.ts";
import { createCourtReads } from "./court/reads.ts";
import { reproducedModels } from "./limits.ts";
import type { Clock, DrawCall, InputSource, Models, Rng } from "./ports.ts";
import { createOwnRuns } from "./rerun/runtimes.ts";
import { createSignatureCheck } from "./rerun/signatures.ts";
import type { DrandOptions } from "./settle/drand-draw.ts";
import { DRAND_URLS } from "./settle/drand-urls.ts";
import { createHeaderDraw } from "./settle/header-draw.ts";
import { createStore, type Store } from "./store/index.ts";
import { systemClock, systemRng } from "./system.ts";
import { createBlocks, createCallSender } from "./transactions.ts";
import { createVerifier, type Verifier } from "./verifier.ts";
import { openWatch, type Watch } from "./watch/watch.ts";

/** What verifiers of one process share. */
export type HostOptions = {
  client: PublicClient;
  deployment: Deployment;
  /** Where the watch keeps what it has read. */
  directory: string;
  models: readonly StoredModel[];
  inputs: InputSource;
  /** Guarded client for calls to providers. */
  http: Http;
  /** Where drand rounds come from, for deployments with a DrandBeacon. Default: public relays over `http`. */
  drand?: DrandOptions;
  log: Log;
  clock?: Clock;
  rng?: Rng;
  /** Blocks above one before its events count. Default 0. */
  confirmations?: number;
  /** Milliseconds between looks at the chain. Default 300. */
  pollMs?: number;
  /** Milliseconds between looks at transactions under way. Default 1,000. */
  txPollMs?: number;
  /** Milliseconds one inference may take before its process is killed. Default 10,000. */
  runTimeoutMs?: number;
  /** Resident bytes of all processes that run models, native and WASM together. Default 4 GiB. */
  memoryBudgetBytes?: number;
  /** One native and one WASM process for all models instead of one each: for few cores. Default false. */
  sharedProcess?: boolean;
  /** How far verifiers go at the court of their own will. Default {@link COURT_TERMS}. */
  court?: CourtTerms;
};

/** A verifier of a host, with what belongs to it alone. */
export type Hosted = {
  verifier: Verifier;
  store: Store;
  /** Gas of its transactions, by `Contract.function`. */
  gasUsed: ReturnType<typeof createSender>["gasUsed"];
  /** Stops it, and closes what belongs to it alone. */
  close(): Promise<void>;
};

/** Verifiers that share one watch of the chain and one pair of runtimes. */
export type Host = {
  watch: Watch;
  runtimes: { native: Runtime; wasm: Runtime };
  /** Adds a verifier, not started. @param directory its own: no two may share one */
  add(options: { account: LocalAccount; directory: string; log?: Log }): Promise<Hosted>;
  /** Closes the shared parts; the verifiers first. */
  close(): Promise<void>;
};

/** Adds up closers, to be run in the reverse order; every one runs, whatever the others do. */
function createClosing(log: Log) {
  const closers: (() => unknown)[] = [];
  return {
    add: (closer: () => unknown) => void closers.push(closer),
    run: async (): Promise<void> => {
      for (const closer of closers.splice(0).reverse()) {
        try {
          await closer();
        } catch (err) {
          log.error({ err }, "could not close");
        }
      }
    },
  };
}

/** How seeds are drawn from a beacon. Drand's curve is loaded only where it is needed. */
async function drawCallOf(beacon: BeaconName, { client, http, drand }: HostOptions): Promise<DrawCall> {
  if (beacon === "HeaderBeacon") return createHeaderDraw(createBlocks(client));
  const { createDrandDraw } = await import("./settle/drand-draw.ts");
  return createDrandDraw(drand ?? { http, urls: DRAND_URLS });
}

/**
 * Opens what verifiers of one process share: the watch of the chain, a native and a WASM runtime with all models loaded.
 * Models whose calibration this machine does not reproduce are as if it did not hold them.
 * @throws SuretyError of the chain, the deployment or a model, after closing what was opened
 */
export async function openHost(options: HostOptions): Promise<Host> {
  const { client, deployment, models, log, clock = systemClock, rng = systemRng, pollMs = 300 } = options;
  const { chainId } = deployment;
  const at = (name: string) => contractAddress(deployment, name);
  const closing = createClosing(log);
  const beacon = beaconOf(deployment);
  const drawCall = await drawCallOf(beacon.name, options);

  const open = async (directory: string): Promise<Database> => {
    const database = openStore({ directory });
    closing.add(database.close);
    await pinChain(client, chainId, database);
    return database;
  };
  const budget = createMemoryBudget(options.memoryBudgetBytes ?? DEFAULT_BUDGET_BYTES);
  const start = async (kind: "native" | "wasm"): Promise<Runtime> => {
    const runtime = createRuntime({
      kind,
      timeoutMs: options.runTimeoutMs ?? 10_000,
      log: log.child({ part: kind }),
      budget,
      sharedProcess: options.sharedProcess ?? false,
    });
    closing.add(runtime.close);
    for (const { id, model } of models) await runtime.load(id, model);
    return runtime;
  };

  log.info(cageFacts(openCage(DEFAULT_MEMORY_BYTES)), "what a process that runs models cannot do here");
  try {
    const database = await open(options.directory);
    const watch = await openWatch({
      client,
      database,
      contracts: { ...deployment.contracts, EpochClock: at("EpochClock") },
      startBlock: deployment.startBlock,
      confirmations: options.confirmations ?? 0,
      clock,
      log: log.child({ part: "watch" }),
      minGapMs: pollMs / 2,
    });
    const [native, wasm] = await Promise.all([start("native"), start("wasm")]);
    const runtimes = { native, wasm };
    const judged = await reproducedModels({ models, runtimes, inputs: options.inputs, database, rng, log });
    const kept: Models = { get: (id) => judged.find((model) => model.id === id) };
    const rerunner = createOwnRuns(runtimes);
    const reads = createCourtReads(client, deployment);
    const rooms = {
      Penalties: at("Penalties"),
      Faults: at("Faults"),
      Demands: at("Demands"),
      Juries: at("Juries"),
      DisputeCourt: at("DisputeCourt"),
      SeatCases: at("SeatCases"),
      Attendance: at("Attendance"),
      RewardDistributor: at("RewardDistributor"),
      VerifierRegistry: at("VerifierRegistry"),
      Asset: await reads.asset(),
    };
    const isSigned = createSignatureCheck(receiptDomain({ chainId: BigInt(chainId), receiptLog: at("ReceiptLog") }));

    const add: Host["add"] = async ({ account, directory, log: own = log }) => {
      const closingOwn = createClosing(own);
      try {
        const database = openStore({ directory: join(directory, "transactions") });
        closingOwn.add(database.close);
        const journal = openJournal(directory);
        closingOwn.add(journal.close);
        const store = createStore(join(directory, "work.sqlite"));
        closingOwn.add(store.close);
        const transactions = createSender({
          client,
          account,
          chain: { id: chainId },
          store: database,
          log: own.child({ part: "transactions" }),
          errors: errorsAbi,
          pollMs: options.txPollMs ?? 1_000,
        });
        closingOwn.add(transactions.close);
        const contracts = {
          AttestationHub: at("AttestationHub"),
          [beacon.name]: beacon.address,
          ReceiptLog: at("ReceiptLog"),
          ...rooms,
        };
        const verifier = createVerifier({
          chainId,
          me: account.address,
          contracts,
          watch,
          drawCall,
          sender: createCallSender({ client, transactions, contracts }),
          journal,
          store,
          http: options.http,
          models: kept,
          rerunner,
          isSigned,
          inputs: options.inputs,
          clock,
          rng,
          log: own,
          pollMs,
          court: { reads, terms: options.court ?? COURT_TERMS },
        });
        closingOwn.add(verifier.stop);
        closing.add(closingOwn.run);
        return { verifier, store, gasUsed: transactions.gasUsed, close: closingOwn.run };
      } catch (error) {
        await closingOwn.run();
        throw error;
      }
    };
    return { watch, runtimes, add, close: closing.run };
  } catch (error) {
    await closing.run();
    throw error;
  }
}
