import {
  type Abi,
  BaseError,
  ContractFunctionRevertedError,
  decodeErrorResult,
  ExecutionRevertedError,
  type Hex,
  isHex,
} from "viem";

/** Why a contract refused a call. */
export type Revert = {
  /** Name of the contract's error, `Error` for a text, `Panic` for a failed check of the compiler, `unknown` otherwise. */
  name: string;
  /** Its values by name; unnamed ones by position. What was had and what was needed is usually called `have` and `need`. */
  args: Record<string, unknown>;
  /** All of it in one line: `TooMuch(have 100, need 200)`. */
  text: string;
  /** The bytes that came back; `0x` if none did. */
  data: Hex;
};

/**
 * Finds out why a call was refused.
 *
 * @param cause What viem threw for a read, a simulation or an estimate.
 * @param abi Errors that may come back, also those of contracts further down. `errorsAbi` has all of Surety's.
 * @returns undefined if the call was not refused by the contract: the node did not answer, the sender has no funds.
 */
export function explainRevert(cause: unknown, abi: Abi): Revert | undefined {
  if (!(cause instanceof BaseError)) return undefined;
  const refused = cause.walk(
    (error) => error instanceof ExecutionRevertedError || error instanceof ContractFunctionRevertedError,
  );
  const data = revertData(cause);
  if (refused === null && data === undefined) return undefined;
  return decodeRevert(data ?? "0x", abi);
}

/** Decodes what a refused call gave back. */
export function decodeRevert(data: Hex, abi: Abi): Revert {
  if (data === "0x") return { name: "unknown", args: {}, text: "no reason given", data };
  const decoded = tryDecode(data, abi);
  if (!decoded)
    return { name: "unknown", args: {}, text: `an error that is not in the ABI (${data.slice(0, 10)})`, data };
  const { errorName: name, abiItem } = decoded;
  const values: readonly unknown[] = decoded.args ?? [];
  const inputs = "inputs" in abiItem ? (abiItem.inputs ?? []) : [];
  const named = values.map((value, i) => [inputs[i]?.name || String(i), value] as const);
  const shown = named.map(([key, value]) => (/^\d+$/.test(key) ? show(value) : `${key} ${show(value)}`));
  return { name, args: Object.fromEntries(named), text: `${name}(${shown.join(", ")})`, data };
}

function tryDecode(data: Hex, abi: Abi) {
  try {
    return decodeErrorResult({ abi, data });
  } catch (error) {
    // Not in the ABI, or not encoded as it says: whoever reads the message can still look the selector up.
    if (error instanceof BaseError) return undefined;
    throw error;
  }
}

function show(value: unknown): string {
  if (typeof value !== "object") return String(value);
  return JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner));
}

/** Nodes put the bytes into `data`, into `data.data`, or into neither. */
function revertData(cause: BaseError): Hex | undefined {
  const holder = cause.walk((error) => extract(error) !== undefined);
  return holder === null ? undefined : extract(holder);
}

function extract(error: unknown): Hex | undefined {
  const { data, raw } = error as { data?: unknown; raw?: unknown };
  for (const found of [raw, data, (data as { data?: unknown } | undefined)?.data]) if (isHex(found)) return found;
  return undefined;
}
