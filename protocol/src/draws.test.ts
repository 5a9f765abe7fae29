import { expect } from "chai";
import { AbiCoder, keccak256 as ethersKeccak } from "ethers";
import fc from "fast-check";
import { probesFor, probesPerSeat, sampleCount, samplePositions } from "./sample.ts";
import { ROLE_PROBE, ROLE_RERUN, seats, type Ticket } from "./seats.ts";
import { epochSeed } from "./seed.ts";
import { code } from "./testing/refusal.ts";
import { account, hash } from "./testing/samples.ts";

const abi = AbiCoder.defaultAbiCoder();
const log = { seed: hash(5), provider: account(1), modelId: hash(2), epoch: 9n };

describe("seed", () => {
  it("is the hash of the tagged value and epoch", () => {
    const want = ethersKeccak(abi.encode(["string", "bytes32", "uint256"], ["surety.seed", hash(77), 12]));
    expect(epochSeed(hash(77), 12n)).to.equal(want);
    expect(epochSeed(hash(77), 13n)).to.not.equal(want);
  });

  it("refuses what is malformed", () => {
    expect(code(() => epochSeed("0x12", 1))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => epochSeed(hash(1), -1))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});

describe("samples", () => {
  it("fall by the tagged hash modulo the units", () => {
    const got = samplePositions({ ...log, m: 12, units: 1_000_003n });
    expect(got).to.have.length(12);
    for (const [j, position] of got.entries()) {
      const types = ["string", "bytes32", "address", "bytes32", "uint64", "uint256"];
      const drawn = ethersKeccak(abi.encode(types, ["surety.sample", log.seed, log.provider, log.modelId, 9, j]));
      expect(position).to.equal(BigInt(drawn) % 1_000_003n);
    }
    expect(samplePositions({ ...log, m: 48, units: 0n })).to.deep.equal([]);
    expect(samplePositions({ ...log, m: 3, units: 1n })).to.deep.equal([0n, 0n, 0n]);
  });

  it("are many for the young and the suspect", () => {
    const calm = { settled: 30, cusum: 0n, recheck: false };
    expect(sampleCount(calm)).to.equal(12);
    expect(sampleCount({ ...calm, settled: 29 })).to.equal(24);
    expect(sampleCount({ ...calm, settled: 6 })).to.equal(48);
    expect(sampleCount({ ...calm, settled: 7 })).to.equal(24);
    expect(sampleCount({ ...calm, cusum: 25_165_824n })).to.equal(12);
    expect(sampleCount({ ...calm, cusum: 25_165_825n })).to.equal(24);
    expect(sampleCount({ ...calm, cusum: 67_108_864n })).to.equal(24);
    expect(sampleCount({ ...calm, cusum: 67_108_865n })).to.equal(48);
    expect(sampleCount({ ...calm, recheck: true })).to.equal(48);
  });

  it("cost what the promised tier costs", () => {
    expect([0, 990_000_000, 990_000_001, 995_000_000, 995_000_001, 999_000_000].map(probesFor)).to.deep.equal([
      32, 32, 64, 64, 192, 192,
    ]);
    expect([32, 64, 192].map(probesPerSeat)).to.deep.equal([11, 22, 64]);
    expect(code(() => probesFor(999_000_001))).to.equal("PROTOCOL_TARGET_TOO_HIGH");
  });

  it("refuse what is malformed", () => {
    expect(code(() => samplePositions({ ...log, m: 49, units: 1n }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => samplePositions({ ...log, m: 1, units: 1n << 64n }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => samplePositions({ ...log, provider: "0x1", m: 1, units: 1n }))).to.equal("PROTOCOL_BAD_ADDRESS");
    expect(code(() => sampleCount({ settled: -1, cusum: 0n, recheck: false }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => probesFor(-1))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => probesPerSeat(0.5))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});

describe("seats", () => {
  const owner = account(0xdead);
  const tickets: Ticket[] = Array.from({ length: 20 }, (_, i) => ({
    verifier: account(100 + (i % 8)),
    from: 0n,
    until: 99n,
  }));
  const base = { ...log, role: ROLE_PROBE, tickets, length: tickets.length, owner };

  it("are distinct, valid and never the owner's, whatever the tickets", () => {
    const ticket = fc.record({
      verifier: fc.integer({ min: 1, max: 9 }),
      from: fc.integer({ min: 5, max: 12 }),
      span: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(ticket, { maxLength: 30 }), fc.bigInt({ min: 0n, max: 1n << 200n }), (drawn, seed) => {
        const mine = drawn.map((t) => ({
          verifier: account(t.verifier),
          from: BigInt(t.from),
          until: BigInt(t.from + t.span),
        }));
        const got = seats({ ...base, seed: hash(seed), tickets: mine, length: mine.length, owner: account(3) });
        expect(got).to.have.length(5);
        const filled = got.filter((v) => v !== null);
        expect(new Set(filled).size).to.equal(filled.length);
        expect(filled).to.not.include(account(3));
        for (const v of filled)
          expect(mine.some((t) => t.verifier === v && t.from <= 9n && 9n < t.until)).to.equal(true);
      }),
      { numRuns: 60 },
    );
  });

  it("take the first valid draw", () => {
    const types = ["string", "bytes32", "address", "bytes32", "uint64", "uint8", "uint8", "uint8"];
    const draw = (s: number, n: number) => {
      const values = ["surety.seat", log.seed, log.provider, log.modelId, 9, ROLE_RERUN, s, n];
      return tickets[Number(BigInt(ethersKeccak(abi.encode(types, values))) % 20n)]!.verifier;
    };
    const want: string[] = [];
    for (let s = 0; s < 5; s++) {
      for (let n = 0; n < 32 && want.length === s; n++) if (!want.includes(draw(s, n))) want.push(draw(s, n));
    }
    expect(seats({ ...base, role: ROLE_RERUN })).to.deep.equal(want);
    expect(seats({ ...base, role: ROLE_RERUN })).to.not.deep.equal(seats(base));
    expect(seats({ ...base, role: ROLE_RERUN, count: 3 })).to.deep.equal(want.slice(0, 3));
  });

  it("stay empty when nobody else can sit", () => {
    const two = [1, 2].map((i) => ({ verifier: account(i), from: 0n, until: 99n }));
    const got = seats({ ...base, tickets: two, length: 2 });
    expect(got.filter((v) => v === null)).to.have.length(3);
    expect(seats({ ...base, tickets: two, length: 0 })).to.deep.equal([null, null, null, null, null]);
    expect(seats({ ...base, tickets: two, length: 2, owner: account(2) }).filter((v) => v !== null)).to.deep.equal([
      account(1),
    ]);
    // Bounds of validity: from is inside, until is outside.
    const at = (from: bigint, until: bigint) =>
      seats({ ...base, tickets: [{ verifier: account(1), from, until }], length: 1 })[0];
    expect([at(9n, 10n), at(10n, 11n), at(8n, 9n)]).to.deep.equal([account(1), null, null]);
  });

  it("know an owner whatever the case of its address", () => {
    const mixed = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045";
    const one = [{ verifier: mixed, from: 0n, until: 99n }] as const;
    expect(seats({ ...base, tickets: one, length: 1, owner: mixed.toLowerCase() as "0x" })).to.deep.equal(
      Array(5).fill(null),
    );
  });

  it("refuse what is malformed", () => {
    expect(code(() => seats({ ...base, length: 21 }))).to.equal("PROTOCOL_TICKETS_MISSING");
    expect(code(() => seats({ ...base, role: 4 }))).to.equal("PROTOCOL_OUT_OF_RANGE");
    expect(code(() => seats({ ...base, seed: "0x" }))).to.equal("PROTOCOL_BAD_BYTES32");
    expect(code(() => seats({ ...base, owner: "0x00" }))).to.equal("PROTOCOL_BAD_ADDRESS");
    expect(code(() => seats({ ...base, count: 256 }))).to.equal("PROTOCOL_OUT_OF_RANGE");
  });
});
