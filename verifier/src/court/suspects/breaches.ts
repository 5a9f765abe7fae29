import type { Moment } from "../../ports.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";

/** Finds broken promises whose price nobody has collected. */
export function brokenPromises({ facts: getFacts }: SuspectDeps): (now: Moment) => Suspicion[] {
  return () =>
    getFacts()
      .court.breaches()
      .map(({ provider, modelId, index, epoch }): Suspicion => {
        const name = `broken promise ${provider} ${modelId} ${index} ${epoch}`;
        const isDue = () =>
          getFacts()
            .court.breaches()
            .some((b) => b.provider === provider && b.modelId === modelId && b.index === index && b.epoch === epoch);
        const act = { contract: "Faults", functionName: "brokenPromise", args: [provider, modelId, index] } as const;
        return { name, isNew: isDue, call: async () => ({ key: name, ...act }) };
      });
}
