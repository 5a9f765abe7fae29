import {
  bytesTensor,
  checkTensor,
  DATATYPES,
  type Datatype,
  floatTensor,
  type InputSpec,
  type ModelManifest,
  type Tensor,
} from "@surety/protocol";

/** Half precision, in every Node from 24 and not yet among TypeScript's declarations. */
type Halves = DataView & { setFloat16(at: number, value: number, littleEndian: boolean): void };

const WRITERS: Record<
  Exclude<Datatype, "BYTES" | "FP32" | "FP64">,
  (view: DataView, at: number, value: number) => void
> = {
  FP16: (view, at, value) => (view as Halves).setFloat16(at, value, true),
  BOOL: (view, at, value) => view.setUint8(at, value),
  UINT8: (view, at, value) => view.setUint8(at, value),
  INT8: (view, at, value) => view.setInt8(at, value),
  UINT16: (view, at, value) => view.setUint16(at, value, true),
  INT16: (view, at, value) => view.setInt16(at, value, true),
  UINT32: (view, at, value) => view.setUint32(at, value, true),
  INT32: (view, at, value) => view.setInt32(at, value, true),
  UINT64: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
  INT64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
};

/** Makes a tensor of any datatype from numbers, or texts for BYTES, row-major; rounded to the type. */
export function tensorOf(
  { name, shape, datatype }: Pick<Tensor, "name" | "shape" | "datatype">,
  values: readonly (number | string | boolean)[],
): Tensor {
  if (datatype === "BYTES") return bytesTensor(name, shape, values.map(String));
  const numbers = values.map(Number);
  if (datatype === "FP32" || datatype === "FP64") return floatTensor(name, shape, numbers, datatype);
  const { size } = DATATYPES[datatype];
  const data = new Uint8Array(size * numbers.length);
  const view = new DataView(data.buffer);
  for (const [i, value] of numbers.entries()) WRITERS[datatype](view, size * i, value);
  return checkTensor({ name, datatype, shape, data });
}

function drawTensor({ name, datatype, shape, min, max }: InputSpec, random: () => number): Tensor | undefined {
  if (min === null || max === null) return undefined;
  const dims = shape.map((dim) => Math.max(1, dim));
  const count = dims.reduce((product, dim) => product * dim, 1);
  const isInteger = !datatype.startsWith("FP");
  const values = Array.from({ length: count }, () => min + random() * (max - min));
  return tensorOf({ name, datatype, shape: dims }, isInteger ? values.map(Math.round) : values);
}

/**
 * Draws one row of inputs from a manifest's domain, each element evenly between its least and greatest value.
 * @param random numbers in [0, 1)
 * @returns undefined if the model takes texts, which have no domain to draw from
 */
export function drawInputs({ inputs }: Pick<ModelManifest, "inputs">, random: () => number): Tensor[] | undefined {
  const drawn = inputs.map((spec) => drawTensor(spec, random));
  return drawn.every((tensor) => tensor !== undefined) ? drawn : undefined;
}
