import { CASE_STATES, disputeCourtAbi, penaltiesAbi } from "@surety/sdk";
import { type Address, type Hex, hexToString, type PublicClient, parseEventLogs, trim } from "viem";
import type { SuretyDeployment } from "../lib/actions/deploy.ts";

/** A slash; amounts in the asset's smallest unit. */
export type Slash = { account: Address; cause: string; client: Address; taken: bigint; toClient: bigint };

/** A case that has ended. */
export type EndedCase = { id: Hex; provider: Address; state: (typeof CASE_STATES)[number]; hadJury: boolean };

/** All that the demo shows of the court, from its events. */
export type CourtState = {
  /** Reads what is new. */
  update: () => Promise<void>;
  slashes: Slash[];
  ended: EndedCase[];
  /** Cases before a jury, or after. */
  tried: Set<Hex>;
};

const lower = <T extends Hex>(hex: T) => hex.toLowerCase() as T;

/** Follows the court for the demo; a devnet does not reorganise. */
export function followCourt(client: PublicClient, { contracts, startBlock }: SuretyDeployment): CourtState {
  const abi = [...disputeCourtAbi, ...penaltiesAbi] as const;
  const address = [contracts.DisputeCourt!, contracts.Penalties!];
  let next = startBlock;
  const slashes: Slash[] = [];
  const ended: EndedCase[] = [];
  const tried = new Set<Hex>();

  const update = async (): Promise<void> => {
    const head = await client.getBlockNumber({ cacheTime: 0 });
    if (head < next) return;
    const logs = await client.getLogs({ address, fromBlock: next, toBlock: head });
    next = head + 1n;
    for (const { eventName, args } of parseEventLogs({ abi, logs })) {
      if (eventName === "Punished") {
        const cause = hexToString(trim(args.cause, { dir: "right" }));
        const { taken, toClient } = args;
        slashes.push({ account: lower(args.account), cause, client: lower(args.client), taken, toClient });
      } else if (eventName === "CaseTried") tried.add(args.id);
      else if (eventName === "CaseClosed") {
        const state = CASE_STATES[args.state]!;
        ended.push({ id: args.id, provider: lower(args.provider), state, hadJury: tried.has(args.id) });
      }
    }
  };
  return { update, slashes, ended, tried };
}

/** What was taken from an account, and how often, by cause. */
export function lossesOf(court: CourtState, account: Address): { cause: string; times: number; taken: bigint }[] {
  const mine = court.slashes.filter((slash) => slash.account === account);
  return [...new Set(mine.map(({ cause }) => cause))].map((cause) => {
    const same = mine.filter((slash) => slash.cause === cause);
    return { cause, times: same.length, taken: same.reduce((sum, { taken }) => sum + taken, 0n) };
  });
}

/** Cases against a provider that were confirmed, by a jury or by its silence, and those that were not. */
export function casesOf(court: CourtState, provider: Address) {
  const mine = court.ended.filter((one) => one.provider === provider);
  const confirmed = mine.filter(({ state }) => state === "confirmed");
  return {
    byJury: confirmed.filter(({ hadJury }) => hadJury).length,
    bySilence: confirmed.filter(({ hadJury }) => !hadJury).length,
    others: mine.length - confirmed.length,
  };
}

/** What slashes have given to a client. */
export const restored = (court: CourtState, client: Address): { leaves: number; amount: bigint } => {
  const mine = court.slashes.filter((slash) => slash.client === client && slash.toClient > 0n);
  return { leaves: mine.length, amount: mine.reduce((sum, { toClient }) => sum + toClient, 0n) };
};
