import {
  type DemandLog,
  type EpochTimes,
  epochTimes,
  type Receipt as ProbeReceipt,
  type SampleVerdict,
} from "@surety/protocol";
import { type Address, decodeEventLog, getAddress, type Hex, isAddressEqual } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";
import { type ContractName, readArtifact } from "../../scripts/lib/artifacts.ts";
import type { Contracts } from "../../scripts/lib/deploy.ts";
import type { Chain, ChainLog, Receipt } from "./chain.ts";
import { bytesOf } from "./chance.ts";
import type { ProviderConduct, VerifierConduct } from "./conduct.ts";
import type { EpochLog, Outputs } from "./log.ts";
import { EPOCH_LENGTH, type JurySize, TERMS, tokens, WINDOWS, wei } from "./terms.ts";

/** Somebody with money. */
export type Actor = {
  name: string;
  /** Addresses that are its own, the one it acts by last. */
  accounts: Address[];
  /** Tokens that it came with. */
  endowed: number;
  /** Stated costs, tokens: compute, hardware, probes, re-runs, capital. */
  cost: number;
  gasUsed: number;
  slashed: number;
  fees: number;
};

/** A promise of one identity: its epochs, both included, and who signs its receipts. */
export type Identity = { address: Address; operator: PrivateKeyAccount; first: bigint; last: bigint };

/** A provider; under a new identity it is still the same actor. */
export type Provider = Actor & { number: number; conduct: ProviderConduct; identities: Identity[] };
/** A verifier. */
export type Verifier = Actor & { number: number; conduct: VerifierConduct };

/** A re-run that a seat revealed. */
export type Rerun = {
  verifier: Verifier;
  provider: Provider;
  epoch: bigint;
  seat: number;
  verdicts: SampleVerdict[];
  /** Own outputs per sample; none if it made none. */
  outputs: Outputs[] | null;
  dataRoot: Hex;
  salt: Hex;
  proof: Hex[];
};

/** Probes that a seat revealed. */
export type ProbeSeat = {
  verifier: Verifier;
  provider: Provider;
  epoch: bigint;
  seat: number;
  report: bigint;
  /** The receipts that it counts, by number; none if it was sent none. */
  receipts: ProbeReceipt[] | null;
  dataRoot: Hex;
  salt: Hex;
  proof: Hex[];
};

/** A case that has not ended. */
export type Case = {
  id: Hex;
  provider: Provider;
  epoch: bigint;
  seq: number;
  /** Who put up a bond; none for a free case. */
  challenger: Actor | null;
  state: "undefended" | "called" | "committed";
  /** Re-run seats that called the leaf wrong. */
  accusers: number[];
  /** Votes and salts of the jurors who committed. */
  ballots: { juror: Verifier; vote: number; outputHash: Hex; salt: Hex }[];
};

/** What happened in court. */
export type Counts = {
  confirmed: number;
  acquitted: number;
  mistrials: number;
  unshown: number;
  refuted: number;
  contradicted: number;
  /** Seats that lost a share for a mismatch that a jury refuted. */
  accusers: number;
};

/** A market on a chain, and what its actors know. */
export type World = {
  chain: Chain;
  seed: number;
  exact: boolean;
  jury: JurySize;
  contracts: Contracts;
  modelId: Hex;
  genesis: bigint;
  /** Last promised epoch; the first is 2. */
  last: bigint;
  users: Address;
  providers: Provider[];
  verifiers: Verifier[];
  /** Draws, settles, audits and closes cases; honest, and paid only by what it proves. */
  watcher: Actor;
  /** Logs by provider's number and epoch, `${number} ${epoch}`. */
  logs: Map<string, EpochLog>;
  demand: DemandLog[];
  /** Revealed re-runs of the epoch that was attested last. */
  reruns: Rerun[];
  /** Revealed probes of the same epoch. */
  probes: ProbeSeat[];
  /** Demands that nobody answered. */
  unanswered: Hex[];
  cases: Case[];
  /** Cases about seats that have not ended. */
  seatCases: Hex[];
  counts: Counts;
  transactions: number;
};

/** First promised epoch. */
export const FIRST = 2n;

/** An actor without money. */
export const actorAt = (name: string, address: Address): Actor => ({
  name,
  accounts: [address],
  endowed: 0,
  cost: 0,
  gasUsed: 0,
  slashed: 0,
  fees: 0,
});

