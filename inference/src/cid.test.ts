import { expect } from "chai";
import { rawCid, sha256 } from "./cid.ts";

describe("cid", () => {
  it("names bytes as IPFS does", () => {
    const bytes = new TextEncoder().encode("hello world");
    expect(rawCid(bytes)).to.equal("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
    expect(sha256(bytes)).to.equal("0xb94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9");
  });
});
