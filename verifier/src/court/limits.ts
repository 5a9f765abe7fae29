import type { Log } from "../ports.ts";
import type { CourtReads } from "./reads.ts";

/** How far a verifier goes of its own will: its duties with deadlines are done in any case. */
export type CourtTerms = {
  /** Whether it accuses: reports faults, demands outputs, ends what others left. */
  challenge: boolean;
  /** Most that may be bound in bonds of its demands at a time, in units of 1e-18 of a whole token. */
  maxBond: bigint;
  /** Most wei per gas in the newest block at which it accuses, ends cases or claims. */
  maxFee: bigint;
};

/** Terms unless told otherwise: ten whole tokens, 100 gwei. */
export const COURT_TERMS: CourtTerms = { challenge: true, maxBond: 10n * 10n ** 18n, maxFee: 100_000_000_000n };

const WAD = 10n ** 18n;

/** Says whether the price of gas is within the terms. */
export async function isCheap(reads: Pick<CourtReads, "gasPrice">, { maxFee }: CourtTerms, log: Log): Promise<boolean> {
  const price = await reads.gasPrice();
  if (price <= maxFee) return true;
  log.debug({ have: price, need: maxFee }, "gas is dearer than set; what can wait at the court waits");
  return false;
}

/** Most that may be bound at a time, in the asset's smallest unit. */
export const maxBound = ({ maxBond }: CourtTerms, decimals: number): bigint =>
  (maxBond * 10n ** BigInt(decimals)) / WAD;