/** The address of a name; nobody has its key. */
export const addressOf = (name: string): Address => getAddress(`0x${bytesOf(0, "address", name).slice(2, 42)}`);

/** The address that an actor acts by. */
export const accountOf = (actor: Actor): Address => actor.accounts.at(-1)!;

/** When an epoch's steps end. */
export const timesOf = ({ genesis }: World, epoch: bigint): EpochTimes =>
  epochTimes({ genesis, length: EPOCH_LENGTH }, WINDOWS, epoch);

/** The identity that promised an epoch, if one did. */
export const identityAt = (provider: Provider, epoch: bigint): Identity | undefined =>
  provider.identities.find(({ first, last }) => first <= epoch && epoch <= last);

/** Log of a provider's epoch, if it promised it. */
export const logOf = ({ logs }: World, provider: Provider, epoch: bigint): EpochLog | undefined =>
  logs.get(`${provider.number} ${epoch}`);

/** Every actor of a world. */
export const actorsOf = ({ providers, verifiers, watcher }: World): Actor[] => [...providers, ...verifiers, watcher];

/** Sends a transaction; its gas is the actor's, and slashes are noted. */
export async function send(
  world: World,
  actor: Actor,
  name: ContractName,
  fn: string,
  args: readonly unknown[],
  from: Address = accountOf(actor),
): Promise<Receipt> {
  const receipt = await world.chain.send(from, world.contracts[name]!, name, fn, args);
  actor.gasUsed += receipt.gasUsed;
  world.transactions++;
  for (const punished of eventsOf(world, receipt, "Penalties", "Punished")) {
    const account = punished.account as Address;
    const loser = actorsOf(world).find(({ accounts }) => accounts.some((own) => isAddressEqual(own, account)));
    if (loser) loser.slashed += tokens(punished.taken as bigint);
  }
  return receipt;
}

/** Reads a contract. */
export const read = <T>(world: World, name: ContractName, fn: string, ...args: unknown[]): Promise<T> =>
  world.chain.read<T>(world.contracts[name]!, name, fn, args);

/** Arguments of the events of one name that a contract emitted. */
export function eventsOf(
  world: World,
  { logs }: { logs: ChainLog[] },
  name: ContractName,
  eventName: string,
): Record<string, unknown>[] {
  const { abi } = readArtifact(name);
  return logs
    .filter(({ address }) => isAddressEqual(address, world.contracts[name]!))
    .map(({ topics, data }) => decodeEventLog({ abi, topics, data }))
    .filter((event) => event.eventName === eventName)
    .map(({ args }) => args as unknown as Record<string, unknown>);
}

/** Gives an actor tokens under its newest address, and lets every room take bonds and stake from it. */
export async function endow(world: World, actor: Actor, amount: number): Promise<void> {
  const account = accountOf(actor);
  const { chain, contracts, users } = world;
  await chain.open(account);
  await chain.send(users, contracts.TestAsset!, "TestAsset", "mint", [account, wei(amount)]);
  for (const room of ["StakePool", "Demands", "DisputeCourt", "SeatCases", "RewardDistributor"] as const)
    await send(world, actor, "TestAsset", "approve", [contracts[room], 2n ** 255n]);
  actor.endowed += amount;
}

/** All that an actor owns: tokens, and stake that is not slashed. */
export async function wealthOf(world: World, actor: Actor): Promise<number> {
  let wealth = 0n;
  for (const account of actor.accounts) {
    wealth += await read<bigint>(world, "TestAsset", "balanceOf", account);
    wealth += await read<bigint>(world, "StakePool", "slashableNow", account);
  }
  return tokens(wealth);
}

/** Stake that a promise binds, tokens. */
const bonded = (): number => 7 * TERMS.capacity * Number(EPOCH_LENGTH) * TERMS.price;

/** Stake that a provider bonds when it enters, tokens. */
export const stakeOf = (): number => bonded() * (1 + TERMS.spareStake);

/** Stake of a provider's identity, as a share of what its promise binds, 1 at most. */
export async function coverOf(world: World, address: Address): Promise<number> {
  return Math.min(1, tokens(await read<bigint>(world, "StakePool", "stakeOf", address)) / bonded());
}
