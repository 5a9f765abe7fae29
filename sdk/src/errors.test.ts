import { expect } from "chai";
import { type Abi, createPublicClient, custom, encodeErrorResult, type Hex, parseAbi } from "viem";
import { decodeRevert, explainRevert } from "./errors.ts";

const abi = parseAbi([
  "error TooMuch(uint256 have, uint256 need)",
  "error Unnamed(uint256, address who)",
  "struct Row { uint64 epoch; bytes32 root; }",
  "error BadRow(Row row)",
]);
const tooMuch = encodeErrorResult({ abi, errorName: "TooMuch", args: [1n, 2n] });
const to = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

/** What viem throws for a call that a node answers with this error. */
async function thrown(error: { code?: number; message: string; data?: unknown }): Promise<unknown> {
  const request = async () => {
    throw Object.assign(new Error(error.message), error);
  };
  const client = createPublicClient({ transport: custom({ request }, { retryCount: 0 }) });
  return client.call({ to, data: "0x12345678" }).catch((cause: unknown) => cause);
}

describe("contract errors", () => {
  it("finds the bytes wherever a node puts them", async () => {
    const answers = [
      { code: 3, message: "execution reverted", data: tooMuch },
      { code: -32000, message: "execution reverted", data: tooMuch },
      { code: -32603, message: "Internal error", data: { data: tooMuch } },
    ];
    for (const answer of answers) {
      const revert = explainRevert(await thrown(answer), abi);
      expect(revert).to.deep.equal({
        name: "TooMuch",
        args: { have: 1n, need: 2n },
        text: "TooMuch(have 1, need 2)",
        data: tooMuch,
      });
    }
  });

  it("tells a refusal without reason from trouble that is no refusal", async () => {
    const bare = explainRevert(await thrown({ code: 3, message: "execution reverted" }), abi);
    expect(bare).to.deep.equal({ name: "unknown", args: {}, text: "no reason given", data: "0x" });
    for (const trouble of [
      { code: -32005, message: "rate limit" },
      { message: "fetch failed" },
      { code: -32000, message: "header not found" },
    ])
      expect(explainRevert(await thrown(trouble), abi), trouble.message).to.equal(undefined);
    expect(explainRevert(new Error("reverted"), abi)).to.equal(undefined);
    expect(explainRevert(undefined, abi)).to.equal(undefined);
  });

  it("reads texts, panics, structs and unnamed values", () => {
    const standard = parseAbi(["error Error(string)", "error Panic(uint256)"]);
    const text = encodeErrorResult({ abi: standard, errorName: "Error", args: ["too late"] });
    expect(decodeRevert(text, abi).text).to.contain("Error(").and.contain("too late");
    const panic = encodeErrorResult({ abi: standard, errorName: "Panic", args: [17n] });
    expect(decodeRevert(panic, []).text).to.contain("Panic(").and.contain("17");
    const row = { epoch: 7n, root: `0x${"ab".repeat(32)}` } as const;
    const bad = decodeRevert(encodeErrorResult({ abi, errorName: "BadRow", args: [row] }), abi);
    expect(bad.text).to.equal(`BadRow(row {"epoch":"7","root":"0x${"ab".repeat(32)}"})`);
    const unnamed = decodeRevert(encodeErrorResult({ abi, errorName: "Unnamed", args: [3n, to] }), abi);
    expect(unnamed.text).to.equal(`Unnamed(3, who ${to})`);
    expect(unnamed.args).to.deep.equal({ 0: 3n, who: to });
  });

  it("survives bytes that are in no ABI or are cut off", () => {
    const strange: [Hex, Abi][] = [
      [tooMuch, []],
      ["0x1234", abi],
      [tooMuch.slice(0, 40) as Hex, abi],
      ["0x", abi],
    ];
    for (const [data, known] of strange) {
      const revert = decodeRevert(data, known);
      expect(revert).to.include({ name: "unknown", data });
    }
    expect(decodeRevert(tooMuch, []).text).to.contain(tooMuch.slice(0, 10));
  });
});
