import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Runtime } from "../runtime.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Resident bytes of this process, what is garbage collected first, and of the children of `runtimes` together. */
export async function memoryOf(...runtimes: Runtime[]): Promise<{ parent: number; children: number }> {
  const children = await Promise.all(runtimes.map((runtime) => runtime.memory()));
  collect();
  return { parent: process.memoryUsage.rss(), children: children.reduce((sum, bytes) => sum + bytes, 0) };
}
