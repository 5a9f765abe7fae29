import { type Address, encodeAbiParameters, type Hex, hexToBigInt, hexToBytes, keccak256 } from "viem";
import { address, bytes32, small, type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** Committee that probes during the epoch. */
export const ROLE_PROBE = 0;
/** Committee that re-runs samples after the log is fixed. */
export const ROLE_RERUN = 1;
/** Committee that re-runs when the first one lacked its quorum. */
export const ROLE_REDRAW = 2;
/** Seats of a jury. */
export const ROLE_JURY = 3;
/** Seats of one committee. */
export const SEATS = 5;
/** Seats of a redraw. */
export const REDRAW_SEATS = 9;
/** Draws for one seat before it stays empty. */
export const TRIES = 32;

/** One place bought with stake: its verifier may be drawn for epochs from <= e < until. */
export type Ticket = { verifier: Address; from: Uint; until: Uint };

/** What decides a committee. */
export type SeatsInput = {
  /** Seed of the draw: seed(e-2) for probes, seed(e) for re-runs. */
  seed: Hex;
  provider: Address;
  modelId: Hex;
  epoch: Uint;
  /** 0 probe, 1 re-run. */
  role: number;
  tickets: readonly Ticket[];
  /** Length of the ticket array at the end of epoch e-2. */
  length: number;
  /** The provider's owner, who never judges itself. */
  owner: Address;
  /** Seats to draw, 5 unless told. */
  count?: number;
};

const SEAT = [
  { type: "string" },
  { type: "bytes32" },
  { type: "address" },
  { type: "bytes32" },
  { type: "uint64" },
  { type: "uint8" },
  { type: "uint8" },
  { type: "uint8" },
] as const;

/** Last bytes of the seventh and eighth words of the encoding: seat and try. */
const SEAT_AT = 7 * 32 - 1;
const TRY_AT = 8 * 32 - 1;

/**
 * The committee of (provider, model, epoch, role), docs/protocol.md section 3: for each seat the first of 32 draws whose
 * ticket is valid in the epoch and whose verifier is neither the owner nor in a lower seat.
 * @returns one verifier (lower case) or null per seat; null is an empty seat
 */
export function seats(input: SeatsInput): (Address | null)[] {
  const seed = bytes32("seed", input.seed);
  const provider = address("provider", input.provider);
  const modelId = bytes32("modelId", input.modelId);
  const epoch = uint("epoch", input.epoch, 64);
  const role = small("role", input.role, 3);
  const owner = address("owner", input.owner);
  const count = small("count", input.count ?? SEATS, 255);
  if (small("length", input.length, 2 ** 32 - 1) > input.tickets.length) {
    throw new SuretyError(
      "PROTOCOL_TICKETS_MISSING",
      `length is ${input.length} but only ${input.tickets.length} tickets are given: pass the array as it was on chain`,
    );
  }
  const taken: (Address | null)[] = [];
  const length = BigInt(input.length);
  // Encoding is most of the cost of a draw: seat and try, below 256, are set in place.
  const bytes = hexToBytes(encodeAbiParameters(SEAT, ["surety.seat", seed, provider, modelId, epoch, role, 0, 0]));
  for (let s = 0; s < count; s++) {
    let seat: Address | null = null;
    for (let n = 0; n < TRIES && length > 0n && seat === null; n++) {
      bytes[SEAT_AT] = s;
      bytes[TRY_AT] = n;
      const drawn = keccak256(bytes);
      const ticket = input.tickets[Number(hexToBigInt(drawn) % length)]!;
      const verifier = address("ticket verifier", ticket.verifier);
      const valid = uint("ticket from", ticket.from, 64) <= epoch && epoch < uint("ticket until", ticket.until, 64);
      if (valid && verifier !== owner && !taken.includes(verifier)) seat = verifier;
    }
    taken.push(seat);
  }
  return taken;
}
