import { SuretyError } from "@surety/protocol";
import type { Address } from "viem";
import { type Asset, readAsset, showAmount } from "../amounts.ts";
import { type Context, type ReadContext, signer } from "../context.ts";
import { abis, addressOf, type Callable, erc20Abi, read, type SendArgs, type SendName } from "../contracts.ts";
import { eventsIn } from "../events.ts";
import { type Call, type CallReport, type Done, perform } from "../perform.ts";

/** The tranche of an account's own bond in `IStakePool.Tranche`. */
const OWN = 0;
/** An exit that was paid, in `IStakePool.ExitState`. */
const CLAIMED = 3;

/** Stake of one account, in the asset's smallest unit. */
export type Stake = { active: bigint; locked: bigint; free: bigint };

/** An exit under way: what it would pay now, and when it can be claimed (Unix seconds). */
export type Exit = { id: bigint; receiver: Address; value: bigint; release: bigint };

/** The token of stake and pay, as the stake pool names it. */
export async function assetOf(context: ReadContext): Promise<Asset> {
  return readAsset(context.client, await read(context, "StakePool", "asset"));
}

/** What an account has bonded, and how much of it no exit may take. */
export async function stakeOf(context: ReadContext, account: Address): Promise<Stake> {
  const [active, locked] = await Promise.all([
    read(context, "StakePool", "stakeOf", [account]),
    read(context, "StakePool", "locked", [account]),
  ]);
  return { active, locked, free: active > locked ? active - locked : 0n };
}

/** Exits of an account that were not claimed. */
export async function exitsOf(context: ReadContext, account: Address): Promise<Exit[]> {
  const count = await read(context, "StakePool", "exitCount", [account, OWN]);
  const exits: Exit[] = [];
  for (let id = 0n; id < count; id++) {
    const { state, receiver, value, release } = await read(context, "StakePool", "exitStatus", [account, OWN, id]);
    if (state !== CLAIMED) exits.push({ id, receiver, value, release });
  }
  return exits;
}

/** A call of a deployed contract. */
export function callOf<N extends Callable, F extends SendName<N>>(
  context: Context,
  contract: N,
  functionName: F,
  args: SendArgs<N, F>,
  shown: Record<string, string>,
): Call {
  return { contract, address: addressOf(context, contract), abi: abis[contract], functionName, args, shown } as Call;
}

/**
 * Plans what lets a contract take `amount` of the signer's tokens: nothing if it may already, else one approval of exactly
 * that much. A token that refuses to change an approval that is not zero gets two.
 * @throws {SuretyError} `BALANCE_TOO_LOW`: nothing is approved that cannot be paid.
 */
export async function planApproval(context: Context, asset: Asset, spender: Callable, amount: bigint): Promise<Call[]> {
  const { client } = context;
  const from = signer(context);
  const to = addressOf(context, spender);
  const token = { address: asset.address, abi: erc20Abi };
  const [balance, allowance] = await Promise.all([
    client.readContract({ ...token, functionName: "balanceOf", args: [from] }),
    client.readContract({ ...token, functionName: "allowance", args: [from, to] }),
  ]);
  if (balance < amount) {
    const message = `The signing account ${from} has ${showAmount(balance, asset)}; needed are ${showAmount(amount, asset)}. Nothing was sent.`;
    throw new SuretyError("BALANCE_TOO_LOW", message, { details: { have: balance, need: amount } });
  }
  if (allowance >= amount) return [];
  const approve = (value: bigint): Call => ({
    contract: asset.symbol,
    ...token,
    functionName: "approve",
    args: [to, value],
    shown: { spender: `${spender} ${to}`, amount: showAmount(value, asset) },
  });
  if (allowance === 0n) return [approve(amount)];
  const change = { ...token, functionName: "approve", args: [to, amount], account: from } as const;
  const changes = await client.simulateContract(change).then(
    () => true,
    () => false,
  );
  return changes ? [approve(amount)] : [approve(0n), { ...approve(amount), follows: true }];
}

/** Plans a bond of `amount` for `account`, paid by the signer. */
export async function planBond(context: Context, asset: Asset, account: Address, amount: bigint): Promise<Call[]> {
  const approvals = await planApproval(context, asset, "StakePool", amount);
  const shown = { account, amount: showAmount(amount, asset) };
  const bond = callOf(context, "StakePool", "bond", [account, amount], shown);
  return [...approvals, ...after(approvals, [bond])];
}

/** Marks calls as possible only once others are mined, if there are others. */
export const after = (before: readonly Call[], calls: readonly Call[]): Call[] =>
  before.length === 0 ? [...calls] : calls.map((call) => ({ ...call, follows: true }));

/**
 * Adds to an account's own bond, from the signer, approving only what is missing.
 * @param args.account Default: the signer.
 */
export async function bond(context: Context, args: { account?: Address | undefined; amount: bigint }): Promise<Done> {
  const asset = await assetOf(context);
  const plan = await planBond(context, asset, args.account ?? signer(context), args.amount);
  return { calls: await perform(context, plan, asset) };
}

/** The exit that a transaction began. */
export function exitBegun(context: Context, calls: readonly CallReport[]): { id: bigint; release: bigint } | undefined {
  return eventsIn(context, "StakePool", "ExitRequested", calls).at(-1);
}

/**
 * Pays out exits that are released.
 * @param args.account Whose; default the signer. @param args.ids Default: all that are released.
 * @returns `paid` to each receiver, in the asset's smallest unit.
 * @throws {SuretyError} `NOTHING_TO_CLAIM` with the time of the next one.
 */
export async function claimExits(
  context: Context,
  args: { account?: Address | undefined; ids?: bigint[] | undefined },
): Promise<Done & { paid: bigint }> {
  const account = args.account ?? signer(context);
  const [asset, exits, { timestamp }] = await Promise.all([
    assetOf(context),
    exitsOf(context, account),
    context.client.getBlock(),
  ]);
  const ids = args.ids ?? exits.filter(({ release }) => release <= timestamp).map(({ id }) => id);
  if (ids.length === 0) throw nothingReleased(account, exits);
  const plan = ids.map((id) => {
    const value = exits.find((exit) => exit.id === id)?.value ?? 0n;
    const shown = { account, exit: String(id), amount: showAmount(value, asset) };
    return callOf(context, "StakePool", "claimExit", [account, OWN, id], shown);
  });
  const calls = await perform(context, plan, asset);
  const claimed = eventsIn(context, "StakePool", "ExitClaimed", calls);
  return { calls, paid: claimed.reduce((sum, { amount }) => sum + amount, 0n) };
}

function nothingReleased(account: Address, exits: Exit[]): SuretyError {
  const [next] = exits.map(({ release }) => release).toSorted((a, b) => Number(a - b));
  const when = next && new Date(Number(next) * 1000).toISOString();
  const message = next
    ? `No exit of ${account} is released yet; the next is at ${when}. Nothing was sent.`
    : `${account} has no exit under way; ask for one first. Nothing was sent.`;
  return new SuretyError("NOTHING_TO_CLAIM", message, { retryable: next !== undefined, details: { account, next } });
}
