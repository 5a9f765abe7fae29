import { checkTensor, SuretyError, type Tensor, type TensorSpec, toByteStrings } from "@surety/protocol";
import { stringProblem } from "./onnx/element-types.ts";

const refuse = (message: string) => new SuretyError("INFERENCE_BAD_INPUT", message);

const fits = (shape: readonly number[], spec: readonly number[], least: number) =>
  shape.length === spec.length && shape.every((dim, axis) => dim >= least && (spec[axis] === -1 || spec[axis] === dim));

function checkStrings(tensor: Tensor): void {
  for (const [i, text] of toByteStrings(tensor).entries()) {
    const problem = stringProblem(text);
    if (problem !== undefined) {
      throw refuse(`Input "${tensor.name}" has an element ${i} that ${problem}; needs UTF-8 without zero bytes.`);
    }
  }
}

/**
 * Checks tensors against a model's inputs before they reach a runtime: the same names and no others, the same element
 * types, shapes that fit (-1 takes any dimension from `least`), as many bytes as each shape says, and strings that both
 * runtimes carry whole.
 *
 * @param specs inputs as the gate or the manifest lists them
 * @param least least size of a dimension: 0 admits empty tensors
 * @throws SuretyError `INFERENCE_BAD_INPUT`, or what `checkTensor` of @surety/protocol throws
 */
export function checkInputs(specs: readonly TensorSpec[], tensors: readonly Tensor[], least: 0 | 1 = 1): void {
  const names = specs.map(({ name }) => name).join(", ");
  if (tensors.length !== specs.length) {
    throw refuse(`The request has ${tensors.length} input tensors; the model needs ${specs.length}: ${names}.`);
  }
  for (const spec of specs) {
    const tensor = tensors.find(({ name }) => name === spec.name);
    if (tensor === undefined) throw refuse(`Input "${spec.name}" is missing; the model needs ${names}.`);
    if (tensor.datatype !== spec.datatype) {
      throw refuse(`Input "${spec.name}" is ${tensor.datatype}; the model needs ${spec.datatype}.`);
    }
    if (!fits(tensor.shape, spec.shape, least)) {
      throw refuse(`Input "${spec.name}" has shape [${tensor.shape}]; the model needs [${spec.shape}], -1 being free.`);
    }
    checkTensor(tensor);
    if (tensor.datatype === "BYTES") checkStrings(tensor);
  }
}
