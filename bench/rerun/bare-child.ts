// Bare onnxruntime in a process of its own: nothing but `session.run` in a loop, on inputs that are tensors already.
import type { RuntimeKind } from "@surety/inference";
import type { Tensor } from "@surety/protocol";
import { toOrt } from "../../inference/src/child/convert.ts";
import type { Ort } from "../../inference/src/child/serve.ts";

/** What the parent sends first, and then how many milliseconds to run for. */
export type BareConfig = { kind: RuntimeKind; bytes: Uint8Array; inputs: Tensor[][] };

process.once("message", async ({ kind, bytes, inputs }: BareConfig) => {
  const ort: Ort = kind === "native" ? await import("onnxruntime-node") : await import("onnxruntime-web/wasm");
  if (kind === "wasm") (ort as typeof import("onnxruntime-web/wasm")).env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [kind === "native" ? "cpu" : "wasm"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds = inputs.map((set) => Object.fromEntries(set.map((tensor) => [tensor.name, toOrt(tensor, ort.Tensor)])));
  process.on("message", async (ms: number) => {
    const start = performance.now();
    let runs = 0;
    while (performance.now() - start < ms) await session.run(feeds[runs++ % feeds.length]!);
    process.send?.({ count: runs, ms: performance.now() - start });
  });
  process.send?.("ready");
});
process.on("disconnect", () => process.exit(0));
