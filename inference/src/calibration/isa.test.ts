import { expect } from "chai";
import { isaClass } from "./isa.ts";

const V2 = "fpu sse sse2 cx16 popcnt sse4_1 sse4_2 ssse3";
const V3 = `${V2} avx avx2 bmi1 bmi2 f16c fma abm movbe`;
const V4 = `${V3} avx512f avx512bw avx512cd avx512dq avx512vl`;
const x64 = (flags: string) =>
  isaClass("x64", `processor\t: 0\nflags\t\t: ${flags}\n\nprocessor\t: 1\nflags\t\t: fpu\n`);

describe("isaClass", () => {
  it("is the x86-64 level whose every flag, and those of the levels below, the processor has", () => {
    expect(["fpu sse sse2", V2, V3, V4].map(x64)).to.deep.equal(["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"]);
    expect(x64(V4.replace(" avx512dq", ""))).to.equal("x86-64-v3");
    expect(x64(V4.replace(" fma", ""))).to.equal("x86-64-v2");
    expect(x64(V4.replace(" popcnt", ""))).to.equal("x86-64");
  });

  it("names the extensions that have kernels of their own", () => {
    expect(x64(`${V4} avx512_vnni amx_int8`)).to.equal("x86-64-v4-vnni-amx");
    expect(x64(`${V3} avx_vnni`)).to.equal("x86-64-v3-vnni");
    expect(isaClass("arm64", "Features\t: fp asimd asimddp i8mm\n")).to.equal("arm64-dot-i8mm");
  });

  it("is the bare architecture where nothing says more, and holds for this machine", () => {
    expect(isaClass("arm64", "")).to.equal("arm64");
    expect(isaClass()).to.match(/^[a-z0-9-]{1,32}$/);
    expect(isaClass()).to.equal(isaClass());
  });
});
