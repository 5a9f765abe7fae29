import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";

const root = join(import.meta.dirname, "..");

/** The texts of a folder's files, without comments: a name in a comment tests nothing. */
function texts(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .map((text) => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, ""));
}

/** The distinct names that a pattern finds. */
function names(sources: string[], pattern: RegExp): string[] {
  const found = sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!));
  return [...new Set(found)].sort();
}

describe("errors of the contracts", () => {
  const sources = texts("contracts", /\.sol$/);
  const declared = names(sources, /\berror\s+(\w+)\s*\(/g);

  it("are each raised by a contract", () => {
    const raised = new Set(names(sources, /(?:\brevert\s+|,\s*)(?:\w+\.)?([A-Z]\w*)\s*\(/g));
    expect(declared).not.to.be.empty;
    expect(declared.filter((name) => !raised.has(name))).to.deep.equal([]);
  });

  it("are each expected by a test", () => {
    const expected = new Set([
      ...names(texts("test/contracts", /\.sol$/), /\b(\w+)\.selector\b/g),
      ...names(texts("test/contracts", /\.test\.ts$/), /"([A-Z]\w*)"/g),
    ]);
    expect(declared.filter((name) => !expected.has(name))).to.deep.equal([]);
  });
});
