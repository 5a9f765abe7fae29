import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRuntime, sha256 } from "@surety/inference";
import { floatTensor, type Tensor, toFloats } from "@surety/protocol";
import { encodeInferRequest, encodeInferResponse } from "@surety/sdk";
import { expect } from "chai";
import { loadInputs } from "../models/inputs.ts";
import { type Finished, ROOT, surety } from "./lib/testing/command.ts";
import { near } from "./lib/testing/near.ts";
import { run } from "./lib/testing/run.ts";
import { main } from "./surety.ts";

const NAME = "digits-cnn";
const part = (file: string) => join(ROOT, "models", NAME, file);
const model = new Uint8Array(readFileSync(part("model.onnx")));
const shipped = JSON.parse(readFileSync(part("profile.json"), "utf8"));
const { tauMax, tauL2, floorScale, floorL2 } = shipped.outputs[0];
const PAIRS = 12;

/** Rounds to half precision; in every Node from 24, and not yet among TypeScript's declarations. */
const { f16round } = Math as typeof Math & { f16round(value: number): number };
const changed = (tensors: Tensor[], change: (value: number, at: number) => number): Tensor[] =>
  tensors.map((t) => floatTensor(t.name, t.shape, toFloats(t).map(change)));
/** Moves the first element by so many tau of the tighter of both limits, which is all that deviates. */
const moved = (tensors: Tensor[], taus: number): Tensor[] => {
  const values = toFloats(tensors[0]!);
  const scale = Math.max(floorScale, ...values.map(Math.abs));
  const norm = Math.max(floorL2, Math.hypot(...values));
  const step = taus * Math.min(tauMax * scale, tauL2 * norm);
  return changed(tensors, (v, at) => (at === 0 ? v + step : v));
};

