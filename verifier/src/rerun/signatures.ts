import { setImmediate } from "node:timers/promises";
import { recoverSigner } from "@surety/node-kit";
import { type Receipt, type ReceiptDomain, recoverReceiptSigner, SuretyError } from "@surety/protocol";
import type { Address, Hex } from "viem";

/** A receipt and who should have signed it (lower case). */
export type SignedReceipt = { receipt: Receipt; signature: Hex; operator: Address };

/** Says whether the operator signed a receipt. */
export type SignatureCheck = (signed: SignedReceipt) => Promise<boolean>;

/** Makes a check that is fast enough for every probe: with libsecp256k1's recovery. */
export function createSignatureCheck(domain: ReceiptDomain): SignatureCheck {
  const check = async ({ receipt, signature, operator }: SignedReceipt): Promise<boolean> => {
    try {
      return (await recoverReceiptSigner(domain, receipt, signature, recoverSigner)).toLowerCase() === operator;
    } catch (error) {
      // A signature that nobody can have made is nobody's.
      if (error instanceof SuretyError) return false;
      throw error;
    }
  };

  // One at a time, and everything else in between: probes are being timed in this thread.
  let queue: Promise<unknown> = Promise.resolve();
  return (signed) => {
    const job = queue.then(() => setImmediate()).then(() => check(signed));
    queue = job.catch(() => undefined);
    return job;
  };
}
