import * as p from "@surety/protocol";
import { type Address, zeroAddress } from "viem";
import { a, h, ids, n, range } from "./common.ts";

export function draws() {
  const seed = p.epochSeed(h("beacon"), ids.epoch);
  const samples = [
    { m: 12, units: 1_000_003n },
    { m: 24, units: 1n },
    { m: 48, units: 2n ** 64n - 1n },
    { m: 12, units: 0n },
  ].map((c) => ({ ...ids, seed, ...c, positions: p.samplePositions({ ...ids, seed, ...c }) }));
  const counts = [0, 6, 7, 29, 30, 1000].flatMap((settled) =>
    [0n, 25_165_824n, 25_165_825n, 67_108_864n, 67_108_865n].flatMap((cusum) =>
      [false, true].map((recheck) => ({ settled, cusum, recheck, m: p.sampleCount({ settled, cusum, recheck }) })),
    ),
  );
  const targets = [900_000_000, 990_000_000, 990_000_001, 995_000_000, 995_000_001, 999_000_000].map((target) => {
    const mT = p.probesFor(target);
    return { target, mT, nP: p.probesPerSeat(mT) };
  });
  return {
    seeds: [
      { value: h("beacon"), epoch: ids.epoch, seed },
      { value: h("zero"), epoch: 0n, seed: p.epochSeed(h("zero"), 0n) },
    ],
    samples,
    sampleCounts: counts,
    targets,
    targetTooHigh: 999_000_001,
  };
}

export function seatCases() {
  const owner = a("owner");
  const ticket = (verifier: Address, from = 0n, until = 2n ** 64n - 1n) => ({ verifier, from, until });
  const many = range(40, (i) => ticket(a(`verifier.${i % 9}`), BigInt(i % 3), i % 7 === 0 ? ids.epoch : 2n ** 40n));
  const few = [
    ticket(owner),
    ticket(a("v1")),
    ticket(a("v2")),
    ticket(a("v3"), ids.epoch + 1n),
    ticket(a("v4"), 0n, ids.epoch),
  ];
  const cases = [
    { why: "nine verifiers, some tickets ended", tickets: many, length: 40, role: p.ROLE_PROBE },
    { why: "the same for re-runs", tickets: many, length: 40, role: p.ROLE_RERUN },
    { why: "places bought later do not count", tickets: many, length: 3, role: p.ROLE_RERUN },
    {
      why: "the owner and tickets outside the epoch are passed over, three seats stay empty",
      tickets: few,
      length: 5,
      role: p.ROLE_RERUN,
    },
    { why: "no tickets", tickets: few, length: 0, role: p.ROLE_PROBE },
  ];
  return cases.map((c) => {
    const input = { seed: h("seats"), ...ids, owner, ...c };
    return { ...input, seats: p.seats(input).map((seat) => seat ?? zeroAddress) };
  });
}

export function demand() {
  const curve = (peak: number) => range(24, (k) => 5 + Math.max(0, 60 - 15 * Math.abs(k - peak)));
  const packed = [
    curve(13),
    Array(24).fill(7),
    [1, 0, 1, ...Array(21).fill(0)],
    Array(24).fill(0),
    range(24, (k) => n(`s${k}`, 10 ** 6)),
  ];
  const log = (epoch: number, who: number, units: bigint, cap: bigint) => {
    const slots = p.packSlots(curve(12 + who));
    return { epoch: BigInt(epoch), owner: a(`owner.${who}`), slots, units, cap };
  };
  const logs = range(12, (x) => [1, 2, 3].map((who) => log(30 + x, who, BigInt(900 + 100 * x * who), 3000n))).flat();
  const cases = [
    { why: "twelve epochs of three owners, seven of them in the window", logs, epoch: 41n },
    { why: "the first epochs", logs: logs.slice(0, 6), epoch: 34n },
    { why: "two owners", logs: logs.filter((l) => l.owner !== a("owner.3")), epoch: 41n },
    {
      why: "a third owner without units",
      logs: [log(38, 1, 5n, 9n), log(38, 2, 5n, 9n), log(38, 3, 0n, 9n)],
      epoch: 41n,
    },
    { why: "no logs", logs: [], epoch: 2n },
  ];
  return {
    slots: packed.map((counts) => ({ counts, slots: p.packSlots(counts), shares: p.unpackSlots(p.packSlots(counts)) })),
    slotsRefused: [1022n, 1024n, (1n << 240n) | 1023n],
    profiles: cases.map((c) => {
      const profile = p.demandProfile(
        c.logs.map((l) => ({ ...l, shares: p.unpackSlots(l.slots) })),
        c.epoch,
      );
      return { ...c, ...profile, peakBits: profile.peak.reduce((bits, k) => bits | (1 << k), 0) };
    }),
  };
}
