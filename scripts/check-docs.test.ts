import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ROOT, runProcess, SURETY } from "./lib/testing/command.ts";

const page = readFileSync(join(ROOT, "docs/check.md"), "utf8");
/** Code blocks: language, what stands behind it, content. */
const blocks = [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, note = "", text = ""]) => ({
  language,
  note,
  text,
}));
const commands = blocks.filter(({ language }) => language === "sh");

/** Every path of keys in a value; the items of a list count as one. */
const keys = (value: unknown, at = ""): string[] =>
  typeof value !== "object" || value === null
    ? [at]
    : Object.entries(value).flatMap(([key, one]) => keys(one, `${at}.${Array.isArray(value) ? "*" : key}`));

describe("docs/check.md", function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "surety-docs-"));
    for (const name of ["models", "docs"]) symlinkSync(join(ROOT, name), join(folder, name));
    for (const { note, text } of blocks) if (note.endsWith(".json")) writeFileSync(join(folder, note), text);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (text: string, more = "") =>
    runProcess(
      "bash",
      ["-c", `${text.trim().replaceAll("npx surety", `"${process.execPath}" "${SURETY}"`)} ${more}`],
      folder,
    );

  it("has commands to run", () => {
    expect(commands).to.have.length(5);
  });

  for (const { note, text } of commands) {
    it(`runs: ${text.replaceAll(/\\?\s+/g, " ").slice(0, 100)}`, async () => {
      const done = await run(text);
      expect(done.code, done.stdout + done.stderr).to.equal(Number(/^exit=(\d+)$/.exec(note)?.[1] ?? 0));
      expect(done.stdout.length).to.be.above(100);
      expect(done.stderr).to.equal("");
    });
  }

  it("shows the fields that --json prints", async () => {
    const shown = blocks.find(({ language, note }) => language === "json" && note === "")!;
    const printed = (await run(commands[0]!.text, "--json")).json();
    expect(keys(JSON.parse(shown.text)).sort()).to.deep.equal(keys(printed).sort());
    const { model, limits, verdict, reason, exit } = printed;
    expect(JSON.parse(shown.text)).to.deep.include({ model, limits, verdict, reason, exit });
  });
});
