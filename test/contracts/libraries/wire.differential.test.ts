import { readFileSync } from "node:fs";
import { openedPaths } from "@surety/protocol";
import { assert } from "chai";
import type { Hex } from "viem";
import { attempt, call, harness, REFUSED } from "./harness.ts";

const wire = JSON.parse(readFileSync(new URL("../../vectors/wire.json", import.meta.url), "utf8"));

/** The golden file holds large numbers as text, so everything is compared as text. */
const text = (values: Iterable<unknown>) => [...values].map((value) => String(value).toLowerCase());
/** Golden tickets may end later than the 48 bits that a stored one has; no epoch comes near either. */
const LAST = (1n << 48n) - 1n;

type Item = Record<string, unknown>;
const pick = (item: Item, ...names: string[]) => names.map((name) => item[name]);

async function expect(name: string, args: unknown[], expected: unknown) {
  assert.equal(String(await call(name, ...args)).toLowerCase(), String(expected), name);
}
async function expectRefused(name: string, args: unknown[], why: unknown) {
  assert.equal(await attempt(name, ...args), REFUSED, `${name}: ${why}`);
}

describe("golden vectors in Solidity", () => {
  it("receipts and leaves", async () => {
    for (const { receipt, structHash } of wire.receipts.cases) await expect("structHash", [receipt], structHash);
    for (const { salt, outputHash, fields, leaf } of wire.leaves) {
      await expect("seal", [salt, outputHash], fields.sealed);
      await expect("leafHash", [{ ...fields, sealedOutput: fields.sealed }], leaf);
    }
  });

  it("Merkle sums", async () => {
    for (const tree of wire.merkleSum.trees) {
      await expect("depthOf", [tree.count], tree.depth);
      for (const { index, siblings, prefix } of tree.proofs) {
        const { hash, units } = tree.leaves[index];
        await expect("verifySum", [tree.root, tree.units, tree.count, hash, units, index, siblings], prefix);
      }
    }
    for (const { why, root, units, count, leaf, leafUnits, proof } of wire.merkleSum.refused) {
      await expectRefused("verifySum", [root, units, count, leaf, leafUnits, proof.index, proof.siblings], why);
    }
  });

  it("seeds, samples and probes", async () => {
    for (const { value, epoch, seed } of wire.seeds) await expect("seed", [value, epoch], seed);
    for (const s of wire.samples) {
      const args = pick(s, "seed", "provider", "modelId", "epoch", "m", "units");
      if (s.units === "0") await expectRefused("positions", args, "no units");
      else assert.deepEqual(text(await call("positions", ...args)), s.positions);
    }
    for (const s of wire.sampleCounts) await expect("sampleCount", pick(s, "settled", "cusum", "recheck"), s.m);
    for (const { target, mT, nP } of wire.targets) {
      await expect("probesFor", [target], mT);
      await expect("probesPerSeat", [mT], nP);
    }
    await expectRefused("probesFor", [wire.targetTooHigh], "target too high");
  });

  it("seats", async () => {
    const contract = await harness();
    for (const c of wire.seats) {
      const tickets = c.tickets.map((t: { until: string }) => ({
        ...t,
        until: BigInt(t.until) < LAST ? t.until : LAST,
      }));
      await (await contract.getFunction("setTickets").send(tickets)).wait();
      const args = pick(c, "length", "seed", "provider", "modelId", "epoch", "role");
      assert.deepEqual(text(await call("seats", ...args, c.seats.length, c.owner)), c.seats, c.why);
    }
  });

  it("demand", async () => {
    for (const { slots, shares } of wire.demand.slots) {
      if (slots === "0") await expectRefused("checkSlots", [slots], "a log without units carries no shares to check");
      else await call("checkSlots", slots);
      for (const [k, share] of shares.entries()) await expect("share", [slots, k], share);
    }
    for (const slots of wire.demand.slotsRefused) await expectRefused("checkSlots", [slots], slots);
    for (const c of wire.demand.profiles) {
      const [weights, total, peak, flat] = await call("profile", c.logs, c.epoch);
      assert.deepEqual(text([...weights, total, peak, flat]), text([...c.weights, c.total, c.peakBits, c.flat]), c.why);
    }
  });

  it("reports and settlement", async () => {
    for (const { report, packed } of wire.reports.probes) {
      await call("checkProbe", packed, wire.reports.nP);
      assert.deepEqual(text(await call("probeFields", packed)), text(Object.values(report)));
    }
    for (const { why, packed } of wire.reports.probesRefused) {
      await expectRefused("checkProbe", [packed, wire.reports.nP], why);
    }
    for (const { m, packed } of wire.reports.reruns) await call("checkRerun", packed, m);
    for (const { why, m, packed } of wire.reports.rerunsRefused) await expectRefused("checkRerun", [packed, m], why);
    for (const { reports, revealed, result } of wire.settlement.probes) {
      assert.deepEqual(text(await call("aggregateProbes", reports, revealed)), text(Object.values(result)));
    }
    for (const { m, reports, revealed, result } of wire.settlement.samples) {
      const expected = pick(result, "quorum", "matches", "mismatches", "undecided", "recheck");
      assert.deepEqual(text(await call("judgeSamples", reports, revealed, m)), text(expected));
    }
  });

  it("commitments", async () => {
    for (const { hub, epoch, round, sender, root, assignments, commitment, openings } of wire.commitments.trees) {
      await expect("commitment", [hub, epoch, round, sender, root], commitment);
      for (const a of assignments) {
        await expect("assignmentLeaf", pick(a, "role", "provider", "modelId", "report", "dataRoot", "salt"), a.leaf);
        await expect("verifyLeaf", [a.proof, root, a.leaf], true);
      }
      for (const { order, proof, flags } of openings) {
        const leaves: Hex[] = order.map((i: number) => assignments[i].leaf);
        const isWhole = order.length === assignments.length;
        await (isWhole ? expect("wholeRoot", [leaves], root) : expect("openedRoot", [proof, flags, leaves], root));
        assert.deepEqual(
          openedPaths(leaves, { proof, flags }),
          order.map((i: number) => assignments[i].proof),
        );
      }
    }
    const { items, root } = wire.commitments.rerunData[1];
    await expect("rerunLeaf", pick(items[0], "j", "nativeHash", "wasmHash"), root);
  });

  it("records and pay", async () => {
    const fresh = await call("read", 0n);
    const readings = ["lower", "upper", "mean"];
    assert.deepEqual(text([fresh.lower, fresh.upper, fresh.mean]), text(pick(wire.records.fresh, ...readings)));
    for (const { speed, updates, capped } of wire.records.runs) {
      const states = await call("updates", 0n, updates, speed === "90/10");
      for (const [i, u] of updates.entries()) {
        assert.deepEqual(text(states[i]), text(pick(u, "word", "alarm", ...readings)));
      }
      await expect("capSamples", [updates.at(-1).word, 100], capped);
    }
    for (const { why, word, epoch, good, total, result } of wire.records.extremes) {
      const after = await call("update", word, epoch, good, total, false);
      assert.deepEqual(text(after), text([result.word, result.alarm]), why);
    }
    for (const { timely, peak, correct, score } of wire.pay.scores)
      await expect("score", [timely, peak, correct], score);
    for (const { score, quality } of wire.pay.quality) await expect("quality", [score], quality);
    for (const { age, tenure } of wire.pay.tenure) await expect("tenure", [age], tenure);
    for (const { weight, ...input } of wire.pay.payWeight) await expect("payWeight", [input], weight);
  });
});
