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

/** The child's end of the pipe between the two: frames go both ways, each `u32le length of the head | head as JSON | bytes`. */
export const PIPE = 3;

/** A tensor as a head tells of it: `bytes` of data follow the head, those of all its tensors one after the other. */
export type TensorHead = Pick<Tensor, "name" | "datatype" | "shape"> & { bytes: number };

/** Head of a request. */
export type RequestHead =
  | { op: "load"; id: string; bytes: number; optimization: Optimization }
  | { op: "run"; id: string; sets: TensorHead[][]; outputBytes: number }
  | { op: "unload"; id: string }
  | { op: "memory" };

/** Head of a reply; that to a run comes after one `Outputs` per set. */
export type Answer = Exclude<Reply, { op: "run" }> | { op: "run"; rss: number };

/** Head of the outputs of one set, which are sent as soon as they are worth a write. */
export type Outputs = { op: "outputs"; tensors: TensorHead[] };

/** @returns what a head says of a tensor */
export const headOf = ({ name, datatype, shape, data }: Tensor): TensorHead => ({
  name,
  datatype,
  shape,
  bytes: data.byteLength,
});

/** @returns a head as a frame begins with it */
export function writeHead(head: RequestHead | Answer | Outputs): Uint8Array {
  const text = Buffer.from(`0000${JSON.stringify(head)}`);
  text.writeUInt32LE(text.length - 4);
  return text;
}
