import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { CONFORMANCE, type GatePolicy, inspectModel, SERVING } from "../gate.ts";
import { buildModel, floats, longs, node, type Plain, value } from "../testing/build-onnx.ts";

const body = (change: Plain = {}): Plain => ({
  name: "body",
  node: [node("Identity", ["x"], ["z"])],
  output: [value("z", ["batch", 3])],
  ...change,
});
const bodied = (op: string, graph: Plain, input = ["", "", "x"], name = "body") =>
  node(op, input, ["y"], { attribute: [{ name, type: 5, g: graph }] });
/** A model of one operator with a body, beside what is given. */
const model = (one: Plain, change: Plain = {}) =>
  buildModel({
    name: "g",
    node: [one],
    input: [value("x", ["batch", 3])],
    output: [value("y", ["batch", 3])],
    ...change,
  });
const trips = (count: bigint, name = "trips") => longs(name, [], [count]);
const looped = (graph: Plain = body(), count = 3n) =>
  model(bodied("Loop", graph, ["trips", "", "x"]), { initializer: [trips(count)] });

/** Code and message of the refusal. */
function refused(bytes: Uint8Array, policy: GatePolicy = SERVING): { code: string; message: string } {
  try {
    inspectModel(bytes, policy);
  } catch (error) {
    if (!(error instanceof SuretyError)) throw error;
    return { code: error.code.replace("INFERENCE_MODEL_", ""), message: error.message };
  }
  return { code: "passed", message: "" };
}
const code = (bytes: Uint8Array, policy?: GatePolicy) => refused(bytes, policy).code;

describe("gate, bodies", () => {
  it("counts the operators of all bodies", () => {
    const inner = body({ node: [bodied("If", body(), ["x"], "then_branch"), node("Relu", ["y"], ["z"])] });
    expect(inspectModel(looped(inner)).nodes).to.equal(4);
    expect(code(looped(inner), { ...SERVING, nodes: 4 })).to.equal("passed");
    expect(code(looped(inner), { ...SERVING, nodes: 3 })).to.equal("TOO_LARGE");
  });

  it("lets If, Scan and a Loop with a constant number of trips pass, SequenceMap in conformance only", () => {
    for (const op of ["If", "Scan"]) expect(code(model(bodied(op, body()))), op).to.equal("passed");
    expect(code(looped())).to.equal("passed");
    expect(code(model(bodied("SequenceMap", body())))).to.equal("CONTROL_FLOW");
    expect(code(model(bodied("SequenceMap", body())), CONFORMANCE)).to.equal("passed");
  });

  it("refuses bodies where none belong, and operators without theirs", () => {
    expect(code(model(bodied("Relu", body(), ["x"])))).to.equal("CONTROL_FLOW");
    expect(code(model(bodied("Relu", body(), ["x"])), CONFORMANCE)).to.equal("CONTROL_FLOW");
    const list = { attribute: [{ name: "bodies", type: 10, graphs: [body()] }] };
    expect(code(model(node("Relu", ["x"], ["y"], list)))).to.equal("CONTROL_FLOW");
    expect(code(model(node("If", ["x"], ["y"])))).to.equal("MALFORMED");
  });

  const external = { externalData: [{ key: "location", value: "secret.txt" }], dataLocation: 1, rawData: undefined };
  const spoilt: [string, string, Plain][] = [
    ["external data", "EXTERNAL_DATA", { initializer: [{ ...floats("w", [1], [1]), ...external }] }],
    [
      "external data in an attribute",
      "EXTERNAL_DATA",
      {
        node: [
          node("Constant", [], ["z"], {
            attribute: [{ name: "value", type: 4, t: { ...floats("", [1], [1]), ...external } }],
          }),
        ],
      },
    ],
    [
      "external data in a sparse constant",
      "EXTERNAL_DATA",
      { sparseInitializer: [{ dims: [4], indices: { ...longs("i", [1], [0n]), ...external } }] },
    ],
    ["another domain", "DOMAIN", { node: [node("Gelu", ["x"], ["z"], { domain: "com.microsoft" })] }],
    ["random numbers", "RANDOM_OPERATOR", { node: [node("RandomNormalLike", ["x"], ["z"])] }],
    ["a constant of too few bytes", "MALFORMED", { initializer: [{ ...floats("w", [2], [1]) }] }],
    ["a constant of complex numbers", "ELEMENT_TYPE", { initializer: [{ name: "w", dims: [0], dataType: 14 }] }],
    ["rank 9", "RANK", { valueInfo: [value("z", Array(9).fill(1))] }],
    [
      "rank 9 within a sequence",
      "RANK",
      { valueInfo: [{ name: "s", type: { sequenceType: { elemType: value("z", Array(9).fill(1)).type } } }] },
    ],
    [
      "a function's attribute",
      "MALFORMED",
      { node: [node("Relu", ["x"], ["z"], { attribute: [{ refAttrName: "a" }] })] },
    ],
  ];
  for (const [what, expected, change] of spoilt) {
    it(`refuses ${what} in a body within a body, and says where`, () => {
      const inner = bodied("If", body(change), ["x"], "else_branch");
      const { code: got, message } = refused(looped(body({ node: [{ ...inner, output: ["z"] }] })));
      expect(got).to.equal(expected);
      expect(message).to.contain('"else_branch" of node "If_y" (If) in "body" of node "Loop_y" (Loop)');
    });
  }

  it("keeps its message short, whatever names a file has", () => {
    const long = { name: "\u001b[31m".repeat(1000), domain: "d".repeat(100_000) };
    const { code: got, message } = refused(looped(body({ node: [node("Relu", ["x"], ["z"], long)] })));
    expect(got).to.equal("DOMAIN");
    expect(message.length).to.be.below(600);
    expect(message).to.not.contain("\u001b");
  });

  it("ends a file of bodies within bodies", () => {
    const nest = (depth: number): Plain =>
      depth === 0 ? body() : body({ node: [bodied("If", nest(depth - 1), ["x"])] });
    expect(code(model(bodied("If", nest(15))))).to.equal("passed");
    expect(refused(model(bodied("If", nest(40))))).to.include({ code: "TOO_LARGE" });
    // Nine thousand messages within each other.
    let deep: Uint8Array = new Uint8Array();
    const wrap = (tag: number, inner: Uint8Array) => {
      const length: number[] = [];
      for (let n = inner.length; ; n >>>= 7) {
        length.push(n > 127 ? (n & 127) | 128 : n);
        if (n <= 127) break;
      }
      return Buffer.concat([Buffer.from([tag, ...length]), inner]);
    };
    for (let i = 0; i < 3000; i++) deep = wrap(0x32, wrap(0x0a, wrap(0x2a, deep)));
    expect(code(wrap(0x3a, wrap(0x0a, wrap(0x2a, deep))))).to.equal("TOO_LARGE");
  });
});