describe("surety check", function () {
  this.timeout(180_000);
  let folder: string;
  let inputs: Tensor[][];
  let honest: Tensor[][];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "surety-check-"));
    const real = loadInputs(NAME);
    inputs = Array.from({ length: PAIRS }, (_, i) => real.at(i));
    const native = createRuntime({ kind: "native", timeoutMs: 60_000 });
    await native.load(NAME, model);
    honest = await native.runMany(NAME, inputs);
    await native.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const put = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const request = (tensors = inputs[0]!, binary = false, name = "a.request") =>
    put(name, encodeInferRequest({ inputs: tensors, binaryOutput: binary }, { binary }).body);
  const response = (tensors = honest[0]!, binary = false, name = "a.response") =>
    put(name, encodeInferResponse({ modelName: NAME, outputs: tensors }, () => binary).body);
  const subject = ["--model", part("model.onnx"), "--profile", part("profile.json")];
  const check = (requestFile: string, responseFile: string, ...more: string[]): Promise<Finished> =>
    surety("check", ...subject, "--request", requestFile, "--response", responseFile, "--json", ...more);

  it("takes honest outputs for the model's, JSON or binary, and says how far they are from native and WASM", async () => {
    for (const binary of [false, true]) {
      const done = await check(
        request(inputs[0], binary),
        response(honest[0], binary),
        "--manifest",
        part("manifest.json"),
      );
      expect(done.code, done.stdout + done.stderr).to.equal(0);
      const verdict = done.json();
      expect(verdict).to.include({ verdict: "match", exit: 0, domain: "inside", model: sha256(model) });
      expect(verdict.limits).to.deep.equal({ match: 1, mismatch: 4 });
      const [output] = verdict.outputs;
      expect(output).to.include({ name: "logits", rule: "float", native: 0, wrong: null, tauMax, tauL2 });
      expect(output).to.include({ floorScale, floorL2 });
      expect(output.wasm).to.be.above(0).and.below(1);
    }
  });

  it("reads a binary body by its header length, too", async () => {
    const { headers, body } = encodeInferRequest({ inputs: inputs[0]!, binaryOutput: true });
    const length = headers["inference-header-content-length"]!;
    const file = put("b.request", body);
    expect((await check(file, response(), "--request-header-length", length)).code).to.equal(0);
    const wrong = await check(file, response(), "--request-header-length", String(Number(length) - 1));
    expect([wrong.code, wrong.json().error.code]).to.deep.equal([65, "OIP_MALFORMED"]);
  });

  it("judges what is off: by a rounding, a bit more, much more, and in kind", async () => {
    const cases: [string, Tensor[], number, RegExp][] = [
      ["relative 1e-6", changed(honest[0]!, (v) => v * (1 + 1e-6)), 0, /within tau of native/],
      ["two tau", moved(honest[0]!, 2), 2, /outside tau/],
      ["five tau", moved(honest[0]!, 5), 1, /beyond the limit of native and of WASM/],
      ["half precision", changed(honest[0]!, f16round), 1, /beyond the limit/],
      ["the answer to another request", honest[1]!, 1, /beyond the limit/],
      ["another shape", [floatTensor("logits", [10], toFloats(honest[0]![0]!))], 1, /wrong in kind/],
      ["another name", [{ ...honest[0]![0]!, name: "probabilities" }], 1, /wrong in kind/],
    ];
    for (const [what, outputs, code, reason] of cases) {
      const done = await check(request(), response(outputs, true));
      expect(done.code, what + done.stdout).to.equal(code);
      const verdict = done.json();
      expect(verdict.verdict, what).to.equal(["match", "mismatch", "grey"][code]);
      expect(verdict.reason, what).to.match(reason);
      if (what === "two tau") near(verdict.outputs[0].native, 2, 0.2);
      if (what === "another name") expect(verdict.outputs[0]).to.include({ wrong: "missing", native: "Infinity" });
    }
  });

  it("says what it found in a table and a sentence", async () => {
    const files = ["--request", request(), "--response", response(honest[1])];
    const done = await surety("check", ...subject, ...files);
    expect(done.code).to.equal(1);
    expect(done.stdout)
      .to.match(/^output +compared +from native +from WASM/)
      .and.contain("Mismatch: beyond the limit of native and of WASM")
      .and.contain("Without a manifest");
    expect(done.stderr).to.equal("");
  });

  it("calls inputs outside the manifest's domain grey, whatever the outputs", async () => {
    const far = changed(inputs[0]!, (v) => v + 1000);
    const done = await check(request(far), response(honest[1]), "--manifest", part("manifest.json"));
    expect([done.code, done.json().domain]).to.deep.equal([2, "outside"]);
    expect(done.json().reason).to.match(/outside the model's domain: element 0 of image/);
    expect((await check(request(far), response(honest[1]))).json().domain).to.equal("not checked");
  });

  it("asks for no more outputs than the request did, and for none that the model lacks", async () => {
    const asking = (name: string) =>
      put(
        "c.request",
        encodeInferRequest({ inputs: inputs[0]!, binaryOutput: false, outputs: [{ name, binary: false }] }).body,
      );
    expect((await check(asking("logits"), response())).code).to.equal(0);
    const unknown = await check(asking("scores"), response());
    expect([unknown.code, unknown.json().error.code]).to.deep.equal([65, "CHECK_UNKNOWN_OUTPUT"]);
  });

  it("refuses bad data with 65, a code and the file's name", async () => {
    const [good, answer] = [request(), response()];
    const other = join(ROOT, "models/eth-spot-tcn");
    const text = (name: string, content: string) => put(name, content);
    const onnx = new Uint8Array(model);
    onnx.fill(0xff, 100, 200);
    const swap = (flag: string, value: string) => {
      const args = [...subject, "--request", good, "--response", answer];
      return args.includes(flag) ? args.with(args.indexOf(flag) + 1, value) : [...args, flag, value];
    };
    const outputs = [{ ...shipped.outputs[0], mode: "exact", tauMax: 0, tauL2: 0, floorScale: 0, floorL2: 0 }];
    const { panel: _, ...rest } = shipped;
    const exact = { ...rest, outputs, class: "exact", pinned: { optimization: "all", isa: "riscv64-v" } };
    const looser = { ...shipped, outputs: [{ ...shipped.outputs[0], tauMax: tauMax * 2 }] };
    const cases: [string[], string][] = [
      [swap("--model", join(folder, "absent")), "FILE_UNREADABLE"],
      [swap("--model", folder), "FILE_UNREADABLE"],
      [swap("--model", "/dev/zero"), "FILE_TOO_LARGE"],
      [swap("--model", put("damaged.onnx", onnx)), "INFERENCE_MODEL_"],
      [swap("--model", put("empty.onnx", "")), "INFERENCE_MODEL_"],
      [swap("--model", join(other, "model.onnx")), "CHECK_WRONG_PROFILE"],
      [swap("--profile", text("p1.json", "{")), "FILE_MALFORMED"],
      [swap("--profile", text("p2.json", "[]")), "PROTOCOL_BAD_PROFILE"],
      [swap("--profile", put("p3.json", new Uint8Array([0xff, 0xfe]))), "FILE_MALFORMED"],
      [swap("--profile", text("p4.json", JSON.stringify({ ...shipped, ortVersion: "1.0.0" }))), "CHECK_WRONG_PROFILE"],
      [swap("--profile", text("p6.json", JSON.stringify(exact))), "CHECK_OTHER_MACHINE"],
      [swap("--manifest", text("m1.json", "{}")), "PROTOCOL_BAD_MANIFEST"],
      [swap("--manifest", join(other, "manifest.json")), "INFERENCE_STORE_MISMATCH"],
      [
        [...swap("--profile", text("p5.json", JSON.stringify(looser))), "--manifest", part("manifest.json")],
        "INFERENCE_STORE_MISMATCH",
      ],
      [swap("--request", text("r1", "")), "OIP_MALFORMED"],
      [swap("--request", text("r2", '{"inputs":[]}')), "OIP_MALFORMED"],
      [swap("--request", text("r3", `{"a":${"[".repeat(100_000)}`)), "OIP_MALFORMED"],
      [swap("--request", request([{ ...inputs[0]![0]!, name: "picture" }], true, "r4")), "INFERENCE_BAD_INPUT"],
      [
        swap("--request", request([floatTensor("image", [1, 1, 8, 7], Array(56).fill(0))], true, "r5")),
        "INFERENCE_BAD_INPUT",
      ],
      [swap("--response", text("s1", '{"model_name":"x","outputs":[{"name":"logits"}]}')), "OIP_MALFORMED"],
      [swap("--response", text("s2", `${readFileSync(answer, "utf8")}x`)), "OIP_MALFORMED"],
      [swap("--response", "/dev/zero"), "FILE_TOO_LARGE"],
    ];
    for (const [args, code] of cases) {
      const done = await run(main, {}, "check", ...args);
      expect(done.code, `${args.join(" ")}: ${done.stderr}`).to.equal(65);
      expect(done.stderr).to.match(new RegExp(`^surety check: ${code}\\w*: .{20,}`));
      expect(done.stdout).to.equal("");
    }
    const plain = await surety("check", ...swap("--profile", text("p1.json", "{")));
    expect([plain.code, plain.stdout]).to.deep.equal([65, ""]);
    const json = await surety("check", ...swap("--profile", text("p1.json", "{")), "--json");
    expect(json.code).to.equal(65);
    expect(json.json().error).to.include({ code: "FILE_MALFORMED", retryable: false });
    expect(json.json().error.message).to.contain("p1.json");
  });

  it("refuses a wrong call with 64", async () => {
    const pair = ["--request", request(), "--response", response()];
    const calls = [
      [],
      subject,
      [...subject, ...pair.slice(0, 2)],
      [...subject, ...pair, "--panel", folder],
      [...subject, ...pair, "--request-header-length", "-1"],
      [...subject, ...pair, "--timeout", "0"],
      [...subject, ...pair, "--moddel", "x"],
      [...subject, ...pair, "stray"],
    ];
    for (const args of calls) {
      const done = await run(main, {}, "check", ...args);
      expect(done.code, `${args.join(" ")}: ${done.stderr}`).to.equal(64);
      expect([done.stdout, done.stderr === ""]).to.deep.equal(["", false]);
    }
    expect((await surety("check", ...subject)).code).to.equal(64);
  });

  describe("--panel", () => {
    /** The shipped profile with a panel test whose honest deviations reach up to tau / 8, as its S says. */
    const withPanel = () => {
      const honest = Array.from({ length: 128 }, (_, i) => (i + 1) / 128 / 8);
      const falseAlarms = { "12": 0, "24": 0, "48": 0 };
      const panel = { honest, stretch: 2, alpha: 1e-4, least: 8, falseAlarms };
      return put("panel-profile.json", JSON.stringify({ ...shipped, panel }));
    };
    const fill = (name: string, outputs: (i: number) => Tensor[], count = PAIRS) => {
      const pairs = join(folder, name);
      mkdirSync(pairs);
      for (let i = 0; i < count; i++) {
        const binary = i % 2 === 1;
        request(inputs[i], binary, `${name}/${i}.request${["", ".bin", ".json"][i % 3]}`);
        response(outputs(i), binary, `${name}/${i}.response`);
      }
      return pairs;
    };
    const panel = (pairs: string, profile = withPanel(), ...more: string[]) =>
      surety("check", "--model", part("model.onnx"), "--profile", profile, "--panel", pairs, ...more);

    it("passes honest answers", async () => {
      const pairs = fill("honest", (i) => honest[i]!);
      writeFileSync(join(pairs, "notes.txt"), "not a pair");
      const done = await panel(pairs, withPanel(), "--json");
      expect(done.code, done.stdout + done.stderr).to.equal(0);
      const found = done.json();
      expect(found.panel).to.include({ verdict: "pass", n: PAIRS, alpha: 1e-4, least: 8, stretch: 2 });
      expect(found.pairs.map(({ name }: { name: string }) => name)).to.deep.equal(inputs.map((_, i) => String(i)));
      expect(found.pairs[0]).to.include({ verdict: "match", deviation: 0 });
      const text = await panel(pairs);
      expect([text.code, text.stderr]).to.deep.equal([0, ""]);
      expect(text.stdout).to.contain("12 match, 0 grey, 0 mismatch").and.contain("Panel: pass");
    });

    it("fails answers that match one by one and are off together", async () => {
      const found = await panel(
        fill("shifted", (i) => moved(honest[i]!, 0.8)),
        withPanel(),
        "--json",
      );
      expect(found.code).to.equal(1);
      const { panel: verdict, pairs } = found.json();
      expect(new Set(pairs.map(({ verdict }: { verdict: string }) => verdict))).to.deep.equal(new Set(["match"]));
      expect(verdict.verdict).to.equal("fail");
      expect(verdict.p).to.be.below(1e-4);
    });

    it("exits 1 for one mismatch, 2 for a grey answer or too few samples, and counts equal inputs once", async () => {
      expect((await panel(fill("cheat", (i) => honest[i === 5 ? 6 : i]!))).code).to.equal(1);
      expect((await panel(fill("grey", (i) => moved(honest[i]!, i === 5 ? 2 : 0)))).code).to.equal(2);
      const few = await panel(fill("few", (i) => honest[i]!, 3));
      expect(few.code).to.equal(2);
      expect(few.stdout).to.contain("Panel: not judged; 3 samples");
      const repeated = fill("repeated", (i) => honest[i]!, 7);
      for (const again of ["x", "y"])
        for (const kind of ["request", "response"])
          cpSync(join(repeated, `0.${kind}`), join(repeated, `${again}.${kind}`));
      expect((await panel(repeated, withPanel(), "--json")).json().panel).to.include({ verdict: "not-judged", n: 7 });
    });

    it("refuses folders that are empty, half or spoiled, with 65", async () => {
      const cases: [string, string][] = [["absent", "FILE_UNREADABLE"]];
      const spoil = (name: string, code: string, how: (pairs: string) => void) => {
        how(fill(name, (i) => honest[i]!, 2));
        cases.push([name, code]);
      };
      mkdirSync(join(folder, "none"));
      cases.push(["none", "PANEL_EMPTY"]);
      spoil("half", "PANEL_UNPAIRED", (pairs) => rmSync(join(pairs, "1.response")));
      spoil("orphan", "PANEL_UNPAIRED", (pairs) => rmSync(join(pairs, "0.request")));
      spoil("twice", "PANEL_UNPAIRED", (pairs) => cpSync(join(pairs, "0.response"), join(pairs, "0.response.json")));
      spoil("broken", "OIP_MALFORMED", (pairs) => writeFileSync(join(pairs, "0.response"), "{"));
      for (const [name, code] of cases) {
        const done = await panel(join(folder, name));
        expect(done.code, name + done.stderr).to.equal(65);
        expect(done.stderr, name).to.match(new RegExp(`^surety check: ${code}: `));
      }
    });
  });
});
