import { join } from "node:path";
import { expect } from "chai";
import type { Address, Hex } from "viem";
import { type JournalEntry, openJournal } from "./journal.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";
import { runProgram } from "./testing/program.ts";

const CONTRACT: Address = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const SIGNER: Address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const digest = (byte: string): Hex => `0x${byte.repeat(32)}`;
const entry = (change: Partial<JournalEntry> = {}): JournalEntry => ({
  chainId: 31337,
  contract: CONTRACT,
  kind: "commitment",
  key: "epoch 7 round 0",
  signer: SIGNER,
  digest: digest("aa"),
  payload: '{"salt":"1"}',
  ...change,
});

describe("signing journal", function () {
  this.timeout(30_000);
  const directory = testDirectory();
  after(() => directory.remove());
  const at = (name: string) => join(directory.path, name);

  it("writes an act once and returns the first payload for the same digest", () => {
    const journal = openJournal(at("a"));
    expect(journal.find(entry())).to.equal(undefined);
    const first = journal.reserve(entry());
    expect(first.isNew).to.equal(true);
    const shouted = { contract: CONTRACT.toUpperCase().replace("0X", "0x") as Address, digest: digest("AA") };
    const again = journal.reserve(entry({ ...shouted, payload: "another" }));
    expect(again).to.deep.equal({ entry: first.entry, isNew: false });
    expect(again.entry.payload).to.equal('{"salt":"1"}');
    journal.close();
    const reopened = openJournal(at("a"));
    expect(reopened.entries()).to.deep.equal([first.entry]);
    expect(reopened.find(entry())).to.deep.equal(first.entry);
    reopened.close();
  });

  it("refuses a second digest and names both", async () => {
    const journal = openJournal(at("b"));
    journal.reserve(entry());
    const error = await failure("JOURNAL_CONFLICT", () => journal.reserve(entry({ digest: digest("bb") })));
    expect(error.message).to.contain(digest("aa")).and.contain(digest("bb")).and.contain("epoch 7 round 0");
    expect(error.retryable).to.equal(false);
    expect(journal.entries()).to.have.length(1);
    journal.close();
  });

  it("tells acts apart by chain, contract, kind, key and signer", () => {
    const journal = openJournal(at("c"));
    const others: Partial<JournalEntry>[] = [
      {},
      { chainId: 1 },
      { contract: SIGNER },
      { kind: "reveal" },
      { key: "epoch 8" },
      { signer: CONTRACT },
    ];
    for (const [i, other] of others.entries())
      expect(journal.reserve(entry({ ...other, digest: digest(`0${i}`) })).isNew).to.equal(true);
    expect(journal.entries().map((one) => one.digest.slice(2, 4))).to.deep.equal(["00", "01", "02", "03", "04", "05"]);
    journal.close();
  });

  it("refuses malformed entries and keeps nothing of them", async () => {
    const journal = openJournal(at("d"));
    const bad: Partial<JournalEntry>[] = [{ chainId: 0 }, { chainId: 1.5 }, { contract: "0x12" }, { signer: "0x" }];
    bad.push({ kind: "" }, { key: "" }, { digest: "0xaa" }, { digest: `0x${"zz".repeat(32)}` });
    for (const change of bad) await failure("JOURNAL_MALFORMED", () => journal.reserve(entry(change)));
    expect(journal.entries()).to.deep.equal([]);
    journal.close();
  });

  it("lets only one of two processes that disagree sign, for every key", async () => {
    const body = `
      import { openJournal } from "./journal.ts";
      const { directory, entry, digest } = values;
      const journal = openJournal(directory);
      let won = 0, lost = 0;
      for (let i = 0; i < 200; i++) {
        try { journal.reserve({ ...entry, key: String(i), digest }); won++; }
        catch (error) { if (error.code !== "JOURNAL_CONFLICT") throw error; lost++; }
      }
      console.log(won, lost);`;
    const run = (byte: string) => runProgram(body, { directory: at("e"), entry: entry(), digest: digest(byte) });
    const programs = [run("aa"), run("bb")];
    for (const program of programs) expect(await program.ended).to.equal(0);
    const counts = programs.map(({ lines }) => (lines[0] ?? "").split(" ").map(Number));
    expect(counts.flat().reduce((sum, n) => sum + n, 0)).to.equal(400);
    expect((counts[0]?.[0] ?? 0) + (counts[1]?.[0] ?? 0)).to.equal(200);
  });

  it("has everything that reserve returned after kill -9, and never a half entry", async () => {
    const body = `
      import { openJournal } from "./journal.ts";
      const { directory, entry, from } = values;
      const journal = openJournal(directory);
      for (let i = from; ; i++) {
        journal.reserve({ ...entry, key: String(i), payload: "p".repeat(1000) });
        console.log(i);
      }`;
    let known = 0;
    for (let round = 0; round < 3; round++) {
      const program = runProgram(body, { directory: at("f"), entry: entry(), from: known });
      await program.printed(String(known + 20 * (round + 1)));
      await program.kill();
      const journal = openJournal(at("f"));
      const entries = journal.entries();
      journal.close();
      const last = Number(program.lines.at(-1));
      expect(entries.length).to.be.within(last + 1, last + 2);
      expect(entries.every(({ payload, key }, i) => payload.length === 1000 && key === String(i))).to.equal(true);
      known = entries.length;
    }
  });
});
