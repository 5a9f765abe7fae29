import type { EpochTimes } from "@surety/protocol";
import { commit, reveal } from "./attest.ts";
import { audit, closeSeatCases, failDemands } from "./audit.ts";
import { afterAnswers, closeFree, closeTried, closeUnanswered, openBonded, openFree } from "./cases.ts";
import { grief } from "./grief.ts";
import { commitVotes, revealVotes } from "./juries.ts";
import { askReceipts } from "./probes.ts";
import { begin, closeLogs, draw, settle } from "./serving.ts";
import { timesOf, type World } from "./world.ts";

/** One step of an epoch's life. */
export type Step = {
  name: string;
  /** When, Unix seconds. Steps are in order of time. */
  at(times: EpochTimes, world: World, epoch: bigint): bigint;
  run(world: World, epoch: bigint): Promise<void>;
};

/** Everything that happens to epoch e, in order, from its end to the end of the next one. A new step is one more line. */
export const STEPS: readonly Step[] = [
  { name: "begin", at: ({ end }) => end, run: begin },
  { name: "close logs", at: ({ end }) => end + 1n, run: closeLogs },
  { name: "draw", at: ({ seedTime }) => seedTime, run: draw },
  { name: "ask for receipts", at: ({ seedTime }) => seedTime, run: askReceipts },
  { name: "commit", at: ({ openEnd }) => openEnd, run: commit },
  { name: "jurors commit", at: ({ openEnd }) => openEnd, run: commitVotes },
  { name: "jurors reveal", at: ({ commitEnd }) => commitEnd, run: revealVotes },
  { name: "reveal", at: ({ outputEnd }) => outputEnd, run: reveal },
  { name: "settle", at: ({ revealEnd }) => revealEnd, run: settle },
  { name: "fail demands", at: ({ revealEnd }) => revealEnd, run: failDemands },
  { name: "close tried cases", at: ({ revealEnd }) => revealEnd, run: closeTried },
  { name: "close free cases", at: ({ revealEnd }) => revealEnd, run: closeFree },
  { name: "open free cases", at: ({ revealEnd }) => revealEnd + 1n, run: openFree },
  { name: "audit", at: ({ revealEnd }) => revealEnd + 1n, run: audit },
  { name: "grief", at: (_, { chain }) => chain.now, run: grief },
  { name: "open bonded cases", at: (_, { chain }) => chain.now, run: openBonded },
  { name: "close cases about seats", at: (_, world, epoch) => afterAnswers(world, epoch), run: closeSeatCases },
  { name: "close unanswered cases", at: (_, world, epoch) => afterAnswers(world, epoch), run: closeUnanswered },
];

/** Epochs after the last promised one until its last case has ended. */
const CLOSING_EPOCHS = 2n;

/** Lives through all epochs of a world. */
export async function live(world: World, onEpoch: (epoch: number, of: number) => void): Promise<void> {
  const end = world.last + CLOSING_EPOCHS;
  for (let epoch = 0n; epoch <= end; epoch++) {
    onEpoch(Number(epoch), Number(end));
    for (const { at, run } of STEPS) {
      world.chain.at(at(timesOf(world, epoch), world, epoch));
      await run(world, epoch);
    }
  }
}
