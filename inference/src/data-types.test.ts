import { readFileSync } from "node:fs";
import { bytesTensor, elementCount, isFloat, SuretyError, type Tensor, DATATYPES as WIRE } from "@surety/protocol";
import { expect } from "chai";
import { inspectModel } from "./gate.ts";
import { DATATYPES, ELEMENT_BITS, elementTypeName, STRING } from "./onnx/element-types.ts";
import { createRuntime, type Runtime } from "./runtime.ts";
import { buildModel, honestGraph, node, type Plain, value } from "./testing/build-onnx.ts";
import { refusal } from "./testing/refusal.ts";

/** Largest number of TensorProto.DataType in onnx.proto of IR version 13. */
const LAST_TYPE = 26;
const page = readFileSync(new URL("../../docs/data-types.md", import.meta.url), "utf8");

type Row = { onnx: number; name: string; datatype: string; input: string; output: string; constant: string };

/** Rows of the page's first table. */
const rows = page
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.replaceAll("`", "").trim()))
  .filter(([, number]) => /^\d+$/.test(number ?? ""))
  .map(([, number, name, datatype, input, output, constant, compared]): Row & { compared: string } => ({
    onnx: Number(number),
    name: name!,
    datatype: datatype!,
    input: input!,
    output: output!,
    constant: constant!,
    compared: compared!,
  }));

/** "yes", or "no" if the gate refuses the type by name. */
function answer(change: Plain): string {
  try {
    inspectModel(buildModel({ ...honestGraph(), ...change }));
    return "yes";
  } catch (error) {
    if (error instanceof SuretyError && error.code === "INFERENCE_MODEL_ELEMENT_TYPE") return "no";
    throw error;
  }
}

const constantOf = (dataType: number): Plain =>
  dataType === STRING
    ? { name: "c", dims: [1], dataType, stringData: [Buffer.from("é")] }
    : { name: "c", dims: [1], dataType, rawData: new Uint8Array(Math.ceil((ELEMENT_BITS[dataType] ?? 64) / 8)) };

/** A model that gives back what it is given. */
const identity = (onnx: number): Uint8Array =>
  buildModel({
    name: "g",
    node: [node("Identity", ["x"], ["y"])],
    input: [value("x", ["n"], onnx)],
    output: [value("y", ["n"], onnx)],
  });

/** Bytes of every value and in every position, among them NaNs with payloads, subnormals and both zeros. */
function patterns(datatype: Tensor["datatype"]): Tensor {
  if (datatype === "BYTES") {
    const texts = ["", "a", "é", "\u{1f600}", "\ufeffmark", "\u{10ffff}", "a\nb", "x".repeat(100_000)];
    return bytesTensor("x", [texts.length], texts);
  }
  const data = Uint8Array.from({ length: 4096 }, (_, i) => (datatype === "BOOL" ? i & 1 : (i * 167 + (i >> 8)) & 255));
  const special = isFloat(datatype) ? [...Array(8).fill(0xff), 1, ...Array(7).fill(0), ...Array(8).fill(0x80)] : [];
  data.set(special);
  return { name: "x", datatype, shape: [data.length / WIRE[datatype].size], data };
}

describe("data types", function () {
  this.timeout(120_000);

  it("has one row on the page for every type of onnx.proto", () => {
    expect(rows.map(({ onnx }) => onnx)).to.deep.equal(Array.from({ length: LAST_TYPE }, (_, i) => i + 1));
    expect(elementTypeName(LAST_TYPE + 1)).to.equal(`type ${LAST_TYPE + 1}`);
  });

  for (const row of rows) {
    it(`tells of ${row.name} what the gate does`, () => {
      expect(row.name).to.equal(elementTypeName(row.onnx));
      const datatype = DATATYPES[row.onnx];
      expect(row.datatype).to.equal(datatype ?? "");
      expect(row.input).to.equal(answer({ input: [value("x", ["batch", 3], row.onnx)] }));
      expect(row.output).to.equal(answer({ output: [value("y", ["batch", 2], row.onnx)] }));
      expect(row.constant).to.equal(answer({ initializer: [constantOf(row.onnx)] }));
      const compared = datatype === undefined ? "" : isFloat(datatype) ? "by deviation" : "exactly";
      expect(row.compared.split(",")[0]).to.equal(compared);
    });
  }

  for (const kind of ["native", "wasm"] as const) {
    describe(kind, () => {
      let runtime: Runtime;
      before(() => {
        runtime = createRuntime({ kind, timeoutMs: 60_000 });
      });
      after(() => runtime.close());

      for (const [onnx, datatype] of Object.entries(DATATYPES)) {
        it(`carries ${datatype} in and out bit for bit`, async () => {
          await runtime.load(datatype, identity(Number(onnx)));
          const x = patterns(datatype);
          expect(elementCount(x.shape)).to.be.at.least(8);
          const [y] = await runtime.run(datatype, [x]);
          expect(y).to.include({ name: "y", datatype });
          expect(y!.shape).to.deep.equal(x.shape);
          expect(Buffer.compare(y!.data, x.data)).to.equal(0);
        });
      }

      it("refuses strings that the bindings would cut short or change", async () => {
        await runtime.load("strings", identity(STRING));
        for (const bad of ["a\0b", Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80)]) {
          const error = await refusal(runtime.run("strings", [bytesTensor("x", [2], ["fine", bad])]));
          expect(error.code).to.equal("INFERENCE_BAD_INPUT");
          expect(error.message).to.contain("element 1");
        }
      });
    });
  }
});
