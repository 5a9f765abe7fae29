import { readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SuretyError } from "@surety/protocol";

/** A test case of the ONNX backend suite: its name such as `node/test_abs`, and its folder. */
export type TestCase = { name: string; folder: string };

/** Folders between the one that is given and a case: the suite's `data`, one of its parts, a case. */
const DEPTH = 2;

function listing(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SuretyError("CONFORMANCE_NO_CASES", `${folder} cannot be read: ${why}. Name a folder with cases.`, {
      cause: error,
    });
  }
}

function search(folder: string, depth: number): TestCase[] {
  const entries = listing(folder);
  const isCase = entries.some(
    (entry) => entry.name === "model.onnx" || (entry.isDirectory() && entry.name.startsWith("test_data_set_")),
  );
  if (isCase) return [{ name: `${basename(dirname(folder))}/${basename(folder)}`, folder }];
  if (depth === 0) return [];
  return entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => search(join(folder, name), depth - 1));
}

/**
 * Finds the cases below a folder: the suite's `data`, one of its parts (`node`, `simple`, ...) or a single case. A case is
 * a folder with `model.onnx` or `test_data_set_*` in it. Links are not followed.
 *
 * @returns the cases by name
 * @throws SuretyError `CONFORMANCE_NO_CASES`
 */
export function findCases(folder: string): TestCase[] {
  const cases = search(resolve(folder), DEPTH);
  if (cases.length === 0) {
    const message = `${folder} holds no cases; needs folders with model.onnx and test_data_set_0, at most two deep.`;
    throw new SuretyError("CONFORMANCE_NO_CASES", message);
  }
  return cases.sort((a, b) => (a.name < b.name ? -1 : 1));
}
