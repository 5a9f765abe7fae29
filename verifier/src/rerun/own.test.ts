import { encodeTensors, SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { manifest, toyId, toyInputs, toyRerunner } from "../testing/toy-model.ts";
import { runOwn } from "./own.ts";

const leaf = encodeTensors(toyInputs([1, 2]));
const run = (native: Error | undefined, wasm: Error | undefined) => {
  const rerunner = {
    ...toyRerunner,
    ...(native && { native: async () => [native] }),
    ...(wasm && { wasm: async () => [wasm] }),
  };
  return runOwn({ modelId: toyId, manifest, rerunner }, { i: leaf, k: leaf }, 0.5);
};
const refused = new SuretyError("INFERENCE_RUN_FAILED", "the model's own check refuses the input");
const late = new SuretyError("INFERENCE_TIMEOUT", "the run took too long");

describe("a seat's own outputs", () => {
  it("are what both runtimes give", async () => {
    const ran = await run(undefined, undefined);
    if (ran instanceof Error) throw ran;
    expect([ran.native.length > 0, ran.wasm.length > 0]).to.deep.equal([true, true]);
  });

  it("are empty where both runtimes refuse the input: there is nothing else to show", async () => {
    expect(await run(refused, refused)).to.deep.equal({ native: new Uint8Array(), wasm: new Uint8Array() });
  });

  it("are none where one runtime refuses it, or it failed for a reason that others need not have", async () => {
    expect(await run(refused, undefined)).to.equal(refused);
    expect(await run(undefined, refused)).to.equal(refused);
    expect(await run(late, late)).to.equal(late);
    expect(await run(refused, late)).to.equal(refused);
  });
});
