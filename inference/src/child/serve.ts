import type { Tensor } from "@surety/protocol";
import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from "onnxruntime-node";
import { fromOrt, toOrt } from "./convert.ts";
import type { Answer, Request } from "./messages.ts";
import { readRequest, sendOutputs, sendReply } from "./pipe.ts";

/** The part of ONNX Runtime's API that both builds share. */
export type Ort = { InferenceSession: InferenceSessionFactory; Tensor: TensorConstructor };

async function runSets(ort: Ort, session: InferenceSession, sets: Tensor[][], outputBytes: number): Promise<void> {
  let left = outputBytes;
  // One by one: a batch may take another kernel than a single input, and results must not depend on the company.
  for (const set of sets) {
    const feeds = Object.fromEntries(set.map((tensor) => [tensor.name, toOrt(tensor, ort.Tensor)]));
    const fetched = await session.run(feeds);
    const tensors = session.outputNames.map((name) => fromOrt(name, fetched[name]!));
    for (const { data } of tensors) left -= data.byteLength;
    if (left < 0) throw new Error(`outputs exceed ${outputBytes} bytes`);
    sendOutputs(tensors);
  }
}

/**
 * The whole life of a child process: loads models and runs them on request, one request at a time, on one thread, and
 * ends when its parent does. It reads no file, no environment and no clock of its own.
 *
 * @param ort the one ONNX Runtime of this process
 * @param provider the execution provider, forced: both builds register themselves in one place and would mix
 */
export async function serve(ort: Ort, provider: "cpu" | "wasm"): Promise<void> {
  const sessions = new Map<string, InferenceSession>();

  const handle = async (request: Request): Promise<Answer> => {
    const rss = () => process.memoryUsage.rss();
    if (request.op === "memory") return { op: "memory", rss: rss() };
    if (request.op === "unload") {
      await sessions.get(request.id)?.release();
      sessions.delete(request.id);
      return { op: "unload", rss: rss() };
    }
    if (request.op === "load") {
      const session = await ort.InferenceSession.create(request.model, {
        executionProviders: [provider],
        graphOptimizationLevel: request.optimization,
        executionMode: "sequential",
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        enableCpuMemArena: false,
        logSeverityLevel: 3,
      });
      // Given back at once: a process that waits for its parent collects no garbage.
      (request.model.buffer as ArrayBuffer).transfer(0);
      sessions.set(request.id, session);
      return { op: "load", rss: rss() };
    }
    const session = sessions.get(request.id);
    if (session === undefined) throw new Error(`model ${request.id} is not loaded`);
    await runSets(ort, session, request.sets, request.outputBytes);
    return { op: "run", rss: rss() };
  };

  // Ctrl-C reaches the whole process group: the parent decides when a child ends.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
  sendReply({ op: "ready" });
  for (;;) {
    const reply = await handle(readRequest()).catch(
      (error: unknown): Answer => ({ op: "error", message: error instanceof Error ? error.message : String(error) }),
    );
    sendReply(reply);
  }
}
