import type { Address, Hex } from "viem";
import type { Receipt } from "./receipt.ts";
import { type Clock, epochAt, slotAt } from "./schedule.ts";

/** What the receipt of an answer has to say; hex in lower case. */
export type ReceiptExpectation = {
  provider: Address;
  modelId: Hex;
  /** Epoch in which the request left. */
  epoch: bigint;
  /** Who signed the request; zero if nobody did. */
  client: Address;
  /** Hash of what was sent, and of what came back. */
  inputHash: Hex;
  outputHash: Hex;
  units: number;
  /** The epochs' clock. */
  epochs: Clock;
  /** When the request left and when the answer was complete, Unix milliseconds. */
  sentMs: number;
  receivedMs: number;
  /** How far the provider's clock may be off, milliseconds. */
  skewMs: number;
};

/**
 * Why a receipt is not the one for this request, as a code, or null. The signature is checked apart.
 *
 * Epoch and slot follow from `servedAtMs`, which has to lie between sending and receiving: a request sent in the last
 * moments of an epoch may be served in the next one.
 */
export function receiptProblem(receipt: Receipt, expect: ReceiptExpectation): string | null {
  if (receipt.provider !== expect.provider) return "RECEIPT_PROVIDER";
  if (receipt.modelId !== expect.modelId) return "RECEIPT_MODEL";
  if (receipt.client !== expect.client) return "RECEIPT_CLIENT";
  if (receipt.inputHash !== expect.inputHash) return "RECEIPT_INPUT_HASH";
  if (receipt.outputHash !== expect.outputHash) return "RECEIPT_OUTPUT_HASH";
  if (receipt.units !== expect.units) return "RECEIPT_UNITS";
  const servedAt = Number(receipt.servedAtMs);
  if (servedAt < expect.sentMs - expect.skewMs || servedAt > expect.receivedMs + expect.skewMs) return "RECEIPT_TIME";
  if (receipt.servedAtMs < expect.epochs.genesis * 1000n) return "RECEIPT_TIME";
  if (receipt.epoch !== epochAt(expect.epochs, receipt.servedAtMs / 1000n)) return "RECEIPT_EPOCH";
  if (receipt.epoch !== expect.epoch && receipt.epoch !== expect.epoch + 1n) return "RECEIPT_EPOCH";
  if (receipt.slot !== slotAt(expect.epochs, receipt.epoch, receipt.servedAtMs)) return "RECEIPT_SLOT";
  return null;
}
