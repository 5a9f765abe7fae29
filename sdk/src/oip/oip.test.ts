import { DATATYPES, type Datatype, SuretyError, type Tensor, tensorHash } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { HEADER_LENGTH, type OipMessage, type OipParameters, type RawMessage } from "./message.ts";
import { decodeInferRequest, encodeInferRequest, type InferRequest } from "./request.ts";
import { decodeInferResponse, encodeInferResponse } from "./response.ts";

const utf8 = new TextEncoder();
const raw = (m: OipMessage): RawMessage => ({ body: m.body, headerLength: m.headers[HEADER_LENGTH] });
const json = (value: unknown): RawMessage => ({
  body: utf8.encode(typeof value === "string" ? value : JSON.stringify(value)),
});

function refusal(run: () => unknown): SuretyError {
  try {
    run();
  } catch (error) {
    if (error instanceof SuretyError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
const refuses = (message: RawMessage, words: RegExp, code = "OIP_MALFORMED"): void => {
  const error = refusal(() => decodeInferRequest(message));
  expect(error.code).to.equal(code);
  expect(error.message).to.match(words);
};

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const count = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);

/** Tensors of any datatype with any bits: NaN, infinities and large integers included. */
const tensor = (name: string): fc.Arbitrary<Tensor> =>
  fc.tuple(fc.constantFrom(...(Object.keys(DATATYPES) as Datatype[])), shapes).chain(([datatype, shape]) => {
    const n = count(shape);
    const { size } = DATATYPES[datatype];
    const data =
      datatype === "BYTES"
        ? fc.array(fc.uint8Array({ maxLength: 6 }), { minLength: n, maxLength: n }).map((items) => {
            const parts = items.flatMap((item) => [item.length, 0, 0, 0, ...item]);
            return Uint8Array.from(parts);
          })
        : fc.uint8Array({ minLength: n * size, maxLength: n * size, max: datatype === "BOOL" ? 1 : 255 });
    return data.map((bytes): Tensor => ({ name, datatype, shape, data: bytes }));
  });
const tensors = fc
  .integer({ min: 1, max: 4 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => tensor(`t"${i}`))));

const FIT_JSON: Partial<Record<Datatype, fc.Arbitrary<Uint8Array>>> = {
  FP32: fc.float({ noNaN: true, noDefaultInfinity: true }).map((x) => new Uint8Array(Float32Array.of(x).buffer)),
  FP64: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => new Uint8Array(Float64Array.of(x).buffer)),
  INT64: fc.maxSafeInteger().map((x) => new Uint8Array(BigInt64Array.of(BigInt(x)).buffer)),
  UINT64: fc.maxSafeNat().map((x) => new Uint8Array(BigUint64Array.of(BigInt(x)).buffer)),
  INT16: fc.integer({ min: -32768, max: 32767 }).map((x) => new Uint8Array(Int16Array.of(x).buffer)),
  UINT32: fc.nat({ max: 0xffffffff }).map((x) => new Uint8Array(Uint32Array.of(x).buffer)),
  BOOL: fc.boolean().map((x) => Uint8Array.of(x ? 1 : 0)),
  BYTES: fc.string({ unit: "grapheme", maxLength: 5 }).map((s) => {
    const text = utf8.encode(s);
    return Uint8Array.from([text.length, 0, 0, 0, ...text]);
  }),
};
/** Tensors that JSON numbers can carry: -0 and subnormals included. */
const jsonTensor = fc
  .tuple(fc.constantFrom(...(Object.keys(FIT_JSON) as Datatype[])), shapes)
  .chain(([datatype, shape]) =>
    fc
      .array(FIT_JSON[datatype]!, { minLength: count(shape), maxLength: count(shape) })
      .map((parts): Tensor => ({ name: "x", datatype, shape, data: Uint8Array.from(parts.flatMap((p) => [...p])) })),
  );

