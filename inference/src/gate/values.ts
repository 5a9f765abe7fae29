import { MAX_RANK, type TensorSpec } from "@surety/protocol";
import { DATATYPES, elementTypeName } from "../onnx/element-types.ts";
import type { ValueInfoProto } from "../onnx/schema.ts";
import { quoted, refuse } from "./refuse.ts";

const MAX_NAME = 256;
const MAX_VALUES = 64;

function readShape(where: string, value: ValueInfoProto, least: number): number[] {
  const dims = value.type?.tensorType?.shape?.dim;
  if (dims === undefined)
    throw refuse("SHAPE", `${where} declares no shape; needs one, with names for free dimensions.`);
  if (dims.length > MAX_RANK) throw refuse("RANK", `${where} has rank ${dims.length}; needs at most ${MAX_RANK}.`);
  return dims.map(({ dimValue, dimParam }) => {
    if (dimValue === undefined) return -1;
    if (dimParam !== undefined || dimValue < least || dimValue > 2 ** 31) {
      const have = dimParam === undefined ? dimValue : `${dimValue} and the name ${quoted(dimParam)}`;
      throw refuse("SHAPE", `${where} has a dimension of ${have}; needs ${least} to 2^31 or a name.`);
    }
    return dimValue;
  });
}

function readValue(role: string, value: ValueInfoProto, least: number): TensorSpec {
  const name = value.name ?? "";
  const where = `${role} ${quoted(name)}`;
  if (name === "" || name.length > MAX_NAME)
    throw refuse("SHAPE", `${where} needs a name of 1 to ${MAX_NAME} letters.`);
  const type = value.type ?? {};
  const other = Object.keys(type).find((key) => key !== "tensorType" && key !== "denotation");
  if (other !== undefined || type.tensorType === undefined) {
    throw refuse("ELEMENT_TYPE", `${where} is of ${other ?? "no type"}; needs a tensor.`);
  }
  const datatype = DATATYPES[type.tensorType.elemType ?? 0];
  if (datatype === undefined) {
    const have = elementTypeName(type.tensorType.elemType);
    const need = Object.values(DATATYPES).join(", ");
    throw refuse("ELEMENT_TYPE", `${where} has elements of ${have}; needs one of ${need}.`);
  }
  return { name, datatype, shape: readShape(where, value, least) };
}

/**
 * Reads the model's inputs or outputs: tensors of a type that both runtimes carry, with a shape and a name of their own.
 *
 * @param least least size of a dimension, and `fewest` the least number of values
 * @throws SuretyError `INFERENCE_MODEL_ELEMENT_TYPE`, `_SHAPE`, `_RANK`
 */
export function readValues(
  role: "input" | "output",
  values: readonly ValueInfoProto[],
  { least, fewest }: { least: number; fewest: number },
): TensorSpec[] {
  const specs = values.map((value) => readValue(role, value, least));
  if (specs.length < fewest || specs.length > MAX_VALUES) {
    throw refuse("SHAPE", `it has ${specs.length} ${role}s; needs ${fewest} to ${MAX_VALUES}.`);
  }
  const twice = specs.find((spec, index) => specs.findIndex(({ name }) => name === spec.name) !== index);
  if (twice !== undefined) throw refuse("SHAPE", `it has two ${role}s named ${quoted(twice.name)}.`);
  return specs;
}
