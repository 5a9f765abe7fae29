import { readFileSync } from "node:fs";
import { kind } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { readReceipt, type SavedReceipt } from "@surety/sdk";
import type { Address, Hex } from "viem";
import {
  claimFromCourt,
  type DemandArgs,
  demand,
  endAtCourt,
  findCourt,
  listCourt,
  openCase,
  type ShownCase,
  type ShownDemand,
} from "../actions/court.ts";
import { assetOf } from "../actions/stake.ts";
import { showAmount } from "../amounts.ts";
import { signer } from "../context.ts";
import { scriptKind } from "../kinds.ts";
import { defineCommand } from "../program.ts";
import { showTime } from "../refusal.ts";
import type { Fact } from "../summary.ts";
import { money, withAsset } from "./shared.ts";

const id = { kind: kind.bytes32(), about: "number of a demand or case, as `list` shows it" } as const;
const receipt = {
  kind: kind.path("./receipt.json"),
  about: "file of a signed receipt: an answer, or its parameters",
  optional: true,
} as const;

/** Reads the file of a receipt. */
function savedReceipt(path: string): SavedReceipt {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new SuretyError("RECEIPT_MISSING", `The receipt ${path} cannot be read. Name its file with --receipt.`, {
      cause,
    });
  }
  try {
    return readReceipt(text);
  } catch (cause) {
    const message = `${path} is no receipt: ${(cause as Error).message}. Nothing was sent.`;
    throw new SuretyError("RECEIPT_MALFORMED", message, { cause });
  }
}

const untilText = (time: bigint): string => (time === 0n ? "" : showTime(time));

const demandTable = (demands: readonly (ShownDemand & { modelId: Hex; epoch: bigint })[]) => ({
  name: "demands",
  columns: ["id", "demands", "of", "model", "epoch", "place", "state", "until"].map((title) => ({ title })),
  rows: demands.map((d) => [d.id, d.kind, d.accused, d.modelId, d.epoch, d.place, d.state, untilText(d.deadline)]),
});

const caseTable = (cases: readonly (ShownCase & { seq: number })[]) => ({
  name: "cases",
  columns: ["id", "provider", "model", "epoch", "leaf", "state", "jury", "until"].map((title) => ({ title })),
  rows: cases.map((c) => [
    c.id,
    c.provider,
    c.modelId,
    c.epoch,
    c.seq,
    c.state,
    c.jury ? `${c.jury.verdict}: ${c.jury.convictions} of ${c.jury.revealed} votes convict` : "",
    untilText(c.jury?.revealEnd ?? c.answerEnd),
  ]),
});

const list = defineCommand({
  name: "list",
  kind: "reads",
  about: "Shows demands and cases.",
  example: "npx surety court list --account 0x... --open",
  settings: {
    account: { kind: kind.address(), about: "provider or verifier that they are about; default: all", optional: true },
    open: { kind: kind.yes(), about: "only what has not ended", default: "false" },
  },
  async run({ account, open }, session) {
    const { demands, cases } = await listCourt(await session.readContext(), { account, open });
    const facts = [
      { name: "demanded", value: demands.length },
      { name: "opened", value: cases.length },
    ];
    return { calls: [], facts, tables: [demandTable(demands), caseTable(cases)] };
  },
});

const time = (name: string, value: bigint): Fact => ({ name, value, text: showTime(value) });

function caseFacts({ state, provider, modelId, epoch, challenger, answerEnd, jury }: ShownCase): Fact[] {
  const about: Fact[] = [
    { name: "state", value: state },
    { name: "provider", value: provider },
    { name: "model", value: modelId },
    { name: "epoch", value: epoch },
    { name: "challenger", value: challenger ?? null, text: challenger ?? "none: a majority found the answer wrong" },
    ...(answerEnd > 0n ? [time("answerEnd", answerEnd)] : []),
  ];
  if (!jury) return about;
  return [
    ...about,
    { name: "verdict", value: jury.verdict },
    { name: "votes", value: `${jury.convictions} of ${jury.revealed} convict` },
    time("juryStart", jury.start),
    time("juryCommitEnd", jury.commitEnd),
    time("juryRevealEnd", jury.revealEnd),
    { name: "jurors", value: jury.seats, text: jury.seats.join(", ") || "not drawn yet" },
  ];
}

const show = defineCommand({
  name: "show",
  kind: "reads",
  about: "Shows one demand or case.",
  example: "npx surety court show --id 0x...",
  settings: { id },
  async run(values, session) {
    const found = await findCourt(await session.readContext(), values.id);
    if (!found.demand) return { calls: [], facts: [{ name: "case", value: values.id }, ...caseFacts(found.case)] };
    const { kind: what, state, accused, demander, place, deadline } = found.demand;
    const facts: Fact[] = [
      { name: "demand", value: values.id },
      ...Object.entries({ demands: what, state, of: accused, demander, place }).map(([name, value]) => ({
        name,
        value,
      })),
      time("deadline", deadline),
    ];
    return { calls: [], facts };
  },
});

