import type { Tensor } from "@surety/protocol";
import type { Answer, Outputs, Reply, Request, TensorHead } from "./child/messages.ts";

/** Most bytes of one head: names and shapes of thousands of tensors. */
const MOST_HEAD = 4 * 2 ** 20;

/** Most characters of an error that are kept. */
const MOST_WORDS = 2000;

/** What a child sent instead of an answer, in words; not to be believed in anything else. */
class Broken extends Error {}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isTensorHead = (value: unknown): value is TensorHead =>
  isObject(value) &&
  typeof value.name === "string" &&
  typeof value.datatype === "string" &&
  Array.isArray(value.shape) &&
  value.shape.every(isCount) &&
  isCount(value.bytes);

/** Reads a head, of which nothing is known but that it is not too long. */
function parseHead(text: Uint8Array): Answer | Outputs {
  let head: unknown;
  try {
    head = JSON.parse(Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString());
  } catch {
    throw new Broken("a head that is no JSON");
  }
  if (!isObject(head)) throw new Broken("a head that is none");
  const { op, rss, tensors, message } = head;
  if (op === "outputs" && Array.isArray(tensors) && tensors.every(isTensorHead)) return { op, tensors };
  if (op === "error" && typeof message === "string") return { op, message: message.slice(0, MOST_WORDS) };
  if (op === "ready") return { op };
  if ((op === "load" || op === "unload" || op === "memory" || op === "run") && isCount(rss)) return { op, rss };
  throw new Broken("a head of no known kind");
}

/** Asks for bytes by their number, is given them, and returns a reply. Throws `Broken` rather than ask for too many. */
function* reading(request: Request | undefined): Generator<number, Reply, Uint8Array<ArrayBuffer>> {
  const count = request?.op === "run" ? request.sets.length : 0;
  let left = request?.op === "run" ? request.outputBytes : 0;
  const sets: Tensor[][] = [];
  for (;;) {
    const length = new DataView((yield 4).buffer).getUint32(0, true);
    if (length > MOST_HEAD) throw new Broken(`a head of ${length} bytes, where ${MOST_HEAD} are allowed`);
    const head = parseHead(yield length);
    if (head.op === "run") {
      if (sets.length < count) throw new Broken(`outputs of ${sets.length} sets, where ${count} were asked for`);
      return { ...head, sets };
    }
    if (head.op !== "outputs") return head;
    if (sets.length === count) throw new Broken(`outputs of more than ${count} sets`);
    const outputs: Tensor[] = [];
    for (const { name, datatype, shape, bytes } of head.tensors) {
      left -= bytes;
      if (left < 0) throw new Broken("more bytes of outputs than are allowed");
      outputs.push({ name, datatype, shape, data: yield bytes });
    }
    sets.push(outputs);
  }
}

/** A reply, or what came in place of one, in words. */
export type Outcome = Reply | { op: "broken"; problem: string };

/** A reply that is being read. */
export type ReplyReader = {
  /**
   * Takes what came next.
   *
   * @returns the reply when it is whole; `broken` if no reply to the request begins like this, or goes on after it
   */
  take: (chunk: Uint8Array) => Outcome | undefined;
};

/**
 * Reads what a child sends in reply to `request`; without one, that it is ready. A child may have been taken over by its
 * model: nothing is allocated for a size that the request does not allow, and what comes has the types of a reply, no more.
 */
export function createReplyReader(request?: Request): ReplyReader {
  const steps = reading(request);
  let into = new Uint8Array(4);
  let filled = 0;
  let reply: Reply | undefined;
  steps.next();
  /** Fills what is wanted; then asks for what is wanted next, until that is more than nothing. */
  const advance = (chunk: Uint8Array): void => {
    let at = 0;
    while (reply === undefined) {
      const part = chunk.subarray(at, at + into.length - filled);
      into.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < into.length) return;
      const { value, done } = steps.next(into);
      if (done) reply = value;
      else into = new Uint8Array(Buffer.allocUnsafeSlow(value).buffer);
      filled = 0;
    }
    if (at < chunk.length) throw new Broken("more than a reply");
  };
  return {
    take: (chunk) => {
      try {
        advance(chunk);
        return reply;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        return { op: "broken", problem: error.message };
      }
    },
  };
}
