import { ROLE_REDRAW, ROLE_RERUN, unpackRerunReport } from "@surety/protocol";
import type { Call, Moment } from "../../ports.ts";
import type { AcquittalFacts } from "../../watch/court-facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";

/** Samples that a report calls wrong; bit j is sample j. */
function mismatchesOf(report: bigint): bigint {
  const { verdicts } = unpackRerunReport(report);
  return verdicts.reduce((bits, verdict, j) => (verdict === "mismatch" ? bits | (1n << BigInt(j)) : bits), 0n);
}

/**
 * Finds seats that called a leaf wrong of which a jury says, with as many votes as convict, that it is right. They pay that
 * jury, which nobody else does.
 */
export function falseAccusers({ facts: getFacts, me, reads }: SuspectDeps): (now: Moment) => Suspicion[] {
  const look = ({ id, provider, modelId, epoch, votes }: AcquittalFacts): Suspicion[] =>
    [ROLE_RERUN, ROLE_REDRAW].flatMap((role) => {
      const reveals = getFacts().reveals({ provider, modelId, epoch, role });
      return reveals.flatMap(({ seat, verifier, report }): Suspicion[] => {
        const said = mismatchesOf(report);
        if (verifier === me || said === 0n) return [];
        const name = `false accuser ${id} ${role} ${seat}`;
        const call = async (): Promise<Call | undefined> => {
          const [samples, need] = await Promise.all([reads.samplesOf(id), reads.votes()]);
          if ((said & samples) === 0n || BigInt(votes) < need) return undefined;
          return { key: name, contract: "DisputeCourt", functionName: "refuteAccuser", args: [id, role, seat] };
        };
        return [{ name, isNew: () => !getFacts().court.wasRefuted(id, role, seat), call }];
      });
    });

  return ({ seen }) => {
    const facts = getFacts();
    // Reported as long as a juror's absence is.
    const recent = facts.court
      .acquittals()
      .filter(({ jury }) => seen < jury.revealEnd + facts.windows(jury.epoch).disputeWindow);
    return recent.flatMap(look).filter(({ isNew }) => isNew());
  };
}
