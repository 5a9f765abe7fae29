import { ROLE_PROBE, ROLE_REDRAW, ROLE_RERUN } from "@surety/protocol";
import { type Address, type Hex, zeroAddress } from "viem";
import type { Call, Moment } from "../../ports.ts";
import { committeeOf } from "../../schedule/duties.ts";
import type { JuryFacts } from "../../watch/court-facts.ts";
import type { Facts } from "../../watch/facts.ts";
import type { SuspectDeps, Suspicion } from "../accuse.ts";
import type { RecordEpoch } from "../reads.ts";
import { onceAnEpoch } from "./epochs.ts";

/** Re-runs without which a redraw is needed. */
const QUORUM = 3;

/** The committees of a record's epoch that had something to do, and knew of it in time. */
function rolesOf(facts: Facts, record: RecordEpoch): number[] {
  const { provider, modelId, epoch } = record;
  const { start, openEnd } = facts.times(epoch);
  const [early, drawn] = [epoch < 2n ? undefined : facts.seed(epoch - 2n), facts.seed(epoch)];
  const roles: number[] = [];
  if (early && early.drawnAt <= start) roles.push(ROLE_PROBE);
  const m = facts.log(provider, modelId, epoch)?.m ?? 0;
  if (!drawn || drawn.drawnAt > openEnd || m === 0) return roles;
  const reruns = facts.reveals({ ...record, role: ROLE_RERUN }).length;
  return [...roles, ROLE_RERUN, ...(reruns < QUORUM ? [ROLE_REDRAW] : [])];
}

/** Finds who was drawn and did not reveal: probe, re-run and redraw seats, and jurors. It counts once a verifier and epoch. */
export function absentees({ facts: getFacts, me, reads, log }: SuspectDeps): (now: Moment) => Suspicion[] {
  const missed = (verifier: Address, epoch: bigint, call: Call): Suspicion => ({
    name: call.key,
    isNew: () => !getFacts().court.hasMissed(verifier, epoch),
    call: async () => call,
  });

  const emptySeats = (record: RecordEpoch, role: number): Suspicion[] => {
    const { provider, modelId, epoch } = record;
    const revealed = new Set(
      getFacts()
        .reveals({ ...record, role })
        .map(({ seat }) => seat),
    );
    return (committeeOf(getFacts(), { ...record, role }) ?? []).flatMap((verifier, seat) => {
      if (verifier === null || verifier === me || revealed.has(seat)) return [];
      const key = `absent ${provider} ${modelId} ${epoch} ${role} ${seat}`;
      const args = [provider, modelId, epoch, role, seat] as const;
      return missed(verifier, epoch, { key, contract: "Attendance", functionName: "noteSeat", args });
    });
  };

  const seats = onceAnEpoch(
    getFacts,
    (epoch) =>
      getFacts()
        .promises.in(epoch)
        .flatMap(({ provider, modelId }) => {
          const record = { provider, modelId, epoch };
          return rolesOf(getFacts(), record).flatMap((role) => emptySeats(record, role));
        }),
    (epoch, { seen }) => seen >= getFacts().times(epoch).redrawEnd,
  );

  /** Jurors by jury; undefined while they are read. */
  const drawn = new Map<Hex, readonly Address[] | undefined>();
  let known: Facts | undefined;
  const read = (id: Hex): void => {
    drawn.set(id, undefined);
    reads.jurors(id).then(
      (jurors) => drawn.set(id, jurors),
      (err) => {
        drawn.delete(id);
        log.debug({ err, case: id }, "a jury could not be read");
      },
    );
  };

  const emptyChairs = (jury: JuryFacts, { seen }: Moment): Suspicion[] => {
    const { id, epoch, start, revealEnd } = jury;
    const facts = getFacts();
    if (seen < revealEnd || seen >= revealEnd + facts.windows(epoch).disputeWindow) return [];
    const seed = facts.seed(epoch);
    if (!seed || seed.drawnAt > start) return [];
    if (!drawn.has(id)) read(id);
    return (drawn.get(id) ?? []).flatMap((juror, seat) => {
      if (juror === zeroAddress || juror === me || facts.court.hasRevealed(id, juror)) return [];
      const key = `absent ${id} ${seat}`;
      return missed(juror, epoch, { key, contract: "Attendance", functionName: "noteJuror", args: [id, seat] });
    });
  };

  return (now) => {
    if (getFacts() !== known) drawn.clear();
    known = getFacts();
    return [...seats(now), ...[...known.court.juries()].flatMap((jury) => emptyChairs(jury, now))];
  };
}
