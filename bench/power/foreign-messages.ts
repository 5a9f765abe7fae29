import type { Optimization } from "@surety/inference";
import type { Tensor } from "@surety/protocol";

/** What the bench asks of a foreign runtime: to load a model in place of the last one, or to run inputs through it. */
export type ForeignRequest =
  | { op: "load"; model: Uint8Array; optimization: Optimization }
  | { op: "run"; sets: Tensor[][] };

/** What it answers: `ready` once, then one reply per request. */
export type ForeignReply =
  | { op: "ready" }
  | { op: "load" }
  | { op: "run"; sets: Tensor[][] }
  | { op: "error"; message: string };
