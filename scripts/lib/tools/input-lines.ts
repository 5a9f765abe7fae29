import { checkInputs } from "@surety/inference";
import { SuretyError, type Tensor, type TensorSpec } from "@surety/protocol";
import { decodeInferRequest } from "@surety/sdk";
import { FILE_LIMITS, inFile, readText } from "./files.ts";

/** Most inputs of one file. */
const MAX_LINES = 100_000;

/**
 * Reads inputs from a file of JSON Lines: each line the JSON body of an inference request (Open Inference Protocol v2),
 * `{"inputs": [...]}`. Empty lines are passed over.
 *
 * @throws SuretyError `FILE_*`, `OIP_MALFORMED`, `INFERENCE_BAD_INPUT`, naming the line; `CALIBRATE_TOO_LARGE`
 */
export async function readInputLines(path: string, specs: readonly TensorSpec[]): Promise<Tensor[][]> {
  const lines = (await readText(path, FILE_LIMITS.lines)).split("\n");
  if (lines.length > MAX_LINES) {
    throw new SuretyError(
      "CALIBRATE_TOO_LARGE",
      `${path} has ${lines.length} lines, at most ${MAX_LINES}. Sample them.`,
    );
  }
  const sets: Tensor[][] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === "") continue;
    inFile(`${path}, line ${i + 1}`, () => {
      const { inputs } = decodeInferRequest({ body: new TextEncoder().encode(line) });
      checkInputs(specs, inputs);
      sets.push(inputs);
    });
  }
  return sets;
}
