import type { Moment } from "../../ports.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";

/** Tickets that one call takes back at most (VerifierRegistry.sol). */
const AT_ONCE = 32;

/** Finds ejected verifiers that still hold tickets: until somebody names these, they are drawn and miss their duties. */
export function ejectedHolders({ facts: getFacts, me }: SuspectDeps): (now: Moment) => Suspicion[] {
  return ({ epoch }) =>
    getFacts()
      .heldByEjected(epoch)
      .filter(({ verifier }) => verifier !== me)
      .map(({ verifier, indexes }): Suspicion => {
        const first = indexes.slice(0, AT_ONCE);
        const name = `tickets of ${verifier} ${first.join()} in ${epoch}`;
        const isHeld = () =>
          getFacts()
            .heldByEjected(epoch)
            .some((held) => held.verifier === verifier && held.indexes[0] === first[0]);
        const args = [verifier, first.map(BigInt)] as const;
        const act = { contract: "VerifierRegistry", functionName: "takeBack", args } as const;
        return { name, isNew: isHeld, call: async () => ({ key: name, ...act }) };
      });
}
