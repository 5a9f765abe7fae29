import { SuretyError } from "@surety/protocol";
import type { Address } from "viem";
import { showAmount } from "../amounts.ts";
import { type Context, type ReadContext, signer } from "../context.ts";
import { read } from "../contracts.ts";
import { eventsIn, findEvents } from "../events.ts";
import { type Done, perform } from "../perform.ts";
import { after, assetOf, callOf, exitBegun, planBond, stakeOf } from "./stake.ts";

/** A ticket: its place, the first epoch it counts in, and the first after the last (undefined: not given back). */
export type HeldTicket = { index: bigint; from: bigint; until: bigint | undefined };

/** `until` of a ticket that was not given back. */
const LIVE = 2n ** 48n - 1n;
/** Most tickets that are bought or given back at a time. */
export const MAX_TICKETS = 32;

/**
 * Makes the signer a verifier, or a larger one: bonds what is missing for `tickets` tickets, and for those that it holds, and
 * buys them.
 * @returns The places of the tickets and the first epoch they count in; empty in a dry run.
 * @throws {SuretyError} `VERIFIER_IS_PROVIDER`, `BALANCE_TOO_LOW`, `TICKETS_BAD_COUNT`, or a refusal.
 */
export async function registerVerifier(
  context: Context,
  args: { tickets: number },
): Promise<Done & { tickets: { index: bigint; from: bigint }[]; bonded: bigint }> {
  const verifier = signer(context);
  checkCount(args.tickets);
  const [asset, size, stake, isProvider] = await Promise.all([
    assetOf(context),
    read(context, "VerifierRegistry", "ticketSize"),
    stakeOf(context, verifier),
    read(context, "ProviderRegistry", "isProvider", [verifier]),
  ]);
  if (isProvider) {
    const message = `${verifier} is a provider, whose stake answers for its promises. Verify with another key. Nothing was sent.`;
    throw new SuretyError("VERIFIER_IS_PROVIDER", message, { details: { verifier } });
  }
  const need = size * BigInt(args.tickets);
  // After a slash the tickets that are held may lock more than there is.
  const locked = stake.locked + need;
  const bonded = locked > stake.active ? locked - stake.active : 0n;
  const bonds = bonded > 0n ? await planBond(context, asset, verifier, bonded) : [];
  const shown = { tickets: `${args.tickets} of ${showAmount(size, asset)}`, locks: showAmount(need, asset) };
  const buy = callOf(context, "VerifierRegistry", "buy", [BigInt(args.tickets)], shown);
  const calls = await perform(context, [...bonds, ...after(bonds, [buy])], asset);
  const bought = eventsIn(context, "VerifierRegistry", "TicketBought", calls);
  return { calls, tickets: bought.map(({ index, from }) => ({ index, from })), bonded };
}

/** The tickets that a verifier holds, found in the events since the deployment. */
export async function ticketsOf(context: ReadContext, verifier: Address): Promise<HeldTicket[]> {
  const bought = await findEvents(context, "VerifierRegistry", "TicketBought", { verifier });
  const indexes = [...new Set(bought.map(({ index }) => index))].toSorted((a, b) => Number(a - b));
  const tickets = await Promise.all(
    indexes.map(async (index) => {
      const [holder, from, until] = await read(context, "VerifierRegistry", "ticket", [index]);
      return { holder, ticket: { index, from, until: until === LIVE ? undefined : until } };
    }),
  );
  // A place that became free may be another's by now.
  return tickets.filter(({ holder }) => holder.toLowerCase() === verifier.toLowerCase()).map(({ ticket }) => ticket);
}

/**
 * Gives tickets back, which frees their stake for exit.
 * @param args.tickets Their places; default: all that the signer holds.
 * @returns The first epoch in which they no longer count; undefined in a dry run.
 * @throws {SuretyError} `TICKETS_NONE` if there is none to give back, `TICKETS_BAD_COUNT`, or a refusal.
 */
export async function giveBackTickets(
  context: Context,
  args: { tickets?: bigint[] | undefined } = {},
): Promise<Done & { tickets: bigint[]; until: bigint | undefined }> {
  const verifier = signer(context);
  const held = args.tickets ?? (await live(context, verifier));
  if (held.length === 0) {
    const message = `${verifier} holds no ticket to give back. Nothing was sent.`;
    throw new SuretyError("TICKETS_NONE", message, { details: { verifier } });
  }
  const asset = await assetOf(context);
  const groups = Array.from({ length: Math.ceil(held.length / MAX_TICKETS) }, (_, i) =>
    held.slice(i * MAX_TICKETS, (i + 1) * MAX_TICKETS),
  );
  const plan = groups.map((group) =>
    callOf(context, "VerifierRegistry", "giveBack", [group], { tickets: group.join(", ") }),
  );
  const calls = await perform(context, plan, asset);
  const until = eventsIn(context, "VerifierRegistry", "TicketReturned", calls).at(-1)?.until;
  return { calls, tickets: held, until };
}

async function live(context: ReadContext, verifier: Address): Promise<bigint[]> {
  const held = await ticketsOf(context, verifier);
  return held.filter(({ until }) => until === undefined).map(({ index }) => index);
}

/** Asks for an exit of the signer's free stake. @returns as {@link exitBegun}. */
export async function exitVerifier(
  context: Context,
  args: { amount: bigint },
): Promise<Done & { exit: { id: bigint; release: bigint } | undefined }> {
  const asset = await assetOf(context);
  const shown = { amount: showAmount(args.amount, asset) };
  const calls = await perform(context, [callOf(context, "VerifierRegistry", "exit", [args.amount], shown)], asset);
  return { calls, exit: exitBegun(context, calls) };
}

/** Pays what a verifier has earned to it. Anyone may. @returns `paid` in the asset's smallest unit. */
export async function claimVerifierPay(
  context: Context,
  args: { verifier?: Address | undefined } = {},
): Promise<Done & { paid: bigint }> {
  const verifier = args.verifier ?? signer(context);
  const asset = await assetOf(context);
  const due = await read(context, "RewardDistributor", "claimableVerifier", [verifier]);
  if (due === 0n) return { calls: [], paid: 0n };
  const shown = { verifier, due: showAmount(due, asset) };
  const calls = await perform(
    context,
    [callOf(context, "RewardDistributor", "claimVerifier", [verifier], shown)],
    asset,
  );
  const claimed = eventsIn(context, "RewardDistributor", "Claimed", calls);
  return { calls, paid: claimed.reduce((sum, { amount }) => sum + amount, 0n) };
}

function checkCount(count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_TICKETS) return;
  const message = `${count} tickets cannot be bought; expected 1 to ${MAX_TICKETS} at a time. Nothing was sent.`;
  throw new SuretyError("TICKETS_BAD_COUNT", message, { details: { have: count, need: MAX_TICKETS } });
}
