import { createHash } from "node:crypto";
import type { Rng } from "../ports.ts";

/** A source of bytes that is the same for the same seed. For tests. */
export function seededRng(seed: string): Rng {
  let counter = 0;
  return {
    bytes(length) {
      const blocks: Buffer[] = [];
      for (let have = 0; have < length; have += 32) {
        blocks.push(createHash("sha256").update(`${seed}:${counter++}`).digest());
      }
      return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
    },
  };
}
