import { SuretyError } from "@surety/protocol";
import { showAmount } from "../amounts.ts";
import type { Context } from "../context.ts";
import { read } from "../contracts.ts";
import { eventsIn } from "../events.ts";
import { type Done, perform } from "../perform.ts";
import { currentEpoch } from "./provider.ts";
import { after, assetOf, callOf, planApproval } from "./stake.ts";

/** Epochs from the first on. */
export type EpochRange = { firstEpoch?: bigint | undefined; epochs: bigint };

/** Most epochs in one go: each is a transaction. */
export const MAX_EPOCHS = 1_000n;

/**
 * Adds `amount` to the budget of each of a range of epochs, from the signer.
 * @param args.firstEpoch Default: the current epoch. @param args.amount Per epoch, in the asset's smallest unit.
 * @throws {SuretyError} `BALANCE_TOO_LOW`, `EPOCHS_BAD_COUNT`, or a refusal (an epoch that has ended).
 */
export async function fundEpochs(
  context: Context,
  args: EpochRange & { amount: bigint },
): Promise<Done & { firstEpoch: bigint; lastEpoch: bigint; total: bigint }> {
  checkCount(args.epochs);
  const [asset, current] = await Promise.all([assetOf(context), currentEpoch(context)]);
  const { firstEpoch = current, epochs, amount } = args;
  if (firstEpoch < current) throw epochOver(firstEpoch, current);
  const total = amount * epochs;
  const approvals = await planApproval(context, asset, "RewardDistributor", total);
  const funds = range(firstEpoch, epochs).map((epoch) =>
    callOf(context, "RewardDistributor", "fund", [epoch, amount], {
      epoch: String(epoch),
      amount: showAmount(amount, asset),
    }),
  );
  const calls = await perform(context, [...approvals, ...after(approvals, funds)], asset);
  return { calls, firstEpoch, lastEpoch: firstEpoch + epochs - 1n, total };
}

/**
 * Sends what nobody earned in a range of epochs to the sink. Epochs without a budget, swept before, or not settled yet are
 * left out.
 * @param args.firstEpoch Default: epoch 0. @returns `swept` in the asset's smallest unit.
 */
export async function sweepEpochs(context: Context, args: EpochRange): Promise<Done & { swept: bigint }> {
  checkCount(args.epochs);
  const [asset, { timestamp }] = await Promise.all([assetOf(context), context.client.getBlock()]);
  const plan = [];
  for (const epoch of range(args.firstEpoch ?? 0n, args.epochs)) {
    const [budget, weight, points, swept] = await read(context, "RewardDistributor", "epochInfo", [epoch]);
    const { settleEnd } = await read(context, "EpochClock", "times", [epoch]);
    if (budget === 0n || swept || timestamp < settleEnd) continue;
    const shown = {
      epoch: String(epoch),
      budget: showAmount(budget, asset),
      "earned by providers": weight > 0n ? "yes" : "no",
      "earned by verifiers": points > 0n ? "yes" : "no",
    };
    plan.push(callOf(context, "RewardDistributor", "sweep", [epoch], shown));
  }
  const calls = await perform(context, plan, asset);
  const events = eventsIn(context, "RewardDistributor", "Swept", calls);
  return { calls, swept: events.reduce((sum, { amount }) => sum + amount, 0n) };
}

const range = (first: bigint, count: bigint): bigint[] =>
  Array.from({ length: Number(count) }, (_, i) => first + BigInt(i));

function checkCount(epochs: bigint): void {
  if (epochs >= 1n && epochs <= MAX_EPOCHS) return;
  const message = `${epochs} epochs were asked for; expected 1 to ${MAX_EPOCHS}. Nothing was sent.`;
  throw new SuretyError("EPOCHS_BAD_COUNT", message, { details: { have: epochs, need: MAX_EPOCHS } });
}

function epochOver(have: bigint, need: bigint): SuretyError {
  const message = `Epoch ${have} is over: only the current epoch, ${need}, and later ones can be funded. Nothing was sent.`;
  return new SuretyError("EPOCH_OVER", message, { details: { have, need } });
}
