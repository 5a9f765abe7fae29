import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SuretyError, type Tensor, type TensorSpec } from "@surety/protocol";
import { checkConstant } from "../gate/constants.ts";
import type { ModelSpec } from "../gate.ts";
import { decodeTensor } from "../onnx/decode.ts";
import { toTensor } from "../onnx/to-tensor.ts";

/** Inputs of a model and the outputs that it must give. */
export type DataSet = { name: string; inputs: Tensor[]; outputs: Tensor[] };

const bad = (message: string, cause?: unknown) => new SuretyError("CONFORMANCE_BAD_CASE", message, { cause });

/**
 * Reads a file of a case.
 *
 * @throws SuretyError `CONFORMANCE_BAD_CASE` if it cannot be read or is larger than `limit` bytes
 */
export function readBounded(path: string, limit: number): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > limit) throw bad(`${path} has ${size} bytes; needs at most ${limit}.`);
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (error instanceof SuretyError) throw error;
    throw bad(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`, error);
  }
}

/** Tensors `role_0.pb`, `role_1.pb`, ... of a data set, named as the model names them: those in the files often differ. */
function readTensors(folder: string, files: string[], role: string, specs: TensorSpec[], limit: number): Tensor[] {
  const numbered = new Set(files.filter((file) => file.startsWith(`${role}_`) && file.endsWith(".pb")));
  if (numbered.size > specs.length) {
    throw bad(`${folder} has ${numbered.size} ${role}s; the model has ${specs.length}.`);
  }
  return specs.slice(0, numbered.size).map(({ name }, i) => {
    const file = `${role}_${i}.pb`;
    if (!numbered.has(file)) throw bad(`${folder} lacks ${file}, and has later ones.`);
    const tensor = decodeTensor(readBounded(join(folder, file), limit));
    checkConstant(file, tensor);
    return toTensor(name, tensor);
  });
}

/**
 * Reads the data sets of a case. The gate has let the model pass, so every input and output is a tensor, and the files
 * hold nothing else.
 *
 * @param limit bytes that a file may have
 * @throws SuretyError `CONFORMANCE_BAD_CASE`, or what the gate says of such a constant
 */
export function readDataSets(folder: string, spec: ModelSpec, limit: number): DataSet[] {
  const sets = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith("test_data_set_"))
    .map(({ name }) => {
      const path = join(folder, name);
      const files = readdirSync(path);
      const inputs = readTensors(path, files, "input", spec.inputs, limit);
      const outputs = readTensors(path, files, "output", spec.outputs, limit);
      if (outputs.length === 0) throw bad(`${path} has no output_0.pb; needs what the model must give.`);
      return { name, inputs, outputs };
    });
  if (sets.length === 0) throw bad(`${folder} has no test_data_set_0; needs inputs and outputs.`);
  return sets;
}
