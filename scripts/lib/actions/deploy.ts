import { DEV_CHAIN_IDS, type Deployment } from "@surety/node-kit";
import { checkWindows, leastExitDelay, SuretyError, type Windows } from "@surety/protocol";
import { type Address, zeroAddress } from "viem";
import { type AssetFormat, readAsset, showAmount } from "../amounts.ts";
import { readArtifact } from "../artifacts.ts";
import { type Sender, signer } from "../context.ts";
import { type BeaconKind, beaconTerms, type Contracts, deploySurety, rights, selectors } from "../deploy.ts";
import type { Done } from "../perform.ts";
import { showTime } from "../refusal.ts";
import type { Units } from "../shown.ts";
import { createSteps, creation, creationRefusal, type Steps } from "../steps.ts";

/** What a deployment may be given; amounts in the asset's smallest unit, times in seconds. */
export type DeployArgs = {
  /** Default: the start of the epoch that the latest block lies in, counted from 1970. */
  genesis?: bigint | undefined;
  epochLength: bigint;
  windows: Windows;
  /** Default: the least that the law allows, in whole days. */
  exitDelay?: bigint | undefined;
  /** Default on development chains: a test asset of its own. */
  asset?: Address | undefined;
  ticketSize: bigint;
  /** Default on development chains: header. */
  beacon?: BeaconKind | undefined;
  tip: bigint;
  /** Default: `governance`. */
  sink?: Address | undefined;
  /** Default: `governance`. */
  reserve?: Address | undefined;
  demandBond: bigint;
  caseBond: bigint;
  jurySize: bigint;
  juryVotes: bigint;
  /** Default: who deploys. */
  governance?: Address | undefined;
};

/** Steps of public networks, in seconds: an epoch holds one day of demand. */
export const publicTerms = {
  epochLength: 86_400n,
  windows: {
    logWindow: 3_600n,
    beaconLag: 60n,
    openWindow: 7_200n,
    commitWindow: 7_200n,
    outputWindow: 3_600n,
    revealWindow: 7_200n,
    disputeWindow: 259_200n,
    answerWindow: 86_400n,
    juryWindow: 86_400n,
    grace: 86_400n,
  } satisfies Windows,
} as const;

/** How `TestAsset` writes amounts. */
export const TEST_ASSET = { decimals: 18, symbol: "TEST" } as const;

const DAY = 86_400n;
const UINT32_MAX = 0xffff_ffffn;

/** What is deployed, as `deployments/<chainId>.json` holds it. */
export type SuretyDeployment = Deployment & {
  epochLength: bigint;
  exitDelay: bigint;
  governance: Address;
  asset: Address;
};

/**
 * Deploys all contracts, on development chains also the test asset if none is given, grants their rights and reads back
 * that they have them.
 * @throws {SuretyError} `DEPLOY_TERMS` before anything is sent if a law of docs/protocol.md section 3 is broken,
 * `ASSET_MISSING`, `DEPLOY_UNSOUND` if what stands on chain is not what was asked for, or a refusal.
 */
export async function deploy(sender: Sender, args: DeployArgs): Promise<Done & { deployment: SuretyDeployment }> {
  const { client, wallet } = sender;
  const [block, deployer] = [await client.getBlock(), signer(sender)];
  const { epochLength, windows, governance = deployer } = args;
  const exitDelay = args.exitDelay ?? wholeDays(leastExitDelay({ genesis: 0n, length: epochLength }, windows));
  const genesis = args.genesis ?? block.timestamp - (block.timestamp % epochLength);
  checkTerms({ ...args, exitDelay });
  needAsset(wallet.chain.id, args.asset);
  const beacon = needBeacon(wallet.chain.id, args.beacon);
  const token = args.asset === undefined ? TEST_ASSET : await readAsset(client, args.asset);

  if (beacon === "drand") await tryDrand(sender, deployer);

  const steps = await createSteps(sender, unitsOf(token));
  const contracts: Contracts = {};
  if (args.asset === undefined) contracts.TestAsset = await steps.create("TestAsset", []);
  const asset = args.asset ?? contracts.TestAsset!;
  const terms = {
    ...args,
    genesis,
    exitDelay,
    asset,
    beacon,
    governance,
    sink: args.sink ?? governance,
    reserve: args.reserve ?? governance,
  };
  Object.assign(contracts, await deploySurety(steps, deployer, terms));
  if (!sender.dryRun) await verify(sender, contracts, asset, steps);

  const startBlock = block.number;
  const deployment = {
    chainId: wallet.chain.id,
    startBlock,
    genesis,
    epochLength,
    exitDelay,
    governance,
    asset,
    contracts,
  };
  return { calls: steps.calls, deployment };
}

/** Writes the terms of constructors: amounts, times and lengths of time. */
function unitsOf(token: AssetFormat): Units {
  return (name, value) => {
    if (["tip", "ticketSize", "bond"].includes(name)) return showAmount(value, token);
    if (name === "genesis") return showTime(value);
    return /^(length|exitDelay|executionDelay|beaconLag|grace|\w+Window)$/.test(name) ? `${value} s` : undefined;
  };
}

