import {
  askedReceipts,
  isRedone,
  ownDraw,
  probesFor,
  probesPerSeat,
  sampleCount,
  samplePositions,
} from "@surety/protocol";
import { assert } from "chai";
import fc from "fast-check";
import { address, bytes32, call, runs, sameVerdict, uint } from "./harness.ts";

describe("Sampling against its twin", () => {
  it("draws the same positions", async () => {
    const units = fc.oneof(uint(10), uint(64)).map((u) => (u === 0n ? 1n : u));
    const property = fc.asyncProperty(
      fc.record({
        seed: bytes32,
        provider: address,
        modelId: bytes32,
        epoch: uint(64),
        units,
        m: fc.constantFrom(12, 24, 48),
      }),
      async (input) => {
        const { seed, provider, modelId, epoch, m, units } = input;
        const theirs = await call("positions", seed, provider, modelId, epoch, m, units);
        assert.deepEqual(theirs.toArray(), samplePositions(input));
      },
    );
    await fc.assert(property, runs(120));
  });

  it("draws the same own inputs, and redoes the same", async () => {
    const seat = fc.record({
      seed: bytes32,
      provider: address,
      modelId: bytes32,
      role: fc.constantFrom(1, 2),
      seat: fc.nat({ max: 8 }),
    });
    let redone = 0;
    const property = fc.asyncProperty(seat, fc.integer({ min: 1, max: 48 }), async (s, m) => {
      const which = [s.seed, s.provider, s.modelId, s.role, s.seat];
      const { i, k } = ownDraw(s, m);
      assert.deepEqual((await call("ownInput", ...which, m)).toArray().map(Number), [i, k]);
      assert.equal(await call("isRedone", ...which), isRedone(s));
      if (isRedone(s)) redone++;
    });
    await fc.assert(property, runs(120));
    assert.isAbove(redone, 0);
  });

  it("asks for the same receipts of probes", async () => {
    const seat = fc.record({ seed: bytes32, provider: address, modelId: bytes32, seat: fc.nat({ max: 4 }) });
    let seen = 0;
    const property = fc.asyncProperty(seat, fc.integer({ min: 0, max: 64 }), async (s, answered) => {
      const [asked, i, k] = await call("askedReceipts", s.seed, s.provider, s.modelId, s.seat, answered);
      const theirs = asked ? [...new Set([Number(i), Number(k)])] : [];
      assert.deepEqual(theirs, askedReceipts(s, answered));
      if (asked) seen++;
    });
    await fc.assert(property, runs(120));
    assert.isAbove(seen, 0);
  });

  it("fixes the same number of samples", async () => {
    const cusums = [0n, 25_165_823n, 25_165_824n, 25_165_825n, 67_108_863n, 67_108_864n, 67_108_865n, (1n << 40n) - 1n];
    for (const settled of [0, 6, 7, 8, 29, 30, 31, 5000]) {
      for (const cusum of cusums) {
        for (const recheck of [false, true]) {
          assert.equal(
            await call("sampleCount", settled, cusum, recheck),
            BigInt(sampleCount({ settled, cusum, recheck })),
          );
        }
      }
    }
  });

  it("asks for the same probes and refuses the same targets", async () => {
    const edges = [0n, 990_000_000n, 995_000_000n, 999_000_000n, 1_000_000_000n].flatMap((t) => [t, t + 1n]);
    const property = fc.asyncProperty(
      fc.oneof(fc.constantFrom(...edges), fc.bigInt(980_000_000n, 1_010_000_000n)),
      async (target) => {
        if (!(await sameVerdict(() => probesFor(target), "probesFor", target))) return;
        assert.equal(await call("probesFor", target), BigInt(probesFor(target)));
      },
    );
    await fc.assert(property, runs(200));
    for (let mT = 0; mT < 200; mT++) assert.equal(await call("probesPerSeat", mT), BigInt(probesPerSeat(mT)));
  });
});
