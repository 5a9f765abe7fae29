import { expect } from "chai";
import { scriptKind } from "./kinds.ts";

/** The value that a kind reads, or undefined if it refuses. */
const read = <T>(kind: { schema: { safeParse(text: string): { success: boolean; data?: T } } }, text: string) =>
  kind.schema.safeParse(text).data;

describe("kinds of settings of the operators' commands", () => {
  it("reads shares in percent exactly, up to a limit", () => {
    const share = scriptKind.percent(99.9, "99.5");
    expect(read(share, "99.5")).to.equal(995_000_000n);
    expect(read(share, "99.9")).to.equal(999_000_000n);
    expect(read(share, "99.9%")).to.equal(999_000_000n);
    expect(read(share, "0.0000001")).to.equal(1n);
    for (const text of ["99.90001", "100", "0", "0.00000001", "-1", "99,5", "1e1", "", ".5"])
      expect(read(share, text), text).to.equal(undefined);
  });

  it("reads shares as numbers or in percent, both ends included", () => {
    const share = scriptKind.share();
    for (const [text, value] of [
      ["0", 0],
      ["1", 1],
      ["0.25", 0.25],
      ["10%", 0.1],
      ["100 %", 1],
      ["0%", 0],
    ] as const)
      expect(read(share, text), text).to.equal(value);
    for (const text of ["1.01", "10", "101%", "-0.1", "1e-3", ".5", "%", "", "NaN"])
      expect(read(share, text), text).to.equal(undefined);
  });

  it("reads amounts as text, since their decimals are the token's", () => {
    expect(read(scriptKind.amount(), " 12.50 ")).to.equal("12.50");
    for (const text of ["0", "0.0", "-1", "1e18", "1_000", "0x10", "1.", "1,5"])
      expect(read(scriptKind.amount(), text), text).to.equal(undefined);
    expect(read(scriptKind.amountOrZero(), "0")).to.equal("0");
    expect(read(scriptKind.amountOrZero(), "-0")).to.equal(undefined);
  });

  it("reads lists, each entry once", () => {
    const [a, b] = ["0xAB".padEnd(66, "0"), "0xcd".padEnd(66, "0")];
    expect(read(scriptKind.modelIds(), `${a}, ${b},${a.toLowerCase()}`)).to.deep.equal([a.toLowerCase(), b]);
    expect(read(scriptKind.modelIds(), `${a},`)).to.equal(undefined);
    expect(read(scriptKind.ids(), `${b},${b},${a}`)).to.deep.equal([b, a.toLowerCase()]);
    expect(read(scriptKind.ids(), "0x12")).to.equal(undefined);
    expect(read(scriptKind.numbers(), "4, 7,04")).to.deep.equal([4n, 7n]);
    for (const text of ["", "1,", "-1", "1.5", "x"]) expect(read(scriptKind.numbers(), text), text).to.equal(undefined);
  });

  it("reads labels of up to 32 bytes", () => {
    expect(read(scriptKind.label(), "aws")).to.equal(`0x${Buffer.from("aws").toString("hex").padEnd(64, "0")}`);
    expect(read(scriptKind.label(), `0x${"12".repeat(32)}`)).to.equal(`0x${"12".repeat(32)}`);
    expect(read(scriptKind.label(), "é".repeat(16))).to.have.length(66);
    expect(read(scriptKind.label(), "é".repeat(17))).to.equal(undefined);
  });

  it("reads endpoints that fit on chain and carry no password", () => {
    const endpoint = scriptKind.endpoint();
    expect(read(endpoint, "https://provider.example:8443/v2")).to.equal("https://provider.example:8443/v2");
    const long = `https://provider.example/${"a".repeat(232)}`;
    for (const text of ["provider.example", "ftp://provider.example", "https://me:pass@provider.example", long])
      expect(read(endpoint, text), text).to.equal(undefined);
  });
});
