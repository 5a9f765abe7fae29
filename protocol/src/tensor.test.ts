import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  DATATYPES,
  type Datatype,
  elementCount,
  encodeParts,
  encodeTensors,
  type Tensor,
  tensorHash,
  tensorProblem,
} from "./tensor.ts";
import { decodeTensors } from "./tensor-decode.ts";
import {
  bytesTensor,
  floatTensor,
  int64Tensor,
  toByteStrings,
  toFloats,
  toIntegers,
  viewFloats,
} from "./tensor-values.ts";
import { code } from "./testing/refusal.ts";

const raw = (name: string, datatype: Datatype, shape: number[], data: number[]): Tensor => ({
  name,
  datatype,
  shape,
  data: Uint8Array.from(data),
});

/** Any well-formed tensor of a fixed-size datatype. */
const tensor: fc.Arbitrary<Tensor> = fc
  .record({
    name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
    datatype: fc.constantFrom(...(Object.keys(DATATYPES) as Datatype[]).filter((d) => d !== "BYTES")),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ name, datatype, shape }) => {
    const length = elementCount(shape)! * DATATYPES[datatype].size;
    const data = fc.uint8Array({ minLength: length, maxLength: length, max: datatype === "BOOL" ? 1 : 255 });
    return data.map((d) => ({ name, datatype, shape, data: Uint8Array.from(d) }));
  });

