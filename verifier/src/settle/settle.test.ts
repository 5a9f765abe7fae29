import { expect } from "chai";
import { type Address, type Hex, numberToHex } from "viem";
import type { Jobs } from "../jobs.ts";
import type { Call, Outcome } from "../ports.ts";
import { seededRng } from "../testing/rng.ts";
import { DEVNET, GENESIS } from "../testing/world.ts";
import { createFacts } from "../watch/facts.ts";
import { createSettling } from "./settle.ts";

const EPOCH = 5n;
const MODEL: Hex = `0x${"11".repeat(32)}`;
const provider = (n: number): Address => numberToHex(n + 1, { size: 20 });

/** A verifier that settles, in a market of `count` records; `answer` says what becomes of a call. */
function setup(count: number, answer: (providers: Address[]) => Outcome) {
  const facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
  const { revealEnd, start } = facts.times(EPOCH);
  const emit = (eventName: string, args: object) => facts.apply({ eventName, args, timestamp: start } as never);
  for (let n = 0; n < count; n++) {
    const promised = { target: 990_000_000, latencyMs: 500, capacity: 10, firstEpoch: 5, lastEpoch: 5 };
    emit("ProviderRegistered", { provider: provider(n), operator: provider(n), endpoint: "https://p.example" });
    emit("Promised", { provider: provider(n), modelId: MODEL, index: 0n, commitment: promised });
  }
  const calls: { key: string; providers: Address[] }[] = [];
  const work: Promise<void>[] = [];
  let now = revealEnd;
  const step = createSettling({
    store: { assignments: { inState: () => [] } },
    facts: () => facts,
    chainMs: () => Number(now) * 1000,
    clock: { now: () => 0, sleep: async () => undefined },
    rng: seededRng("settle"),
    log: { info() {}, debug() {}, warn() {}, error() {} },
    jobs: { run: (_, job) => void work.push(job(new AbortController().signal)) } as Jobs,
    sender: {
      async send(call: Call) {
        if (call.functionName !== "settleAll") throw new Error(`unexpected ${call.functionName}`);
        const providers = call.args[0].map((record) => record.provider);
        calls.push({ key: call.key, providers });
        return answer(providers);
      },
    },
  } as never);
  return {
    calls,
    settled: (n: number) => emit("Settled", { provider: provider(n), modelId: MODEL, epoch: EPOCH, mismatches: 0n }),
    async advance(time: bigint) {
      now = time;
      step.advance({ head: { number: 1n, timestamp: time }, seen: time, epoch: EPOCH } as never);
      await Promise.all(work.splice(0));
      return calls.splice(0);
    },
    revealEnd,
  };
}

const confirmed: Outcome = { status: "confirmed" };
const rejected: Outcome = { status: "rejected", revert: { errorName: "RewardDistributorPending", args: {} } };

describe("settling", () => {
  it("settles all records that are due in one call, and none before", async () => {
    const { advance, revealEnd } = setup(4, () => confirmed);
    expect(await advance(revealEnd - 1n)).to.deep.equal([]);
    const [only, ...others] = await advance(revealEnd);
    expect(only!.providers).to.deep.equal([0, 1, 2, 3].map(provider));
    expect(others).to.deep.equal([]);
  });

  it("leaves out what somebody else has settled", async () => {
    const { advance, revealEnd, settled } = setup(3, () => confirmed);
    settled(1);
    const [only] = await advance(revealEnd);
    expect(only!.providers).to.deep.equal([0, 2].map(provider));
    settled(0);
    settled(2);
    expect(await advance(revealEnd + 1n)).to.deep.equal([]);
  });

  it("settles the others where one cannot be, each call under a key of its own", async () => {
    const bad = provider(2);
    const { advance, revealEnd } = setup(5, (providers) => (providers.includes(bad) ? rejected : confirmed));
    const calls = await advance(revealEnd);
    const passed = calls.filter(({ providers }) => !providers.includes(bad)).flatMap(({ providers }) => providers);
    expect(passed.sort()).to.deep.equal([0, 1, 3, 4].map(provider));
    expect(calls.at(-1)!.providers).to.not.include(bad);
    expect(new Set(calls.map(({ key }) => key)).size).to.equal(calls.length);
  });

  it("takes fewer at once where a block is too small", async () => {
    const { advance, revealEnd } = setup(5, ({ length }) => (length > 2 ? { status: "too-large" } : confirmed));
    const calls = await advance(revealEnd);
    const passed = calls.filter(({ providers }) => providers.length <= 2);
    expect(passed.flatMap(({ providers }) => providers)).to.deep.equal([0, 1, 2, 3, 4].map(provider));
  });
});