describe("gate, loops", () => {
  it("needs a constant number of trips within the limit", () => {
    expect(code(looped(body(), 10_000n))).to.equal("passed");
    expect(code(looped(body(), 10_001n))).to.equal("LOOP");
    expect(code(looped(body(), 2n ** 40n))).to.equal("LOOP");
    for (const input of [
      ["", "", "x"],
      ["x", "", "x"],
      ["nowhere", "", "x"],
    ])
      expect(code(model(bodied("Loop", body(), input))), `${input}`).to.equal("LOOP");
    expect(code(model(bodied("Loop", body(), ["x", "", "x"])), CONFORMANCE)).to.equal("passed");
    const typed = { name: "trips", dims: [1], dataType: 7, int64Data: new Uint8Array([0xe8, 0x07]) };
    expect(code(model(bodied("Loop", body(), ["trips", "", "x"]), { initializer: [typed] }))).to.equal("passed");
  });

  it("reads the number from a Constant operator, also one around the body", () => {
    const constant = (attribute: Plain) => node("Constant", [], ["trips"], { attribute: [attribute] });
    const loop = bodied("Loop", body(), ["trips", "", "x"]);
    const inIf = bodied("If", body({ node: [{ ...loop, output: ["z"] }] }), ["x"]);
    for (const [attribute, expected] of [
      [{ name: "value", type: 4, t: trips(7n, "") }, "passed"],
      [{ name: "value", type: 4, t: trips(70_000n, "") }, "LOOP"],
      [{ name: "value_int", type: 2, i: 7 }, "passed"],
      [{ name: "value_int", type: 2, i: 2n ** 63n - 1n }, "LOOP"],
      [{ name: "value_ints", type: 7, ints: [7] }, "passed"],
      [{ name: "value_int", type: 7, i: 7, ints: [2 ** 40] }, "LOOP"],
      [{ name: "value_string", type: 3, s: new Uint8Array([55]) }, "LOOP"],
    ] as const) {
      expect(code(model(loop, { node: [constant(attribute), loop] })), attribute.name).to.equal(expected);
      expect(code(model(inIf, { node: [constant(attribute), inIf] })), attribute.name).to.equal(expected);
    }
  });

  it("multiplies the trips of loops within loops", () => {
    const inner = (count: bigint) =>
      body({
        node: [{ ...bodied("Loop", body(), ["inner", "", "x"]), output: ["z"] }],
        initializer: [trips(count, "inner")],
      });
    expect(code(looped(inner(100n), 100n))).to.equal("passed");
    expect(code(looped(inner(101n), 100n))).to.equal("LOOP");
  });

  it("trusts no name that is defined twice or hidden by the body's own", () => {
    const loop = { ...bodied("Loop", body(), ["trips", "", "x"]), output: ["z"] };
    const around = (change: Plain) =>
      model(bodied("If", body({ node: [loop], ...change }), ["x"]), { initializer: [trips(3n)] });
    expect(code(around({}))).to.equal("passed");
    expect(code(around({ input: [value("trips", [], 7)] }))).to.equal("LOOP");
    expect(code(around({ input: [value("trips", [], 7)], initializer: [trips(2n)] }))).to.equal("LOOP");
    expect(code(around({ node: [node("Shape", ["x"], ["trips"]), loop] }))).to.equal("LOOP");
    const twice = [trips(3n), trips(4n)];
    expect(code(model(bodied("Loop", body(), ["trips", "", "x"]), { initializer: twice }))).to.equal("LOOP");
    // A default of the model's own input: no caller can set it.
    const input = [value("x", ["batch", 3]), value("trips", [], 7)];
    const loops = bodied("Loop", body(), ["trips", "", "x"]);
    expect(code(model(loops, { input, initializer: [trips(3n)] }))).to.equal("passed");
  });
});

