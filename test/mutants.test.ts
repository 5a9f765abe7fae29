import { readFileSync } from "node:fs";
import { expect } from "chai";
import { folderNames, mutantsIn, root, testsOf } from "./mutants/folders.ts";
import { constructorOf, mutantsOf } from "./mutants/operators.ts";
import { readOptions } from "./mutants/options.ts";
import { explains, type Survivor } from "./mutants/survivors.ts";

const SOURCE = `// ü: places are bytes
pragma solidity 0.8.37;
contract A is B {
  constructor(uint256 a, address b) B(a) { x = a; }
  function f(uint256 a) external only returns (uint256) {
    if (a < 1 && a != 3) revert Bad();
    require(a > 2);
    s += a;
    return Math.mulDiv(a, 2, 3) - Math.min(a, Math.Rounding.Ceil == r ? 1 : 2);
  }
}
`;

describe("mutants", () => {
  it("finds each guard, comparison, sum and rounding", () => {
    const found = mutantsOf("a.sol", SOURCE);
    expect(found.map(({ from, to }) => `${from} => ${to}`)).to.have.members([
      "only => ",
      "a < 1 && a != 3 => false",
      "a < 1 && a != 3 => a < 1 || a != 3",
      "a < 1 => a <= 1",
      "a != 3 => a == 3",
      "a > 2 => true",
      "a > 2 => a >= 2",
      "a > 2 => a <= 2",
      "s += a => s -= a",
      "Math.mulDiv(a, 2, 3) - Math.min(a, Math.Rounding.Ceil == r ? 1 : 2) => Math.mulDiv(a, 2, 3) + Math.min(a, Math.Rounding.Ceil == r ? 1 : 2)",
      "Math.mulDiv(a, 2, 3) => Math.mulDiv(a, 2, 3, Math.Rounding.Ceil)",
      "Math.min => Math.max",
      "Math.Rounding.Ceil => Math.Rounding.Floor",
      "Math.Rounding.Ceil == r => Math.Rounding.Ceil != r",
    ]);
    const bytes = Buffer.from(SOURCE);
    const [first] = found.filter(({ from }) => from === "a < 1");
    expect(first).to.include({ line: 6, inside: "f", text: "<=" });
    expect(bytes.subarray(first!.start, first!.end).toString()).to.equal("<");
  });

  it("finds where a constructor begins", () => {
    const made = constructorOf("a.sol", SOURCE)!;
    expect(made).to.include({ contract: "A", abstract: false });
    expect(made.parameters).to.deep.equal(["a", "b"]);
    expect(Buffer.from(SOURCE).subarray(made.start).toString()).to.match(/^ x = a; /);
  });

  it("has mutants and tests in every folder, and explains only mutants that exist", () => {
    const all = folderNames.flatMap((folder) => {
      const mutants = mutantsIn(root, folder);
      expect(mutants, folder).not.to.be.empty;
      expect(testsOf(root, folder), folder).not.to.be.empty;
      return mutants;
    });
    const survivors: Survivor[] = JSON.parse(readFileSync(`${root}/test/mutants/survivors.json`, "utf8"));
    for (const survivor of survivors) {
      expect(survivor.reason, survivor.from).to.match(/\w/);
      expect(
        all.some((mutant) => explains(survivor, mutant)),
        `${survivor.inside}: ${survivor.from}`,
      ).to.equal(true);
    }
  });

  it("says what it takes, and refuses all else", () => {
    expect(readOptions([])).to.deep.equal({ folders: folderNames, sample: undefined, seed: 1, json: undefined });
    expect(readOptions(["--only", "stake,court", "--sample", "24", "--seed", "7", "--json", "m.json"])).to.deep.equal({
      folders: ["stake", "court"],
      sample: 24,
      seed: 7,
      json: "m.json",
    });
    expect(readOptions(["--help"])).to.equal("help");
    for (const bad of [["--only", "sky"], ["--sample", "0"], ["--sample", "few"], ["--seed", "-1"], ["--all"]]) {
      expect(() => readOptions(bad), bad.join(" ")).to.throw(RangeError, "usage: npm run mutants");
    }
  });
});
