import { type DemandProfile, demandProfile, ROLE_PROBE, ROLE_RERUN, unpackSlots } from "@surety/protocol";
import type { Moment, Step, StepDeps } from "../ports.ts";
import type { Key, Role } from "../store/index.ts";
import type { Facts } from "../watch/facts.ts";
import { type Duty, probeDuties, probesOf, rerunDuties } from "./duties.ts";
import { probeTimes } from "./probe-times.ts";

/** Epochs back whose re-run seats can still be open: commits of e end within two epochs after it. */
const BACK = 3n;

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

  const forget = (old: Key): void => {
    const { epoch, provider, modelId, role } = old;
    log.info({ epoch, provider, modelId, role }, "the chain was reorganised: an assignment starts again or is gone");
    assignments.remove(old);
    own.remove(old);
    if (role === ROLE_PROBE) probes.remove(old);
    else leaves.remove(old);
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
    const mine = (role === ROLE_PROBE ? probeDuties : rerunDuties)(facts, me, epoch);
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
    advance({ epoch: current, head }: Moment) {
      const facts = getFacts();
      if (facts !== known) drawn.clear();
      known = facts;
      for (const epoch of [current, current + 1n]) {
        consider(facts, ROLE_PROBE, epoch);
      }
      for (let epoch = current > BACK ? current - BACK : 0n; epoch < current; epoch++) {
        if (head.timestamp < facts.times(epoch).commitEnd) consider(facts, ROLE_RERUN, epoch);
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