/** Rounds seconds up to whole days. */
const wholeDays = (seconds: bigint): bigint => ((seconds + DAY - 1n) / DAY) * DAY;

/** Refuses terms that the contracts would refuse, before the first of them is paid for. */
function checkTerms(args: Omit<DeployArgs, "exitDelay"> & { exitDelay: bigint }): void {
  const { epochLength, windows, exitDelay, ticketSize, demandBond, caseBond, jurySize, juryVotes } = args;
  const clock = { genesis: 0n, length: epochLength };
  checkWindows(clock, windows);
  for (const [name, seconds] of Object.entries(windows)) {
    if (seconds > UINT32_MAX) throw badTerms(`${name} is ${seconds} s; expected at most ${UINT32_MAX} s`);
    if (seconds === 0n && name !== "grace") throw badTerms(`${name} is 0 s; expected at least 1 s`);
  }
  const least = leastExitDelay(clock, windows);
  if (exitDelay < least) throw badTerms(`exitDelay is ${exitDelay} s; expected at least ${least} s, as the law has it`);
  if (exitDelay > UINT32_MAX) throw badTerms(`exitDelay is ${exitDelay} s; expected at most ${UINT32_MAX} s`);
  if (ticketSize === 0n) throw badTerms("ticketSize is 0; expected an amount above 0");
  if (demandBond === 0n) throw badTerms("demandBond is 0; expected an amount above the gas of an answer");
  if (caseBond === 0n) throw badTerms("caseBond is 0; expected an amount above the gas of a jury");
  if (jurySize < 1n || jurySize > 31n) throw badTerms(`jurySize is ${jurySize}; expected 1 to 31 seats`);
  if (juryVotes > jurySize || juryVotes * 15n < jurySize * 11n)
    throw badTerms(`juryVotes is ${juryVotes}; expected at least 11/15 and at most all of ${jurySize} seats`);
}

function badTerms(problem: string): SuretyError {
  return new SuretyError("DEPLOY_TERMS", `Nothing was sent: ${problem}.`);
}

/** Refuses to make up an asset where money is worth something. */
export function needAsset(chainId: number, asset: Address | undefined): void {
  if (asset !== undefined || DEV_CHAIN_IDS.includes(chainId)) return;
  const message = `Nothing was sent: --asset (SURETY_ASSET) is missing; expected the address of an ERC-20 without transfer fees on chain id ${chainId}. A test asset is deployed on chain ids ${DEV_CHAIN_IDS.join(" and ")} only.`;
  throw new SuretyError("ASSET_MISSING", message);
}

/** The beacon to deploy; refuses to choose one where money is worth something. */
export function needBeacon(chainId: number, beacon: BeaconKind | undefined): BeaconKind {
  if (beacon !== undefined) return beacon;
  if (DEV_CHAIN_IDS.includes(chainId)) return "header";
  const message = `Nothing was sent: --beacon (SURETY_BEACON) is missing; expected header or drand. docs/beacons.md says which chain allows which.`;
  throw new SuretyError("BEACON_MISSING", message);
}

/** Tries to create the beacon before the first contract is paid for: it refuses a chain that cannot check drand. */
async function tryDrand({ client }: Sender, account: Address): Promise<void> {
  const data = creation("DrandBeacon", [zeroAddress, zeroAddress, 0n, ...beaconTerms("drand")]);
  await client.estimateGas({ account, data }).catch((error) => {
    throw creationRefusal("DrandBeacon", error);
  });
}

/** Reads back what nobody can change later: the asset, the slasher, and that every holder may use its rights at once. */
async function verify(sender: Sender, contracts: Contracts, asset: Address, { calls }: Steps): Promise<void> {
  const ask = (name: "StakePool" | "AccessManager", functionName: string, args: readonly unknown[] = []) =>
    sender.client.readContract({ address: contracts[name]!, abi: readArtifact(name).abi, functionName, args });
  const unsound = (problem: string) =>
    new SuretyError("DEPLOY_UNSOUND", `The deployment is unsound, do not use it: ${problem}.`, { details: { calls } });

  const pool = await ask("StakePool", "asset");
  if (String(pool).toLowerCase() !== asset.toLowerCase()) throw unsound(`the asset is ${pool}, not ${asset}`);
  const slasher = await ask("StakePool", "slasher");
  if (String(slasher).toLowerCase() !== contracts.Penalties!.toLowerCase())
    throw unsound(`${slasher} may slash, not the court's penalties at ${contracts.Penalties}`);
  for (const { target, functions, holders } of rights)
    for (const holder of holders)
      for (const [i, selector] of selectors(target, functions).entries()) {
        const [immediate] = (await ask("AccessManager", "canCall", [
          contracts[holder],
          contracts[target],
          selector,
        ])) as [boolean];
        if (!immediate) throw unsound(`${holder} may not call ${target}.${functions[i]}`);
      }
}