describe("gate, sizes", () => {
  const sized = (op: string, input: string[], initializer: Plain[], attribute: Plain[] = []) =>
    model(node(op, input, ["y"], { attribute }), { initializer });
  const k = 2n ** 14n;
  const scale = (...values: number[]) => floats("s", [values.length], values);
  const huge: [string, Uint8Array][] = [
    ["ConstantOfShape", sized("ConstantOfShape", ["s"], [longs("s", [2], [k, k + 1n])])],
    ["Expand", sized("Expand", ["x", "s"], [longs("s", [3], [k, 1n, 2n * k])])],
    ["Tile", sized("Tile", ["x", "s"], [longs("s", [2], [k, 2n * k])])],
    ["Pad", sized("Pad", ["x", "s"], [longs("s", [4], [k, k, k, k])])],
    ["Resize by sizes", sized("Resize", ["x", "", "", "s"], [longs("s", [2], [k, 2n * k])])],
    ["Resize by scales", sized("Resize", ["x", "", "s"], [scale(2 ** 14, 2 ** 15)])],
    [
      "sizes beside scales that are no numbers",
      sized("Resize", ["x", "", "nan", "s"], [longs("s", [2], [k, 2n * k]), floats("nan", [1], [Number.NaN])]),
    ],
    ["OneHot", sized("OneHot", ["x", "s"], [longs("s", [], [2n ** 40n])])],
    ["Range", sized("Range", ["a", "b", "c"], [trips(0n, "a"), trips(-(2n ** 40n), "b"), trips(-3n, "c")])],
    [
      "an attribute",
      sized("ConvTranspose", ["x", "s"], [scale(1)], [{ name: "output_shape", type: 7, ints: [2 ** 20, 2 ** 20] }]),
    ],
  ];
  for (const [what, bytes] of huge) {
    it(`refuses a size that is fixed by ${what}`, () => {
      expect(refused(bytes)).to.include({ code: "TOO_LARGE" });
      expect(code(bytes, { ...SERVING, valueElements: Number.POSITIVE_INFINITY })).to.equal("passed");
    });
  }

  it("lets sizes up to the limit pass, and those it cannot tell", () => {
    expect(code(sized("ConstantOfShape", ["s"], [longs("s", [2], [k, k])]))).to.equal("passed");
    expect(code(sized("ConstantOfShape", ["x"], []))).to.equal("passed");
    expect(code(sized("Pad", ["x", "s"], [longs("s", [4], [-k, k, k, -k])]))).to.equal("passed");
  });

  it("counts constants as they are unpacked", () => {
    const packed = { name: "w", dims: [1000], dataType: 7, int64Data: new Uint8Array(1000) };
    const bytes = model(node("Relu", ["x"], ["y"]), { initializer: [packed] });
    expect(code(bytes, { ...SERVING, constantBytes: 8000 })).to.equal("passed");
    expect(code(bytes, { ...SERVING, constantBytes: 7999 })).to.equal("TOO_LARGE");
  });

  it("lets Dropout pass only if it cannot train", () => {
    const dropout = (training: number[]) =>
      sized(
        "Dropout",
        ["x", "", "t"],
        [{ name: "t", dims: [training.length], dataType: 9, rawData: Uint8Array.from(training) }],
      );
    expect(code(dropout([0]))).to.equal("passed");
    expect(code(dropout([1]))).to.equal("RANDOM_OPERATOR");
    expect(code(dropout([2]))).to.equal("RANDOM_OPERATOR");
    expect(code(dropout([1]), CONFORMANCE)).to.equal("passed");
    expect(code(sized("Dropout", ["x", "", "x"], []))).to.equal("RANDOM_OPERATOR");
  });
});
