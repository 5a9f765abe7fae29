import { SuretyError } from "@surety/protocol";

/** Reads the timestamp of a block, Unix seconds. */
export type TimestampOf = (number: bigint) => Promise<bigint>;

/**
 * The number of the first block with timestamp >= `time`, found from the head backwards in about 2 log2(distance) reads.
 * @param head a block known to be at or after `time`
 * @throws SuretyError BLOCK_TOO_EARLY if the head is before `time`, BLOCK_NO_PARENT if even the first block is not
 */
export async function firstBlockAt(timestampOf: TimestampOf, head: bigint, time: bigint): Promise<bigint> {
  if ((await timestampOf(head)) < time) {
    throw new SuretyError("BLOCK_TOO_EARLY", `block ${head} is before second ${time}: wait for the next`, {
      retryable: true,
    });
  }
  let after = head;
  let before = head;
  for (let step = 1n; before === after; step *= 2n) {
    const back = after - step;
    if (back < 0n) {
      if ((await timestampOf(0n)) >= time)
        throw new SuretyError("BLOCK_NO_PARENT", `no block is before second ${time}`);
      before = 0n;
    } else if ((await timestampOf(back)) < time) before = back;
    else {
      after = back;
      before = back;
    }
  }
  while (after - before > 1n) {
    const middle = (before + after) / 2n;
    if ((await timestampOf(middle)) < time) before = middle;
    else after = middle;
  }
  return after;
}
