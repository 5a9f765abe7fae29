import { defineSettings, kind } from "@surety/node-kit";
import type { Address } from "viem";
import { assetOf, claimExits, type Exit } from "../actions/stake.ts";
import { type Asset, type AssetFormat, parseAmount, showAmount } from "../amounts.ts";
import type { Context, ReadContext } from "../context.ts";
import { signer } from "../context.ts";
import { scriptKind } from "../kinds.ts";
import type { CallReport } from "../perform.ts";
import { showTime } from "../refusal.ts";
import type { Session } from "../session.ts";
import type { Fact, Report } from "../summary.ts";

/** Settings that several commands have. */
export const shared = defineSettings({
  amount: { kind: scriptKind.amount(), about: "amount in whole units of the asset" },
  provider: { kind: kind.address(), about: "provider; default: the signing account", optional: true },
  verifier: { kind: kind.address(), about: "verifier; default: the signing account", optional: true },
  modelIds: { kind: scriptKind.modelIds(), about: "models; default: all that were ever promised", optional: true },
  exits: { kind: scriptKind.numbers(), about: "numbers of exits; default: all that are released", optional: true },
});

/** A context with its asset. */
export async function withAsset(session: Session): Promise<{ context: Context; asset: Asset }> {
  const context = await session.context();
  return { context, asset: await assetOf(context) };
}

/** Whom a read is about: named, or the signing account, for which alone a key is needed. */
export async function subject(
  session: Session,
  named: Address | undefined,
): Promise<{ context: ReadContext; account: Address; asset: Asset }> {
  const account = named ?? signer(await session.sender());
  const context = await session.readContext();
  return { context, account, asset: await assetOf(context) };
}

/** An amount as a fact. */
export const money = (name: string, amount: bigint, asset: AssetFormat): Fact => ({
  name,
  value: amount,
  text: showAmount(amount, asset),
});

/** Reads the setting `--amount`. */
export const amountOf = ({ amount }: { amount: string }, asset: Asset): bigint =>
  parseAmount("--amount", amount, asset);

/** What to say about an exit that was asked for. */
export function exitReport(done: { calls: CallReport[]; exit: { id: bigint; release: bigint } | undefined }): Report {
  const { calls, exit } = done;
  if (!exit) return { calls, facts: [] };
  const facts: Fact[] = [
    { name: "exit", value: exit.id },
    { name: "release", value: exit.release, text: `${showTime(exit.release)}; slashable until it is claimed then` },
  ];
  return { calls, facts };
}

/** Claims released exits of the given account, or of the signer. */
export async function runClaimExits(
  session: Session,
  account: Address | undefined,
  ids: bigint[] | undefined,
): Promise<Report> {
  const { context, asset } = await withAsset(session);
  const { calls, paid } = await claimExits(context, { account, ids });
  return { calls, facts: [money("paid", paid, asset)] };
}

/** Exits under way as a table. */
export const exitTable = (exits: readonly Exit[], asset: Asset) => ({
  name: "exits",
  columns: [
    { title: "exit", align: "right" as const },
    { title: "pays", align: "right" as const },
    { title: "released" },
  ],
  rows: exits.map(({ id, value, release }) => [id, showAmount(value, asset), showTime(release)]),
});
