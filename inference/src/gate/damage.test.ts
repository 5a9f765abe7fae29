import { readFileSync } from "node:fs";
import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import fc from "fast-check";
import { MODEL_NAMES } from "../../../models/inputs.ts";
import { CONFORMANCE, inspectModel, SERVING } from "../gate.ts";
import { buildModel } from "../testing/build-onnx.ts";

/** Reads a damaged file; fails on anything but a reading or a refusal of the gate. */
function judge(bytes: Uint8Array): void {
  for (const policy of [SERVING, CONFORMANCE]) {
    try {
      inspectModel(bytes, policy);
    } catch (error) {
      if (!(error instanceof SuretyError)) throw error;
      expect(error.code).to.match(/^INFERENCE_MODEL_/);
      expect(error.retryable).to.equal(false);
    }
  }
}

const files: [string, () => Uint8Array][] = [
  ["a small graph", () => buildModel()],
  ...MODEL_NAMES.map((name): [string, () => Uint8Array] => [
    name,
    () => new Uint8Array(readFileSync(new URL(`../../../models/${name}/model.onnx`, import.meta.url))),
  ]),
];

describe("gate, damaged files", function () {
  this.timeout(120_000);
  for (const [name, read] of files) {
    it(`answers ${name} cut anywhere with a refusal or a reading`, () => {
      const file = read();
      fc.assert(
        fc.property(fc.nat(file.length), (end) => judge(file.subarray(0, end))),
        { numRuns: 200 },
      );
    });

    it(`answers ${name} with flipped bits and changed bytes with a refusal or a reading`, () => {
      const file = read();
      // Half of the damage near the start and the end, where the structure is; weights fill most of the rest.
      const place = fc.oneof(
        fc.nat(file.length - 1),
        fc.nat(Math.min(2000, file.length - 1)),
        fc.nat(Math.min(2000, file.length - 1)).map((n) => file.length - 1 - n),
      );
      const damage = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(damage, (changes) => {
          const copy = file.slice();
          for (const [at, bits] of changes) copy[at] = copy[at]! ^ bits;
          judge(copy);
        }),
        { numRuns: 300 },
      );
    });
  }

  it("answers bytes of no meaning with a refusal or a reading", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), judge), { numRuns: 2000 });
  });
});
