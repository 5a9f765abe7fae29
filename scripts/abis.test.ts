import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SuretyError } from "@surety/protocol";
import { expect } from "chai";
import { ABI_CONTRACTS, differences, generateAbis, writeAbis } from "./abis.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const uint = { name: "need", type: "uint256", internalType: "uint256" };
const tooMuch = { type: "error", name: "TooMuch", inputs: [uint] };
const get = {
  type: "function",
  name: "get",
  stateMutability: "view",
  inputs: [],
  outputs: [{ name: "", type: "tuple", internalType: "struct Till.Row", components: [{ ...uint, name: "row" }] }],
};

describe("interfaces for the sdk", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surety-abis-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const artifact = (path: string, content: unknown) => {
    mkdirSync(join(folder, "artifacts", path, ".."), { recursive: true });
    writeFileSync(join(folder, "artifacts", path), typeof content === "string" ? content : JSON.stringify(content));
  };
  const generate = (...names: string[]) => generateAbis(join(folder, "artifacts"), names);
  const code = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (error instanceof SuretyError) return error.code;
      throw error;
    }
    return undefined;
  };

  it("writes modules that import, with each error once", async () => {
    artifact("till/Till.sol/Till.json", { contractName: "Till", abi: [get, tooMuch] });
    artifact("till/ISafe.sol/ISafe.json", {
      contractName: "ISafe",
      abi: [{ ...tooMuch, inputs: [{ ...uint, internalType: "Wad" }] }],
    });
    artifact("till/Till.sol/artifacts.d.ts", "not json");
    const out = join(folder, "abis");
    writeAbis(out, generate("Till", "ISafe"));
    expect(readdirSync(out).sort()).to.deep.equal(["ISafe.ts", "Till.ts", "errors.ts", "index.ts"]);
    const abis = await import(pathToFileURL(join(out, "index.ts")).href);
    const plain = { type: "error", name: "TooMuch", inputs: [{ name: "need", type: "uint256" }] };
    expect(Object.keys(abis).sort()).to.deep.equal(["errorsAbi", "iSafeAbi", "tillAbi"]);
    expect(abis.errorsAbi).to.deep.equal([plain]);
    expect(abis.tillAbi[1]).to.deep.equal(plain);
    const text = JSON.stringify(abis.tillAbi);
    expect(text).to.contain('"row"');
    expect(text).not.to.contain("internalType");
  });

  it("finds what differs, and takes away what no longer is", () => {
    artifact("Till.sol/Till.json", { abi: [get] });
    const out = join(folder, "abis");
    const files = generate("Till");
    writeAbis(out, files);
    expect(differences(out, files)).to.deep.equal([]);
    writeFileSync(join(out, "Till.ts"), "edited");
    writeFileSync(join(out, "Old.ts"), "");
    rmSync(join(out, "index.ts"));
    expect(differences(out, files)).to.deep.equal(["Old.ts", "Till.ts", "index.ts"]);
    writeAbis(out, files);
    expect(differences(out, files)).to.deep.equal([]);
  });

  it("names a contract that is missing, twice there, or not compiled by Hardhat", () => {
    expect(code(() => generate("Till"))).to.equal("ARTIFACT_MISSING");
    artifact("a/Till.sol/Till.json", { abi: [] });
    expect(code(() => generate("Tall"))).to.equal("ARTIFACT_MISSING");
    artifact("b/Till.sol/Till.json", { abi: [] });
    expect(code(() => generate("Till"))).to.equal("ARTIFACT_AMBIGUOUS");
    artifact("c/Odd.sol/Odd.json", {});
    expect(code(() => generate("Odd"))).to.equal("ARTIFACT_MALFORMED");
  });

  it("are committed as the contracts say", () => {
    const files = generateAbis(join(root, "artifacts/contracts"), ABI_CONTRACTS);
    expect(differences(join(root, "sdk/src/abis"), files), "run: npm run build && node scripts/abis.ts").to.deep.equal(
      [],
    );
  });
});
