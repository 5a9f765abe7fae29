import {
  type DemandLog,
  type DemandProfile,
  demandProfile,
  type EpochTimes,
  epochTimes,
  unpackSlots,
  type Windows,
} from "@surety/protocol";
import { attestationHubAbi, headerBeaconAbi, receiptLogAbi } from "@surety/sdk";
import { type Address, type Hex, type PublicClient, parseEventLogs } from "viem";
import type { SuretyDeployment } from "../lib/actions/deploy.ts";

/** What one settlement said; rates as counts, score 1e9 = 100 %. */
export type Settled = {
  provider: Address;
  modelId: Hex;
  epoch: number;
  probes: number;
  timely: number;
  peakProbes: number;
  peakTimely: number;
  m: number;
  matches: number;
  mismatches: bigint;
  score: number;
  weight: bigint;
};

/** One revealed report. */
export type Revealed = {
  provider: Address;
  modelId: Hex;
  epoch: number;
  role: number;
  seat: number;
  verifier: Address;
  report: bigint;
};

/** One committed log. */
export type Committed = DemandLog & { provider: Address; modelId: Hex; count: number; m: number };

/** All that the demo shows of the chain, from its events. */
export type DemoState = {
  /** Reads what is new; resolves to the head's timestamp, Unix seconds. */
  update: () => Promise<number>;
  settled: Settled[];
  revealed: Revealed[];
  logs: Committed[];
  /** Seed by epoch. */
  seeds: Map<number, Hex>;
  /** Commitments by epoch. */
  commitments: Map<number, number>;
  /** The demand profile of a model in an epoch. */
  profile: (modelId: Hex, epoch: number) => DemandProfile;
  times: (epoch: number) => EpochTimes;
};

const lower = <T extends Hex>(hex: T) => hex.toLowerCase() as T;

/** Follows the chain for the demo; a devnet does not reorganise. */
export function followChain(client: PublicClient, deployment: SuretyDeployment, windows: Windows): DemoState {
  const { contracts } = deployment;
  const abi = [...attestationHubAbi, ...headerBeaconAbi, ...receiptLogAbi] as const;
  const address = [contracts.AttestationHub!, contracts.HeaderBeacon!, contracts.ReceiptLog!];
  const clock = { genesis: deployment.genesis, length: deployment.epochLength };
  let next = deployment.startBlock;
  const settled: Settled[] = [];
  const revealed: Revealed[] = [];
  const logs: Committed[] = [];
  const seeds = new Map<number, Hex>();
  const commitments = new Map<number, number>();

  const update = async () => {
    const head = await client.getBlock({ includeTransactions: false });
    if (head.number < next) return Number(head.timestamp);
    const raw = await client.getLogs({ address, fromBlock: next, toBlock: head.number });
    next = head.number + 1n;
    for (const { eventName, args } of parseEventLogs({ abi, logs: raw })) {
      if (eventName === "Settled") {
        settled.push({
          provider: lower(args.provider),
          modelId: lower(args.modelId),
          epoch: Number(args.epoch),
          probes: Number(args.probes),
          timely: Number(args.timely),
          peakProbes: Number(args.peakProbes),
          peakTimely: Number(args.peakTimely),
          m: Number(args.m),
          matches: Number(args.matches),
          mismatches: BigInt(args.mismatches),
          score: Number(args.score),
          weight: args.weight,
        });
      } else if (eventName === "Revealed") {
        const { role, seat, report } = args;
        const [provider, modelId, verifier] = [lower(args.provider), lower(args.modelId), lower(args.verifier)];
        revealed.push({ provider, modelId, epoch: Number(args.epoch), role, seat, verifier, report });
      } else if (eventName === "Committed") {
        commitments.set(Number(args.epoch), (commitments.get(Number(args.epoch)) ?? 0) + 1);
      } else if (eventName === "SeedDrawn") {
        seeds.set(Number(args.epoch), args.seed);
      } else if (eventName === "LogCommitted") {
        logs.push({
          provider: lower(args.provider),
          // Nobody changes hands in the demo: the owner is who registered.
          owner: args.provider,
          modelId: lower(args.modelId),
          epoch: args.epoch,
          shares: unpackSlots(args.slots),
          units: args.units,
          cap: args.cap,
          count: args.count,
          m: args.m,
        });
      }
    }
    return Number(head.timestamp);
  };

  return {
    update,
    settled,
    revealed,
    logs,
    seeds,
    commitments,
    profile: (modelId, epoch) =>
      demandProfile(
        logs.filter((log) => log.modelId === modelId),
        epoch,
      ),
    times: (epoch) => epochTimes(clock, windows, epoch),
  };
}
