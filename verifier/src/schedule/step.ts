import { type DemandProfile, demandProfile, ROLE_PROBE, ROLE_REDRAW, ROLE_RERUN, unpackSlots } from "@surety/protocol";
import type { Moment, Step, StepDeps } from "../ports.ts";
import { type Assignment, type Key, otherRerun, type Role } from "../store/index.ts";
import type { Facts } from "../watch/facts.ts";
import { type Duty, probeDuties, probesOf, redrawDuties, rerunDuties } from "./duties.ts";
import { probeTimes } from "./probe-times.ts";

/** Epochs back whose seats can still be open: commits of a redraw of e end within three epochs after it. */
const BACK = 4n;

const DUTIES = { [ROLE_PROBE]: probeDuties, [ROLE_RERUN]: rerunDuties, [ROLE_REDRAW]: redrawDuties } as const;

/**
 * Says what is mine: writes a planned assignment for every seat, with the private times of its probes. Seats are drawn
 * once per seed; a reorganisation that changes what an assignment rests on starts it again.
 */
export function createSchedule({
  facts: getFacts,
  me,
  store,
  rng,
  log,
}: Pick<StepDeps, "facts" | "me" | "store" | "rng" | "log">): Step {
  const { assignments, probes, leaves, own } = store;
  let known: Facts | undefined;
  const drawn = new Map<string, string>();

  const planProbes = (facts: Facts, duty: Duty): void => {
    const { provider, modelId, epoch } = duty;
    const { start, end } = facts.times(epoch);
    const promise = facts.promises.at(provider, modelId, epoch)!;
    const times = probeTimes({
      profile: profileOf(facts, duty),
      count: probesOf(promise.target),
      startMs: Number(start) * 1000,
      lengthMs: Number(end - start) * 1000,
      rng,
    });
    for (const [i, time] of times.entries()) probes.plan({ epoch, provider, modelId, i, ...time });
  };

  const forget = (old: Assignment): void => {
    const { epoch, provider, modelId, role } = old;
    log.info({ epoch, provider, modelId, role }, "the chain was reorganised: an assignment starts again or is gone");
    assignments.remove(old);
    own.remove(old);
    if (role === ROLE_PROBE) probes.remove(old);
    else forgetLeaves(old);
  };

  /** The seats of a record share its leaves: they go with the first round's seat, and with the last. */
  const forgetLeaves = (old: Assignment): void => {
    const other = otherRerun(store, old);
    if (other && old.role === ROLE_REDRAW) return;
    // The redraw is decided anew after the first round; what is committed to stays.
    if (other && !other.included) assignments.remove(other);
    if (!other?.included || other.basis !== old.basis) leaves.remove(old);
  };

  const plan = (facts: Facts, duty: Duty): void => {
    const old = assignments.get(duty);
    // Once a commitment holds it, the chain judges; a reveal that does not fit is refused there.
    if (old && (old.basis === duty.basis || old.included)) return;
    if (old) forget(old);
    assignments.plan(duty, duty.seat, duty.basis);
    if (duty.role === ROLE_PROBE) planProbes(facts, duty);
  };

  const consider = (facts: Facts, role: Role, epoch: bigint): void => {
    const name = `${role}:${epoch}`;
    const seed = facts.seed(role === ROLE_PROBE ? epoch - 2n : epoch)?.seed;
    if (seed === undefined || drawn.get(name) === seed) return;
    const mine = DUTIES[role](facts, me, epoch);
    store.transact(() => {
      for (const old of assignments.ofEpoch(epoch)) {
        if (old.role === role && !old.included && !mine.some((duty) => same(duty, old))) forget(old);
      }
      for (const duty of mine) plan(facts, duty);
    });
    drawn.set(name, seed);
    if (mine.length > 0) log.info({ epoch, role, seats: mine.length }, "seats drawn");
  };

  return {
    name: "schedule",
    advance({ epoch: current, head, seen }: Moment) {
      const facts = getFacts();
      if (facts !== known) drawn.clear();
      known = facts;
      for (const epoch of [current, current + 1n]) {
        consider(facts, ROLE_PROBE, epoch);
      }
      for (let epoch = current > BACK ? current - BACK : 0n; epoch < current; epoch++) {
        const { commitEnd, revealEnd, redrawCommitEnd } = facts.times(epoch);
        if (head.timestamp < commitEnd) consider(facts, ROLE_RERUN, epoch);
        if (seen >= revealEnd && head.timestamp < redrawCommitEnd) consider(facts, ROLE_REDRAW, epoch);
      }
    },
  };
}

const same = (a: Key, b: Key): boolean => a.provider === b.provider && a.modelId === b.modelId;

/** The model's demand profile for the duty's epoch, from the logs of e-9 to e-3 of all its providers. */
function profileOf(facts: Facts, { modelId, epoch }: Duty): DemandProfile {
  const from = epoch > 9n ? epoch - 9n : 0n;
  const logs = facts.logsOf(modelId, from, epoch - 3n);
  return demandProfile(
    logs.map((log) => ({
      ...log,
      owner: facts.provider(log.provider)!.owner.at(log.epoch)!,
      shares: unpackSlots(log.slots),
    })),
    epoch,
  );
}
