import type { Address } from "viem";
import { address, small, type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";
import { lesser } from "./fixed.ts";
import { SLOTS } from "./schedule.ts";

/** What one `LogCommitted` event says about demand. */
export type DemandLog = {
  epoch: Uint;
  /** Owner of the provider when the log was committed: profiles need three distinct ones. */
  owner: Address;
  /** 24 shares of 10 bits, as {@link unpackSlots} gives them. */
  shares: readonly number[];
  units: Uint;
  /** Bonded capacity of the epoch, units. */
  cap: Uint;
};

/** When demand arrives within an epoch. */
export type DemandProfile = {
  /** Weight of each of the 24 slots; weight / total is the slot's probability. */
  weights: bigint[];
  total: bigint;
  /** The five heaviest slots in ascending order; none if flat. */
  peak: number[];
  /** True if there is too little evidence: every slot weighs the same. */
  flat: boolean;
};

/** Sum of the shares of one log. */
export const SHARES_TOTAL = 1023;
/** Weight of a log by its age in epochs, from e-3 back to e-9. */
const AGE_WEIGHTS = [65_536n, 56_173n, 48_148n, 41_270n, 35_374n, 30_321n, 25_989n];
const PEAK_SLOTS = 5;
const LEAST_OWNERS = 3;

function checkShares(shares: readonly number[]): readonly number[] {
  if (shares.length !== SLOTS) {
    throw new SuretyError("PROTOCOL_BAD_SLOTS", `there are ${shares.length} slots, needs ${SLOTS}`);
  }
  const sum = shares.reduce((total, share) => total + small("share of a slot", share, SHARES_TOTAL), 0);
  if (sum !== 0 && sum !== SHARES_TOTAL) {
    throw new SuretyError(
      "PROTOCOL_BAD_SLOTS",
      `the shares sum to ${sum}, need ${SHARES_TOTAL}, or 0 for an empty log`,
    );
  }
  return shares;
}

const indices = Array.from({ length: SLOTS }, (_, k) => k);

/**
 * The demand profile of an epoch (docs/protocol.md section 5), from the logs of one model, all its providers: a pure
 * function of events, in exact integers. `A[k]` sums weight * share * min(units, cap) over epochs e-9 to e-3;
 * `weights[k] = 168 A[k] + sum(A)` of `total = 192 sum(A)`, which is 7/8 of demand and 1/8 flat. Flat if A is zero or fewer
 * than three owners contribute to it.
 * @param logs in any order; those outside the window are passed over
 */
export function demandProfile(logs: readonly DemandLog[], epoch: Uint): DemandProfile {
  const e = uint("epoch", epoch, 64);
  const A = indices.map(() => 0n);
  const owners = new Set<Address>();
  for (const log of logs) {
    const weight = AGE_WEIGHTS[Number(e - 3n - uint("epoch of a log", log.epoch, 64))];
    if (weight === undefined) continue;
    const amount = weight * lesser(uint("units", log.units, 64), uint("cap", log.cap, 64));
    const shares = checkShares(log.shares);
    if (amount === 0n || shares.every((share) => share === 0)) continue;
    owners.add(address("owner", log.owner));
    for (const k of indices) A[k]! += amount * BigInt(shares[k]!);
  }
  if (owners.size < LEAST_OWNERS) return { weights: indices.map(() => 1n), total: BigInt(SLOTS), peak: [], flat: true };
  const sum = A.reduce((total, a) => total + a, 0n);
  const heaviest = [...indices].sort((a, b) => (A[a] === A[b] ? a - b : A[a]! > A[b]! ? -1 : 1));
  return {
    weights: A.map((a) => 168n * a + sum),
    total: 192n * sum,
    peak: heaviest.slice(0, PEAK_SLOTS).sort((a, b) => a - b),
    flat: false,
  };
}

/**
 * Packs counts per slot into the log's `slots` word: 24 shares of 10 bits, slot 0 lowest, summing to exactly 1023 by
 * largest remainder (ties to the lower slot). No requests at all: 0n.
 */
export function packSlots(counts: readonly number[]): bigint {
  if (counts.length !== SLOTS) {
    throw new SuretyError("PROTOCOL_BAD_SLOTS", `there are ${counts.length} slots, needs ${SLOTS}`);
  }
  const whole = counts.map((c) => uint("count of a slot", c, 53));
  const total = whole.reduce((sum, c) => sum + c, 0n);
  if (total === 0n) return 0n;
  const scaled = whole.map((c) => c * BigInt(SHARES_TOTAL));
  const shares = scaled.map((c) => c / total);
  const rest = SHARES_TOTAL - Number(shares.reduce((sum, s) => sum + s, 0n));
  const remainder = scaled.map((c) => c % total);
  const order = [...indices].sort((a, b) =>
    remainder[a] === remainder[b] ? a - b : remainder[a]! > remainder[b]! ? -1 : 1,
  );
  for (const k of order.slice(0, rest)) shares[k]! += 1n;
  return shares.reduce((word, share, k) => word | (share << BigInt(10 * k)), 0n);
}

/** The 24 shares of a `slots` word; refuses one whose shares do not sum to 1023 or 0, or with bits above the 240th. */
export function unpackSlots(slots: bigint): number[] {
  const word = uint("slots", slots, 240);
  const shares = indices.map((k) => Number((word >> BigInt(10 * k)) & 1023n));
  checkShares(shares);
  return shares;
}
