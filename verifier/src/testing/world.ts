import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp, type Http, openJournal } from "@surety/node-kit";
import type { Windows } from "@surety/protocol";
import type { Address } from "viem";
import type { Log } from "../ports.ts";
import { createStore } from "../store/index.ts";
import { createVerifier, type Verifier, type VerifierDeps } from "../verifier.ts";
import { fastClock, type SimTime } from "./fast-clock.ts";
import { attendPeers, PEERS } from "./peers.ts";
import { seededRng } from "./rng.ts";
import { CHAIN_ID, createSimChain, HUB, RECEIPTS, type SimChain, simPorts } from "./sim-chain.ts";
import { manifest, toyId, toyInputs, toyModels, toyRerunner } from "./toy-model.ts";
import { startToyProvider, type ToyProvider } from "./toy-provider.ts";

/** The verifier of the simulations. */
export const ME: Address = "0x00000000000000000000000000000000000000e1";
export const PROVIDER: Address = "0x00000000000000000000000000000000000000d1";

/** Start of epoch 0. */
export const GENESIS = 1_800_000_000n;
/** Lengths of an epoch and of its steps, seconds. */
export type Pace = { length: bigint; windows: Windows };

/** Epochs and windows of a devnet. */
export const DEVNET: Pace = {
  length: 10n,
  windows: {
    logWindow: 2n,
    beaconLag: 1n,
    openWindow: 2n,
    commitWindow: 2n,
    outputWindow: 2n,
    revealWindow: 2n,
    disputeWindow: 10n,
    answerWindow: 2n,
    juryWindow: 2n,
    grace: 2n,
  },
};
/** A pace that leaves time to start a process over and over. */
export const SLOW: Pace = {
  length: 20n,
  windows: { ...DEVNET.windows, openWindow: 5n, commitWindow: 9n, outputWindow: 5n, revealWindow: 8n },
};
/** The first epoch with probe seats: its seed(e-2) is there when the simulation begins. */
export const EPOCH = 3n;

/** A log that keeps what it is told. */
export type KeptLog = Log & { lines: { level: string; message: string; facts: Record<string, unknown> }[] };

/** Makes a log that keeps what it is told. */
export function keptLog(): KeptLog {
  const lines: KeptLog["lines"] = [];
  const at = (level: string) => (facts: object, message: string) => {
    lines.push({ level, message, facts: facts as Record<string, unknown> });
    if (process.env.VERBOSE) console.error(level, message, facts);
  };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A chain, a provider and what a verifier needs, in simulated time. */
export type World = {
  chain: SimChain;
  provider: ToyProvider;
  directory: string;
  time: SimTime;
  speed: number;
  http: Http;
  log: KeptLog;
  deps: VerifierDeps;
  verifier: Verifier;
  /** Waits until chain time `second`, Unix seconds. */
  until(second: bigint): Promise<void>;
  /** Runs everything but the verifier for epoch {@link EPOCH}: traffic while it lasts, then its log. */
  live(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Makes a world at the end of the epoch before {@link EPOCH}.
 * @param speed simulated seconds per second @param attending peers that reveal re-runs in the first round, by default all; deps take the place of the verifier's own
 */
export async function createWorld(
  options: {
    speed?: number;
    m?: number;
    latencyMs?: number;
    pace?: Pace;
    attending?: number;
    deps?: Partial<VerifierDeps>;
  } = {},
): Promise<World> {
  const { speed = 5, m = 12, latencyMs = 2_000, pace = DEVNET, attending = PEERS.length } = options;
  const { length, windows } = pace;
  const time: SimTime = { base: Number(GENESIS + EPOCH * length) * 1000 - 4_000, start: Date.now(), speed };
  const clock = fastClock(time);
  const chain = createSimChain({ genesis: GENESIS, length }, windows, clock);
  const provider = await startToyProvider(chain, clock, PROVIDER);
  const { operator, endpoint } = provider;
  const emit = (eventName: string, args: object) => chain.emit({ eventName, args } as never);
  emit("ProviderRegistered", { provider: PROVIDER, operator, endpoint });
  emit("ModelRegistered", { modelId: toyId, profileHash: manifest.profileHash });
  for (const [index, verifier] of [ME, ...PEERS].entries())
    emit("TicketBought", { verifier, index: BigInt(index), from: 0n });
  const commitment = { target: 990_000_000, latencyMs, capacity: 100, firstEpoch: 3, lastEpoch: 3 };
  emit("Promised", { provider: PROVIDER, modelId: toyId, index: 0n, commitment });
  for (let epoch = 0n; epoch < EPOCH; epoch++) emit("SeedDrawn", { epoch, seed: `0x${"5e".repeat(32)}` });

  const directory = mkdtempSync(join(tmpdir(), "surety-verifier-"));
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const log = keptLog();
  let asked = 0;
  const deps: VerifierDeps = {
    chainId: CHAIN_ID,
    me: ME,
    contracts: { AttestationHub: HUB, ReceiptLog: RECEIPTS },
    ...simPorts(chain, ME, clock),
    journal: openJournal(directory),
    store: createStore(join(directory, "work.sqlite")),
    http,
    models: toyModels,
    rerunner: toyRerunner,
    inputs: () => toyInputs([(asked++ % 10) / 3, 1]),
    clock,
    rng: seededRng("world"),
    log,
    pollMs: 300,
    ...options.deps,
  };
  const until = async (second: bigint): Promise<void> => {
    await clock.sleep(Math.max(0, Number(second) * 1000 - clock.now() + 20), closing.signal);
  };
  const closing = new AbortController();
  let peers: Promise<void> | undefined;
  const verifier = createVerifier(deps);
  return {
    chain,
    provider,
    directory,
    time,
    speed,
    http,
    log,
    deps,
    verifier,
    until,
    async live() {
      const { start, end } = chain.facts().times(EPOCH);
      await until(start);
      for (let i = 0; i < 20; i++) {
        await provider.serve(i % 3 === 0 ? toyInputs([i / 4, -1], [i / 5, 2]) : toyInputs([i / 6, 0.5]));
        await clock.sleep(Number(length) * 40);
      }
      await until(end + 1n);
      provider.commitLog(EPOCH, m);
      peers = attendPeers(chain, PROVIDER, EPOCH, { attending, until, signal: closing.signal });
    },
    async close() {
      closing.abort();
      await peers;
      await verifier.stop();
      await http.close();
      await provider.close();
      deps.store.close();
      deps.journal.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
