import type { Runtime } from "@surety/inference";
import type { Tensor } from "@surety/protocol";

type Waiting = { inputs: Tensor[]; resolve: (outputs: Tensor[]) => void; reject: (error: unknown) => void };

/** Longest message to a runtime, in runs and in expected milliseconds: the first of a message waits for the last. */
const MAX_RUNS = 16;
const MAX_MS = 8;

/**
 * Sends what gathers while the runtime is busy as one message. Every run stays a run of its own and gives the same bits;
 * what is saved is the way there and back, and receipts that come together share one sync to the disk.
 */
export function gather(
  runtime: Pick<Runtime, "run" | "runMany">,
  modelId: string,
): (inputs: Tensor[]) => Promise<Tensor[]> {
  const waiting: Waiting[] = [];
  let busy = false;
  let msPerRun = MAX_MS;

  const runAll = async (batch: Waiting[]): Promise<void> => {
    try {
      const results = await runtime.runMany(
        modelId,
        batch.map(({ inputs }) => inputs),
      );
      batch.forEach(({ resolve }, i) => {
        resolve(results[i]!);
      });
    } catch (error) {
      if (batch.length === 1) return batch[0]!.reject(error);
      // One of them is at fault; the others must not pay for it.
      for (const { inputs, resolve, reject } of batch) await runtime.run(modelId, inputs).then(resolve, reject);
    }
  };
  const work = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, Math.max(1, Math.min(MAX_RUNS, Math.floor(MAX_MS / msPerRun))));
      const start = performance.now();
      await runAll(batch);
      msPerRun += ((performance.now() - start) / batch.length - msPerRun) / 8;
    }
    busy = false;
  };
  return (inputs) =>
    new Promise((resolve, reject) => {
      waiting.push({ inputs, resolve, reject });
      if (!busy) void work();
    });
}
