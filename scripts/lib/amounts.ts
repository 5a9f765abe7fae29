import { SuretyError } from "@surety/protocol";
import { type Address, formatUnits, parseUnits } from "viem";
import type { ReadContext } from "./context.ts";
import { erc20Abi } from "./contracts.ts";

/** How amounts of a token are written. */
export type AssetFormat = { symbol: string; decimals: number };

/** The token of stake and pay. */
export type Asset = AssetFormat & { address: Address };

/**
 * Reads how amounts of a token are written.
 * @throws {SuretyError} `ASSET_NO_CODE` if nothing is deployed there, `ASSET_NO_DECIMALS` if it is no ERC-20 with decimals.
 */
export async function readAsset(client: ReadContext["client"], address: Address): Promise<Asset> {
  if ((await client.getCode({ address })) === undefined) {
    const message = `The asset ${address} has no code on chain ${client.chain?.id}; expected an ERC-20. Check address and network.`;
    throw new SuretyError("ASSET_NO_CODE", message, { details: { asset: address } });
  }
  try {
    const token = { address, abi: erc20Abi };
    const [decimals, symbol] = await Promise.all([
      client.readContract({ ...token, functionName: "decimals" }),
      client.readContract({ ...token, functionName: "symbol" }).catch(() => "units"),
    ]);
    return { address, decimals, symbol: printable(symbol) };
  } catch (cause) {
    const message = `The contract at ${address} does not answer decimals(); expected an ERC-20 with decimals.`;
    throw new SuretyError("ASSET_NO_DECIMALS", message, { cause, details: { asset: address } });
  }
}

/** An amount in whole units with the token's symbol. */
export const showAmount = (amount: bigint, { decimals, symbol }: AssetFormat): string =>
  `${formatUnits(amount, decimals)} ${symbol}`;

/**
 * Reads an amount in whole units into the smallest unit, exactly.
 * @param setting Flag that it came from, for the refusal.
 * @throws {SuretyError} `SETTINGS_INVALID` if it has more decimals than the token.
 */
export function parseAmount(setting: string, text: string, { decimals, symbol }: AssetFormat): bigint {
  const given = text.split(".")[1]?.length ?? 0;
  if (given > decimals) {
    const message = `Nothing was started or sent, because of one setting:\n  ${setting} is "${text}"; expected an amount with at most ${decimals} decimals, as ${symbol} has, for example 100`;
    throw new SuretyError("SETTINGS_INVALID", message, { details: { setting, have: given, need: decimals } });
  }
  return parseUnits(text, decimals);
}

/** A symbol comes from a stranger's contract: what a terminal would act on is dropped. */
function printable(symbol: string): string {
  return symbol.replace(/[^\x20-\x7e]/g, "").slice(0, 16) || "units";
}
