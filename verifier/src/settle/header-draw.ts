import type { Blocks, DrawCall } from "../ports.ts";
import { firstBlockAt } from "./first-block.ts";
import { headerRlp } from "./header.ts";

/** Draws from the first block at or after the seed time. */
export function createHeaderDraw(blocks: Blocks): DrawCall {
  const timestampOf = async (number: bigint): Promise<bigint> => BigInt((await blocks.raw(number)).timestamp as string);
  return async (epoch, seedTime, head) => {
    const number = await firstBlockAt(timestampOf, head.number, seedTime);
    const [header, parent] = await Promise.all([blocks.raw(number), blocks.raw(number - 1n)]);
    return {
      key: `draw epoch ${epoch} from ${header.hash}`,
      contract: "HeaderBeacon",
      functionName: "draw",
      args: [epoch, headerRlp(header), headerRlp(parent)],
    };
  };
}
