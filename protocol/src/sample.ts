import { type Address, encodeAbiParameters, type Hex, hexToBigInt, keccak256 } from "viem";
import { address, bytes32, small, type Uint, uint } from "./check.ts";
import { SuretyError } from "./errors.ts";

const SAMPLE = [
  { type: "string" },
  { type: "bytes32" },
  { type: "address" },
  { type: "bytes32" },
  { type: "uint64" },
  { type: "uint8" },
] as const;

/** CUSUM of C, Q24, above which every inference sampled counts: ln-likelihood 4. */
const SUSPECT = 67_108_864n;
/** CUSUM of C, Q24, above which sampling doubles: 1.5. */
const WATCHED = 25_165_824n;

/** Most samples of one (provider, model, epoch). */
export const MAX_SAMPLES = 48;

/** Where samples fall: which log, by which seed. */
export type SampleInput = {
  seed: Hex;
  provider: Address;
  modelId: Hex;
  epoch: Uint;
  /** Number of samples, fixed by the log's commit. */
  m: number;
  /** Units committed by the log. */
  units: Uint;
};

/**
 * Positions of the samples in [0, units): `keccak256(abi.encode("surety.sample", seed, provider, modelId, epoch, j)) %
 * units` (docs/protocol.md section 5). Position, not index: a leaf is drawn in proportion to its units, duplicates stay.
 * A log of zero units has no samples.
 */
export function samplePositions(input: SampleInput): bigint[] {
  const seed = bytes32("seed", input.seed);
  const provider = address("provider", input.provider);
  const modelId = bytes32("modelId", input.modelId);
  const epoch = uint("epoch", input.epoch, 64);
  const units = uint("units", input.units, 64);
  const m = small("m", input.m, MAX_SAMPLES);
  if (units === 0n) return [];
  return Array.from({ length: m }, (_, j) => {
    const drawn = keccak256(encodeAbiParameters(SAMPLE, ["surety.sample", seed, provider, modelId, epoch, j]));
    return hexToBigInt(drawn) % units;
  });
}

/**
 * Samples of an epoch's log, from the ledger as it stands when the log is committed (section 5): many for a record that
 * is young or under suspicion, few for one that is neither.
 * @param settled epochs settled since tenure began
 * @param cusum CUSUM of word C, Q24
 * @param recheck the record's flag: the last re-run part was unknown or unclear
 */
export function sampleCount(input: { settled: number | bigint; cusum: bigint; recheck: boolean }): 48 | 24 | 12 {
  const settled = uint("settled", input.settled, 64);
  const cusum = uint("cusum", input.cusum, 40);
  if (settled < 7n || cusum > SUSPECT || input.recheck) return 48;
  return settled < 30n || cusum > WATCHED ? 24 : 12;
}

/**
 * Probes of an epoch that a promised target needs, m_T (section 6): evidence is what a tier costs.
 * @param target promised timely rate, 1e9 = 100 %
 * @throws SuretyError PROTOCOL_TARGET_TOO_HIGH above 99.9 %: no sampling of this size can resolve it
 */
export function probesFor(target: Uint): 32 | 64 | 192 {
  const t = uint("target", target, 64);
  if (t <= 990_000_000n) return 32;
  if (t <= 995_000_000n) return 64;
  if (t <= 999_000_000n) return 192;
  throw new SuretyError(
    "PROTOCOL_TARGET_TOO_HIGH",
    `target is ${t} of 1e9, probes resolve at most 999000000 (99.9 %): promise less`,
  );
}

/** Probes that each seat sends, n_p = ceil(m_T / 3): the middle three of five seats make up m_T. */
export const probesPerSeat = (mT: number): number => Math.ceil(small("m_T", mT, 65_535) / 3);