describe("Open Inference Protocol messages", () => {
  it("carries any tensors through the binary extension bit for bit", () => {
    fc.assert(
      fc.property(tensors, fc.boolean(), fc.option(fc.string()), (inputs, binaryOutput, id) => {
        const request: InferRequest = { inputs, binaryOutput, ...(id === null ? {} : { id }) };
        const message = encodeInferRequest(request);
        const again = decodeInferRequest(raw(message));
        expect(again.inputs).to.deep.equal(inputs);
        expect(again.id).to.equal(id ?? undefined);
        expect(again.binaryOutput).to.equal(binaryOutput);
        const answer = encodeInferResponse({ modelName: "m", outputs: inputs }, () => true);
        expect(decodeInferResponse(raw(answer)).outputs).to.deep.equal(inputs);
      }),
    );
  });

  it("carries finite numbers and text through JSON bit for bit, so that hashes agree", () => {
    fc.assert(
      fc.property(jsonTensor, (t) => {
        const message = encodeInferRequest({ inputs: [t], binaryOutput: false }, { binary: false });
        expect(message.headers[HEADER_LENGTH]).to.equal(undefined);
        const again = decodeInferRequest(raw(message));
        expect(tensorHash(again.inputs)).to.equal(tensorHash([t]));
        const answer = encodeInferResponse({ modelName: "m", outputs: [t] }, () => false);
        expect(tensorHash(decodeInferResponse(raw(answer)).outputs)).to.equal(tensorHash([t]));
      }),
    );
  });

  it("reads data nested by shape as it reads it flat", () => {
    const body = (data: unknown) => json({ inputs: [{ name: "x", shape: [2, 1, 2], datatype: "INT32", data }] });
    const nested = decodeInferRequest(body([[[1, 2]], [[3, -4]]]));
    expect(nested.inputs).to.deep.equal(decodeInferRequest(body([1, 2, 3, -4])).inputs);
    refuses(body([[[1, 2]], [[3]]]), /1 entries on axis 2, its shape says 2/);
    refuses(body([[[1, 2]], [[3, [4]]]]), /nested deeper/);
    refuses(body([[[1, 2]], 3]), /no array on axis 1/);
  });

  it("reads the protocol's own binary example, and mixes JSON with binary", () => {
    const head = utf8.encode(
      '{"id":"7","parameters":{"binary_data_output":true},"inputs":[{"name":"a","shape":[2,2],"datatype":"UINT32","parameters":{"binary_data_size":16}},' +
        '{"name":"j","shape":[1],"datatype":"FP32","data":[-0.0]},{"name":"b","shape":[3],"datatype":"BOOL","parameters":{"binary_data_size":3}}],' +
        '"outputs":[{"name":"o","parameters":{"binary_data":false}},{"name":"p"}]}',
    );
    const blob = Uint8Array.from([...Array.from({ length: 16 }, (_, i) => i), 1, 0, 1]);
    const request = decodeInferRequest({
      body: Uint8Array.from([...head, ...blob]),
      headerLength: String(head.length),
    });
    expect(request.id).to.equal("7");
    expect(request.inputs.map((t) => [...t.data])).to.deep.equal([
      [...blob.subarray(0, 16)],
      [0, 0, 0, 128],
      [1, 0, 1],
    ]);
    expect(request.outputs).to.deep.equal([
      { name: "o", binary: false },
      { name: "p", binary: true },
    ]);
    const again = decodeInferRequest(raw(encodeInferRequest(request)));
    expect(again).to.deep.equal(request);
  });

  it("refuses what JSON cannot carry instead of losing it", () => {
    const lost: [Datatype, Uint8Array, RegExp][] = [
      ["FP32", new Uint8Array(Float32Array.of(1, Number.NaN).buffer), /element 1 beyond/],
      ["FP64", new Uint8Array(Float64Array.of(Number.POSITIVE_INFINITY, 1).buffer), /element 0 beyond/],
      ["INT64", new Uint8Array(BigInt64Array.of(0n, 2n ** 53n).buffer), /element 1 beyond/],
      ["UINT64", new Uint8Array(BigUint64Array.of(2n ** 64n - 1n, 0n).buffer), /element 0 beyond/],
      ["FP16", new Uint8Array(4), /is FP16/],
      ["BYTES", Uint8Array.of(1, 0, 0, 0, 255, 0, 0, 0, 0), /no UTF-8/],
    ];
    for (const [datatype, data, words] of lost) {
      const t: Tensor = { name: "x", datatype, shape: [2], data };
      const error = refusal(() => encodeInferResponse({ modelName: "m", outputs: [t] }, () => false));
      expect(error.code).to.equal("OIP_NEEDS_BINARY");
      expect(error.message).to.match(words);
    }
  });

  it("refuses JSON values that do not fit their datatype", () => {
    const one = (datatype: string, text: string) =>
      json(`{"inputs":[{"name":"x","shape":[1],"datatype":"${datatype}","data":[${text}]}]}`);
    for (const [datatype, text, words] of [
      ["UINT8", "256", /0 to 255/],
      ["INT8", "-129", /-128 to 127/],
      ["INT32", "1.5", /integer/],
      ["INT64", "9007199254740993", /within 2\^53/],
      ["UINT64", "-1", /unsigned/],
      ["FP32", "1e39", /float32/],
      ["FP32", "null", /float32/],
      ["FP32", '"1"', /float32/],
      ["FP64", "1e999", /finite/],
      ["BOOL", "1", /true or false/],
      ["BYTES", "1", /Unicode text/],
      ["BYTES", '"\\ud800"', /Unicode text/],
      ["FP16", "1", /only in binary/],
    ] as const) {
      refuses(one(datatype, text), words);
    }
  });

  it("refuses malformed messages, saying where and what was expected", () => {
    const x = { name: "x", shape: [1], datatype: "FP32", data: [1] };
    const inputs = (...list: unknown[]) => json({ inputs: list });
    refuses(json("{"), /no JSON/);
    refuses({ body: Uint8Array.of(0x22, 0xff, 0x22) }, /no JSON in UTF-8/);
    refuses(json("[]"), /needs to be an object/);
    refuses(json({}), /inputs needs to be an array/);
    refuses(inputs(), /inputs is empty/);
    refuses(json({ inputs: [x], extra: 1 }), /unknown field "extra"/);
    refuses(json('{"__proto__":{},"inputs":[]}'), /unknown field "__proto__"/);
    refuses(json({ inputs: [x], id: 5 }), /id needs to be a string/);
    refuses(json({ inputs: [x], parameters: { a: [1] } }), /string, a number or a boolean/);
    refuses(json({ inputs: [x], parameters: { binary_data_output: 1 } }), /true or false/);
    refuses(json({ inputs: [x], outputs: [{ name: "o" }, { name: "o" }] }), /twice/);
    refuses(inputs(x, x), /two tensors named "x"/);
    refuses(inputs({ ...x, name: "" }), /name is absent/);
    refuses(inputs({ ...x, datatype: "toString" }), /datatype needs to be one of/);
    refuses(inputs({ ...x, shape: [1, 1, 1, 1, 1, 1, 1, 1, 1] }), /at most 8/);
    refuses(inputs({ ...x, shape: [-1] }), /whole dimensions/);
    refuses(inputs({ ...x, shape: [2] }), /1 elements, its shape \[2\] says 2/);
    refuses(inputs({ ...x, shape: [2 ** 40, 2 ** 40] }), /says too many/);
    refuses(inputs({ ...x, data: undefined }), /either data or/);
    refuses(inputs({ ...x, parameters: { binary_data_size: 4 } }), /either data or/);
    refuses(inputs({ ...x, data: undefined, parameters: { binary_data_size: 4 } }), /Content-Length is absent/);
    refuses(inputs({ ...x, data: undefined, parameters: { binary_data_size: -1 } }), /whole number of bytes/);
  });

  it("refuses binary parts that do not fit their header", () => {
    const message = encodeInferRequest({
      inputs: [{ name: "x", datatype: "FP32", shape: [2], data: new Uint8Array(8) }],
      binaryOutput: false,
    });
    const { body } = message;
    const headerLength = message.headers[HEADER_LENGTH]!;
    refuses({ body: body.subarray(0, body.length - 1), headerLength }, /needs 8 binary bytes, 7 are left/);
    refuses({ body: Uint8Array.from([...body, 0]), headerLength }, /1 binary bytes follow/);
    refuses({ body, headerLength: String(body.length + 1) }, /needs an integer from 0/);
    for (const bad of ["-1", "1e3", "0x10", "", " 5", "99999999999"]) {
      refuses({ body, headerLength: bad }, /needs an integer from 0/);
    }
    const wrong = new TextDecoder().decode(body).replace("[2]", "[3]");
    refuses({ body: utf8.encode(wrong), headerLength }, /has 8 bytes, needs 12/);
  });

  it("bounds bytes, tensors and texts", () => {
    const limits = { bodyBytes: 200, tensors: 1, textLength: 3 };
    const t = (name: string): Tensor => ({ name, datatype: "BOOL", shape: [1], data: Uint8Array.of(1) });
    const code = (request: InferRequest) =>
      refusal(() => decodeInferRequest(raw(encodeInferRequest(request)), limits)).code;
    expect(code({ inputs: [t("a"), t("b")], binaryOutput: false })).to.equal("OIP_TOO_LARGE");
    expect(code({ inputs: [t("abcd")], binaryOutput: false })).to.equal("OIP_TOO_LARGE");
    expect(code({ id: "x".repeat(200), inputs: [t("a")], binaryOutput: false })).to.equal("OIP_TOO_LARGE");
    expect(
      decodeInferRequest(raw(encodeInferRequest({ inputs: [t("abc")], binaryOutput: false })), limits).inputs,
    ).to.have.length(1);
  });

  it("meets any bytes with an answer or a SuretyError, nothing else", () => {
    const valid = encodeInferRequest({
      inputs: [{ name: "x", datatype: "INT16", shape: [2, 2], data: new Uint8Array(8) }],
      binaryOutput: true,
    });
    const mutated = fc
      .array(fc.tuple(fc.nat(valid.body.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const body = valid.body.slice();
        for (const [at, value] of changes) body[at] = value;
        return { body, headerLength: valid.headers[HEADER_LENGTH] };
      });
    const arbitrary = fc.record({ body: fc.uint8Array(), headerLength: fc.option(fc.string(), { nil: undefined }) });
    const anyJson = fc.json().map((body) => json(body));
    fc.assert(
      fc.property(fc.oneof(mutated, arbitrary, anyJson), (message) => {
        for (const decode of [decodeInferRequest, decodeInferResponse]) {
          try {
            decode(message);
          } catch (error) {
            expect(error).to.be.instanceOf(SuretyError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps parameters, version and id of an answer", () => {
    const parameters: OipParameters = { note: 'a"b', n: 1.5, ok: true };
    const response = { modelName: "m", modelVersion: "2", id: "7", parameters, outputs: [] };
    expect(decodeInferResponse(raw(encodeInferResponse(response, () => true)))).to.deep.equal(response);
    expect(refusal(() => decodeInferResponse(json({ outputs: [] }))).message).to.match(/model_name is absent/);
  });
});
