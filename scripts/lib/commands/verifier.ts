import { kind } from "@surety/node-kit";
import { bond, type Stake, stakeOf } from "../actions/stake.ts";
import { verifierStatus } from "../actions/status.ts";
import { claimVerifierPay, exitVerifier, giveBackTickets, MAX_TICKETS, registerVerifier } from "../actions/verifier.ts";
import { type Asset, showAmount } from "../amounts.ts";
import { signer } from "../context.ts";
import { scriptKind } from "../kinds.ts";
import { defineCommand } from "../program.ts";
import type { Fact } from "../summary.ts";
import { amountOf, exitReport, exitTable, money, runClaimExits, shared, subject, withAsset } from "./shared.ts";

const { amount, verifier, exits } = shared;

/** Stake as facts, with what its tickets lack of it, if they do. */
function stakeFacts({ active, locked, free }: Stake, asset: Asset): Fact[] {
  const facts = [money("stake", active, asset), money("locked", locked, asset), money("free", free, asset)];
  const text = `${showAmount(locked - active, asset)}: anybody may return tickets that no stake backs; bond this much to keep them`;
  return active < locked ? [...facts, { name: "lacking", value: locked - active, text }] : facts;
}

const register = defineCommand({
  name: "register",
  about: "Makes the signing account a verifier: bonds what its tickets need and buys them.",
  example: "node scripts/verifier.ts register --tickets 2",
  settings: {
    tickets: { kind: kind.integer(1, MAX_TICKETS, 2), about: "tickets to buy; each is drawn for seats by itself" },
  },
  async run({ tickets }, session) {
    const { context, asset } = await withAsset(session);
    const done = await registerVerifier(context, { tickets });
    const facts = [
      { name: "verifier", value: signer(context) },
      money("bonded", done.bonded, asset),
      {
        name: "tickets",
        value: done.tickets.map(({ index }) => index),
        text: done.tickets.map((t) => t.index).join(", "),
      },
      ...done.tickets.slice(0, 1).map(({ from }) => ({ name: "countFromEpoch", value: from })),
    ];
    return { calls: done.calls, facts };
  },
});

const bondCommand = defineCommand({
  name: "bond",
  about: "Adds to a verifier's stake: what its tickets lack after a slash, or more, so that the next takes none.",
  example: "node scripts/verifier.ts bond --amount 20",
  settings: { amount, verifier },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const account = values.verifier ?? signer(context);
    const { calls } = await bond(context, { account, amount: amountOf(values, asset) });
    return { calls, facts: stakeFacts(await stakeOf(context, account), asset) };
  },
});

const giveBack = defineCommand({
  name: "give-back",
  about: "Gives tickets back, which frees their stake for exit.",
  example: "node scripts/verifier.ts give-back --ticket-numbers 4,7",
  settings: {
    ticketNumbers: {
      kind: scriptKind.numbers("4,7"),
      about: "numbers of tickets; default: all that are held",
      optional: true,
    },
  },
  async run({ ticketNumbers: tickets }, session) {
    const done = await giveBackTickets(await session.context(), { tickets });
    const facts = [
      { name: "tickets", value: done.tickets, text: done.tickets.join(", ") },
      ...(done.until === undefined ? [] : [{ name: "countUntilEpoch", value: done.until }]),
    ];
    return { calls: done.calls, facts };
  },
});

const exit = defineCommand({
  name: "exit",
  about: "Asks for an exit of free stake, paid to the verifier after the exit delay.",
  example: "node scripts/verifier.ts exit --amount 200",
  settings: { amount },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    return exitReport(await exitVerifier(context, { amount: amountOf(values, asset) }));
  },
});

const claimExit = defineCommand({
  name: "claim-exit",
  about: "Pays out exits that are released.",
  example: "node scripts/verifier.ts claim-exit",
  settings: { verifier, exits },
  run: (values, session) => runClaimExits(session, values.verifier, values.exits),
});

const claim = defineCommand({
  name: "claim",
  about: "Pays what the verifier has earned.",
  example: "node scripts/verifier.ts claim",
  settings: { verifier },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const { calls, paid } = await claimVerifierPay(context, values);
    return { calls, facts: [money("paid", paid, asset)] };
  },
});

const status = defineCommand({
  name: "status",
  kind: "reads",
  about: "Shows stake, tickets and pay.",
  example: "node scripts/verifier.ts status --verifier 0x...",
  settings: { verifier },
  async run(values, session) {
    const { context, account, asset } = await subject(session, values.verifier);
    const { stake, tickets, claimable, epoch, ...rest } = await verifierStatus(context, { verifier: account });
    const facts = [
      { name: "verifier", value: account },
      { name: "epoch", value: epoch },
      money("ticketSize", rest.ticketSize, asset),
      ...stakeFacts(stake, asset),
      money("claimable", claimable, asset),
    ];
    const columns = [{ title: "ticket" }, { title: "from epoch" }, { title: "until epoch" }];
    const rows = tickets.map(({ index, from, until }) => [index, from, until ?? "held"]);
    return { calls: [], facts, tables: [{ name: "tickets", columns, rows }, exitTable(rest.exits, asset)] };
  },
});

/** The commands of scripts/verifier.ts. */
export const verifierCommands = [register, bondCommand, giveBack, exit, claimExit, claim, status];
