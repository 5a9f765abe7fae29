import { disputeCourtAbi } from "@surety/sdk";
import { expect } from "chai";
import { decodeFunctionData, type Hex, numberToHex, pad } from "viem";
import { createJobs } from "../jobs.ts";
import type { Call, Outcome } from "../ports.ts";
import { fastClock } from "../testing/fast-clock.ts";
import { seededRng } from "../testing/rng.ts";
import { keptLog } from "../testing/world.ts";
import { createClosing, type Ending } from "./closing.ts";
import { COURT_TERMS } from "./limits.ts";

const REFUSED: Outcome = { status: "rejected", revert: { errorName: "DisputeCourtWrongState", args: {} } };

/** The number of a case. */
const numbered = (i: number): Hex => pad(numberToHex(i + 1), { size: 32 });

/** A court where cases 0 to `count` - 1 are over. What somebody else has `taken` is open to this verifier's eyes for a while. */
function setup(count: number, over: { taken?: number[]; most?: number; price?: bigint } = {}) {
  const { most = Number.POSITIVE_INFINITY, price = 1n } = over;
  const taken = new Set(over.taken?.map(numbered));
  const open = new Set(Array.from({ length: count }, (_, i) => numbered(i)));
  const sent: Hex[][] = [];
  const calls: Call[] = [];
  const log = keptLog();
  const send = async (call: Call): Promise<Outcome> => {
    const ids = casesOf(call);
    calls.push(call);
    if (ids.length > most) return { status: "too-large" };
    if (ids.some((id) => taken.has(id) || !open.has(id))) return REFUSED;
    sent.push(ids);
    for (const id of ids) open.delete(id);
    return { status: "confirmed" };
  };
  const endings = [...open].map(
    (id): Ending => ({ id, isOpen: () => open.has(id), functionName: "close", args: [id] }),
  );
  const jobs = createJobs(log);
  const clock = fastClock({ base: 0, start: Date.now(), speed: 2_000 });
  const reads = { gasPrice: async () => price };
  const terms = COURT_TERMS;
  const close = createClosing({ clock, rng: seededRng("closing"), log, jobs, sender: { send }, reads, terms });
  const idle = async () => {
    while (jobs.running("close-cases")) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { endings, open, sent, calls, log, close, idle };
}

/** The cases that a call ends. */
function casesOf(call: Call): Hex[] {
  if (call.functionName === "close") return [call.args[0]];
  if (call.functionName !== "multicall") throw new Error(`${call.functionName} ends nothing`);
  return call.args[0].map((data) => {
    const { functionName, args } = decodeFunctionData({ abi: disputeCourtAbi, data });
    if (functionName !== "close") throw new Error(`${functionName} ends nothing`);
    return args[0];
  });
}

describe("the ends of cases", () => {
  it("are one transaction for many, and a plain call for one", async () => {
    const many = setup(5);
    many.close(many.endings, 100);
    await many.idle();
    expect(many.sent.map(({ length }) => length)).to.deep.equal([5]);
    expect(many.calls[0]!.key).to.match(/^close 5 cases [0-9a-f]{12}$/);
    expect(many.open.size).to.equal(0);

    const one = setup(1);
    one.close(one.endings, 100);
    await one.idle();
    expect(one.calls.map(({ functionName, key }) => [functionName, key])).to.deep.equal([
      ["close", `close ${numbered(0)}`],
    ]);
  });

  it("name a transaction by its cases, the same again", async () => {
    const keys = [];
    for (const count of [3, 3, 4]) {
      const { close, endings, idle, calls } = setup(count);
      close(endings, 0);
      await idle();
      keys.push(calls[0]!.key);
    }
    expect(keys[1]).to.equal(keys[0]);
    expect(keys[2]).not.to.equal(keys[0]);
  });

  it("are at most 32 in a transaction", async () => {
    const { close, endings, idle, sent } = setup(70);
    close(endings, 100);
    await idle();
    expect(sent.map(({ length }) => length)).to.deep.equal([32, 32, 6]);
  });

  it("leave out what others have ended while it waited", async () => {
    const { close, endings, idle, sent, open } = setup(4);
    close(endings, 4_000);
    open.delete(numbered(2));
    await idle();
    expect(sent).to.deep.equal([[0, 1, 3].map(numbered)]);
  });

  it("come one by one where one of them is refused, and the rest together", async () => {
    const { close, endings, idle, sent, open, log } = setup(8, { taken: [5] });
    close(endings, 100);
    await idle();
    expect(sent).to.deep.equal([[0, 1, 2, 3], [4], [6, 7]].map((ids) => ids.map(numbered)));
    expect([...open]).to.deep.equal([numbered(5)]);
    expect(log.lines.filter(({ message }) => message === "not ended from here")).to.have.length(1);
  });

  it("are halved until they fit into a block", async () => {
    const { close, endings, idle, sent } = setup(9, { most: 3 });
    close(endings, 100);
    await idle();
    expect(sent.map(({ length }) => length)).to.deep.equal([3, 2, 2, 2]);
  });

  it("wait while gas is dear, and where nothing is over", async () => {
    const dear = setup(3, { price: COURT_TERMS.maxFee + 1n });
    dear.close(dear.endings, 100);
    await dear.idle();
    expect(dear.calls).to.deep.equal([]);
    dear.close([], 100);
    await dear.idle();
    expect(dear.calls).to.deep.equal([]);
  });
});
