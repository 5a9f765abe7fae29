import { readdirSync } from "node:fs";
import { expect } from "chai";
import { beaconOf, contractAddress, type Deployment, readDeployment, writeDeployment } from "./deployments.ts";
import { testDirectory } from "./testing/directory.ts";
import { failure } from "./testing/expect.ts";

const LEDGER = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const good: Deployment = {
  chainId: 31337,
  startBlock: 3n,
  genesis: 1_700_000_000n,
  contracts: { ReliabilityLedger: LEDGER },
  commit: "abc",
};

describe("deployments", () => {
  const directory = testDirectory();
  after(() => directory.remove());

  it("reads what it wrote, other notes included, and leaves no other file", () => {
    const path = writeDeployment(directory.path, good);
    expect(path).to.match(/31337\.json$/);
    expect(readDeployment(directory.path, 31337)).to.deep.equal(good);
    expect(readdirSync(directory.path)).to.deep.equal(["31337.json"]);
    expect(contractAddress(good, "ReliabilityLedger")).to.equal(LEDGER);
  });

  it("reads numbers, decimal texts and addresses in lower case", () => {
    directory.file(
      "10.json",
      JSON.stringify({
        ...good,
        chainId: 10,
        startBlock: 3,
        genesis: "9007199254740993",
        contracts: { StakePool: LEDGER.toLowerCase() },
      }),
    );
    expect(readDeployment(directory.path, 10)).to.deep.include({
      startBlock: 3n,
      genesis: 9007199254740993n,
      contracts: { StakePool: LEDGER },
    });
  });

  it("says what to do when nothing is deployed, and which contracts there are", async () => {
    const missing = await failure("DEPLOYMENT_MISSING", () => readDeployment(directory.path, 5));
    expect(missing.message).to.contain("chain id 5").and.contain("deploy script");
    const incomplete = await failure("DEPLOYMENT_INCOMPLETE", () => contractAddress(good, "StakePool"));
    expect(incomplete.message).to.contain("No StakePool").and.contain("ReliabilityLedger");
    await failure("DEPLOYMENT_INCOMPLETE", () => contractAddress(good, "toString"));
  });

  it("names the beacon that is deployed", async () => {
    const having = (contracts: Deployment["contracts"]) => beaconOf({ ...good, contracts });
    expect(having({ HeaderBeacon: LEDGER })).to.deep.equal({ name: "HeaderBeacon", address: LEDGER });
    expect(having({ DrandBeacon: LEDGER })).to.deep.equal({ name: "DrandBeacon", address: LEDGER });
    await failure("DEPLOYMENT_INCOMPLETE", () => having({}));
  });

  it("refuses malformed files by the field that is wrong", async () => {
    const bad: [string, unknown][] = [
      ["no JSON", "{"],
      ["the file", []],
      ["startBlock", { ...good, startBlock: -1, genesis: 1 }],
      ["genesis", { ...good, startBlock: 1, genesis: "soon" }],
      ["contracts.StakePool", { ...good, startBlock: 1, genesis: 1, contracts: { StakePool: "0x12" } }],
      ["expected 7", { ...good, startBlock: 1, genesis: 1 }],
    ];
    for (const [named, content] of bad) {
      directory.file(
        "7.json",
        typeof content === "string"
          ? content
          : JSON.stringify(
              Array.isArray(content) ? content : { ...(content as object), chainId: named === "expected 7" ? 8 : 7 },
            ),
      );
      expect((await failure("DEPLOYMENT_MALFORMED", () => readDeployment(directory.path, 7))).message).to.contain(
        named,
      );
    }
  });
});
