import { probesFor, SuretyError } from "@surety/protocol";
import { type Address, type Hex, hexToString, isAddressEqual, trim } from "viem";
import { type Asset, showAmount } from "../amounts.ts";
import { type Context, type ReadContext, signer } from "../context.ts";
import { read } from "../contracts.ts";
import { eventsIn } from "../events.ts";
import { type Done, perform } from "../perform.ts";
import { showShare } from "../refusal.ts";
import { promisesOf } from "./promises.ts";
import { assetOf, callOf, exitBegun, stakeOf } from "./stake.ts";

/** Whose: the address that registered; the signer if it is left out. */
type Whose = { provider?: Address | undefined };

/** Epochs from a change to its effect. */
const NOTICE = 2n;
const UINT32_MAX = 0xffff_ffffn;

/**
 * Registers the signer as provider and owner. Registered already on the same terms, nothing is sent.
 * @param args.operator Key that signs receipts and commits logs; default the signer.
 * @throws {SuretyError} `PROVIDER_DIFFERS` if it is registered with another endpoint, or a refusal.
 */
export async function registerProvider(
  context: Context,
  args: { operator?: Address | undefined; endpoint: string; failureDomain?: Hex | undefined },
): Promise<Done & { provider: Address; operator: Address; already: boolean }> {
  const provider = signer(context);
  const { operator = provider, endpoint, failureDomain = `0x${"00".repeat(32)}` as Hex } = args;
  const already = await read(context, "ProviderRegistry", "isProvider", [provider]);
  if (already) await needSame(context, provider, operator, endpoint);
  const domain = hexToString(trim(failureDomain, { dir: "right" })).replaceAll("\0", "") || "none";
  const shown = { operator, endpoint, "failure domain": domain };
  const call = callOf(context, "ProviderRegistry", "register", [operator, endpoint, failureDomain], shown);
  return { calls: already ? [] : await perform(context, [call]), provider, operator, already };
}

async function needSame(context: Context, provider: Address, operator: Address, endpoint: string): Promise<void> {
  const epoch = (await currentEpoch(context)) + NOTICE;
  const [haveOperator, [haveEndpoint]] = await Promise.all([
    read(context, "ProviderRegistry", "operatorAt", [provider, epoch]),
    read(context, "ProviderRegistry", "endpointOf", [provider]),
  ]);
  if (isAddressEqual(haveOperator, operator) && haveEndpoint === endpoint) return;
  const message = `${provider} is registered already, with operator ${haveOperator} and endpoint ${haveEndpoint}. Nothing was sent.`;
  throw new SuretyError("PROVIDER_DIFFERS", message, { details: { provider, haveOperator, haveEndpoint } });
}

/** The terms of a promise, in the units of the contracts. */
export type PromiseTerms = {
  modelId: Hex;
  /** Promised share of timely answers, 1e9 = 100 %. */
  target: bigint;
  /** An answer later than this is not timely, milliseconds. */
  latencyMs: number;
  /** Units of work per second. */
  capacity: number;
  /** Price of a unit in the asset's smallest unit. */
  unitPrice: bigint;
  /** Default: the earliest that is possible. */
  firstEpoch?: bigint | undefined;
  /** Number of epochs. */
  epochs: bigint;
};

/** A promise that was made: its number per provider and model, its epochs (inclusive) and what it locks. */
export type PromiseMade = { index: bigint | undefined; firstEpoch: bigint; lastEpoch: bigint; bonded: bigint };

/**
 * Promises availability for a model, as owner of the provider; locks 7 epochs of full revenue of its bond.
 * @throws {SuretyError} `BOND_TOO_LOW` with what is missing, `MODEL_UNKNOWN`, `PROTOCOL_TARGET_TOO_HIGH`,
 * `PROMISE_TOO_LONG`, or a refusal.
 */
export async function commitPromise(context: Context, args: PromiseTerms & Whose): Promise<Done & PromiseMade> {
  const { provider = signer(context), modelId, target, latencyMs, capacity, unitPrice, epochs } = args;
  const probes = probesFor(target);
  const [asset, current, known, stake, bonded] = await Promise.all([
    assetOf(context),
    currentEpoch(context),
    read(context, "ModelRegistry", "isModel", [modelId]),
    stakeOf(context, provider),
    read(context, "CommitmentBook", "bondedFor", [capacity, unitPrice]),
  ]);
  if (!known) throw modelUnknown(modelId);
  if (stake.free < bonded) throw bondTooLow(asset, stake.free, bonded);
  const firstEpoch = args.firstEpoch ?? (await earliest(context, provider, modelId, current));
  const lastEpoch = firstEpoch + epochs - 1n;
  if (lastEpoch > UINT32_MAX) {
    const message = `The promise would end with epoch ${lastEpoch}; expected at most ${UINT32_MAX}. Promise fewer epochs.`;
    throw new SuretyError("PROMISE_TOO_LONG", message, { details: { have: lastEpoch, need: UINT32_MAX } });
  }
  const shown = {
    provider,
    model: modelId,
    target: `${showShare(target)} (${probes} probes an epoch)`,
    latency: `${latencyMs} ms`,
    capacity: `${capacity} units/s`,
    "unit price": showAmount(unitPrice, asset),
    epochs: `${firstEpoch} to ${lastEpoch}`,
    "locks of the bond": showAmount(bonded, asset),
  };
  const values = [
    provider,
    modelId,
    Number(target),
    latencyMs,
    capacity,
    unitPrice,
    Number(firstEpoch),
    Number(lastEpoch),
  ] as const;
  const calls = await perform(context, [callOf(context, "CommitmentBook", "commit", values, shown)], asset);
  const [made] = eventsIn(context, "CommitmentBook", "Promised", calls);
  return { calls, index: made?.index, firstEpoch, lastEpoch, bonded };
}

