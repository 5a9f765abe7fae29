// Plays strategies on the real contracts: npm run sim -- --help
import { writeFile } from "node:fs/promises";
import { SuretyError } from "@surety/protocol";
import { startChain } from "./chain.ts";
import { compare, type Row } from "./compare.ts";
import { HONEST_PROVIDER, HONEST_VERIFIER } from "./conduct.ts";
import { HELP, type Options, readOptions, titleOf } from "./options.ts";
import { type Played, play } from "./play.ts";
import { ROWS, type RowPlan } from "./rows.ts";
import { renderReport } from "./table.ts";
import { JURIES, TERMS } from "./terms.ts";

/** Everything that a run found. */
export type Report = {
  epochs: number;
  seed: number;
  jury: number;
  terms: typeof TERMS;
  rows: Row[];
  transactions: number;
  seconds: number;
};

/** Overwrites one line of a terminal; says nothing elsewhere. */
const progress = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

/** The same world, but the members of the strategy are honest; a cheat whose verifiers a row is about stays one. */
const fairPlan = (plan: RowPlan): RowPlan => ({
  ...plan,
  provider: plan.side === "verifier" ? plan.provider : HONEST_PROVIDER,
  verifier: HONEST_VERIFIER,
});

/** Plays the rows that were asked for, each beside the same world with honest members. */
export async function simulate({ epochs, seed, only, jury: seats }: Omit<Options, "json">): Promise<Report> {
  const started = performance.now();
  const jury = JURIES[seats];
  const plans = ROWS.filter((plan) => only.length === 0 || only.some((part) => titleOf(plan).includes(part)));
  const chain = await startChain();
  const fairWorlds = new Map<string, Played>();
  let transactions = 0;
  const playOne = async (plan: RowPlan, what: string): Promise<Played> => {
    const onEpoch = (epoch: number, of: number) => progress(`${what}  epoch ${epoch}/${of}`);
    const played = await play(chain, plan, { seed, epochs, jury, onEpoch });
    transactions += played.transactions;
    return played;
  };
  const fairWorld = async (plan: RowPlan): Promise<Played> => {
    const fair = fairPlan(plan);
    const key = JSON.stringify([fair.provider, fair.exact]);
    const found = fairWorlds.get(key) ?? (await playOne(fair, `honest beside ${titleOf(plan)}`));
    fairWorlds.set(key, found);
    return found;
  };
  const rows: Row[] = [];
  try {
    for (const [position, plan] of plans.entries()) {
      const base = await fairWorld(plan);
      const deviates = plan.name !== "honest";
      const played = deviates ? await playOne(plan, `${position + 1}/${plans.length} ${titleOf(plan)}`) : base;
      rows.push(compare(plan, played, base, { epochs, jury }));
    }
  } finally {
    progress("");
    await chain.close();
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { epochs, seed, jury: seats, terms: TERMS, rows, transactions, seconds };
}

async function save(report: Report, file: string): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    const message = `--json: ${file} cannot be written; needs a file in a folder that is there.`;
    throw new SuretyError("BENCH_CANNOT_WRITE", message, { cause });
  }
}

async function main(argv: string[]): Promise<number> {
  const options = readOptions(argv);
  if (options === "help") {
    console.log(HELP);
    return 0;
  }
  const report = await simulate(options);
  console.log(renderReport(report));
  if (options.json !== undefined) await save(report, options.json);
  return report.rows.every(({ honestFirst }) => honestFirst) ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = error.code === "BENCH_BAD_FLAG" ? 64 : 70;
  }
}
