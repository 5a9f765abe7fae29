import { bar, percent } from "./bars.ts";
import { bits } from "./ceiling.ts";
import type { CourtState } from "./court.ts";
import type { Actor } from "./epochs-log.ts";
import type { LoadCounts } from "./load.ts";
import type { DemoState } from "./state.ts";

/** What the live view shows beside the chain's state. */
export type Live = {
  /** Chain time, Unix seconds, as a fraction of a second is shown by the wall clock. */
  now: number;
  firstCounted: number | undefined;
  counted: number;
  wanted: number;
  clients: Record<string, LoadCounts>;
};

type Step = { name: string; start: bigint; end: bigint };

/** The steps of an epoch after its end, in order. */
function steps(state: DemoState, epoch: number): Step[] {
  const t = state.times(epoch);
  return [
    { name: "serve and probe", start: t.start, end: t.end },
    { name: "close log", start: t.end, end: t.logEnd },
    { name: "draw seed", start: t.logEnd, end: t.seedTime },
    { name: "open inputs", start: t.seedTime, end: t.openEnd },
    { name: "commit", start: t.openEnd, end: t.commitEnd },
    { name: "open outputs", start: t.commitEnd, end: t.outputEnd },
    { name: "reveal", start: t.outputEnd, end: t.revealEnd },
    { name: "settle", start: t.revealEnd, end: t.settleEnd },
  ];
}

/** One epoch and the step it is in. */
function epochLine(state: DemoState, epoch: number, now: number): string | undefined {
  const step = steps(state, epoch).find(({ start, end }) => now >= Number(start) && now < Number(end));
  if (step === undefined) return undefined;
  const share = (now - Number(step.start)) / Number(step.end - step.start);
  const notes = [
    `${state.logs.filter((log) => Number(log.epoch) === epoch).length} logs`,
    `${state.commitments.get(epoch) ?? 0} commitments`,
    `${state.revealed.filter((one) => one.epoch === epoch).length} reveals`,
    `${state.settled.filter((one) => one.epoch === epoch).length} settled`,
  ];
  return `epoch ${String(epoch).padStart(3)}  ${bar(share, 12)}  ${step.name.padEnd(15)}  ${notes.join(", ")}`;
}

/** One provider: what its records say now. */
function providerLine(state: DemoState, actor: Actor, clients: Record<string, LoadCounts>): string {
  const mine = state.settled.filter(({ provider }) => provider === actor.address);
  const models = [...new Set(mine.map(({ modelId }) => modelId))];
  const latest = models.map((modelId) => mine.findLast((one) => one.modelId === modelId)!);
  const probes = mine.reduce((sum, { probes }) => sum + probes, 0);
  const timely = mine.reduce((sum, { timely }) => sum + timely, 0);
  const wrong = mine.reduce((sum, { mismatches }) => sum + bits(mismatches), 0);
  const counts = Object.entries(clients).filter(([key]) => key.startsWith(`${actor.name}/`));
  const served = counts.reduce((sum, [, { timely }]) => sum + timely, 0);
  const refused = counts.reduce((sum, [, { refused, failed }]) => sum + refused + failed, 0);
  const scores = latest.map(({ score }) => percent(score / 1e9)).join(" ");
  return [
    `${actor.name} ${actor.behaviour.padEnd(11)}`,
    `score ${scores || "–"}`,
    `in time ${percent(probes > 0 ? timely / probes : undefined)}`,
    `wrong ${wrong}`,
    `clients ${served} served, ${refused} refused`,
  ].join("   ");
}

/** What the court has done. */
function courtLine({ ended, tried, slashes }: CourtState): string {
  const confirmed = ended.filter(({ state }) => state === "confirmed");
  const convicted = confirmed.filter(({ hadJury }) => hadJury).length;
  const closed = confirmed.length - convicted;
  return `court: ${tried.size} cases before juries, ${convicted} convicted; ${closed} confirmed undefended; ${slashes.length} slashes`;
}

/** The lines of the live view. */
export function viewLines(
  state: DemoState,
  court: CourtState,
  actors: readonly Actor[],
  live: Live,
  epochOf: (t: number) => number,
) {
  const current = epochOf(live.now);
  const phase =
    live.firstCounted === undefined
      ? "warm-up: no demand profile yet"
      : `counted ${live.counted} of ${live.wanted} epochs, from epoch ${live.firstCounted}`;
  const epochs = [current - 2, current - 1, current].filter((epoch) => epoch >= 0);
  return [
    phase,
    ...epochs.flatMap((epoch) => epochLine(state, epoch, live.now) ?? []),
    ...actors.map((actor) => providerLine(state, actor, live.clients)),
    courtLine(court),
  ];
}

/** Draws lines over the last ones on a terminal; elsewhere prints them when `isNews`. */
export function createScreen(out: NodeJS.WriteStream) {
  let drawn = 0;
  return {
    show(lines: readonly string[], isNews: boolean) {
      if (!out.isTTY) {
        if (isNews) out.write(`${lines.join("\n")}\n\n`);
        return;
      }
      const width = out.columns ?? 120;
      if (drawn > 0) out.write(`\x1b[${drawn}A`);
      out.write(lines.map((line) => `\x1b[2K${line.slice(0, width - 1)}\n`).join(""));
      for (let extra = lines.length; extra < drawn; extra++) out.write("\x1b[2K\n");
      drawn = Math.max(drawn, lines.length);
    },
    /** Leaves what is drawn and goes on below it. */
    done() {
      drawn = 0;
    },
  };
}
