import { encodeTensors, floatTensor, type Tensor } from "@surety/protocol";
import { expect } from "chai";
import { headOf, type Request, writeHead } from "./child/messages.ts";
import { memoryOf } from "./hostility/memory.ts";
import { createReplyReader, type Outcome } from "./read-reply.ts";

const y = floatTensor("y", [2, 3], [1, 2, 3, 4, 5, 6]);
const z = floatTensor("z", [0, 3], []);
const run: Request = { op: "run", id: "m", sets: [[], []], outputBytes: 48 };

/** A frame of whatever head, with whatever bytes. */
const frame = (head: unknown, ...bytes: Uint8Array[]) => Buffer.concat([writeHead(head as never), ...bytes]);
const outputs = (...tensors: Tensor[]) =>
  frame({ op: "outputs", tensors: tensors.map(headOf) }, ...tensors.map(({ data }) => data));
const end = frame({ op: "run", rss: 7 });

/** Gives `bytes` to a reader in pieces and returns the first outcome. */
function read(request: Request | undefined, bytes: Uint8Array, piece = bytes.length): Outcome | undefined {
  const reader = createReplyReader(request);
  for (let at = 0; at < bytes.length; at += piece) {
    const outcome = reader.take(bytes.subarray(at, at + piece));
    if (outcome !== undefined) return outcome;
  }
}
const problem = (request: Request | undefined, ...frames: Uint8Array[]) => {
  const outcome = read(request, Buffer.concat(frames));
  return outcome?.op === "broken" ? outcome.problem : `${outcome?.op}`;
};

describe("reading a reply", () => {
  it("gives what was sent, however the pipe cuts it, each tensor in aligned memory of its own", () => {
    const bytes = Buffer.concat([outputs(y, z), outputs(y), end]);
    for (const piece of [1, 2, 3, 5, 64, 4096]) {
      const reply = read(run, bytes, piece);
      expect(reply).to.deep.equal({ op: "run", rss: 7, sets: [[y, z], [y]] });
      for (const { data } of reply?.op === "run" ? reply.sets.flat() : []) {
        expect(data.byteOffset).to.equal(0);
        expect(data.buffer.byteLength).to.equal(data.length);
      }
    }
    expect(read(undefined, frame({ op: "ready" }))).to.deep.equal({ op: "ready" });
    expect(read({ op: "memory" }, frame({ op: "memory", rss: 1, more: 2 }))).to.deep.equal({ op: "memory", rss: 1 });
  });

  it("drops the outputs of a run that fails, and cuts what it says of itself", () => {
    const said = read(run, Buffer.concat([outputs(y), frame({ op: "error", message: "x".repeat(9999) })]));
    expect(said).to.deep.equal({ op: "error", message: "x".repeat(2000) });
  });

  it("waits for more while a reply is cut short, at every byte", () => {
    const bytes = Buffer.concat([outputs(y), outputs(z), end]);
    for (let n = 0; n < bytes.length; n++) expect(read(run, bytes.subarray(0, n)), `${n}`).to.equal(undefined);
  });

  it("ends at once what is too much: sets, bytes, heads, or anything after a reply", () => {
    expect(problem(run, outputs(y), outputs(y), outputs(z))).to.equal("outputs of more than 2 sets");
    expect(problem(run, outputs(y, y, floatTensor("x", [1], [0])))).to.equal("more bytes of outputs than are allowed");
    expect(problem(run, outputs(y), outputs(y, floatTensor("x", [1], [0])))).to.contain("more bytes");
    expect(problem(run, Buffer.from([1, 0, 64, 0]))).to.equal("a head of 4194305 bytes, where 4194304 are allowed");
    expect(problem(run, outputs(y), outputs(y), end, Buffer.from([0]))).to.equal("more than a reply");
    expect(problem(undefined, frame({ op: "ready" }), frame({ op: "ready" }))).to.equal("more than a reply");
    // Whatever was not asked for.
    expect(problem({ op: "memory" }, outputs())).to.equal("outputs of more than 0 sets");
    expect(problem({ op: "unload", id: "m" }, outputs(y))).to.equal("outputs of more than 0 sets");
  });

  it("wants outputs of every set", () => {
    expect(problem(run, end)).to.equal("outputs of 0 sets, where 2 were asked for");
    expect(problem(run, outputs(y), end)).to.equal("outputs of 1 sets, where 2 were asked for");
  });

  it("takes no head of another form", () => {
    const tensor = headOf(y);
    const tensors = [
      null,
      "y",
      { ...tensor, name: 1 },
      { ...tensor, datatype: [] },
      { ...tensor, shape: "2,3" },
      { ...tensor, shape: [[2], 3] },
      { ...tensor, shape: [-1] },
      { ...tensor, bytes: -24 },
      { ...tensor, bytes: 0.5 },
      { ...tensor, bytes: "24" },
      { ...tensor, bytes: undefined },
    ];
    for (const one of tensors) {
      expect(problem(run, frame({ op: "outputs", tensors: [one] })), JSON.stringify(one)).to.contain("no known kind");
    }
    const heads = [
      {},
      [],
      { op: "outputs" },
      { op: "outputs", tensors: {} },
      { op: "error" },
      { op: "error", message: {} },
      { op: "run" },
      { op: "run", rss: -1 },
      { op: "run", rss: 1e300 },
      { op: "load", rss: "1" },
      { op: "constructor", rss: 1 },
    ];
    for (const head of heads) expect(problem(run, frame(head)), JSON.stringify(head)).to.contain("no known kind");
    for (const head of [null, 1, "run"]) expect(problem(run, frame(head))).to.equal("a head that is none");
    const deep = Buffer.from(`${"[".repeat(1e6)}${"]".repeat(1e6)}`);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(deep.length);
    expect(problem(run, length, deep)).to.equal("a head of no known kind");
    for (const junk of [encodeTensors([y]), Buffer.alloc(64), Buffer.from([3, 0, 0, 0, 123, 255, 125])]) {
      expect(problem(run, junk)).to.equal("a head that is no JSON");
    }
  });

  it("allocates nothing for sizes that are not allowed", async () => {
    const before = (await memoryOf()).parent;
    for (const bytes of [49, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      expect(problem(run, frame({ op: "outputs", tensors: [{ ...headOf(y), bytes }] }))).to.contain("more bytes");
    }
    expect(((await memoryOf()).parent - before) / 2 ** 20).to.be.below(64);
  });
});
