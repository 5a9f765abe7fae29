import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Accepted, type Finding, judge, said } from "./slither/findings.ts";

describe("findings of Slither", () => {
  const finding: Finding = {
    check: "calls-loop",
    impact: "Low",
    description: "A.f(uint256) (contracts/a/A.sol#7-12) calls in a loop: x = b.g() (contracts/a/A.sol#9)\n",
  };

  it("are told apart by check and text, not by line", () => {
    expect(said(finding)).to.equal("A.f(uint256) calls in a loop: x = b.g()");
    const entry = { check: "calls-loop", text: "A.f(", reason: "f is bounded" };
    expect(judge([finding], [entry])).to.deep.equal({ open: [], stale: [] });
    const others = [
      { ...entry, check: "timestamp" },
      { ...entry, text: "A.g(" },
    ];
    expect(judge([finding], others)).to.deep.equal({ open: [finding], stale: others });
  });

  it("are accepted for a reason", () => {
    const path = join(import.meta.dirname, "slither/accepted.json");
    const accepted: Accepted[] = JSON.parse(readFileSync(path, "utf8"));
    for (const { check, text, reason } of accepted) expect(reason, `${check} ${text}`).to.match(/\w/);
  });
});
