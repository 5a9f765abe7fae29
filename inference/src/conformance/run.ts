import { join } from "node:path";
import { SuretyError } from "@surety/protocol";
import { CONFORMANCE, inspectModel } from "../gate.ts";
import { createRuntime, type Runtime } from "../runtime.ts";
import { disagreement } from "./agree.ts";
import type { TestCase } from "./find.ts";
import { readBounded, readDataSets } from "./read-case.ts";

/**
 * What became of a case: `refused` if the gate or the reader would not have it run, `fail` if it was run and did not give
 * what it must. The reason starts with a code; it is empty for `pass`.
 */
export type CaseResult = { case: string; result: "pass" | "fail" | "refused"; reason: string };

/** How cases are run. */
export type ConformanceOptions = {
  /** Milliseconds that a load or a run may take. Default 30,000. */
  timeoutMs?: number;
  /** Called after each case. */
  onResult?: (result: CaseResult, done: number, total: number) => void;
};

/** Code of an error that no part of this folder foresees; the reason of a case that has it is a fault of Surety. */
export const CONFORMANCE_UNEXPECTED = "CONFORMANCE_UNEXPECTED";

const refusals = /^(INFERENCE_MODEL_|INFERENCE_BAD_INPUT$|PROTOCOL_BAD_TENSOR$|CONFORMANCE_BAD_CASE$)/;

async function runCase({ name, folder }: TestCase, runtime: Runtime): Promise<CaseResult> {
  try {
    const model = readBounded(join(folder, "model.onnx"), CONFORMANCE.fileBytes);
    const sets = readDataSets(folder, inspectModel(model, CONFORMANCE), CONFORMANCE.fileBytes);
    await runtime.load(name, model);
    for (const set of sets) {
      const outputs = await runtime.run(name, set.inputs);
      const wrong = set.outputs.flatMap((expected, i) => disagreement(outputs[i]!, expected) ?? []);
      if (wrong.length > 0) {
        return { case: name, result: "fail", reason: `CONFORMANCE_MISMATCH: ${set.name}: ${wrong.join("; ")}` };
      }
    }
    return { case: name, result: "pass", reason: "" };
  } catch (error) {
    const { code, message } =
      error instanceof SuretyError
        ? error
        : { code: CONFORMANCE_UNEXPECTED, message: error instanceof Error ? error.stack : error };
    return { case: name, result: refusals.test(code) ? "refused" : "fail", reason: `${code}: ${message}` };
  }
}

/**
 * Runs cases of the ONNX backend suite one after the other through the gate (policy {@link CONFORMANCE}), the native
 * runtime's child process and the comparison of the suite. A model that aborts the process costs its own case only.
 *
 * @returns one result per case, in the order given; it throws nothing that a case could cause
 */
export async function runCases(
  cases: readonly TestCase[],
  { timeoutMs = 30_000, onResult }: ConformanceOptions = {},
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const runtime = createRuntime({ kind: "native", timeoutMs, policy: CONFORMANCE, sharedProcess: true });
  try {
    for (const one of cases) {
      const result = await runCase(one, runtime);
      await runtime.unload(one.name);
      results.push(result);
      onResult?.(result, results.length, cases.length);
    }
  } finally {
    await runtime.close();
  }
  return results;
}
