import { readSync, writevSync } from "node:fs";
import type { Tensor } from "@surety/protocol";
import { type Answer, headOf, PIPE, type Request, type RequestHead, type TensorHead, writeHead } from "./messages.ts";

// The child has one thread and does one thing at a time, so it waits for the parent where it stands: blocking calls put bytes
// where they are wanted, without the copies and turns of a stream.

/** Bytes that are sent without waiting for more: answers of small outputs share a write. */
const ENOUGH = 64 * 2 ** 10;

/** @returns the next bytes, in memory of their own; ends the process when the parent is gone */
function read(bytes: number): Buffer<ArrayBuffer> {
  const into = Buffer.allocUnsafeSlow(bytes);
  for (let at = 0; at < bytes; ) {
    const got = readSync(PIPE, into, at, bytes - at, null);
    if (got === 0) process.exit(0);
    at += got;
  }
  return into;
}

const readTensor = ({ name, datatype, shape, bytes }: TensorHead): Tensor => ({
  name,
  datatype,
  shape,
  data: read(bytes),
});

/** Waits for the next request, which is trusted to keep to the form. */
export function readRequest(): Request {
  const head: RequestHead = JSON.parse(read(read(4).readUInt32LE()).toString());
  if (head.op === "load") return { ...head, model: read(head.bytes) };
  return head.op === "run" ? { ...head, sets: head.sets.map((set) => set.map(readTensor)) } : head;
}

const waiting: Uint8Array[] = [];

function flush(): void {
  while (waiting.length > 0) {
    let sent = writevSync(PIPE, waiting);
    while (waiting.length > 0 && sent >= waiting[0]!.length) sent -= waiting.shift()!.length;
    if (sent > 0) waiting[0] = waiting[0]!.subarray(sent);
  }
}

/** Sends the outputs of one set, which the parent takes apart while the next set runs; the reply must follow. */
export function sendOutputs(tensors: Tensor[]): void {
  waiting.push(writeHead({ op: "outputs", tensors: tensors.map(headOf) }), ...tensors.map(({ data }) => data));
  if (waiting.reduce((sum, { length }) => sum + length, 0) >= ENOUGH) flush();
}

/** Sends a reply. */
export function sendReply(head: Answer): void {
  waiting.push(writeHead(head));
  flush();
}
