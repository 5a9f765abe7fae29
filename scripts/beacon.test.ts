import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createHttp, readDeployment } from "@surety/node-kit";
import { epochSeed } from "@surety/protocol";
import { drandValue, quicknet, quicknetKnown } from "@surety/protocol/drand";
import { drandBeaconAbi } from "@surety/sdk";
import { expect } from "chai";
import { privateKeyToAccount } from "viem/accounts";
import { createDrandDraw } from "../verifier/src/settle/drand-draw.ts";
import { main as deploy } from "./deploy.ts";
import { publicTerms } from "./lib/actions/deploy.ts";
import { devKeys } from "./lib/testing/chain.ts";
import { createStage, type Stage } from "./lib/testing/operator.ts";
import { run } from "./lib/testing/run.ts";

const vectors = JSON.parse(readFileSync(new URL("../test/vectors/drand-quicknet.json", import.meta.url), "utf8"));

describe("a deployment that draws from drand", () => {
  let stage: Stage;
  let relay: Server;
  before(async () => {
    stage = await createStage();
    relay = createServer((request, response) => {
      const round = vectors.rounds.find((r: { round: number }) => request.url!.endsWith(`/public/${r.round}`));
      response.end(JSON.stringify({ round: round.round, signature: round.signatureG1 }));
    });
    await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    relay.close();
    await stage.close();
  });

  it("needs the choice on a public chain", async () => {
    const { SURETY_DEV_KEY: _, ...env } = stage.operators[0]!.env;
    const asset = stage.operators[1]!.address;
    const none = await run(deploy, { ...env, SURETY_CHAIN_ID: "1" }, "--asset", asset, "--json");
    expect(none.json.error.code).to.equal("BEACON_MISSING");
    expect(none.json.error.message).to.contain("--beacon").and.contain("docs/beacons.md");
    const wrong = await run(deploy, env, "--beacon", "dice", "--json");
    expect(wrong.json.error.message).to.contain("header, drand");
  });

  it("is planned, stands, and is seeded by a relay's round", async () => {
    const [deployer] = stage.operators;
    const { logWindow, beaconLag } = publicTerms.windows;
    // The seed time of epoch 0 is one second before a round of the vectors was published.
    const published = quicknet.genesisTime + (quicknetKnown.round - 1n) * quicknet.period;
    const seedTime = published - 1n;
    const genesis = seedTime - publicTerms.epochLength - logWindow - beaconLag;
    const terms = ["--beacon", "drand", "--genesis", String(genesis)];
    const plan = await deployer!.ok(deploy, "--dry-run", ...terms);
    expect(plan.calls.map((c: { contract: string }) => c.contract)).to.include("DrandBeacon");
    const done = await deployer!.ok(deploy, ...terms);
    const hub = done.calls.find((c: { contract: string }) => c.contract === "AttestationHub");
    expect(JSON.stringify(hub)).to.contain("DrandBeacon");

    const { contracts } = readDeployment(deployer!.env.SURETY_DEPLOYMENTS!, 31337);
    expect(contracts).not.to.have.property("HeaderBeacon");
    const { client } = stage.chain;
    const beacon = { address: contracts.DrandBeacon!, abi: drandBeaconAbi } as const;
    expect(await client.readContract({ ...beacon, functionName: "roundOf", args: [0n] })).to.deep.equal([
      quicknetKnown.round,
      published,
    ]);

    const http = createHttp({ allowHttp: true, allowPrivate: true });
    const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
    const head = await client.getBlock();
    const call = await createDrandDraw({ http, urls: [url] })(0n, seedTime, head);
    await http.close();
    if (call.contract !== "DrandBeacon") throw new Error("expected a draw from drand");
    const account = privateKeyToAccount(devKeys[1]);
    const { functionName, args } = call;
    const hash = await client.writeContract({ ...beacon, functionName, args, account, chain: null });
    expect((await client.waitForTransactionReceipt({ hash })).status).to.equal("success");
    const [seed] = await client.readContract({ ...beacon, functionName: "seedOf", args: [0n] });
    expect(seed).to.equal(epochSeed(drandValue(quicknetKnown.signature), 0n));
  });

  it("is refused before anything is sent where the chain cannot check drand", async () => {
    const old = await createStage({ hardfork: "cancun" });
    try {
      const message = await old.operators[0]!.refused(deploy, "CALL_REFUSED", "--beacon", "drand");
      expect(message).to.contain("EIP-2537");
    } finally {
      await old.close();
    }
  });
});
