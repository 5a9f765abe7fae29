import { SuretyError } from "@surety/protocol";
import { type AbiParameter, BaseError, ContractFunctionRevertedError, formatUnits, InsufficientFundsError } from "viem";
import { type AssetFormat, showAmount } from "./amounts.ts";
import { type ErrorUnit, hints } from "./hints.ts";

/** Numbers of errors that carry the error's unit; anything else is an index, a count or an address. */
const MEASURED = new Set(["have", "need", "limit", "from", "until", "seedTime", "parentTimestamp"]);

/**
 * Turns what viem threw about a call into an error that an operator can act on: the contract's own error by name, with
 * its numbers in human units and what to do.
 *
 * @param what The call, such as `StakePool.bond`.
 * @param asset Writes amounts in whole units; without it they stay in the smallest unit.
 * @returns `CALL_REFUSED` (the contract refuses), `GAS_MONEY_MISSING`, or `CHAIN_FAILED` (retryable: the node's trouble).
 */
export function refusal(what: string, error: unknown, asset?: AssetFormat): SuretyError {
  if (error instanceof SuretyError) return error;
  const found = error instanceof BaseError ? error.walk((one) => one instanceof ContractFunctionRevertedError) : null;
  if (found instanceof ContractFunctionRevertedError) return contractRefusal(what, found, asset);
  if (error instanceof BaseError && error.walk((one) => one instanceof InsufficientFundsError)) {
    const message = `${what} cannot be sent: the signing account cannot pay for the gas. Send it some of the chain's coin.`;
    return new SuretyError("GAS_MONEY_MISSING", message, { cause: error });
  }
  const reason = error instanceof BaseError ? error.shortMessage : String(error);
  const detail = error instanceof BaseError && error.details ? ` (${error.details})` : "";
  return new SuretyError("CHAIN_FAILED", `${what} failed: ${reason}${detail}`, { cause: error, retryable: true });
}

function contractRefusal(what: string, revert: ContractFunctionRevertedError, asset?: AssetFormat): SuretyError {
  const { data } = revert;
  if (data === undefined || data.errorName === "Error" || data.errorName === "Panic") {
    const reason = revert.reason ?? revert.signature ?? "without a reason";
    return new SuretyError("CALL_REFUSED", `${what} would be refused: ${reason}.`, { cause: revert });
  }
  const { unit = "plain", hint } = hints[data.errorName] ?? { hint: "" };
  const inputs: readonly AbiParameter[] = data.abiItem.type === "error" ? data.abiItem.inputs : [];
  const facts = inputs.map(({ name = "" }, i): [string, string] => [
    name || `argument ${i}`,
    showValue(data.args?.[i], MEASURED.has(name) ? unit : "plain", asset),
  ]);
  const shown = facts.map(([name, value]) => `${name} ${value}`).join(", ");
  const message = `${what} would be refused: ${data.errorName}(${shown}).${hint && ` ${hint}`}`;
  return new SuretyError("CALL_REFUSED", message, {
    cause: revert,
    details: { call: what, error: data.errorName, ...Object.fromEntries(facts), ...(hint && { hint }) },
  });
}

/** A value of an error in human units. */
function showValue(value: unknown, unit: ErrorUnit, asset?: AssetFormat): string {
  if (typeof value !== "bigint" && typeof value !== "number") return String(value);
  const number = BigInt(value);
  switch (unit) {
    case "asset":
      return asset ? showAmount(number, asset) : String(number);
    case "time":
      return showTime(number);
    case "share":
      return showShare(number);
    case "wad":
      return formatUnits(number, 18);
    default:
      return String(number);
  }
}

/** Unix seconds, also as a date if there is one. */
export function showTime(seconds: bigint): string {
  return seconds > 0n && seconds < 8_000_000_000n
    ? `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`
    : `${seconds} s`;
}

/** A share of 1e9 = 100 % in percent. */
export const showShare = (share: bigint): string => `${formatUnits(share, 7)} %`;
