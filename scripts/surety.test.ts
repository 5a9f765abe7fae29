import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canonicalJson, checkManifest, checkProfile, modelId, profileHash } from "@surety/protocol";
import { encodeInferRequest } from "@surety/sdk";
import { expect } from "chai";
import { keccak256 } from "viem";
import { loadInputs } from "../models/inputs.ts";
import { ROOT, runProcess, SURETY, surety } from "./lib/testing/command.ts";
import { near } from "./lib/testing/near.ts";
import { run } from "./lib/testing/run.ts";
import { main } from "./surety.ts";

const part = (name: string, file: string) => join(ROOT, "models", name, file);
const shipped = JSON.parse(readFileSync(part("digits-cnn", "profile.json"), "utf8"));

describe("the surety command", function () {
  this.timeout(180_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "surety-command-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const put = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it("runs from the link that npm makes", async () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, "scripts/package.json"), "utf8"));
    const link = join(folder, "surety");
    symlinkSync(join(ROOT, "scripts", bin.surety), link);
    const { code, stdout } = await runProcess(link, ["--help"]);
    expect(code).to.equal(0);
    for (const name of ["check", "plan", "model", "provider", "verifier", "rewards", "court", "key", "deploy", "mint"])
      expect(stdout).to.match(new RegExp(`^ +${name} `, "m"));
  });

  it("refuses an older Node before it reads TypeScript", async () => {
    const older = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"20.19.0"}})';
    const { code, stderr } = await runProcess(process.execPath, ["--import", older, SURETY, "plan"]);
    expect(code).to.equal(64);
    expect(stderr).to.match(/^surety: Node 20\.19\.0 is too old; needs 24/);
  });

  it("has help with an example for every command, and 64 for none or a wrong one", async () => {
    for (const words of [["check"], ["plan"], ["model", "calibrate"], ["provider", "bond"], ["deploy"]]) {
      const { code, stdout } = await run(main, {}, ...words, "--help");
      expect([code, stdout.includes("Example:")], words.join(" ")).to.deep.equal([0, true]);
    }
    expect((await run(main, {}, "help", "plan")).stdout).to.equal((await run(main, {}, "plan", "--help")).stdout);
    for (const words of [[], ["chek"], ["--version"]]) expect((await run(main, {}, ...words)).code).to.equal(64);
    expect((await surety("chek")).stderr).to.contain("Did you mean check?");
  });

  it("runs the operators' programs with their own exit codes", async () => {
    const { code, stderr } = await surety("provider", "bond", "--amount", "-5");
    expect([code, stderr.includes("--rpc-urls")]).to.deep.equal([1, true]);
  });

  describe("plan", () => {
    it("plans with assumed power", async () => {
      const plan = await surety("plan", "--traffic", "1000000000", "--cheat-share", "10%", "--power", "0.5", "--json");
      expect(plan.code, plan.stderr).to.equal(0);
      const { plans, cost, cheatShare } = plan.json();
      expect(cheatShare).to.equal(0.1);
      expect(plans.map(({ samples }: { samples: unknown }) => samples)).to.deep.equal([12, 24, 48, "new provider"]);
      near(plans[0].single.perEpoch, 1 - 0.95 ** 12, 1e-6);
      near(plans[3].single.undetected7, 0.95 ** (48 * 7), 1e-9);
      expect(cost[0]).to.deep.equal({ samples: 12, reruns: 120, ofTraffic: 1.2e-7 });
      const text = (await surety("plan", "--traffic", "1000", "--cheat-share", "0.1")).stdout;
      expect(text).to.contain("12 samples an epoch: 120 re-runs, 12.00 % of the traffic").and.contain("A new provider");
      expect((await surety("plan", "--traffic", "1000", "--cheat-share", "0")).stdout).to.contain("never");
    });

    it("plans with a profile's measured power, a row per cheat", async () => {
      const share = (mean: number) => ({ share: mean, low: mean - 0.05, high: Math.min(1, mean + 0.05) });
      const missed = (both: number) => {
        const one = { single: 0.5, both };
        return { "12": one, "24": one, "48": one };
      };
      const cheat = (name: string, mismatch: number) => ({
        cheat: name,
        inputs: 256,
        least: 0.5,
        median: 50,
        match: share(0.05),
        grey: share(0.05),
        mismatch: share(mismatch),
        missed: { all: missed(0), tenth: missed(0.01) },
      });
      const power = [cheat("fp16-weights", 0.8), cheat("int8-weights", 0.95)];
      const profile = put("power.json", JSON.stringify({ ...shipped, power }));
      const base = ["plan", "--traffic", "1000000000", "--profile", profile];
      const { plans } = (await surety(...base, "--cheat-share", "0.1", "--json")).json();
      expect(plans).to.have.length(8);
      expect(plans[0]).to.include({ cheat: "fp16-weights", samples: 12, power: 0.8 });
      near(plans[0].single.perEpoch, 1 - 0.92 ** 12, 1e-6);
      near(plans[0].atLeast.perEpoch, 1 - 0.925 ** 12, 1e-6);
      near(plans[0].withPanel.perEpoch, 0.99, 1e-6);
      const below = (await surety(...base, "--cheat-share", "0.05", "--cheat", "int8-weights", "--json")).json().plans;
      expect(below).to.have.length(4);
      expect(below[0].withPanel).to.equal(null);
      const all = (await surety(...base, "--cheat-share", "100%", "--json")).json().plans;
      near(all[0].withPanel.perEpoch, 1, 1e-9);
    });

    it("refuses wrong calls with 64 and bad profiles with 65", async () => {
      const base = ["plan", "--traffic", "100", "--cheat-share", "0.1"];
      const profile = ["--profile", part("digits-cnn", "profile.json")];
      const wrong: [string[], number][] = [
        [["plan"], 64],
        [["plan", "--traffic", "0", "--cheat-share", "0.1"], 64],
        [["plan", "--traffic", "100", "--cheat-share", "11"], 64],
        [["plan", "--traffic", "100", "--cheat-share", "101%"], 64],
        [[...base, "--cheat", "int8-weights"], 64],
        [[...base, ...profile, "--power", "1"], 64],
        [[...base, ...profile, "--cheat", "magic"], 65],
        [[...base, "--profile", join(folder, "absent")], 65],
        [[...base, "--profile", put("bad.json", "{}")], 65],
        [[...base, "--profile", put("none.json", JSON.stringify({ ...shipped, power: [] }))], 65],
      ];
      for (const [words, code] of wrong) {
        const done = await run(main, {}, ...words);
        expect(done.code, `${words.join(" ")}: ${done.stderr}`).to.equal(code);
        expect(done.stderr).to.match(/^surety plan: [A-Z_]+: /);
      }
    });
  });

  describe("model calibrate", () => {
    const spot = ["--model", part("eth-spot-tcn", "model.onnx")];
    const digits = ["--model", part("digits-cnn", "model.onnx")];
    const out = () => ["--out", join(folder, "profile.json")];

    it("makes a profile and a manifest of real inputs, with which check then judges", async () => {
      const real = loadInputs("eth-spot-tcn");
      const bodies = Array.from({ length: 72 }, (_, i) => {
        const inputs = real.at(i * 250);
        return Buffer.from(encodeInferRequest({ inputs, binaryOutput: false }, { binary: false }).body).toString();
      });
      const lines = put("inputs.jsonl", `${bodies.join("\n")}\n`);
      const manifest = ["--manifest", join(folder, "manifest.json"), "--name", "spot"];
      const made = await surety("model", "calibrate", ...spot, "--inputs", lines, ...out(), ...manifest, "--json");
      expect(made.code, made.stdout + made.stderr).to.equal(0);
      const printed = made.json();
      const bytes = readFileSync(join(folder, "profile.json"));
      const profile = checkProfile(JSON.parse(bytes.toString()));
      expect(bytes.toString()).to.equal(canonicalJson(profile));
      expect(printed.profileHash).to.equal(keccak256(bytes)).and.to.equal(profileHash(profile));
      expect(printed.profile).to.deep.equal(profile);
      expect(profile).to.include({ C: 72, seed: 1 });
      const written = checkManifest(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")));
      expect(written).to.include({ name: "spot", profileHash: printed.profileHash });
      expect(printed.modelId).to.equal(modelId(written));

      const request = put("x.request", bodies[0]!);
      const response = put(
        "x.response",
        '{"model_name":"spot","outputs":[{"name":"return_percent","shape":[1,1],"datatype":"FP32","data":[1000]}]}',
      );
      const files = ["--profile", join(folder, "profile.json"), "--request", request, "--response", response];
      const judged = await surety("check", ...spot, ...files, ...manifest.slice(0, 2), "--json");
      expect([judged.code, judged.json().domain]).to.deep.equal([1, "inside"]);
    });

    it("draws by a specification or by default, the same for the same seed, and says what it did", async () => {
      const rule = { name: "image", shape: [1, 1, 8, 8], distribution: "integers", min: 0, max: 16 };
      const spec = ["--spec", put("spec.json", JSON.stringify({ inputs: [rule] }))];
      const make = async (...more: string[]) => {
        const done = await surety("model", "calibrate", ...digits, ...out(), "--count", "64", ...more);
        expect(done.code, done.stderr).to.equal(0);
        expect(done.stderr).to.equal("");
        return { ...done, profile: readFileSync(join(folder, "profile.json"), "utf8") };
      };
      const [first, again, other] = [await make(...spec), await make(...spec), await make(...spec, "--seed", "2")];
      expect(again.profile).to.equal(first.profile);
      expect(other.profile).not.to.equal(first.profile);
      expect(first.stdout).to.contain("64 inputs drawn with seed 1: image [1,1,8,8] integers");
      expect(first.stdout).to.contain(keccak256(Buffer.from(first.profile)));
      expect(first.stdout).to.match(/^logits +FP32 +float/m);
      const standard = await make();
      expect(standard.stdout).to.contain("image [1,1,8,8] normal (by default");
      for (const { cheat } of Array.from(JSON.parse(standard.profile).power) as { cheat: string }[])
        expect(standard.stdout).to.contain(cheat);
    });

    it("refuses wrong calls with 64 and bad data with 65, and writes nothing", async () => {
      const target = join(folder, "never.json");
      const base = ["model", "calibrate", ...digits, "--out", target];
      const line = JSON.stringify({
        inputs: [{ name: "image", shape: [1, 1, 8, 8], datatype: "FP32", data: Array(64).fill(0) }],
      });
      const cases: [string[], number, string][] = [
        [["model", "calibrate", ...digits], 64, "SETTINGS_INVALID"],
        [[...base, "--count", "63"], 64, "SETTINGS_INVALID"],
        [[...base, "--inputs", "a", "--spec", "b"], 64, "USAGE"],
        [[...base, "--name", "x"], 64, "USAGE"],
        [[...base, "--manifest", target], 64, "USAGE"],
        [[...base, "--inputs", put("few.jsonl", line)], 65, "INFERENCE_CALIBRATION_TOO_FEW"],
        [[...base, "--inputs", put("odd.jsonl", "{}")], 65, "OIP_MALFORMED"],
        [[...base, "--spec", put("odd.json", '{"inputs":1}')], 65, "CALIBRATE_BAD_SPEC"],
        [base.with(3, put("odd.onnx", "not a model")), 65, "INFERENCE_MODEL_MALFORMED"],
        [base.with(3, folder), 65, "FILE_UNREADABLE"],
        [base.with(5, join(folder, "absent/profile.json")), 65, "FILE_UNWRITABLE"],
      ];
      for (const [words, exit, code] of cases) {
        const done = await run(main, {}, ...words);
        expect(done.code, `${words.join(" ")}: ${done.stderr}`).to.equal(exit);
        expect(done.stderr).to.match(new RegExp(`^model calibrate: ${code}: `));
      }
      expect((await surety(...base, "--count", "63")).code).to.equal(64);
      expect((await surety(...base.with(3, folder))).code).to.equal(65);
      expect(() => readFileSync(target)).to.throw("ENOENT");
    });
  });
});
