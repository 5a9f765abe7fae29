import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { HELP, readOptions } from "./options.ts";

describe("the simulation's command line", () => {
  it("has defaults, and takes rows by parts of their names", () => {
    expect(readOptions([])).to.deep.equal({ epochs: 16, seed: 1, only: [], jury: 15, json: undefined });
    const argv = [
      "--epochs",
      "3",
      "--seed",
      "9",
      "--only",
      "lazy, provider: honest",
      "--jury",
      "5",
      "--json",
      "x.json",
    ];
    const only = ["lazy", "provider: honest"];
    expect(readOptions(argv)).to.deep.equal({ epochs: 3, seed: 9, only, jury: 5, json: "x.json" });
    expect(readOptions(["--help"])).to.equal("help");
    expect(HELP).to.include("Example:").and.include("verifier: lazy without outputs");
  });

  for (const [argv, need] of [
    [["--epochs", "0"], '--epochs is "0", needs 1 to 200.'],
    [["--seed", "x"], '--seed is "x", needs 0 to 4294967295.'],
    [["--jury", "7"], '--jury is "7", needs 5 or 15.'],
    [["--only", "nobody"], '--only has "nobody", which no row\'s name holds.'],
    [["--what"], "Unknown option '--what'"],
  ] as const) {
    it(`says of ${argv.join(" ")} what it needs`, () => {
      expect(() => readOptions([...argv])).to.throw(SuretyError, need);
    });
  }
});
