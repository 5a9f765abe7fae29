import { encodeFunctionData } from "viem";
import { readArtifact } from "../../scripts/lib/artifacts.ts";
import { commit, reveal } from "../sim/attest.ts";
import { closeFree, openFree, overdueFree } from "../sim/cases.ts";
import { type Chain, type Receipt, startChain } from "../sim/chain.ts";
import { HONEST_PROVIDER, HONEST_VERIFIER, type ProviderConduct } from "../sim/conduct.ts";
import { proofOf } from "../sim/log.ts";
import { begin, closeLogs, draw, settle } from "../sim/serving.ts";
import { openWorld } from "../sim/setup.ts";
import { FIRST, logOf, send, timesOf, type World } from "../sim/world.ts";
import type { Row } from "./chain.ts";

/** Epochs before the one that is measured: then logs are sampled at 24 places, and no storage is touched for the first time. */
const WARM = 8;
const JURY = { seats: 5, votes: 4, verifiers: 6 };

/** Gas by function, one number per transaction, of what is sent while `on`. */
type Tally = { on: boolean; gas: Map<string, number[]> };

/** A chain that notes what every transaction uses. */
function tallied(chain: Chain, tally: Tally): Chain {
  return {
    ...chain,
    get now() {
      return chain.now;
    },
    async send(from, to, name, fn, args): Promise<Receipt> {
      const receipt = await chain.send(from, to, name, fn, args);
      const key = `${name}.${fn}`;
      if (tally.on) tally.gas.set(key, [...(tally.gas.get(key) ?? []), receipt.gasUsed]);
      return receipt;
    },
  };
}

type Play = {
  providers: number;
  conduct: ProviderConduct;
  isMeasured: (epoch: bigint) => boolean;
  /** How free cases that nobody defended are ended. */
  close?: (world: World) => Promise<void>;
};

/** Lives through epochs of a market of real contracts with six verifiers; notes what those that are measured use. */
async function play({ providers, conduct, isMeasured, close = closeFree }: Play): Promise<Map<string, number[]>> {
  const chain = await startChain();
  const tally: Tally = { on: false, gas: new Map() };
  try {
    const plan = { name: "gas", side: "provider", verifier: HONEST_VERIFIER, share: 0, exact: false } as const;
    const size = { seed: 1, epochs: WARM + 4, jury: JURY, providers };
    const world = await openWorld(tallied(chain, tally), { ...plan, provider: conduct }, size);
    for (let epoch = 0n; epoch <= FIRST + BigInt(WARM); epoch++) {
      const times = timesOf(world, epoch);
      const at = async (time: bigint, step: (world: World, epoch: bigint) => Promise<void>, isOfEpoch = true) => {
        world.chain.at(time);
        tally.on = isOfEpoch && isMeasured(epoch);
        await step(world, epoch);
        tally.on = false;
      };
      await at(times.end, begin, false);
      await at(times.end + 1n, closeLogs);
      await at(times.seedTime, draw);
      await at(times.openEnd, commit);
      await at(times.outputEnd, reveal);
      await at(times.revealEnd, settle);
      await at(times.revealEnd, close);
      await at(times.revealEnd + 1n, openFree, false);
    }
  } finally {
    await chain.close();
  }
  tally.gas.delete("TestAsset.mint");
  return tally.gas;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

const PARTS: readonly [string, string][] = [
  ["ReceiptLog.commit", "logs"],
  ["HeaderBeacon.draw", "seed"],
  ["AttestationHub.commit", "commitments"],
  ["AttestationHub.reveal", "reveals"],
  ["AttestationHub.settleAll", "settlements"],
];

/** One epoch of nine provider-model pairs and six verifiers: all its transactions, divided by nine. */
export async function epoch(): Promise<Row[]> {
  const isLast = (number: bigint) => number === FIRST + BigInt(WARM);
  const rowsOf = async (pairs: number, bar?: bigint): Promise<Row[]> => {
    const gas = await play({ providers: pairs, conduct: HONEST_PROVIDER, isMeasured: isLast });
    const perPair = (values: readonly number[]) => BigInt(Math.round(sum(values) / pairs));
    const parts = PARTS.map(([key, name]): Row => {
      const values = gas.get(key) ?? [];
      const count = values.length === 1 ? "1 transaction" : `${values.length} transactions`;
      return { operation: `  ${name}, ${count}`, gas: perPair(values) };
    });
    const all = {
      operation: pairs === 1 ? "one pair alone" : `${pairs} pairs, each`,
      gas: perPair([...gas.values()].flat()),
    };
    return [{ ...all, ...(bar === undefined ? {} : { bar }) }, ...parts];
  };
  return [...(await rowsOf(9, 800_000n)), ...(await rowsOf(1))];
}

const BATCH = 8;

/** Ends free cases about one provider in transactions of eight; what is too few waits for the next epoch. */
async function closeTogether(world: World): Promise<void> {
  const { abi } = readArtifact("DisputeCourt");
  for (const provider of world.providers) {
    const over = overdueFree(world).filter((one) => one.provider === provider);
    for (let first = 0; first + BATCH <= over.length; first += BATCH) {
      const batch = over.slice(first, first + BATCH);
      const calls = batch.map(({ epoch, seq }) => {
        const args = [proofOf(logOf(world, provider, epoch)!, seq)];
        return encodeFunctionData({ abi, functionName: "closeFree", args });
      });
      await send(world, world.watcher, "DisputeCourt", "multicall", [calls]);
      for (const one of batch) world.cases.splice(world.cases.indexOf(one), 1);
    }
  }
}

/** Free cases that nobody defends: their end slashes, and changes the record. */
export async function court(): Promise<Row[]> {
  const conduct = { ...HONEST_PROVIDER, cheap: 0.1 };
  const market = { providers: 4, conduct, isMeasured: () => true };
  const [first, ...others] = (await play(market)).get("DisputeCourt.closeFree") ?? [];
  const batches = (await play({ ...market, close: closeTogether })).get("DisputeCourt.multicall") ?? [];
  if (first === undefined || others.length === 0 || batches.length < 2) throw new Error("too few cases came up");
  const each = BigInt(Math.round(Math.max(...batches) / BATCH));
  return [
    { operation: "slash with case and record, the first", gas: BigInt(first) },
    { operation: `the same, dearest of ${others.length} more`, gas: BigInt(Math.max(...others)) },
    { operation: `slash with case and record, each of a batch of ${BATCH}`, gas: each, bar: 180_000n },
  ];
}
