import { expect } from "chai";
import { uncoveredIn } from "./coverage/lcov.ts";

describe("coverage", () => {
  it("finds the lines that no test ran", () => {
    const whole = "TN:\nSF:contracts/A.sol\nDA:1,1\nDA:2,7\nLH:2\nLF:2\nend_of_record\n";
    const part = "SF:contracts/B.sol\nDA:12,0\nDA:10,1\nDA:3,0\nLH:1\nLF:3\nend_of_record\n";
    expect(uncoveredIn(whole + part)).to.deep.equal({
      files: 2,
      uncovered: [{ file: "contracts/B.sol", lines: [3, 12] }],
    });
    expect(uncoveredIn("TN:\n")).to.deep.equal({ files: 0, uncovered: [] });
  });
});
