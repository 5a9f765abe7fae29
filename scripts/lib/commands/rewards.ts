import { kind } from "@surety/node-kit";
import { fundEpochs, MAX_EPOCHS, sweepEpochs } from "../actions/rewards.ts";
import { defineCommand } from "../program.ts";
import { amountOf, money, shared, withAsset } from "./shared.ts";

const epochs = { kind: kind.integer(1, Number(MAX_EPOCHS), 30), about: "number of epochs" } as const;

const fund = defineCommand({
  name: "fund",
  about: "Adds to the budgets of a range of epochs, the same amount to each.",
  example: "node scripts/rewards.ts fund --epochs 30 --amount 1000",
  settings: {
    amount: { ...shared.amount, about: "amount per epoch in whole units of the asset" },
    firstEpoch: { kind: kind.whole(2n), about: "first epoch; default: the current one", optional: true },
    epochs,
  },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const { firstEpoch } = values;
    const done = await fundEpochs(context, {
      firstEpoch,
      epochs: BigInt(values.epochs),
      amount: amountOf(values, asset),
    });
    const facts = [
      { name: "firstEpoch", value: done.firstEpoch },
      { name: "lastEpoch", value: done.lastEpoch },
      money("total", done.total, asset),
    ];
    return { calls: done.calls, facts };
  },
});

const sweep = defineCommand({
  name: "sweep",
  about: "Sends what nobody earned in settled epochs to the sink.",
  example: "node scripts/rewards.ts sweep --first-epoch 0 --epochs 30",
  settings: {
    firstEpoch: { kind: kind.whole(0n), about: "first epoch", default: "0" },
    epochs,
  },
  async run({ firstEpoch, epochs: count }, session) {
    const { context, asset } = await withAsset(session);
    const { calls, swept } = await sweepEpochs(context, { firstEpoch, epochs: BigInt(count) });
    return { calls, facts: [money("swept", swept, asset)] };
  },
});

/** The commands of scripts/rewards.ts. */
export const rewardsCommands = [fund, sweep];
