import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Datatype,
  SuretyError,
  type TensorSpec,
  tensorHash,
  toByteStrings,
  toFloats,
  toIntegers,
} from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { near } from "../testing/near.ts";
import { drawInputs } from "./draw.ts";
import { readInputLines } from "./input-lines.ts";
import { defaultSpec, type InputRule, readSpec } from "./input-spec.ts";

const image: TensorSpec = { name: "image", datatype: "FP32", shape: [-1, 2] };
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error) => {
      if (error instanceof SuretyError) return `${error.code}: ${error.message}`;
      throw error;
    },
  );

describe("inputs to calibrate with", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "surety-inputs-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (text: string) => {
    const path = join(folder, "given");
    writeFileSync(path, text);
    return path;
  };
  const spec = (rule: unknown, specs = [image]) => readSpec(file(JSON.stringify({ inputs: [rule] })), specs);

  it("draws the same for the same seed, other for another, and each input apart", () => {
    const rule = (name: string): InputRule => ({
      name,
      datatype: "FP32",
      shape: [1, 2],
      distribution: "normal",
      mean: 0,
      sd: 1,
    });
    const hashes = (names: string[], seed: number) => drawInputs(names.map(rule), 64, seed).map(tensorHash);
    expect(hashes(["a"], 1)).to.deep.equal(hashes(["a"], 1));
    const all = [...hashes(["a"], 1), ...hashes(["a"], 2), ...hashes(["b"], 1)];
    expect(new Set(all).size).to.equal(3 * 64);
    const [[, b] = []] = drawInputs([rule("a"), rule("b")], 1, 1);
    expect(tensorHash([b!])).to.equal(hashes(["b"], 1)[0]);
  });

  it("draws as the distribution says", () => {
    const values = (rule: Partial<InputRule>) =>
      drawInputs([{ name: "x", datatype: "FP64", shape: [1], ...rule } as InputRule], 4_000, 3).map(
        ([t]) => toFloats(t!)[0]!,
      );
    const mean = (all: number[]) => all.reduce((sum, v) => sum + v, 0) / all.length;
    const uniform = values({ distribution: "uniform", min: -2, max: 6 });
    expect(uniform.every((v) => v >= -2 && v < 6)).to.equal(true);
    near(mean(uniform), 2, 0.2);
    const normal = values({ distribution: "normal", mean: 5, sd: 2 });
    near(mean(normal), 5, 0.2);
    near(Math.sqrt(mean(normal.map((v) => (v - 5) ** 2))), 2, 0.15);
    expect(new Set(values({ distribution: "integers", min: -1, max: 2 }))).to.deep.equal(new Set([-1, 0, 1, 2]));
    expect(new Set(values({ distribution: "choice", values: [0.5, true] }))).to.deep.equal(new Set([0.5, 1]));
  });

  it("writes every datatype, to the ends of its range", () => {
    const ends: [Datatype, number, number][] = [
      ["BOOL", 0, 1],
      ["UINT8", 0, 255],
      ["INT8", -128, 127],
      ["UINT16", 0, 65_535],
      ["INT16", -32_768, 32_767],
      ["UINT32", 0, 2 ** 32 - 1],
      ["INT32", -(2 ** 31), 2 ** 31 - 1],
      ["UINT64", 0, 2 ** 53 - 1],
      ["INT64", -(2 ** 52), 2 ** 52 - 1],
    ];
    for (const [datatype, least, most] of ends) {
      const rule = { name: "x", datatype, shape: [64], distribution: "choice", values: [least, most] } as InputRule;
      const found = new Set(toIntegers(drawInputs([rule], 1, 1)[0]![0]!));
      expect(found, datatype).to.deep.equal(new Set([BigInt(least), BigInt(most)]));
    }
    const half = { name: "x", datatype: "FP16", shape: [8], distribution: "choice", values: [0.1] } as InputRule;
    expect(toFloats(drawInputs([half], 1, 1)[0]![0]!)[0]).to.equal(0.0999755859375);
    const text = { name: "x", datatype: "BYTES", shape: [2], distribution: "choice", values: ["é"] } as InputRule;
    expect(toByteStrings(drawInputs([text], 1, 1)[0]![0]!).map(String)).to.deep.equal(["195,169", "195,169"]);
  });

  it("reads specifications that fit the model", async () => {
    const rule = { name: "image", shape: [3, 2], distribution: "uniform", min: 0, max: 16 };
    expect(await spec(rule)).to.deep.equal([{ ...rule, datatype: "FP32" }]);
    expect(defaultSpec([image, { name: "k", datatype: "INT64", shape: [] }])).to.deep.equal([
      { name: "image", datatype: "FP32", shape: [1, 2], distribution: "normal", mean: 0, sd: 1 },
      { name: "k", datatype: "INT64", shape: [], distribution: "integers", min: 0, max: 1 },
    ]);
  });

  it("refuses specifications that do not, and says where", async () => {
    const rule = { name: "image", shape: [1, 2], distribution: "uniform", min: 0, max: 16 };
    const int: TensorSpec = { name: "k", datatype: "INT8", shape: [1] };
    const wrong: [unknown, string, TensorSpec[]?][] = [
      [{ ...rule, distribution: "cauchy" }, "spec.inputs[0].distribution"],
      [{ ...rule, max: "16" }, "spec.inputs[0].max"],
      [{ ...rule, more: 1 }, "no such field"],
      [{ ...rule, min: 17 }, "at most max"],
      [{ ...rule, shape: [0, 2] }, "shape[0]"],
      [{ ...rule, shape: [1, 3] }, "shape"],
      [{ ...rule, shape: [2] }, "shape"],
      [{ ...rule, name: "picture" }, "picture"],
      [null, "distribution"],
      [rule, '"k" not at all', [image, int]],
      [{ name: "k", shape: [1], distribution: "uniform", min: 0, max: 1 }, "integers", [int]],
      [{ name: "k", shape: [1], distribution: "integers", min: 0, max: 128 }, "-128 to 127", [int]],
      [{ name: "k", shape: [1], distribution: "choice", values: [0.5] }, "-128 to 127", [int]],
      [{ name: "image", shape: [1, 2], distribution: "choice", values: ["a"] }, "numbers"],
    ];
    for (const [given, part, specs] of wrong)
      expect(await refusal(spec(given, specs)), part)
        .to.match(/^CALIBRATE_BAD_SPEC/)
        .and.contain(part);
    expect(await refusal(readSpec(file("{"), [image]))).to.match(/^FILE_MALFORMED/);
    expect(await refusal(readSpec(join(folder, "absent"), [image]))).to.match(/^FILE_UNREADABLE/);
    expect(() => defaultSpec([{ name: "t", datatype: "BYTES", shape: [1] }])).to.throw("no default");
    expect(() => drawInputs([{ ...rule, datatype: "FP32", shape: [2 ** 20] } as InputRule], 256, 1)).to.throw(
      "at most",
    );
  });

  it("takes any JSON as a specification or refuses it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await refusal(spec(value))).to.match(/^CALIBRATE_BAD_SPEC/);
      }),
      { numRuns: 50 },
    );
  });

  it("reads requests line by line, and names the line that is wrong", async () => {
    const line = (data: unknown, name = "image") =>
      JSON.stringify({ inputs: [{ name, shape: [1, 2], datatype: "FP32", data }] });
    const read = (...lines: string[]) => readInputLines(file(lines.join("\n")), [image]);
    expect((await read(line([1, 2]), "", line([3, 4]), "")).map(([t]) => [...toFloats(t!)])).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    expect(await refusal(read(line([1, 2]), "{"))).to.match(/^OIP_MALFORMED: .*line 2/);
    expect(await refusal(read(line([1])))).to.match(/^OIP_MALFORMED: .*line 1/);
    expect(await refusal(read(line([1, 2]), "", line([1, 2], "picture")))).to.match(/^INFERENCE_BAD_INPUT: .*line 3/);
  });
});
