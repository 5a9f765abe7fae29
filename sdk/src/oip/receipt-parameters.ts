import type { Receipt } from "@surety/protocol";
import type { Hex } from "viem";
import { address, hex, int, malformed, record, uint64 } from "../strict.ts";
import type { OipParameters } from "./message.ts";

const RECEIPT = "surety_receipt";
/** The parameter with the signature of a receipt or of a request. */
export const SIGNATURE = "surety_signature";

const FIELDS = [
  "provider",
  "modelId",
  "epoch",
  "seq",
  "slot",
  "client",
  "inputHash",
  "outputHash",
  "units",
  "servedAtMs",
  "latencyMs",
] as const;

/** The parameters of an answer that carry its receipt: the protocol allows only flat scalars there. */
export const receiptParameters = (receipt: Receipt, signature: Hex): OipParameters => ({
  [RECEIPT]: JSON.stringify(receipt, (_, value) => (typeof value === "bigint" ? value.toString() : value)),
  [SIGNATURE]: signature,
});

/** A parameter's text as JSON. */
export function parseJson(parameter: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(parameter, text, "JSON");
  }
}

/**
 * The receipt in an answer's parameters. Its signature is not checked here.
 * @returns null if the answer carries none, as any other server's
 * @throws SuretyError SDK_MALFORMED for a receipt with absent, unknown or impossible fields
 */
export function receiptOf(parameters: OipParameters | undefined): { receipt: Receipt; signature: Hex } | null {
  const text = parameters?.[RECEIPT];
  const signature = parameters?.[SIGNATURE];
  if (text === undefined && signature === undefined) return null;
  if (typeof text !== "string" || text.length > 4096)
    throw malformed(RECEIPT, text, "a JSON text of 4,096 characters at most");
  const r = record(RECEIPT, parseJson(RECEIPT, text), FIELDS);
  const at = (field: string): string => `${RECEIPT}.${field}`;
  return {
    receipt: {
      provider: address(at("provider"), r.provider),
      modelId: hex(at("modelId"), r.modelId, 32),
      epoch: uint64(at("epoch"), r.epoch),
      seq: int(at("seq"), r.seq, 0xffffffff),
      slot: int(at("slot"), r.slot, 23),
      client: address(at("client"), r.client),
      inputHash: hex(at("inputHash"), r.inputHash, 32),
      outputHash: hex(at("outputHash"), r.outputHash, 32),
      units: int(at("units"), r.units, 0xffffffff),
      servedAtMs: uint64(at("servedAtMs"), r.servedAtMs),
      latencyMs: int(at("latencyMs"), r.latencyMs, 0xffffffff),
    },
    signature: hex(SIGNATURE, signature, 65),
  };
}
