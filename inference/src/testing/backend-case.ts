import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeMessage, type Plain } from "./build-onnx.ts";

/**
 * Writes a case as the ONNX backend suite keeps them: `model.onnx` and `test_data_set_0` with a file per tensor.
 *
 * @returns its folder
 */
export function writeCase(
  parent: string,
  name: string,
  { model, inputs, outputs }: { model: Uint8Array; inputs: Plain[]; outputs: Plain[] },
): string {
  const folder = join(parent, name);
  const set = join(folder, "test_data_set_0");
  mkdirSync(set, { recursive: true });
  writeFileSync(join(folder, "model.onnx"), model);
  for (const [role, tensors] of Object.entries({ input: inputs, output: outputs })) {
    for (const [i, tensor] of tensors.entries()) {
      writeFileSync(join(set, `${role}_${i}.pb`), encodeMessage("Tensor", tensor));
    }
  }
  return folder;
}
