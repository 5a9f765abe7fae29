import type { Address, Hex } from "viem";
import type { ReadContext } from "../context.ts";
import { read } from "../contracts.ts";
import { promisesOf, type StoredPromise } from "./promises.ts";
import { currentEpoch } from "./provider.ts";
import { type Exit, exitsOf, type Stake, stakeOf } from "./stake.ts";
import { type HeldTicket, ticketsOf } from "./verifier.ts";

/** The summary of a record, as dapps read it (`IReliability.Reliability`). */
export type Summary = {
  modelId: Hex;
  /** 1e9 = 100 %, as is `mean`. */
  score: number;
  mean: number;
  samples: number;
  lastEpoch: number;
  openCases: number;
  alarms: number;
  /** Bit 7: at least one epoch was measured. */
  flags: number;
};

/** Whether an epoch of this record was ever measured. */
export const isMeasured = ({ flags }: Pick<Summary, "flags">): boolean => (flags & 128) !== 0;

/** Everything the chain knows of a provider; amounts in the asset's smallest unit. */
export type ProviderStatus = {
  provider: Address;
  registered: boolean;
  epoch: bigint;
  owner: Address;
  operator: Address;
  endpoint: string;
  stake: Stake;
  exits: Exit[];
  promises: StoredPromise[];
  records: Summary[];
  claimable: bigint;
};

/** Everything the chain knows of a verifier; amounts in the asset's smallest unit. */
export type VerifierStatus = {
  verifier: Address;
  epoch: bigint;
  ticketSize: bigint;
  stake: Stake;
  exits: Exit[];
  tickets: HeldTicket[];
  claimable: bigint;
};

/**
 * Reads the status of a provider.
 * @param args.modelIds Default: all it ever promised.
 */
export async function providerStatus(
  context: ReadContext,
  args: { provider: Address; modelIds?: readonly Hex[] | undefined },
): Promise<ProviderStatus> {
  const { provider } = args;
  const [epoch, promises] = await Promise.all([currentEpoch(context), promisesOf(context, provider, args.modelIds)]);
  const modelIds = args.modelIds ?? [...new Set(promises.map(({ modelId }) => modelId))];
  const [registered, owner, operator, [endpoint], stake, exits, claimable, records] = await Promise.all([
    read(context, "ProviderRegistry", "isProvider", [provider]),
    read(context, "ProviderRegistry", "ownerAt", [provider, epoch]),
    read(context, "ProviderRegistry", "operatorAt", [provider, epoch]),
    read(context, "ProviderRegistry", "endpointOf", [provider]),
    stakeOf(context, provider),
    exitsOf(context, provider),
    read(context, "RewardDistributor", "claimableProvider", [provider, modelIds]),
    Promise.all(modelIds.map((modelId) => summaryOf(context, provider, modelId))),
  ]);
  return { provider, registered, epoch, owner, operator, endpoint, stake, exits, promises, records, claimable };
}

async function summaryOf(context: ReadContext, provider: Address, modelId: Hex): Promise<Summary> {
  return { modelId, ...(await read(context, "ReliabilityLedger", "reliability", [provider, modelId])) };
}

/** Reads the status of a verifier. */
export async function verifierStatus(context: ReadContext, args: { verifier: Address }): Promise<VerifierStatus> {
  const { verifier } = args;
  const [epoch, ticketSize, stake, exits, tickets, claimable] = await Promise.all([
    currentEpoch(context),
    read(context, "VerifierRegistry", "ticketSize"),
    stakeOf(context, verifier),
    exitsOf(context, verifier),
    ticketsOf(context, verifier),
    read(context, "RewardDistributor", "claimableVerifier", [verifier]),
  ]);
  return { verifier, epoch, ticketSize, stake, exits, tickets, claimable };
}
