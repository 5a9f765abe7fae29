import { type Receipt, SuretyError } from "@surety/protocol";
import type { Hex } from "viem";
import type { OipParameters } from "../oip/message.ts";
import { receiptOf, receiptParameters } from "../oip/receipt-parameters.ts";
import { malformed } from "../strict.ts";

/** A receipt as its client keeps it: all that the court asks of who was wronged. */
export type SavedReceipt = { receipt: Receipt; signature: Hex };

/** The text to keep: JSON of the answer's parameters that carry the receipt. */
export const saveReceipt = ({ receipt, signature }: SavedReceipt): string =>
  JSON.stringify(receiptParameters(receipt, signature), null, 2);

/**
 * Reads a kept receipt: what {@link saveReceipt} wrote, or the JSON of a whole answer.
 * @throws SuretyError SDK_MALFORMED if it is none. The signature is not checked here: the court does.
 */
export function readReceipt(text: string): SavedReceipt {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SuretyError("SDK_MALFORMED", "the receipt is no JSON", { cause });
  }
  const whole = (json ?? {}) as { parameters?: OipParameters };
  const found = receiptOf(whole.parameters ?? (whole as OipParameters));
  if (found) return found;
  throw malformed("receipt", "absent", "surety_receipt and surety_signature, as an answer's parameters hold them");
}
