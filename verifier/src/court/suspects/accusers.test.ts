import { packRerunReport, ROLE_PROBE, ROLE_RERUN, type SampleVerdict } from "@surety/protocol";
import { expect } from "chai";
import { type Address, type Hex, numberToHex, pad, zeroHash } from "viem";
import type { Moment } from "../../ports.ts";
import { createStore, type Store } from "../../store/index.ts";
import { toyId, toyModels, toyRerunner } from "../../testing/toy-model.ts";
import { DEVNET, GENESIS, keptLog } from "../../testing/world.ts";
import type { ChainEvent } from "../../watch/events.ts";
import { createFacts, type Facts } from "../../watch/facts.ts";
import type { CourtReads } from "../reads.ts";
import { falseAccusers } from "./accusers.ts";

const PROVIDER: Address = `0x${"d1".repeat(20)}`;
const [EPOCH, M, NEED] = [3n, 12, 4];
const ID: Hex = `0x${"c1".repeat(32)}`;
/** Codes of `CaseState`. */
const [ACQUITTED, MISTRIAL] = [4, 5];
const verifier = (i: number): Address => pad(numberToHex(i + 1), { size: 20 });
const ME = verifier(4);
const record = { provider: PROVIDER, modelId: toyId, epoch: EPOCH };
const juror = (i: number): Address => verifier(20 + i);

describe("who called a leaf wrong that a jury calls right", () => {
  let store: Store;
  let facts: Facts;
  let seen: bigint;
  beforeEach(() => {
    store = createStore(":memory:");
    facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    seen = facts.times(5n).openEnd + 10n;
    // Seats 0 to 2 and this verifier's own say that sample 7 is wrong, seat 3 that another one is.
    for (const seat of [0, 1, 2, 3, 4]) {
      const verdicts = Array.from(
        { length: M },
        (_, j): SampleVerdict => (j === (seat === 3 ? 2 : 7) ? "mismatch" : "match"),
      );
      const report = packRerunReport({ n: M, verdicts, panel: 0 });
      emit("Revealed", { ...record, role: ROLE_RERUN, seat, verifier: verifier(seat), report, dataRoot: zeroHash });
      emit("Revealed", { ...record, role: ROLE_PROBE, seat, verifier: verifier(seat), report, dataRoot: zeroHash });
    }
  });
  afterEach(() => store.close());

  const emit = (eventName: string, args: object) =>
    facts.apply({ eventName, args, timestamp: 0n, block: 9n } as unknown as ChainEvent);
  const find = falseAccusersOf();
  function falseAccusersOf() {
    const reads = { samplesOf: async () => 1n << 7n, votes: async () => BigInt(NEED) } as unknown as CourtReads;
    const rest = { models: toyModels, log: keptLog(), rerunner: toyRerunner };
    return () => falseAccusers({ store, facts: () => facts, me: ME, reads, ...rest })(moment());
  }
  const moment = (): Moment => ({ head: { number: 9n, timestamp: seen }, seen, epoch: 5n });
  const calls = async () =>
    (await Promise.all(find().map(({ call }) => call()))).flatMap((call) => (call ? [call.args] : []));

  /** A case goes to a jury, of which so many acquit, and ends. */
  const end = (acquit: number, state: number, isBonded = false): void => {
    const seq = { ...record, seq: 0 };
    if (isBonded) emit("CaseOpened", { id: ID, ...seq, challenger: ME, answerEnd: 9n });
    emit("CaseTried", { id: ID, ...seq, defender: PROVIDER });
    const revealEnd = seen;
    emit("JuryCalled", { id: ID, ...record, epoch: 5n, start: seen - 4n, commitEnd: seen - 2n, revealEnd });
    for (let i = 0; i < 5; i++)
      emit("JurorRevealed", { id: ID, juror: juror(i), vote: i < acquit ? 1 : 0, outputHash: ID });
    emit("CaseClosed", { id: ID, provider: PROVIDER, challenger: ME, state, taken: 0n, perJuror: 0n });
  };

  it("are refuted, each once, and never by themselves", async () => {
    end(NEED, ACQUITTED);
    expect(await calls()).to.deep.equal([0, 1, 2].map((seat) => [ID, ROLE_RERUN, seat]));
    emit("AccuserRefuted", {
      id: ID,
      verifier: verifier(1),
      challenger: ME,
      role: ROLE_RERUN,
      seat: 1,
      taken: 5n,
      perJuror: 0n,
    });
    expect(await calls()).to.deep.equal([0, 2].map((seat) => [ID, ROLE_RERUN, seat]));
  });

  it("are not refuted by a divided jury, by a mistrial, or where a bond was at risk", async () => {
    end(NEED - 1, ACQUITTED);
    expect(await calls()).to.deep.equal([]);
    end(NEED, MISTRIAL);
    expect(await calls()).to.deep.equal([]);
  });

  it("are not refuted where a bond was at risk", async () => {
    end(NEED, ACQUITTED, true);
    expect(await calls()).to.deep.equal([]);
  });

  it("are not refuted once the time for it is over", async () => {
    end(NEED, ACQUITTED);
    seen += DEVNET.windows.disputeWindow;
    expect(await calls()).to.deep.equal([]);
  });

  it("pay the jury, whose members fetch their part then", () => {
    end(NEED, ACQUITTED);
    expect(facts.court.unpaid(juror(0))).to.deep.equal([]);
    const refuted = { id: ID, verifier: verifier(0), challenger: ME, role: ROLE_RERUN, seat: 0, taken: 5n };
    emit("AccuserRefuted", { ...refuted, perJuror: 0n });
    expect(facts.court.unpaid(juror(0))).to.deep.equal([]);
    emit("AccuserRefuted", { ...refuted, seat: 1, perJuror: 2n });
    expect(facts.court.unpaid(juror(0))).to.deep.equal([{ id: ID, room: "DisputeCourt" }]);
    for (let i = 0; i < 5; i++) emit("JurorPaid", { id: ID, juror: juror(i), amount: 2n });
    emit("AccuserRefuted", { ...refuted, seat: 2, perJuror: 2n });
    expect(facts.court.unpaid(juror(0))).to.deep.equal([]);
  });
});
