import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { ORT_VERSION } from "./version.ts";

const require = createRequire(import.meta.url);

describe("version", () => {
  for (const name of ["onnxruntime-node", "onnxruntime-web"]) {
    it(`is that of the installed ${name}`, () => {
      // The packages export no package.json: found by walking up from their entry.
      const { version } = JSON.parse(readFileSync(join(dirname(require.resolve(name)), "../package.json"), "utf8"));
      expect(version).to.equal(ORT_VERSION);
    });
  }
});
