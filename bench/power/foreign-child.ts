// A process with another ONNX Runtime, or under another processor: node foreign-child.ts /path/of/onnxruntime-node.
import { pathToFileURL } from "node:url";
import type { InferenceSession } from "onnxruntime-node";
import { fromOrt, toOrt } from "../../inference/src/child/convert.ts";
import type { ForeignReply, ForeignRequest } from "./foreign-messages.ts";

type Ort = typeof import("onnxruntime-node");
const ort = (await import(pathToFileURL(process.argv[2] ?? "").href)) as Ort;
let session: InferenceSession | undefined;

async function handle(request: ForeignRequest): Promise<ForeignReply> {
  if (request.op === "load") {
    await session?.release();
    session = await ort.InferenceSession.create(request.model, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: request.optimization,
      executionMode: "sequential",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    return { op: "load" };
  }
  if (session === undefined) throw new Error("no model is loaded");
  const sets = [];
  for (const set of request.sets) {
    const fetched = await session.run(
      Object.fromEntries(set.map((tensor) => [tensor.name, toOrt(tensor, ort.Tensor)])),
    );
    sets.push(session.outputNames.map((name) => fromOrt(name, fetched[name]!)));
  }
  return { op: "run", sets };
}

const send = (reply: ForeignReply) => process.send?.(reply);
process.on("disconnect", () => process.exit(0));
process.on("message", (request: ForeignRequest) => {
  handle(request).then(send, (error: unknown) =>
    send({ op: "error", message: error instanceof Error ? error.message : String(error) }),
  );
});
send({ op: "ready" });
