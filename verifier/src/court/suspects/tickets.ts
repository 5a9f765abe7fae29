import type { Address } from "viem";
import type { Call, Moment } from "../../ports.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";

/** Tickets that one call takes back at most (VerifierRegistry.sol). */
const AT_ONCE = 32;

const takeBack = (key: string, verifier: Address, indexes: readonly number[]): Call => ({
  key,
  contract: "VerifierRegistry",
  functionName: "takeBack",
  args: [verifier, indexes.map(BigInt)],
});

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
        return { name, isNew: isHeld, call: async () => takeBack(name, verifier, first) };
      });
}

/**
 * Finds verifiers with tickets that a slash has left without stake: whoever is drawn by one has less to lose than others.
 * Each is read once after a slash, and once more after its first ticket was returned. This verifier's own are left to its
 * operator, who may bond more.
 */
export function unbackedHolders({ facts: getFacts, me, reads }: SuspectDeps): (now: Moment) => Suspicion[] {
  return ({ epoch }) => {
    const ejected = new Set(
      getFacts()
        .heldByEjected(epoch)
        .map(({ verifier }) => verifier),
    );
    return getFacts()
      .heldBySlashed()
      .filter(({ verifier }) => verifier !== me && !ejected.has(verifier))
      .map(({ verifier, indexes, slashes }): Suspicion => {
        const name = `unbacked tickets of ${verifier} from ${indexes[0]} after slash ${slashes}`;
        const isHeld = () =>
          getFacts()
            .heldBySlashed()
            .some((h) => h.verifier === verifier && h.indexes[0] === indexes[0] && h.slashes === slashes);
        const unbacked = async (): Promise<number[]> => {
          const { count } = await reads.unbacked(verifier);
          return indexes.slice(0, Math.min(count, AT_ONCE));
        };
        return {
          name,
          isNew: isHeld,
          holds: async () => (await unbacked()).length > 0,
          call: async () => {
            const taken = await unbacked();
            return taken.length === 0 ? undefined : takeBack(`${name}: ${taken.join()}`, verifier, taken);
          },
        };
      });
  };
}
