import { type Address, encodeAbiParameters, type Hex, hexToBigInt, keccak256 } from "viem";
import { address, bytes32, small } from "./check.ts";
import { SuretyError } from "./errors.ts";
import type { ModelManifest } from "./manifest.ts";
import { MAX_SAMPLES } from "./sample.ts";
import { REDRAW_SEATS, ROLE_PROBE } from "./seats.ts";
import { DATATYPES, type Tensor } from "./tensor.ts";

const DRAW = [
  { type: "string" },
  { type: "bytes32" },
  { type: "address" },
  { type: "bytes32" },
  { type: "uint8" },
  { type: "uint8" },
] as const;

/** Most answers that a probe report can count. */
const MAX_ANSWERED = 65_535;

/** A re-run seat of an epoch; `seed` is the epoch's own, or the next one's where it says which seats are redone. */
export type OwnSeat = {
  seed: Hex;
  provider: Address;
  modelId: Hex;
  /** 1 re-run, 2 redraw; 0 probe where receipts are asked for. */
  role: number;
  seat: number;
};

/** How a seat's own input is mixed: from sample `i`, moved towards sample `k` by the share `w` in [0, 1). */
export type OwnDraw = { i: number; k: number; w: number };

const drawn = (name: string, s: OwnSeat): bigint =>
  hexToBigInt(
    keccak256(
      encodeAbiParameters(DRAW, [
        name,
        bytes32("seed", s.seed),
        address("provider", s.provider),
        bytes32("modelId", s.modelId),
        small("role", s.role, 2),
        small("seat", s.seat, REDRAW_SEATS - 1),
      ]),
    ),
  );

/**
 * What a re-run seat mixes its own input from, which nobody has served (docs/protocol.md section 3, "Blind re-execution"):
 * i = bits 0-31 mod m, k = bits 32-63 mod m, w = bits 64-87 / 2^24 of
 * `keccak256(abi.encode("surety.own", seed, provider, modelId, role, seat))`.
 * @param m samples of the epoch's log, at least 1
 */
export function ownDraw(seat: OwnSeat, m: number): OwnDraw {
  if (small("m", m, MAX_SAMPLES) === 0) {
    throw new SuretyError("PROTOCOL_NO_SAMPLES", "a log without samples has no own inputs, m needs at least 1");
  }
  const bits = drawn("surety.own", seat);
  const part = (from: bigint, width: bigint): bigint => (bits >> from) & ((1n << width) - 1n);
  return {
    i: Number(part(0n, 32n) % BigInt(m)),
    k: Number(part(32n, 32n) % BigInt(m)),
    w: Number(part(64n, 24n)) / 2 ** 24,
  };
}

/** Whether a seat's own input is redone in the next epoch, whose seed this is: one in ten. */
export const isRedone = (seat: OwnSeat): boolean => drawn("surety.redo", seat) % 10n === 0n;

/**
 * The receipts that the next epoch, whose seed this is, asks of a probe seat: of one seat in ten, two of different numbers.
 * With `drawn` as of {@link isRedone} and role 0: i = bits 32-63 mod answered, k = (i + 1 + bits 64-95 mod (answered - 1))
 * mod answered.
 * @param answered receipts that the seat's report counts
 * @returns their numbers, without one of a seat that has only one; empty if none is asked
 */
export function askedReceipts(seat: Omit<OwnSeat, "role">, answered: number): number[] {
  const bits = drawn("surety.redo", { ...seat, role: ROLE_PROBE });
  if (small("answered", answered, MAX_ANSWERED) === 0 || bits % 10n !== 0n) return [];
  const part = (from: bigint, count: number): number => Number(((bits >> from) & 0xffff_ffffn) % BigInt(count));
  const i = part(32n, answered);
  return answered === 1 ? [i] : [i, (i + 1 + part(64n, answered - 1)) % answered];
}

/** Bytes of the elements of a tensor's first row, if the model batches this input; otherwise of all. */
function firstRow(tensor: Tensor, batched: boolean): Tensor {
  if (!batched || tensor.datatype === "BYTES") return tensor;
  const [rows = 1, ...rest] = tensor.shape;
  return { ...tensor, shape: [1, ...rest], data: tensor.data.subarray(0, tensor.data.length / Math.max(1, rows)) };
}

const readers = { FP32: "getFloat32", FP64: "getFloat64" } as const;
const writers = { FP32: "setFloat32", FP64: "setFloat64" } as const;
type Mixed = keyof typeof readers;
const isMixed = (tensor: Tensor): tensor is Tensor & { datatype: Mixed } => tensor.datatype in readers;

const viewOf = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** `x + w (y - x)` in double, rounded to the tensor's type once. */
function mix(x: Tensor & { datatype: Mixed }, y: Tensor, w: number): Tensor {
  if (x.datatype !== y.datatype || x.data.length !== y.data.length) {
    throw new SuretyError(
      "PROTOCOL_WRONG_SHAPE",
      `input ${JSON.stringify(x.name)} differs in type or shape between leaves`,
    );
  }
  const { size } = DATATYPES[x.datatype];
  const [from, to] = [viewOf(x.data), viewOf(y.data)];
  const data = new Uint8Array(x.data.length);
  const out = viewOf(data);
  for (let at = 0; at < data.length; at += size) {
    const a = from[readers[x.datatype]](at, true);
    out[writers[x.datatype]](at, a + w * (to[readers[x.datatype]](at, true) - a), true);
  }
  return { ...x, data };
}

/**
 * A seat's own input: the first row of every FP32 and FP64 input mixed from two leaves, and that of all other inputs from
 * leaf i. An input of BYTES is taken whole.
 * @returns null if the model has no FP32 or FP64 input: then there is no own input, and its outputs are empty bytes
 */
export function ownInput(
  manifest: ModelManifest,
  leafI: readonly Tensor[],
  leafK: readonly Tensor[],
  w: number,
): Tensor[] | null {
  if (!leafI.some(isMixed)) return null;
  return leafI.map((tensor) => {
    const batched = manifest.inputs.find(({ name }) => name === tensor.name)?.shape[0] === -1;
    const row = firstRow(tensor, batched);
    if (!isMixed(row)) return row;
    const other = leafK.find(({ name }) => name === tensor.name);
    if (!other)
      throw new SuretyError("PROTOCOL_WRONG_SHAPE", `input ${JSON.stringify(tensor.name)} is missing in a leaf`);
    return mix(row, firstRow(other, batched), w);
  });
}
