import type { Address, Hex } from "viem";
import { claimFromCourt } from "../lib/actions/court.ts";
import { stakeOf } from "../lib/actions/stake.ts";
import { readArtifact } from "../lib/artifacts.ts";
import { erc20Abi, read } from "../lib/contracts.ts";
import { CLIENT, DEPLOYER, devAccount, LAZY } from "./accounts.ts";
import type { Child } from "./children.ts";
import { type CourtState, casesOf, lossesOf, restored } from "./court.ts";
import { type Actor, type DemoModel, epochsLog } from "./epochs-log.ts";
import { askDapp, claimAll, deployDapp, settledOf, summaryOf, thresholdOf } from "./finale.ts";
import { gasByFunction } from "./gas.ts";
import type { DemoOptions } from "./options.ts";
import type { ProviderNotes } from "./provider.ts";
import { recordResult, type SlotCounts } from "./record-result.ts";
import type { ClientResult, DemoResult, LazyResult, ProviderResult, VerifierResult } from "./result.ts";
import type { Market } from "./setup.ts";
import type { DemoState } from "./state.ts";
import type { VerifierStatus } from "./verifiers.ts";

/** Notes of all processes about one epoch, kept once it has settled. */
export type Notes = { served: Map<string, ProviderNotes>; slots: Map<string, SlotCounts> };

/** What the result is made from. */
export type Conclusion = {
  market: Market;
  state: DemoState;
  court: CourtState;
  actors: readonly Actor[];
  models: readonly DemoModel[];
  counted: readonly number[];
  notes: Notes;
  options: DemoOptions;
  /** Stakes before the first epoch: of the providers in order, and of the verifier that runs nothing. */
  stakes: readonly bigint[];
  lazyStake: bigint;
  /** Processes of verifiers, and that of the clients. */
  hosts: readonly Child<object>[];
  clients: Child<object>;
};

/** Claims, asks the dapp, and puts everything together. */
export async function conclude(parts: Conclusion): Promise<DemoResult> {
  const { market, state, court, actors, models, counted, notes, options } = parts;
  const threshold = thresholdOf(state, market);
  const dapp = await deployDapp(market, threshold);
  const paid = await claimAll(market);
  const client = await clientResult(parts);
  const swapped = (actor: Actor, modelId: Hex, epoch: number) =>
    new Set<number>(notes.served.get(`${actor.name}/${epoch}`)?.[modelId]?.swappedLeaves ?? []);
  const epochs = epochsLog(state, actors, models, counted, swapped);

  const providers: ProviderResult[] = [];
  for (const [i, actor] of actors.entries()) {
    const records = [];
    let openCases = 0;
    for (const { name: model, modelId } of models) {
      // Claims take a while, in which another epoch may have settled: the ceiling has to know of it, too.
      const summary = await summaryOf(market, actor.address, modelId);
      await state.update();
      openCases += summary.openCases;
      records.push(
        recordResult({
          provider: actor.name,
          model,
          modelId,
          settled: settledOf(state, actor.address, modelId),
          epochs,
          slots: addSlots(counted.map((epoch) => notes.slots.get(`${actor.address}/${modelId}/${epoch}`))),
          served: addServed(counted.map((epoch) => notes.served.get(`${actor.name}/${epoch}`)?.[modelId])),
          summary,
          dapp: await askDapp(market, dapp, actor.address, modelId),
        }),
      );
    }
    const after = await stakeOf(market.as(devAccount(DEPLOYER)), actor.address);
    providers.push({
      ...actor,
      stake: { before: String(parts.stakes[i]!), after: String(after.active) },
      pay: String(paid.get(actor.address) ?? 0n),
      openCases,
      cases: casesOf(court, actor.address),
      losses: shown(lossesOf(court, actor.address)),
      records,
    });
  }
  const asked = await Promise.all(parts.hosts.map((host) => host.ask<VerifierStatus>({ kind: "status" })));
  const status: VerifierStatus = Object.assign({}, ...asked);
  const verifiers = market.verifiers.map(({ name, key }): VerifierResult => {
    const { assignments, attested, missed } = status[name]!;
    const address = key.account.address.toLowerCase() as Address;
    const pay = String(paid.get(address) ?? 0n);
    return { name, address, assignments, attested, missed, pay, losses: shown(lossesOf(court, address)) };
  });
  const { contracts, chainId, startBlock } = market.deployment;
  const measured = [
    "StakePool",
    "HeaderBeacon",
    "ProviderRegistry",
    "ModelRegistry",
    "VerifierRegistry",
    "CommitmentBook",
    "ReceiptLog",
    "RewardDistributor",
    "AttestationHub",
    "Demands",
    "Juries",
    "DisputeCourt",
  ] as const;
  const gas = await gasByFunction(
    market.client,
    Object.fromEntries(measured.map((name) => [name, { address: contracts[name]!, abi: readArtifact(name).abi }])),
    startBlock,
  );
  return {
    chainId,
    epochs: counted.length,
    seed: options.seed,
    threshold: Number(threshold) / 1e9,
    providers,
    verifiers,
    lazy: await lazyResult(parts, paid),
    client,
    gas,
    phases: {},
    epochsLog: epochs,
  };
}

function addSlots(all: readonly (SlotCounts | undefined)[]): SlotCounts {
  return Array.from({ length: 24 }, (_, k) => ({
    probes: all.reduce((sum, counts) => sum + (counts?.[k]?.probes ?? 0), 0),
    timely: all.reduce((sum, counts) => sum + (counts?.[k]?.timely ?? 0), 0),
  }));
}

function addServed(all: readonly ({ answers: number; swapped: number } | undefined)[]) {
  return {
    answers: all.reduce((sum, one) => sum + (one?.answers ?? 0), 0),
    swapped: all.reduce((sum, one) => sum + (one?.swapped ?? 0), 0),
  };
}

const shown = (losses: ReturnType<typeof lossesOf>) =>
  losses.map(({ taken, ...one }) => ({ ...one, taken: String(taken) }));

/** What became of the verifier that ran nothing. */
async function lazyResult(
  { market, state, court, lazyStake }: Conclusion,
  paid: Map<Address, bigint>,
): Promise<LazyResult> {
  const address = devAccount(LAZY).account.address.toLowerCase() as Address;
  const after = await stakeOf(market.as(devAccount(DEPLOYER)), address);
  return {
    address,
    reports: state.revealed.filter(({ verifier, role }) => verifier === address && role === 1).length,
    stake: { before: String(lazyStake), after: String(after.active) },
    pay: String(paid.get(address) ?? 0n),
    losses: shown(lossesOf(court, address)),
  };
}

/** Claims, as the client itself, what slashes gave it, and says of how many answers. */
async function clientResult({ market, court, clients }: Conclusion): Promise<ClientResult> {
  const who = market.as(devAccount(CLIENT));
  const address = devAccount(CLIENT).account.address.toLowerCase() as Address;
  await court.update();
  const confirmed = court.ended.filter(({ state }) => state === "confirmed").map(({ id }) => id);
  const { leaves, amount } = restored(court, address);
  const wronged = await clients.ask<number>({ ids: confirmed });
  const asset = { address: market.deployment.contracts.TestAsset!, abi: erc20Abi } as const;
  const balance = () => who.client.readContract({ ...asset, functionName: "balanceOf", args: [address] });
  const before = await balance();
  if ((await read(who, "Penalties", "owed", [address])) > 0n) await claimFromCourt(who, { account: address });
  return { address, wronged, leaves, restored: String(amount), claimed: String((await balance()) - before) };
}
