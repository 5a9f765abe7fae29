import { DEV_CHAIN_IDS } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import type { Address } from "viem";
import { showAmount } from "../amounts.ts";
import { type Context, signer } from "../context.ts";
import { type Done, perform } from "../perform.ts";
import { assetOf, callOf } from "./stake.ts";

/**
 * Creates test tokens, on development chains only.
 * @param args.to Default: the signer. @param args.amount In the smallest unit.
 * @throws {SuretyError} `MINT_REFUSED` on any other chain.
 */
export async function mintTestAsset(
  context: Context,
  args: { to?: Address | undefined; amount: bigint },
): Promise<Done> {
  const { chainId } = context.deployment;
  if (!DEV_CHAIN_IDS.includes(chainId)) {
    const message = `Test tokens exist on chain ids ${DEV_CHAIN_IDS.join(" and ")} only; this is ${chainId}. Nothing was sent.`;
    throw new SuretyError("MINT_REFUSED", message, { details: { have: chainId, need: DEV_CHAIN_IDS } });
  }
  const { to = signer(context), amount } = args;
  const asset = await assetOf(context);
  const call = callOf(context, "TestAsset", "mint", [to, amount], { to, amount: showAmount(amount, asset) });
  return { calls: await perform(context, [call], asset) };
}
