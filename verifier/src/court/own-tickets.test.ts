import { expect } from "chai";
import type { Address } from "viem";
import { createJobs } from "../jobs.ts";
import { DEVNET, GENESIS, type KeptLog, keptLog } from "../testing/world.ts";
import type { ChainEvent } from "../watch/events.ts";
import { createFacts, type Facts } from "../watch/facts.ts";
import { createOwnTickets } from "./own-tickets.ts";
import type { CourtReads } from "./reads.ts";

const [ME, OTHER] = ["e1", "e2"].map((byte): Address => `0x${byte.repeat(20)}`) as [Address, Address];

describe("a verifier's own tickets", () => {
  let facts: Facts;
  let log: KeptLog;
  let count: number;
  let reads: number;
  let step: ReturnType<typeof createOwnTickets>;
  beforeEach(() => {
    [log, count, reads] = [keptLog(), 0, 0];
    facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    for (const [i, verifier] of [ME, ME, OTHER].entries()) {
      emit("TicketBought", { verifier, index: BigInt(i), from: 0n });
    }
    const unbacked = async (who: Address) => {
      expect(who).to.equal(ME);
      reads++;
      return { count, have: 150n, need: 200n };
    };
    const court = { unbacked } as unknown as CourtReads;
    step = createOwnTickets({ facts: () => facts, me: ME, reads: court, log, jobs: createJobs(log) });
  });
  const emit = (eventName: string, args: object) =>
    facts.apply({ eventName, args, timestamp: 0n, block: 9n } as unknown as ChainEvent);
  const round = async (epoch = 5n) => {
    step.advance({ head: { number: 9n, timestamp: 0n }, seen: 0n, epoch });
    await new Promise((resolve) => setTimeout(resolve));
  };
  const told = () => log.lines.map(({ level, facts: said }) => [level, said]);

  it("are told to the operator once where a slash left some without stake, and again after the next", async () => {
    emit("Punished", { account: OTHER, taken: 5n });
    await round();
    expect(told()).to.deep.equal([]);
    count = 1;
    emit("Punished", { account: ME, taken: 5n });
    for (let i = 0; i < 3; i++) await round();
    const said = { tickets: 2, have: 150n, need: 200n };
    expect(told()).to.deep.equal([["warn", { ...said, slashes: 1, unbacked: 1 }]]);
    count = 0;
    emit("Punished", { account: ME, taken: 5n });
    for (let i = 0; i < 3; i++) await round();
    expect(told().slice(1)).to.deep.equal([["info", { ...said, slashes: 2 }]]);
    expect(reads).to.equal(2);
  });

  it("are told once when they were returned, as long as they count", async () => {
    emit("TicketReturned", { verifier: OTHER, index: 2n, until: 7n });
    emit("TicketReturned", { verifier: ME, index: 1n, until: 7n });
    for (let i = 0; i < 2; i++) await round(6n);
    expect(told()).to.deep.equal([["warn", { ticket: 1, until: 7n }]]);
    const again = facts;
    facts = createFacts({ genesis: GENESIS, length: DEVNET.length }, DEVNET.windows);
    await round(7n);
    facts = again;
    await round(7n);
    expect(log.lines).to.have.length(1);
  });

  it("are looked at again if the chain could not be read", async () => {
    emit("Punished", { account: ME, taken: 5n });
    const failing = createOwnTickets({
      facts: () => facts,
      me: ME,
      reads: { unbacked: () => Promise.reject(new Error(`no node, asked ${++reads}`)) } as unknown as CourtReads,
      log,
      jobs: createJobs(log),
    });
    for (let i = 0; i < 2; i++) {
      failing.advance({ head: { number: 9n, timestamp: 0n }, seen: 0n, epoch: 5n });
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(reads).to.equal(2);
  });
});
