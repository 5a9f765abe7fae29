import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { endOfJson, toRaw } from "./messages.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const code = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof SuretyError) return error.code;
    throw error;
  }
  return "none";
};

const objects = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }));

describe("bodies in files", () => {
  it("finds the end of the JSON whatever it holds and whatever follows", () => {
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 2), fc.uint8Array(), (value, indent, tail) => {
        const json = Buffer.from(`\n ${JSON.stringify(value, null, indent)}`);
        expect(endOfJson(new Uint8Array(Buffer.concat([json, tail])))).to.equal(json.length);
      }),
    );
  });

  it("refuses every beginning of an object that is not the whole", () => {
    fc.assert(
      fc.property(objects, fc.nat(), (value, cut) => {
        const json = bytes(JSON.stringify(value));
        expect(code(() => endOfJson(json.subarray(0, cut % json.length)))).to.equal("OIP_MALFORMED");
      }),
    );
  });

  it("gives any bytes an end or a refusal", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        const body = new Uint8Array(Buffer.concat([bytes('{"a":'), noise]));
        expect(["none", "OIP_MALFORMED"]).to.include(code(() => endOfJson(body)));
      }),
    );
  });

  it("bounds nesting", () => {
    const nested = (depth: number) => bytes(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    expect(endOfJson(nested(31))).to.equal(nested(31).length);
    expect(code(() => endOfJson(nested(32)))).to.equal("OIP_MALFORMED");
    expect(code(() => endOfJson(nested(5_000_000)))).to.equal("OIP_MALFORMED");
  });

  it("takes a body as binary if its JSON says so, or if its length is given", () => {
    const json = '{"inputs":[{"parameters":{"binary_data_size":4}}]}';
    expect(toRaw(bytes(`${json}\n\n\n\n`)).headerLength).to.equal(String(json.length));
    expect(toRaw(bytes('{"inputs":[]}\n'))).not.to.have.property("headerLength");
    expect(toRaw(bytes('{"inputs":[]}\n'), 13).headerLength).to.equal("13");
  });
});
