import { SuretyError } from "./errors.ts";
import { checkTensor, DATATYPES, type Datatype, MAX_NAME, MAX_RANK, type Tensor } from "./tensor.ts";
import { compareBytes, twice } from "./tensor-names.ts";

const BY_ONNX = new Map<number, Datatype>(
  Object.entries(DATATYPES).map(([name, { onnx }]) => [onnx, name as Datatype]),
);

// ignoreBOM keeps a leading U+FEFF in a name, so that decoding stays the inverse of encoding.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const bad = (why: string, cause?: unknown): SuretyError =>
  new SuretyError(
    "PROTOCOL_BAD_TENSORS",
    `the bytes are no canonical tensors: ${why}`,
    cause === undefined ? {} : { cause },
  );

function readName(bytes: Uint8Array, at: number): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw bad(`the name at byte ${at} is no UTF-8`, cause);
  }
}

/**
 * Reads the canonical layout: the strict inverse of `encodeTensors`, so that one set of tensors has one encoding.
 * @returns tensors sorted by name, their data views into `bytes`, at any alignment: outputs are large, and most are read once
 * @throws SuretyError PROTOCOL_BAD_TENSORS if the bytes end early, go on, or are not in canonical order;
 * PROTOCOL_BAD_TENSOR if a tensor does not fit its own shape
 */
export function decodeTensors(bytes: Uint8Array): Tensor[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (n: number): number => {
    if (n > bytes.length - at) throw bad(`they end at ${bytes.length}, ${n} more are needed from ${at}`);
    at += n;
    return at - n;
  };
  const takeCount = (): number => {
    const n = view.getBigUint64(take(8), true);
    if (n > BigInt(Number.MAX_SAFE_INTEGER)) throw bad(`a count of ${n} exceeds 2^53 - 1`);
    return Number(n);
  };
  const tensors: Tensor[] = [];
  let before: Uint8Array | undefined;
  while (at < bytes.length) {
    const length = view.getUint32(take(4), true);
    if (length > MAX_NAME) throw bad(`a name of ${length} bytes, needs at most ${MAX_NAME}`);
    const start = take(length);
    const written = bytes.subarray(start, at);
    const order = before === undefined ? -1 : compareBytes(before, written);
    if (order > 0) throw bad("they are not sorted by name");
    before = written;
    const name = readName(written, start);
    if (order === 0) throw twice(name);
    const type = bytes[take(1)]!;
    const datatype = BY_ONNX.get(type);
    if (datatype === undefined) throw bad(`ONNX type ${type} has no Open Inference Protocol datatype`);
    const rank = bytes[take(1)]!;
    if (rank > MAX_RANK) throw bad(`rank ${rank}, needs at most ${MAX_RANK}`);
    const shape = Array.from({ length: rank }, takeCount);
    const size = takeCount();
    const from = take(size);
    // A plain view: a Buffer's `slice` shares memory, which readers of a tensor do not expect.
    const data = new Uint8Array(bytes.buffer, bytes.byteOffset + from, size);
    tensors.push(checkTensor({ name, datatype, shape, data }));
  }
  return tensors;
}
