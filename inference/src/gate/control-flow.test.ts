import { floatTensor, toFloats } from "@surety/protocol";
import { expect } from "chai";
import { createRuntime } from "../runtime.ts";
import { buildModel, floats, longs, node, type Plain, value } from "../testing/build-onnx.ts";

const BOOL = 9;
const LONG = 7;
const body = (name: string, g: Plain): Plain => ({ name, type: 5, g });

/** y = 2^3 x by a Loop, sums = running sums of y by a Scan, z = the last of them or its negative by an If. */
const model = buildModel({
  name: "g",
  node: [
    node("Loop", ["trips", "", "x"], ["y"], {
      attribute: [
        body("body", {
          name: "double",
          input: [value("i", [], LONG), value("going", [], BOOL), value("v", ["n"])],
          node: [node("Identity", ["going"], ["on"]), node("Mul", ["v", "two"], ["w"])],
          output: [value("on", [], BOOL), value("w", ["n"])],
        }),
      ],
    }),
    node("Scan", ["zero", "y"], ["total", "sums"], {
      attribute: [
        body("body", {
          name: "sum",
          input: [value("before", []), value("element", [])],
          node: [node("Add", ["before", "element"], ["after"]), node("Identity", ["after"], ["copy"])],
          output: [value("after", []), value("copy", [])],
        }),
        { name: "num_scan_inputs", type: 2, i: 1 },
      ],
    }),
    node("Greater", ["total", "zero"], ["positive"]),
    node("If", ["positive"], ["z"], {
      attribute: [
        body("then_branch", { name: "same", node: [node("Identity", ["total"], ["a"])], output: [value("a", [])] }),
        body("else_branch", { name: "minus", node: [node("Neg", ["total"], ["b"])], output: [value("b", [])] }),
      ],
    }),
  ],
  initializer: [longs("trips", [], [3n]), floats("two", [], [2]), floats("zero", [], [0])],
  input: [value("x", ["n"])],
  output: [value("sums", ["n"]), value("z", [])],
});

describe("bodies that the gate lets pass", function () {
  this.timeout(60_000);
  for (const kind of ["native", "wasm"] as const) {
    it(`run in the ${kind} runtime`, async () => {
      const runtime = createRuntime({ kind, timeoutMs: 30_000 });
      try {
        expect((await runtime.load("m", model)).nodes).to.equal(10);
        for (const [x, sums, z] of [
          [[1, 2, 3], [8, 24, 48], 48],
          [[-1, -2], [-8, -24], 24],
        ] as const) {
          const outputs = await runtime.run("m", [floatTensor("x", [x.length], [...x])]);
          expect(outputs.map((tensor) => [...toFloats(tensor)])).to.deep.equal([sums, [z]]);
        }
      } finally {
        await runtime.close();
      }
    });
  }
});
