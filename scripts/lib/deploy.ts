import { SuretyError, type Windows } from "@surety/protocol";
import { drandPublicKey, drandSignature, quicknet, quicknetKnown } from "@surety/protocol/drand";
import { type Address, type Hex, isAddressEqual, toFunctionSelector } from "viem";
import { type ContractName, readArtifact } from "./artifacts.ts";
import type { Steps } from "./steps.ts";

/** Where seeds come from. */
export type BeaconKind = keyof typeof beaconNames;

const beaconNames = { header: "HeaderBeacon", drand: "DrandBeacon" } as const;

/** Terms that a deployment fixes for ever, or until governance changes them after its delay. */
export type DeployTerms = {
  /** Start of epoch 0, Unix seconds. */
  genesis: bigint;
  /** Epoch length L, seconds. */
  epochLength: bigint;
  /** Step lengths, seconds. */
  windows: Windows;
  /** Seconds between asking for an exit and claiming it. */
  exitDelay: bigint;
  /** The ERC-20 of stake and pay, without transfer fees. */
  asset: Address;
  /** Stake per verifier ticket, in the asset's smallest unit. */
  ticketSize: bigint;
  /** Where seeds come from: block headers or drand (docs/beacons.md). */
  beacon: BeaconKind;
  /** Pay for drawing a seed, in the asset's smallest unit. */
  tip: bigint;
  /** Where unearned budget goes. */
  sink: Address;
  /** Who gets the reserve's part of what is slashed. */
  reserve: Address;
  /** What a demand costs until it is decided, in the asset's smallest unit. */
  demandBond: bigint;
  /** What a bonded case, or calling a jury, costs until it ends, in the asset's smallest unit. */
  caseBond: bigint;
  /** Seats of a jury, and how many of them convict. */
  jurySize: bigint;
  juryVotes: bigint;
  /** Who holds the access manager afterwards, with `exitDelay` between a plan and its execution. */
  governance: Address;
};

/** Addresses by name of the contract. */
export type Contracts = Record<string, Address>;

/** A right of one contract to call another. */
export type Right = { target: ContractName; functions: string[]; role: bigint; holders: ContractName[] };

const ADMIN = 0n;

/** Who may do what across contracts (docs/protocol.md section 4), by selector. */
export const rights: readonly Right[] = [
  { role: 1n, target: "StakePool", functions: ["lock", "unlock"], holders: ["VerifierRegistry", "CommitmentBook"] },
  { role: 2n, target: "StakePool", functions: ["requestExit"], holders: ["ProviderRegistry", "VerifierRegistry"] },
  { role: 3n, target: "ReliabilityLedger", functions: ["settle"], holders: ["AttestationHub"] },
  { role: 3n, target: "CommitmentBook", functions: ["measure"], holders: ["AttestationHub"] },
  { role: 3n, target: "RewardDistributor", functions: ["addWeight", "addPoints"], holders: ["AttestationHub"] },
  {
    role: 5n,
    target: "Penalties",
    functions: ["punish"],
    holders: ["Faults", "Demands", "DisputeCourt", "SeatCases", "Attendance"],
  },
  { role: 6n, target: "ProviderRegistry", functions: ["ban"], holders: ["Faults"] },
  { role: 7n, target: "ReliabilityLedger", functions: ["openCase", "closeCases"], holders: ["DisputeCourt"] },
  { role: 8n, target: "Juries", functions: ["summon"], holders: ["DisputeCourt", "SeatCases"] },
  { role: 9n, target: "RewardDistributor", functions: ["addBounty"], holders: ["Penalties"] },
  { role: 10n, target: "VerifierRegistry", functions: ["eject"], holders: ["Attendance"] },
  { role: 11n, target: "CommitmentBook", functions: ["collectBreach"], holders: ["Faults"] },
];

/**
 * Deploys every contract from the lowest to the highest, grants their rights and hands the manager to governance.
 * @param deployer Who signs the steps: it holds the manager until the end.
 */
