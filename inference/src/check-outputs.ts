import { SuretyError, type Tensor, type TensorSpec, tensorProblem } from "@surety/protocol";

const fits = (shape: readonly number[], spec: readonly number[]) =>
  shape.length === spec.length && shape.every((dim, axis) => spec[axis] === -1 || spec[axis] === dim);

/**
 * Checks what a runtime gave against the outputs that the gate read: the same names in the same order, the same element
 * types, shapes that fit (-1 stands for any dimension). The native runtime hands out whatever shape comes, also where
 * the model declares another one.
 *
 * @throws SuretyError `INFERENCE_RUN_FAILED`
 */
export function checkOutputs(specs: readonly TensorSpec[], outputs: readonly Tensor[]): void {
  const refuse = (message: string) => new SuretyError("INFERENCE_RUN_FAILED", message);
  const [have, need] = [outputs, specs].map((list) => list.map(({ name }) => name).join(", "));
  if (have !== need) throw refuse(`The runtime gave outputs ${have}; the model declares ${need}.`);
  for (const [i, { name, datatype, shape }] of specs.entries()) {
    const output = outputs[i]!;
    if (output.datatype === datatype && fits(output.shape, shape)) continue;
    const given = `Output "${name}" came as ${output.datatype} [${output.shape}]`;
    throw refuse(
      `${given}; the model declares ${datatype} [${shape}], -1 being free. Correct the model's declaration.`,
    );
  }
}

/**
 * Looks for what a child must not answer, whatever model has taken it over.
 *
 * @param sets the answer, of any kind
 * @param count sets that were asked for
 * @param outputBytes most bytes of all outputs together
 * @returns what is wrong in words, or null
 */
export function answerProblem(sets: unknown, count: number, outputBytes: number): string | null {
  if (!Array.isArray(sets) || sets.length !== count || !sets.every(Array.isArray)) {
    return `no ${count} lists of outputs`;
  }
  const outputs: Tensor[] = sets.flat();
  const problem = outputs.map(tensorProblem).find((one) => one !== null);
  if (problem !== undefined) return `a tensor that is none: ${problem}`;
  const bytes = outputs.reduce((sum, { data }) => sum + data.byteLength, 0);
  return bytes <= outputBytes ? null : `${bytes} bytes of outputs, where ${outputBytes} are allowed`;
}
