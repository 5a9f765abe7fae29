import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { writeCase } from "../inference/src/testing/backend-case.ts";
import { buildModel, floats, node, value } from "../inference/src/testing/build-onnx.ts";

const program = fileURLToPath(new URL("conformance.ts", import.meta.url));
const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: "utf8" });

describe("conformance command", function () {
  this.timeout(60_000);
  let data: string;
  before(() => {
    data = mkdtempSync(join(tmpdir(), "surety-conformance-"));
    const model = buildModel({
      name: "g",
      node: [node("Abs", ["x"], ["y"])],
      input: [value("x", ["n"])],
      output: [value("y", ["n"])],
    });
    const inputs = [floats("x", [1], [-1])];
    for (const [name, wanted] of Object.entries({ test_abs: 1, test_wrong: 2 })) {
      writeCase(join(data, "node"), name, { model, inputs, outputs: [floats("y", [1], [wanted])] });
    }
    mkdirSync(join(data, "simple", "test_bare", "test_data_set_0"), { recursive: true });
  });
  after(() => rmSync(data, { recursive: true, force: true }));

  it("writes a result for every case, prints their numbers and ends with 0", () => {
    const file = join(data, "results.json");
    const { status, stdout, stderr } = run(data, "--json", file);
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: "" });
    const results = JSON.parse(readFileSync(file, "utf8")) as { case: string; result: string; reason: string }[];
    expect(results.map((one) => [one.case, one.result, one.reason.split(":")[0]])).to.deep.equal([
      ["node/test_abs", "pass", ""],
      ["node/test_wrong", "fail", "CONFORMANCE_MISMATCH"],
      ["simple/test_bare", "refused", "CONFORMANCE_BAD_CASE"],
    ]);
    for (const row of [/^node +1 +1 +0$/m, /^simple +0 +0 +1$/m, /^all +1 +1 +1$/m, /^3 cases in \d+ s$/m]) {
      expect(stdout).to.match(row);
    }
  });

  it("ends with 64 for a wrong command line, 65 without cases, and says what to do", () => {
    for (const args of [[], [data, data], [data, "--jsn", "x"], [data, "--timeout-ms", "0"]]) {
      const { status, stderr } = run(...args);
      expect(status, `${args}`).to.equal(64);
      expect(stderr).to.match(/^CONFORMANCE_BAD_FLAG: .*\n\nusage: npm run conformance/);
    }
    expect(run(data, "--json", join(data, "no", "such", "folder.json")).status).to.equal(64);
    const empty = run(join(data, "node", "test_abs", "test_data_set_0"));
    expect(empty.status).to.equal(65);
    expect(empty.stderr).to.match(/^CONFORMANCE_NO_CASES: /);
    expect(run("--help")).to.include({ status: 0, stderr: "" });
  });
});