export async function deploySurety(steps: Steps, deployer: Address, terms: DeployTerms): Promise<Contracts> {
  const c: Contracts = {};
  const create = async (name: ContractName, ...args: unknown[]) => {
    c[name] = await steps.create(name, args);
    return c[name];
  };
  const { windows, exitDelay, asset, epochLength, genesis } = terms;

  const manager = await create("AccessManager", deployer);
  const clock = await create("EpochClock", manager, genesis, epochLength, exitDelay, windowNumbers(windows));
  const ledger = await create("ReliabilityLedger", manager, clock);
  // The pool names its slasher for ever, and the slasher is made of the pool and of the seven contracts in between.
  const slasher = await steps.addressAfter(8);
  const pool = await create("StakePool", manager, asset, clock, slasher);
  const beacon = await create(beaconNames[terms.beacon], clock, asset, terms.tip, ...beaconTerms(terms.beacon));
  const providers = await create("ProviderRegistry", manager, clock, pool);
  const models = await create("ModelRegistry");
  const verifiers = await create("VerifierRegistry", manager, clock, pool, providers, terms.ticketSize);
  const book = await create("CommitmentBook", manager, clock, pool, providers, models);
  const log = await create("ReceiptLog", clock, ledger, providers, book);
  const rewards = await create("RewardDistributor", manager, asset, clock, providers, terms.sink);
  const penalties = await create("Penalties", manager, pool, rewards, terms.reserve);
  if (!isAddressEqual(penalties, slasher)) {
    const message = `The deployment is unsound, do not use it: ${slasher} may slash, but the court's penalties are at ${penalties}.`;
    throw new SuretyError("DEPLOY_UNSOUND", message, { details: { calls: steps.calls } });
  }
  const parts = { clock, ledger, pool, beacon, providers, verifiers, book, log, rewards };
  const hub = await create("AttestationHub", manager, parts);

  const sources = { clock, beacon, providers, models, book, log, hub, penalties };
  await create("Faults", sources);
  const openings = await create("Openings", sources);
  const demands = await create("Demands", sources, asset, openings, terms.demandBond);
  const jury = [terms.jurySize, terms.juryVotes];
  const juries = await create("Juries", manager, clock, beacon, verifiers, hub, ...jury);
  await create("DisputeCourt", manager, sources, asset, ledger, juries, demands, openings, terms.caseBond);
  await create("SeatCases", manager, sources, asset, juries, demands, terms.caseBond);
  await create("Attendance", manager, sources, pool, verifiers, rewards, juries);

  await grantRights(steps, c);
  await handOver(steps, manager, deployer, terms);
  return c;
}

/** What the beacon's constructor takes beside clock, asset and tip: for drand, quicknet and a round to try it by. */
export function beaconTerms(kind: BeaconKind): unknown[] {
  if (kind === "header") return [];
  const { genesisTime, period, publicKey } = quicknet;
  const network = { genesisTime, period, publicKey: drandPublicKey(publicKey) };
  return [network, quicknetKnown.round, drandSignature(quicknetKnown.signature)];
}

async function grantRights(steps: Steps, c: Contracts): Promise<void> {
  const granted = new Set<string>();
  for (const { role, target, functions, holders } of rights) {
    const args = [c[target], selectors(target, functions), role];
    await steps.call("AccessManager", c.AccessManager!, "setTargetFunctionRole", args);
    for (const holder of holders) {
      if (granted.has(`${role} ${holder}`)) continue;
      granted.add(`${role} ${holder}`);
      await steps.call("AccessManager", c.AccessManager!, "grantRole", [role, c[holder], 0]);
    }
  }
}

/** From here on whoever holds the manager has to wait as long as an exit takes. */
async function handOver(steps: Steps, manager: Address, deployer: Address, terms: DeployTerms): Promise<void> {
  const { governance, exitDelay } = terms;
  await steps.call("AccessManager", manager, "grantRole", [ADMIN, governance, Number(exitDelay)]);
  if (governance.toLowerCase() === deployer.toLowerCase()) return;
  await steps.call("AccessManager", manager, "renounceRole", [ADMIN, deployer]);
}

/** The selectors of a contract's functions. */
export function selectors(contract: ContractName, names: readonly string[]): Hex[] {
  const { abi } = readArtifact(contract);
  return names.map((name) => {
    const item = abi.find((entry) => entry.type === "function" && entry.name === name);
    if (item?.type !== "function") throw new RangeError(`${contract} has no function ${name}`);
    return toFunctionSelector(item);
  });
}

function windowNumbers(windows: Windows): Record<string, number> {
  return Object.fromEntries(Object.entries(windows).map(([name, seconds]) => [name, Number(seconds)]));
}