/** The first epoch that a new promise may begin with: after what is under way and after the last promise. */
async function earliest(context: Context, provider: Address, modelId: Hex, current: bigint): Promise<bigint> {
  const soonest = (await epochSoon(context, current)) + NOTICE;
  const count = await read(context, "CommitmentBook", "count", [provider, modelId]);
  if (count === 0n) return soonest;
  const { lastEpoch } = await read(context, "CommitmentBook", "commitment", [provider, modelId, count - 1n]);
  return BigInt(lastEpoch) >= soonest ? BigInt(lastEpoch) + 1n : soonest;
}

/** The epoch in which a transaction that is sent now is mined: near the end of one, the next. */
async function epochSoon(context: ReadContext, current: bigint): Promise<bigint> {
  const [{ start, end }, { timestamp }] = await Promise.all([
    read(context, "EpochClock", "times", [current]),
    context.client.getBlock(),
  ]);
  const twentieth = (end - start) / 20n;
  const margin = twentieth < 5n ? 5n : twentieth < 120n ? twentieth : 120n;
  return timestamp + margin >= end ? current + 1n : current;
}

/** Frees the bond of promises that are over. @returns `freed` in the asset's smallest unit. */
export async function releasePromises(
  context: Context,
  args: Whose & { modelIds?: readonly Hex[] | undefined } = {},
): Promise<Done & { freed: bigint }> {
  const { provider = signer(context) } = args;
  const [asset, promises, { timestamp }] = await Promise.all([
    assetOf(context),
    promisesOf(context, provider, args.modelIds),
    context.client.getBlock(),
  ]);
  const over = promises.filter(({ released, over }) => !released && over <= timestamp);
  const plan = over.map(({ modelId, index, bonded, lastEpoch }) => {
    const shown = {
      provider,
      model: modelId,
      promise: `${index}, until epoch ${lastEpoch}`,
      frees: showAmount(bonded, asset),
    };
    return callOf(context, "CommitmentBook", "release", [provider, modelId, index], shown);
  });
  const calls = await perform(context, plan, asset);
  return { calls, freed: over.reduce((sum, { bonded }) => sum + bonded, 0n) };
}

/**
 * Asks for an exit of the provider's own bond, paid to its owner, who signs, after the exit delay.
 * @returns The exit's number and when it can be claimed (Unix seconds); undefined in a dry run.
 * @throws {SuretyError} `CALL_REFUSED` if promises still lock it, or another refusal.
 */
export async function exitProvider(
  context: Context,
  args: Whose & { amount: bigint },
): Promise<Done & { exit: { id: bigint; release: bigint } | undefined }> {
  const { provider = signer(context), amount } = args;
  const asset = await assetOf(context);
  const shown = { provider, amount: showAmount(amount, asset) };
  const plan = [callOf(context, "ProviderRegistry", "exit", [provider, amount], shown)];
  const calls = await perform(context, plan, asset);
  return { calls, exit: exitBegun(context, calls) };
}

/**
 * Pays what a provider has earned to its owner. Anyone may.
 * @param args.modelIds The models whose earnings are credited first; default: all it ever promised.
 * @returns `paid` in the asset's smallest unit.
 */
export async function claimProviderPay(
  context: Context,
  args: Whose & { modelIds?: readonly Hex[] | undefined } = {},
): Promise<Done & { paid: bigint }> {
  const { provider = signer(context) } = args;
  const asset = await assetOf(context);
  const modelIds = args.modelIds ?? [...new Set((await promisesOf(context, provider)).map(({ modelId }) => modelId))];
  const due = await read(context, "RewardDistributor", "claimableProvider", [provider, modelIds]);
  if (due === 0n) return { calls: [], paid: 0n };
  const shown = { provider, models: modelIds.join(" "), due: showAmount(due, asset) };
  const plan = [callOf(context, "RewardDistributor", "claimProvider", [provider, modelIds], shown)];
  const calls = await perform(context, plan, asset);
  const claimed = eventsIn(context, "RewardDistributor", "Claimed", calls);
  return { calls, paid: claimed.reduce((sum, { amount }) => sum + amount, 0n) };
}

/** The current epoch by the chain's latest block. */
export const currentEpoch = (context: ReadContext): Promise<bigint> => read(context, "EpochClock", "current");

function modelUnknown(modelId: Hex): SuretyError {
  const message = `No model ${modelId} is registered. Register it first: node scripts/model.ts register. Nothing was sent.`;
  return new SuretyError("MODEL_UNKNOWN", message, { details: { modelId } });
}

function bondTooLow(asset: Asset, have: bigint, need: bigint): SuretyError {
  const message = `The promise locks ${showAmount(need, asset)}, but only ${showAmount(have, asset)} of the bond is free. Bond ${showAmount(need - have, asset)} more: node scripts/provider.ts bond. Nothing was sent.`;
  return new SuretyError("BOND_TOO_LOW", message, { details: { have, need } });
}
