import { ROLE_PROBE, ROLE_RERUN, seats } from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { zeroAddress } from "viem";
import { bytes32, call, harness, runs } from "./harness.ts";

const EPOCH = 1000n;
const people = Array.from({ length: 12 }, (_, i) => `0x${(i + 1).toString(16).padStart(40, "a")}` as const);
const person = fc.constantFrom(...people);
const near = fc.bigInt({ min: EPOCH - 2n, max: EPOCH + 2n });
const ticket = fc.oneof(
  { weight: 3, arbitrary: person.map((verifier) => ({ verifier, from: 0n, until: (1n << 48n) - 1n })) },
  { weight: 1, arbitrary: fc.record({ verifier: person, from: near, until: near }) },
);
const draw = fc.record({
  seed: bytes32,
  provider: person,
  modelId: bytes32,
  epoch: near,
  role: fc.constantFrom(ROLE_PROBE, ROLE_RERUN, 2, 3),
  owner: person,
  count: fc.constantFrom(5, 5, 9, 15),
  later: fc.nat(3),
});

describe("Seats against its twin", () => {
  it("draws the same committees from the same tickets", async () => {
    const contract = await harness();
    let empty = 0;
    let drawn = 0;
    const property = fc.asyncProperty(
      fc.array(ticket, { maxLength: 40, size: "max" }),
      fc.array(draw, { minLength: 10, maxLength: 14 }),
      async (tickets, draws) => {
        await (await contract.getFunction("setTickets").send(tickets)).wait();
        for (const { later, ...d } of draws) {
          const length = Math.max(0, tickets.length - later);
          const found = await call("seats", length, d.seed, d.provider, d.modelId, d.epoch, d.role, d.count, d.owner);
          const theirs = found.toArray().map((a: string) => (a === zeroAddress ? null : a.toLowerCase()));
          assert.deepEqual(theirs, seats({ ...d, tickets, length }));
          drawn += theirs.length;
          empty += theirs.filter((a: string | null) => a === null).length;
        }
      },
    );
    await fc.assert(property, runs(16));
    assert.isAbove(empty, 100);
    assert.isAbove(drawn - empty, 600);
  });
});
