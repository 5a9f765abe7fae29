/** Half precision, in every Node from 24 and not yet among TypeScript's declarations. */
const { f16round } = Math as typeof Math & { f16round(value: number): number };

/** Rounds to the nearest half-precision number. */
export const toHalf = (value: number): number => f16round(value);

const bits = new DataView(new ArrayBuffer(4));

/** Rounds to the nearest bfloat16 number, ties to even: the upper half of a float32. */
export function toBrain(value: number): number {
  bits.setFloat32(0, value);
  if (Number.isNaN(value)) return value;
  const word = bits.getUint32(0);
  bits.setUint32(0, ((word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000) >>> 0);
  return bits.getFloat32(0);
}
