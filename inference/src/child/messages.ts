import type { Tensor } from "@surety/protocol";

/** Which build of ONNX Runtime a child holds: the native addon, or WebAssembly. */
export type RuntimeKind = "native" | "wasm";

/** How far ONNX Runtime rewrites the graph before running it; it changes results in the last bits. */
export type Optimization = "disabled" | "basic" | "extended" | "all";

/** What the parent asks of a child, one request at a time. */
export type Request =
  | { op: "load"; id: string; model: Uint8Array; optimization: Optimization }
  | { op: "run"; id: string; sets: Tensor[][]; outputBytes: number }
  | { op: "unload"; id: string }
  | { op: "memory" };

/** What a child answers: `ready` once, then one reply per request. `rss`: its resident bytes now. */
export type Reply =
  | { op: "ready" }
  | { op: "load" | "unload" | "memory"; rss: number }
  | { op: "run"; sets: Tensor[][]; rss: number }
  | { op: "error"; message: string };
