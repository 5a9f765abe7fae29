import { uint } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** The fields of one record word. Counts and CUSUM are Q24 (one sample = 2^24). */
export type RecordFields = {
  /** Decayed good samples, slow. 48 bits. */
  slowGood: bigint;
  /** Decayed samples, slow. 48 bits. */
  slowTotal: bigint;
  /** Decayed good samples, fast. 48 bits. */
  fastGood: bigint;
  /** Decayed samples, fast. 48 bits. */
  fastTotal: bigint;
  /** Evidence of a drop, a sum of log likelihood ratios. 40 bits. */
  cusum: bigint;
  /** Epoch of the last update. 24 bits. */
  epoch: bigint;
};

const M48 = (1n << 48n) - 1n;
const M40 = (1n << 40n) - 1n;

/** Splits a storage word into its fields (docs/protocol.md section 7); refuses words that no update can have written. */
export function unpackRecord(word: bigint): RecordFields {
  uint("record word", word, 256);
  const fields = {
    slowGood: word & M48,
    slowTotal: (word >> 48n) & M48,
    fastGood: (word >> 96n) & M48,
    fastTotal: (word >> 144n) & M48,
    cusum: (word >> 192n) & M40,
    epoch: word >> 232n,
  };
  return ordered(fields);
}

/** Packs fields into a storage word, lowest bits first in the order of {@link RecordFields}; refuses what does not fit. */
export function packRecord(fields: RecordFields): bigint {
  const { slowGood, slowTotal, fastGood, fastTotal, cusum, epoch } = ordered(fields);
  return (
    uint("slowGood", slowGood, 48) |
    (uint("slowTotal", slowTotal, 48) << 48n) |
    (uint("fastGood", fastGood, 48) << 96n) |
    (uint("fastTotal", fastTotal, 48) << 144n) |
    (uint("cusum", cusum, 40) << 192n) |
    (uint("epoch", epoch, 24) << 232n)
  );
}

function ordered(fields: RecordFields): RecordFields {
  if (fields.slowGood > fields.slowTotal || fields.fastGood > fields.fastTotal) {
    throw new SuretyError("PROTOCOL_RECORD_MALFORMED", "the record word has more good samples than samples", {
      details: { ...fields },
    });
  }
  return fields;
}
