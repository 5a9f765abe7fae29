import { commit, reveal } from "../sim/attest.ts";
import { closeFree, openFree } from "../sim/cases.ts";
import { type Chain, type Receipt, startChain } from "../sim/chain.ts";
import { HONEST_PROVIDER, HONEST_VERIFIER, type ProviderConduct } from "../sim/conduct.ts";
import { begin, closeLogs, draw, settle } from "../sim/serving.ts";
import { openWorld } from "../sim/setup.ts";
import { FIRST, timesOf, type World } from "../sim/world.ts";
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

type Play = { providers: number; conduct: ProviderConduct; isMeasured: (epoch: bigint) => boolean };

/** Lives through epochs of a market of real contracts with six verifiers; notes what those that are measured use. */
async function play({ providers, conduct, isMeasured }: Play): Promise<Map<string, number[]>> {
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
      await at(times.revealEnd, closeFree);
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

/** A free case that nobody defends: its end slashes, and changes the record. */
export async function court(): Promise<Row[]> {
  const conduct = { ...HONEST_PROVIDER, cheap: 0.1 };
  const gas = await play({ providers: 4, conduct, isMeasured: () => true });
  const [first, ...others] = gas.get("DisputeCourt.closeFree") ?? [];
  if (first === undefined || others.length === 0) throw new Error("too few cases came up");
  return [
    { operation: "slash with case and record, the first", gas: BigInt(first) },
    { operation: `the same, dearest of ${others.length} more`, gas: BigInt(Math.max(...others)), bar: 180_000n },
  ];
}
