import { kind, type Setting, writeDeployment } from "@surety/node-kit";
import type { Windows } from "@surety/protocol";
import { type DeployArgs, deploy, needAsset, needBeacon, publicTerms, TEST_ASSET } from "../actions/deploy.ts";
import { parseAmount, readAsset } from "../amounts.ts";
import { prepareFolder, refuseExisting } from "../deployments.ts";
import { scriptKind } from "../kinds.ts";
import { defineCommand } from "../program.ts";
import { showTime } from "../refusal.ts";
import type { Fact } from "../summary.ts";
import { money } from "./shared.ts";

const DAYS_136 = 0xffff_ffff;

/** A length of time in seconds, with the default of public networks. */
const seconds = (about: string, fallback: bigint, least = 1) =>
  ({
    kind: kind.integer(least, DAYS_136, Number(fallback)),
    about: `${about}, seconds`,
    default: String(fallback),
  }) satisfies Setting;

const w = publicTerms.windows;
const windowSettings = {
  logWindow: seconds("time to commit an epoch's log", w.logWindow),
  beaconLag: seconds("from the close of the log to the seed", w.beaconLag),
  openWindow: seconds("time to open sampled inputs", w.openWindow),
  commitWindow: seconds("time for verifiers to commit", w.commitWindow),
  outputWindow: seconds("time to open sampled outputs", w.outputWindow),
  revealWindow: seconds("time for verifiers to reveal", w.revealWindow),
  disputeWindow: seconds("time to dispute after settlement", w.disputeWindow),
  answerWindow: seconds("time to answer a demand", w.answerWindow),
  juryWindow: seconds("time for a jury", w.juryWindow),
  grace: seconds("margin of the exit delay", w.grace, 0),
};

const deployCommand = defineCommand({
  name: "",
  about: "Deploys all contracts of Surety and writes deployments/<chainId>.json.",
  example:
    "node scripts/deploy.ts --rpc-urls https://rpc.example --chain-id 1 --asset 0x... --beacon drand --keystore deployer.json --password-file password.txt --dry-run",
  settings: {
    asset: {
      kind: kind.address(),
      about: "ERC-20 of stake and pay; on chain ids 31337 and 1337 a test asset if left out",
      optional: true,
    },
    epochLength: seconds("length of an epoch", publicTerms.epochLength),
    ...windowSettings,
    exitDelay: {
      kind: kind.integer(1, DAYS_136, 1_036_800),
      about: "from asking for an exit to claiming it, seconds; default: the law's minimum in whole days",
      optional: true,
    },
    genesis: {
      kind: kind.whole(1_767_225_600n),
      about: "start of epoch 0, Unix seconds; default: the last multiple of the epoch's length",
      optional: true,
    },
    ticketSize: { kind: scriptKind.amount(), about: "stake per verifier ticket, whole units", default: "100" },
    beacon: {
      kind: kind.choice("header", "drand"),
      about: "where seeds come from (docs/beacons.md); on chain ids 31337 and 1337 header if left out",
      optional: true,
    },
    tip: { kind: scriptKind.amountOrZero(), about: "pay for drawing a seed, whole units", default: "0.1" },
    sink: { kind: kind.address(), about: "where unearned budget goes; default: governance", optional: true },
    reserve: {
      kind: kind.address(),
      about: "who gets the reserve's part of slashes; default: governance",
      optional: true,
    },
    demandBond: {
      kind: scriptKind.amount(),
      about: "bond of a demand, above the gas of an answer, whole units",
      default: "5",
    },
    caseBond: { kind: scriptKind.amount(), about: "bond of a case and of a jury, whole units", default: "50" },
    jurySize: { kind: kind.integer(1, 31, 15), about: "seats of a jury", default: "15" },
    juryVotes: {
      kind: kind.integer(1, 31, 11),
      about: "votes that convict, at least 11/15 of the seats",
      default: "11",
    },
    governance: {
      kind: kind.address(),
      about: "who holds the access manager; default: the signing account",
      optional: true,
    },
    force: { kind: kind.yes(), about: "replace deployments/<chainId>.json", default: "false" },
  },
  async run(values, session) {
    const { chainId, deployments, force, dryRun } = values;
    needAsset(chainId, values.asset);
    const beacon = needBeacon(chainId, values.beacon);
    if (!dryRun && !force) refuseExisting(deployments, chainId);
    const sender = await session.sender();
    const asset = values.asset ? await readAsset(sender.client, values.asset) : TEST_ASSET;
    const windows = Object.fromEntries(
      Object.keys(windowSettings).map((name) => [name, BigInt(values[name as keyof Windows])]),
    ) as Windows;
    const args: DeployArgs = {
      genesis: values.genesis,
      epochLength: BigInt(values.epochLength),
      windows,
      exitDelay: values.exitDelay === undefined ? undefined : BigInt(values.exitDelay),
      asset: values.asset,
      ticketSize: parseAmount("--ticket-size", values.ticketSize, asset),
      beacon,
      tip: parseAmount("--tip", values.tip, asset),
      sink: values.sink,
      reserve: values.reserve,
      demandBond: parseAmount("--demand-bond", values.demandBond, asset),
      caseBond: parseAmount("--case-bond", values.caseBond, asset),
      jurySize: BigInt(values.jurySize),
      juryVotes: BigInt(values.juryVotes),
      governance: values.governance,
    };
    if (!dryRun) prepareFolder(deployments);
    const { calls, deployment } = await deploy(sender, args);
    const { genesis, epochLength, exitDelay, governance } = deployment;
    const facts: Fact[] = [
      { name: "chainId", value: chainId },
      {
        name: "asset",
        value: deployment.asset,
        text: `${deployment.asset} (${asset.symbol}, ${asset.decimals} decimals)`,
      },
      { name: "genesis", value: genesis, text: showTime(genesis) },
      { name: "epochLength", value: epochLength, text: `${epochLength} s` },
      { name: "exitDelay", value: exitDelay, text: `${exitDelay} s` },
      { name: "governance", value: governance },
      { name: "beacon", value: beacon },
      money("ticketSize", args.ticketSize, asset),
      money("tip", args.tip, asset),
      money("demandBond", args.demandBond, asset),
      money("caseBond", args.caseBond, asset),
      { name: "jury", value: `${args.juryVotes} of ${args.jurySize}` },
      ...Object.entries(windows).map(([name, length]) => ({ name, value: length, text: `${length} s` })),
    ];
    if (dryRun) return { calls, facts };
    return { calls, facts: [{ name: "file", value: writeDeployment(deployments, deployment) }, ...facts] };
  },
});

/** The command of scripts/deploy.ts. */
export const deployCommands = [deployCommand];
