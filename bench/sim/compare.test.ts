import { expect } from "chai";
import { compare } from "./compare.ts";
import { HONEST_PROVIDER } from "./conduct.ts";
import { serve } from "./log.ts";
import type { Account, Played } from "./play.ts";
import { ROWS } from "./rows.ts";
import { JURIES } from "./terms.ts";

const jury = JURIES[5];
const epochs = 2;
const counts = { confirmed: 0, acquitted: 0, mistrials: 0, unshown: 0, refuted: 0, contradicted: 0, accusers: 0 };

/** A world in which everybody earned 10, but for these. */
function world(profits: Record<string, number>): Played {
  const names = [0, 1, 2, 3].map((i) => `provider ${i}`);
  for (let i = 0; i < jury.verifiers; i++) names.push(`verifier ${i}`);
  const account = (name: string): Account => {
    const profit = profits[name] ?? 10;
    return { name, income: profit, cost: 0, slashed: 0, gas: 0, profit };
  };
  return { accounts: [...names, "watcher"].map(account), counts, scores: [0, 0, 0, 0.5], transactions: 0 };
}

const plan = (name: string) => ROWS.find((row) => row.name === name)!;

describe("comparing a strategy with honesty", () => {
  it("puts honesty first where deviating gains nothing", () => {
    const row = compare(plan("cheap model 10 %"), world({ "provider 3": 4 }), world({}), { epochs, jury });
    expect(row).to.include({ profit: 2, honest: 5, peers: 5, gain: -3, lead: -3, honestFirst: true, where: "" });
    expect(row).to.include({ share: "1 of 4", score: 0.5, providersLose: 0 });
  });

  it("says what deviating gains", () => {
    const row = compare(plan("lazy without outputs"), world({ "verifier 11": 13 }), world({}), { epochs, jury });
    expect(row).to.include({ share: "1 of 12", profit: 6.5, honest: 5, peers: 5, gain: 1.5, honestFirst: false });
    expect(row.where).to.equal("earns 1.50 more than by honesty");
  });

  it("says whose loss puts it ahead, and is not misled by luck that it had before", () => {
    const lucky = { "verifier 11": 12 };
    const others = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`verifier ${i}`, 6]));
    const even = compare(plan("griefer by bonds"), world(lucky), world(lucky), { epochs, jury });
    expect(even).to.include({ gain: 0, lead: 0, honestFirst: true });
    const harmful = { ...others, "verifier 11": 10, "provider 0": 7 };
    const row = compare(plan("griefer by bonds"), world(harmful), world(lucky), { epochs, jury });
    expect(row).to.include({ gain: -1, lead: 1, providersLose: 1.5, honestFirst: false });
    expect(row.where).to.equal("its peers lose 2.00, it loses 1.00");
  });

  it("counts a coalition as one", () => {
    const cheat = { "provider 3": 0, "verifier 11": 26 };
    const row = compare(plan("colluding 10 %: match for a friend"), world(cheat), world({}), { epochs, jury });
    expect(row).to.include({ profit: 13, honest: 10, peers: 10, gain: 3, honestFirst: false });
  });
});

describe("serving an epoch of the simulation", () => {
  const what = { seed: 1, provider: `0x${"a1".repeat(20)}`, number: 0, modelId: `0x${"07".repeat(32)}` } as const;
  const served = (conduct: Partial<typeof HONEST_PROVIDER>, exact = false) =>
    serve({ ...what, epoch: 2n, requests: 240, exact, conduct: { ...HONEST_PROVIDER, ...conduct } });

  it("answers a share by the cheap model, of which seats find what the profile measured", () => {
    const right = served({}).leaves.filter(
      ({ finding, outputs, honest }) => finding === "match" && outputs === honest.native,
    );
    expect(right).to.have.length(240);
    const log = served({ cheap: 1 });
    const mismatches = log.leaves.filter(({ finding }) => finding === "mismatch").length;
    expect(mismatches).to.be.within(215, 232);
    expect(served({ cheap: 1 }, true).leaves.every(({ finding }) => finding === "mismatch")).to.equal(true);
    expect(log.leaves.some(({ outputs, honest }) => outputs === honest.native)).to.equal(false);
    expect(log.compute).to.be.closeTo(240 * 0.01875, 1e-9);
    expect(served({ cheap: 0.1 }).leaves.filter(({ finding }) => finding !== "match")).to.have.length.within(12, 36);
  });

  it("pads with one input that costs one inference and is billed to nobody", () => {
    const [log, plain] = [served({ padding: 80 }), served({})];
    expect([log.tree.count, log.tree.units, log.paid]).to.deep.equal([320, 320n, 240]);
    expect(log.compute - plain.compute).to.be.closeTo(0.20625, 1e-9);
    expect(new Set(log.leaves.slice(240).map(({ inputs }) => inputs)).size).to.equal(1);
  });

  it("has a third of its demand in five slots of the peak", () => {
    const peak = [9, 10, 11, 18, 19].reduce((sum, slot) => sum + served({}).shares[slot]!, 0);
    expect(peak / 1023).to.be.closeTo(0.34, 0.02);
  });
});
