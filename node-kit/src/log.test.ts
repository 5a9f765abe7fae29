import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { createLog, type LogOptions } from "./log.ts";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** A log that writes into memory, and what it wrote. */
function memory(options: Partial<LogOptions> & { isTTY?: boolean } = {}) {
  const lines: string[] = [];
  const sink = { write: (line: string) => lines.push(line), isTTY: options.isTTY };
  return { log: createLog({ name: "verifier", sink, ...options }), lines, text: () => lines.join("") };
}

describe("log", () => {
  it("writes one JSON object per line away from a terminal", () => {
    const { log, lines } = memory();
    log.child({ part: "tx" }).info({ epoch: 7n }, "committed");
    expect(lines).to.have.length(1);
    const line = JSON.parse(lines[0] ?? "");
    expect(line).to.include({ level: "info", name: "verifier", part: "tx", epoch: 7, msg: "committed" });
    expect(Date.parse(line.time)).to.be.closeTo(Date.now(), 5_000);
  });

  it("never writes a key, by field name or by value, with or without 0x", () => {
    for (const format of ["json", "pretty"] as const) {
      const { log, text } = memory({ format, secrets: [KEY, "hunter2", "https://rpc.test/v3/abcdef"] });
      log.info({ privateKey: "0x1234", nested: { password: "swordfish" } }, "fields");
      log.info({ note: `raw ${KEY.slice(2)}` }, `leaked ${KEY}`);
      log.error({ err: new Error("calling https://rpc.test/v3/abcdef failed for hunter2") }, "failed");
      for (const secret of ["1234", "swordfish", KEY.slice(2), "hunter2", "abcdef"])
        expect(text()).not.to.contain(secret);
      expect(text()).to.contain("[redacted]");
    }
  });

  it("keeps code and details of errors, the stack of unexpected ones, and causes", () => {
    const { log, lines } = memory();
    const cause = new Error("socket hang up");
    log.error({ err: new SuretyError("HTTP_TIMEOUT", "too slow", { details: { deadlineMs: 5 }, cause }) }, "probe");
    log.error({ err: new TypeError("x is not a function") }, "bug");
    const [known, unknown] = lines.map((line) => JSON.parse(line).err);
    expect(known).to.deep.equal({
      code: "HTTP_TIMEOUT",
      message: "too slow",
      causes: ["socket hang up"],
      details: { deadlineMs: 5 },
    });
    expect(unknown.type).to.equal("TypeError");
    expect(unknown.stack).to.contain("log.test.ts");
  });

  it("is readable on a terminal and lets no stranger's control characters through", () => {
    const { log, text } = memory({ isTTY: true });
    log.warn({ provider: "\u001b[31mevil\u001b[2J", err: new SuretyError("X", "no\u001b[2Jpe") }, "probe failed");
    expect(text()).to.contain("verifier");
    expect(text()).to.contain("probe failed");
    expect(text()).to.contain("provider=evil");
    expect(text()).to.contain("X nope");
    expect(text()).not.to.contain("\u001b[2J");
  });

  it("is silent below its level", () => {
    const { log, lines } = memory({ level: "warn" });
    log.info("hidden");
    log.warn("shown");
    expect(lines).to.have.length(1);
  });
});
