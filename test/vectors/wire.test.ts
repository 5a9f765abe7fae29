import { readFileSync } from "node:fs";
import { expect } from "chai";
import { wireVectors } from "../../scripts/vectors.ts";

const file = new URL("wire.json", import.meta.url);

describe("golden vectors", () => {
  it("are what the protocol computes, byte for byte", async () => {
    expect(
      (await wireVectors()) === readFileSync(file, "utf8"),
      "run `node scripts/vectors.ts` and review the change",
    ).to.equal(true);
  });

  it("hold cases of every verdict, of alarms and of empty seats", () => {
    const v = JSON.parse(readFileSync(file, "utf8"));
    const verdicts = new Set(v.comparison.cases.map((c: { verdict: string }) => c.verdict));
    expect([...verdicts].sort()).to.deep.equal(["grey", "match", "mismatch"]);
    const updates = v.records.runs.flatMap((r: { updates: { alarm: boolean }[] }) => r.updates);
    expect(updates.some((u: { alarm: boolean }) => u.alarm)).to.equal(true);
    const empty = v.seats.map((s: { seats: string[] }) => s.seats.filter((a) => BigInt(a) === 0n).length);
    expect(empty).to.include(3);
    expect(empty).to.include(0);
    expect(v.demand.profiles.map((d: { flat: boolean }) => d.flat)).to.include.members([true, false]);
  });
});
