import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp, openJournal } from "@surety/node-kit";
import { VOTES, voteCommitment } from "@surety/protocol";
import { expect } from "chai";
import { type Address, type Hex, zeroHash } from "viem";
import { createJobs } from "../jobs.ts";
import type { Call, Clock, Models } from "../ports.ts";
import { systemClock } from "../system.ts";
import { seededRng } from "../testing/rng.ts";
import { toyId, toyModels, toyRerunner } from "../testing/toy-model.ts";
import { DEVNET, GENESIS, keptLog, ME } from "../testing/world.ts";
import type { ChainEvent } from "../watch/events.ts";
import { createFacts } from "../watch/facts.ts";
import { createJuryDuty } from "./jury.ts";
import type { CourtReads } from "./reads.ts";

const JURIES: Address = `0x${"a7".repeat(20)}`;
const PROVIDER: Address = `0x${"d1".repeat(20)}`;
const ID: Hex = `0x${"c1".repeat(32)}`;
const [START, COMMIT_END, REVEAL_END] = [GENESIS + 100n, GENESIS + 102n, GENESIS + 104n];

/** A jury on which this verifier sits, with what it can read given by the test. */
describe("a juror that cannot judge", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "surety-juror-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Lives through the jury. @returns what was sent */
  async function sit(over: { models?: Models; opened?: CourtReads["opened"]; isKnown?: boolean }): Promise<Call[]> {
    const { models = toyModels, opened = async () => undefined, isKnown = true } = over;
    const facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    const emit = (eventName: string, args: object) =>
      facts.apply({ eventName, args, timestamp: START, block: 7n } as unknown as ChainEvent);
    const record = { provider: PROVIDER, modelId: toyId };
    const jury = { id: ID, ...record, start: START, commitEnd: COMMIT_END, revealEnd: REVEAL_END };
    if (isKnown) emit("CaseTried", { id: ID, ...record, epoch: 3n, seq: 0 });
    emit("JuryCalled", { ...jury, epoch: 5n });
    emit("SeedDrawn", { epoch: 5n, seed: zeroHash });
    const begun = Date.now();
    const chainMs = () => Number(START) * 1000 + Date.now() - begun;
    const sent: Call[] = [];
    const log = keptLog();
    const jobs = createJobs(log);
    const journal = openJournal(directory);
    const step = createJuryDuty({
      facts: () => facts,
      me: ME,
      chainMs,
      models,
      clock: { ...systemClock, monotonic: () => performance.now() } satisfies Clock,
      rng: seededRng("juror"),
      log,
      jobs,
      http: createHttp(),
      sender: {
        send: async (call) => {
          sent.push(call);
          if (call.contract !== "Juries") throw new Error("no call of a juror");
          if (call.functionName === "commit") emit("JurorCommitted", { id: ID, juror: ME, commitment: call.args[2] });
          else emit("JurorRevealed", { id: ID, juror: ME, vote: call.args[1], outputHash: call.args[2] });
          return { status: "confirmed" };
        },
      },
      journal,
      rerunner: toyRerunner,
      reads: { juries: JURIES, jurors: async () => [PROVIDER, ME], opened } as unknown as CourtReads,
      chainId: 31337,
    });
    while (chainMs() < Number(REVEAL_END) * 1000 && sent.length < 2) {
      const timestamp = BigInt(Math.floor(chainMs() / 1000));
      step.advance({ head: { number: 7n, timestamp }, seen: timestamp, epoch: 5n });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await jobs.stop();
    journal.close();
    return sent;
  }

  const expectUnknown = (sent: Call[]) => {
    expect(sent.map(({ functionName }) => functionName)).to.deep.equal(["commit", "reveal"]);
    const [, vote, outputHash, salt] = sent[1]!.args as [Hex, number, Hex, Hex];
    expect([VOTES[vote], outputHash]).to.deep.equal(["unknown", zeroHash]);
    const hash = voteCommitment({ juries: JURIES, id: ID, juror: ME, vote: "unknown", outputHash, salt });
    expect(sent[0]!.args).to.deep.equal([ID, 1, hash]);
  };

  it("says so without the model's files, and without the opened leaf", async () => {
    expectUnknown(await sit({ models: { get: () => undefined } }));
    rmSync(directory, { recursive: true });
    expectUnknown(await sit({}));
  });

  it("says so where what it needs cannot be read in time, or is never told", async () => {
    const failing = async () => {
      throw new Error("the node is gone");
    };
    expectUnknown(await sit({ opened: failing }));
    rmSync(directory, { recursive: true });
    expectUnknown(await sit({ opened: () => new Promise(() => undefined) }));
  });

  it("says so about a case of a kind that it does not know", async () => {
    expectUnknown(await sit({ isKnown: false }));
  });
});