/** What the settings of `demand` mean, or what is missing. */
function demandArgs(values: {
  receipt?: string | undefined;
  omission: boolean;
  provider?: Address | undefined;
  modelId?: Hex | undefined;
  epoch?: bigint | undefined;
  sample?: number | undefined;
  seat?: number | undefined;
  probe?: number | undefined;
}): DemandArgs {
  const { provider, modelId, epoch, sample, seat, probe } = values;
  if (values.receipt !== undefined) {
    return { kind: values.omission ? "omission" : "leaf", saved: savedReceipt(values.receipt) };
  }
  if (provider !== undefined && modelId !== undefined && epoch !== undefined) {
    if (sample !== undefined) return { kind: "sample", provider, modelId, epoch, sample };
    if (seat !== undefined && probe !== undefined) return { kind: "probe", provider, modelId, epoch, seat, probe };
  }
  const message =
    "Nothing says what to demand: give --receipt, or --provider, --model-id and --epoch with --sample or with --seat and --probe. Nothing was sent.";
  throw new SuretyError("DEMAND_OF_WHAT", message);
}

const demandCommand = defineCommand({
  name: "demand",
  about:
    "Demands a leaf on chain, the proof that a log holds a receipt, or a verifier's receipt; who is silent is punished.",
  example: "npx surety court demand --receipt receipt.json --omission",
  settings: {
    receipt,
    omission: { kind: kind.yes(), about: "demand only proof that the log holds the receipt", default: "false" },
    provider: { kind: kind.address(), about: "without a receipt: who was sampled or probed", optional: true },
    modelId: { kind: kind.bytes32(), about: "without a receipt: the model", optional: true },
    epoch: { kind: kind.whole(7n), about: "without a receipt: the epoch", optional: true },
    sample: { kind: kind.integer(0, 47), about: "without a receipt: the sample's number", optional: true },
    seat: { kind: kind.integer(0, 4), about: "of a verifier's receipt: its probe seat", optional: true },
    probe: { kind: kind.integer(0, 65_534), about: "of a verifier's receipt: its number", optional: true },
  },
  async run(values, session) {
    const args = demandArgs(values);
    const { context, asset } = await withAsset(session);
    const { calls, id: made, deadline, bond } = await demand(context, args);
    const facts: Fact[] = [
      { name: "demand", value: made ?? null, text: made ?? "not made" },
      ...(deadline === undefined ? [] : [time("deadline", deadline)]),
      money("bond", bond, asset),
    ];
    return { calls, facts };
  },
});

const open = defineCommand({
  name: "open",
  about: "Opens a case about a leaf that was proved in an answer to a demand.",
  example: "npx surety court open --demand 0x... --receipt receipt.json",
  settings: {
    demand: { kind: kind.bytes32(), about: "the answered demand" },
    receipt: { ...receipt, about: "with it the provider has to open the very output that it signed" },
  },
  async run(values, session) {
    const saved = values.receipt === undefined ? undefined : savedReceipt(values.receipt);
    const { context, asset } = await withAsset(session);
    const { calls, id: made, answerEnd, bond } = await openCase(context, { demand: values.demand, saved });
    const facts: Fact[] = [
      { name: "case", value: made },
      ...(answerEnd === undefined ? [] : [time("answerEnd", answerEnd)]),
      money("bond", bond, asset),
    ];
    return { calls, facts };
  },
});

const close = defineCommand({
  name: "close",
  about: "Ends what is over: demands or cases without an answer, cases with a verdict. Anyone may.",
  example: "npx surety court close --ids 0x...,0x...",
  settings: { ids: { kind: scriptKind.ids(), about: "numbers of demands and cases, as `list` shows them" } },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const { calls, ended } = await endAtCourt(context, values);
    const sum = ended.reduce((all, { taken }) => all + taken, 0n);
    const rows = ended.map(({ id, what, taken }) => [id, what, showAmount(taken, asset)]);
    const table = { name: "ended", columns: ["id", "was", "taken"].map((title) => ({ title })), rows };
    return {
      calls,
      facts: calls.some(({ status }) => status === "sent") ? [money("taken", sum, asset)] : [],
      tables: [table],
    };
  },
});

const claim = defineCommand({
  name: "claim",
  about: "Pays what the court owes: restitution, parts of slashes, bonds. Anyone may push it.",
  example: "npx surety court claim",
  settings: { account: { kind: kind.address(), about: "who is paid; default: the signing account", optional: true } },
  async run({ account }, session) {
    const context = await session.context();
    const { calls, paid } = await claimFromCourt(context, { account });
    const asset = await assetOf(context);
    return { calls, facts: [{ name: "account", value: account ?? signer(context) }, money("paid", paid, asset)] };
  },
});

/** The commands of scripts/court.ts. */
export const courtCommands = [list, show, demandCommand, open, close, claim];
