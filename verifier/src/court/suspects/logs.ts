import { encodeAbiParameters, keccak256, parseAbiParameters } from "viem";
import type { Moment } from "../../ports.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import { onceAnEpoch } from "./epochs.ts";

const FAULT = parseAbiParameters("string, address, bytes32, uint64");

/** Finds promised epochs whose log window passed without a log. */
export function missingLogs({ facts: getFacts }: SuspectDeps): (now: Moment) => Suspicion[] {
  return onceAnEpoch(getFacts, (epoch) => {
    const facts = getFacts();
    const missing = facts.promises.in(epoch).filter(({ provider, modelId }) => !facts.log(provider, modelId, epoch));
    return missing.map(({ provider, modelId }): Suspicion => {
      const fault = keccak256(encodeAbiParameters(FAULT, ["missing log", provider, modelId, epoch]));
      const name = `missing log ${provider} ${modelId} ${epoch}`;
      const act = { contract: "Faults", functionName: "missingLog", args: [provider, modelId, epoch] } as const;
      return {
        name,
        isNew: () => !getFacts().court.isProven(fault),
        call: async () => ({ key: name, ...act }),
      };
    });
  });
}
