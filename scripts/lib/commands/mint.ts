import { kind } from "@surety/node-kit";
import { mintTestAsset } from "../actions/test-asset.ts";
import { defineCommand } from "../program.ts";
import { amountOf, shared, withAsset } from "./shared.ts";

const mint = defineCommand({
  name: "",
  about: "Creates test tokens, on chain ids 31337 and 1337 only.",
  example: "node scripts/mint.ts --amount 100000",
  settings: {
    amount: shared.amount,
    to: { kind: kind.address(), about: "who gets them; default: the signing account", optional: true },
  },
  async run(values, session) {
    const { context, asset } = await withAsset(session);
    const { calls } = await mintTestAsset(context, { to: values.to, amount: amountOf(values, asset) });
    return { calls, facts: [] };
  },
});

/** The command of scripts/mint.ts. */
export const mintCommands = [mint];