describe("tensor", () => {
  it("has the canonical layout byte for byte", () => {
    const b = floatTensor("b", [1, 2], [1, -2]);
    const a = raw("a", "BOOL", [], [1]);
    const want = [
      ...[1, 0, 0, 0, 0x61, 9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
      ...[1, 0, 0, 0, 0x62, 1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
      ...[8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0],
    ];
    expect([...encodeTensors([b, a])]).to.deep.equal(want);
    expect(tensorHash([b, a])).to.equal(`0x${createHash("sha256").update(Uint8Array.from(want)).digest("hex")}`);
    expect(tensorHash([])).to.equal(`0x${createHash("sha256").digest("hex")}`);
  });

  it("sorts names by their UTF-8 bytes, not by UTF-16", () => {
    const names = ["\u{1f600}", "\uff5e", "z", "a"].map((n) => raw(n, "UINT8", [1], [0]));
    expect(decodeTensors(encodeTensors(names)).map((t) => t.name)).to.deep.equal(["a", "z", "\uff5e", "\u{1f600}"]);
  });

  it("decodes to what was encoded, in any order of tensors", () => {
    fc.assert(
      fc.property(fc.uniqueArray(tensor, { selector: (t) => t.name, maxLength: 4 }), (tensors) => {
        const bytes = encodeTensors(tensors);
        const back = decodeTensors(bytes);
        expect(encodeTensors([...tensors].reverse())).to.deep.equal(bytes);
        expect(encodeTensors(back)).to.deep.equal(bytes);
        for (const t of tensors) expect(back.find((x) => x.name === t.name)).to.deep.equal(t);
      }),
    );
  });

  it("gives plain views of what it decodes, at any alignment and from a Buffer too", () => {
    const encoded = encodeTensors([floatTensor("x", [2], [1, -2]), int64Tensor("name", [], [3])]);
    for (let offset = 0; offset < 8; offset++) {
      const bytes = Buffer.alloc(offset + encoded.length)
        .fill(encoded, offset)
        .subarray(offset);
      const [name, x] = decodeTensors(bytes);
      expect([...toFloats(x!), ...viewFloats(x!), ...toIntegers(name!)]).to.deep.equal([1, -2, 1, -2, 3n]);
      expect(x!.data.constructor).to.equal(Uint8Array);
      expect(x!.data.buffer).to.equal(bytes.buffer);
      expect(encodeTensors([name!, x!])).to.deep.equal(encoded);
    }
  });

  it("gives the canonical bytes in parts that hold the tensors' own", () => {
    const tensors = [floatTensor("y", [1], [1]), floatTensor("x", [0], [])];
    const parts = encodeParts(tensors);
    expect(new Uint8Array(Buffer.concat(parts))).to.deep.equal(encodeTensors(tensors));
    expect(parts.map((part) => part.length)).to.deep.equal([23, 0, 23, 4]);
    expect(parts[3]).to.equal(tensors[0]!.data);
  });

  it("refuses every truncation and any byte more", () => {
    const bytes = encodeTensors([floatTensor("x", [2], [1, 2]), bytesTensor("s", [2], ["ab", ""])]);
    const ends = new Set<number>();
    for (let n = 0; n < bytes.length; n++) if (code(() => decodeTensors(bytes.subarray(0, n))) === "none") ends.add(n);
    // Nothing, or the first tensor alone: whole sets of tensors, though not this one.
    expect([...ends]).to.deep.equal([0, encodeTensors([bytesTensor("s", [2], ["ab", ""])]).length]);
    expect(code(() => decodeTensors(Uint8Array.of(...bytes, 0)))).to.equal("PROTOCOL_BAD_TENSORS");
  });

  it("survives hostile bytes with a refusal, never another error", () => {
    const good = encodeTensors([floatTensor("x", [2], [1, 2])]);
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const bad = good.slice();
        bad[at] = value;
        const got = code(() => encodeTensors(decodeTensors(bad)));
        expect(got).to.be.oneOf(["none", "PROTOCOL_BAD_TENSORS", "PROTOCOL_BAD_TENSOR"]);
      }),
      { numRuns: 500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (junk) => code(() => decodeTensors(junk)).length > 0));
  });

  it("refuses another order, twins, unknown types and names that are no text", () => {
    const a = encodeTensors([raw("a", "UINT8", [1], [0])]);
    const b = encodeTensors([raw("b", "UINT8", [1], [0])]);
    expect(code(() => decodeTensors(Uint8Array.of(...b, ...a)))).to.equal("PROTOCOL_BAD_TENSORS");
    expect(code(() => decodeTensors(Uint8Array.of(...a, ...a)))).to.equal("PROTOCOL_BAD_TENSOR");
    const patched = (at: number, value: number): Uint8Array => {
      const bytes = a.slice();
      bytes[at] = value;
      return bytes;
    };
    expect(code(() => decodeTensors(patched(5, 16)))).to.equal("PROTOCOL_BAD_TENSORS");
    expect(code(() => decodeTensors(patched(6, 9)))).to.equal("PROTOCOL_BAD_TENSORS");
    expect(code(() => decodeTensors(patched(4, 0xff)))).to.equal("PROTOCOL_BAD_TENSORS");
    expect(code(() => decodeTensors(patched(14, 0xff)))).to.equal("PROTOCOL_BAD_TENSORS");
    expect(code(() => decodeTensors(patched(1, 0xff)))).to.equal("PROTOCOL_BAD_TENSORS");
  });

  it("says what is wrong with a tensor", () => {
    const problems: [Tensor, RegExp][] = [
      [raw("", "UINT8", [1], [0]), /name/],
      [raw("\ud800", "UINT8", [1], [0]), /name/],
      [raw("n".repeat(1025), "UINT8", [1], [0]), /1024/],
      [raw("x", "BF16" as Datatype, [1], [0, 0]), /unknown datatype/],
      [raw("x", "toString" as Datatype, [1], [0, 0]), /unknown datatype/],
      [raw("x", "UINT8", [1, 1, 1, 1, 1, 1, 1, 1, 1], [0]), /at most 8/],
      [raw("x", "UINT8", [2 ** 30, 2 ** 30], []), /impossible shape/],
      [raw("x", "UINT8", [-1], []), /impossible shape/],
      [raw("x", "UINT8", [0.5], []), /impossible shape/],
      [raw("x", "FP32", [2], [0, 0, 0, 0]), /has 4 bytes, needs 8/],
      [raw("x", "BOOL", [1], [2]), /neither 0 nor 1/],
      [raw("x", "BYTES", [2], [1, 0, 0, 0, 65]), /element 1 of 2/],
      [raw("x", "BYTES", [1], [9, 0, 0, 0, 65]), /inside element 0/],
      [raw("x", "BYTES", [1], [0, 0, 0, 0, 65]), /1 bytes after/],
      [{ ...raw("x", "UINT8", [1], [0]), data: [0] as unknown as Uint8Array }, /as bytes/],
      [null as unknown as Tensor, /name/],
    ];
    for (const [t, why] of problems) {
      expect(tensorProblem(t)).to.match(why);
      expect(code(() => encodeTensors([t]))).to.equal("PROTOCOL_BAD_TENSOR");
    }
    expect(tensorProblem(raw("x", "FP32", [0, 2 ** 50], []))).to.equal(null);
    expect(code(() => encodeTensors([raw("x", "UINT8", [1], [0]), raw("x", "INT8", [1], [0])]))).to.equal(
      "PROTOCOL_BAD_TENSOR",
    );
  });

  it("reads values exactly at any alignment", () => {
    const f = floatTensor("f", [3], [0.1, -0, Number.NaN]);
    const odd = new Uint8Array(f.data.length + 1);
    odd.set(f.data, 1);
    expect([...toFloats({ ...f, data: odd.subarray(1) })]).to.deep.equal([Math.fround(0.1), -0, Number.NaN]);
    const pooled = Buffer.from(Uint8Array.of(9, 9, ...f.data)).subarray(2);
    expect([...toFloats({ ...f, data: pooled })]).to.deep.equal([Math.fround(0.1), -0, Number.NaN]);
    expect([...toFloats(floatTensor("d", [], [0.1], "FP64"))]).to.deep.equal([0.1]);
    expect(toIntegers(int64Tensor("i", [2], [-1, 2n ** 62n]))).to.deep.equal([-1n, 2n ** 62n]);
    expect(toIntegers(raw("u", "UINT64", [1], Array(8).fill(255)))).to.deep.equal([2n ** 64n - 1n]);
    expect(toIntegers(raw("i", "INT16", [1], [0xfe, 0xff]))).to.deep.equal([-2n]);
    expect(toIntegers(raw("b", "BOOL", [2], [0, 1]))).to.deep.equal([0n, 1n]);
    expect(toByteStrings(bytesTensor("s", [2], ["ab", ""])).map((b) => b.length)).to.deep.equal([2, 0]);
  });

  it("reads every half exactly", () => {
    const data = new Uint8Array(65_536 * 2);
    const view = new DataView(data.buffer);
    for (let i = 0; i < 65_536; i++) view.setUint16(2 * i, i, true);
    const got = toFloats({ name: "h", datatype: "FP16", shape: [65_536], data });
    for (const [i, value] of [0, 1, 0x03ff, 0x0400, 0x3c00, 0x7bff, 0x8000, 0xc000].entries()) {
      const want = [0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 65_504, -0, -2][i]!;
      expect(Object.is(got[value], want), `${value}`).to.equal(true);
    }
    expect([got[0x7c00], got[0xfc00]]).to.deep.equal([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    for (let bits = 0; bits < 0x7c00; bits++) {
      // Halving and doubling are exact, so this is the definition without a power.
      let unit = 2 ** -24;
      for (let e = 1; e < bits >> 10; e++) unit *= 2;
      const want = ((bits >> 10 === 0 ? 0 : 1024) + (bits & 1023)) * unit;
      if (got[bits] !== want || got[bits | 0x8000] !== -want) expect.fail(`half ${bits}`);
    }
    for (let bits = 0x7c01; bits < 0x8000; bits++) expect(got[bits]).to.be.NaN;
  });

  it("refuses to read or make what does not fit", () => {
    expect(code(() => toFloats(int64Tensor("i", [1], [1])))).to.equal("PROTOCOL_WRONG_DATATYPE");
    expect(code(() => toIntegers(floatTensor("f", [1], [1])))).to.equal("PROTOCOL_WRONG_DATATYPE");
    expect(code(() => toByteStrings(floatTensor("f", [1], [1])))).to.equal("PROTOCOL_WRONG_DATATYPE");
    expect(code(() => floatTensor("f", [2], [1]))).to.equal("PROTOCOL_BAD_TENSOR");
    expect(code(() => int64Tensor("i", [2], [1]))).to.equal("PROTOCOL_BAD_TENSOR");
    expect(code(() => bytesTensor("s", [2], ["a"]))).to.equal("PROTOCOL_BAD_TENSOR");
  });
});
