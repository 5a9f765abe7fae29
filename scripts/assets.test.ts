import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readDeployment } from "@surety/node-kit";
import { expect } from "chai";
import { type Address, parseUnits } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { main as deploy } from "./deploy.ts";
import { main as key } from "./key.ts";
import { devKeys } from "./lib/testing/chain.ts";
import { oddAssetAbi, oddAssetBytecode } from "./lib/testing/odd-asset.ts";
import { createStage, type Operator, type Stage } from "./lib/testing/operator.ts";
import { run } from "./lib/testing/run.ts";
import { main as provider } from "./provider.ts";
import { main as rewards } from "./rewards.ts";
import { main as verifier } from "./verifier.ts";

const exec = promisify(execFile);

describe("operators' commands with an asset and a key of one's own", function () {
  this.timeout(120_000);
  let stage: Stage;
  let operator: Operator;
  let asset: Address;

  before(async () => {
    stage = await createStage();
    operator = stage.operators[0]!;
    const { client } = stage.chain;
    const hash = await client.deployContract({
      abi: oddAssetAbi,
      bytecode: oddAssetBytecode(),
      account: privateKeyToAccount(devKeys[0]),
      chain: null,
    });
    asset = (await client.waitForTransactionReceipt({ hash })).contractAddress!;
  });
  after(() => stage.close());

  it("deploys on a given asset and reads amounts with its decimals", async () => {
    expect(await operator.refused(deploy, "SETTINGS_INVALID", "--asset", asset, "--tip", "0.1234567")).to.contain(
      "--tip",
    );
    const [, governance, sink] = stage.operators.map(({ address }) => address);
    const terms = ["--ticket-size", "12.5", "--governance", governance!, "--sink", sink!, "--epoch-length", "90000"];
    const done = await operator.ok(deploy, "--asset", asset, ...terms);
    expect(done).to.include({ ticketSize: "12500000", tip: "100000", governance, epochLength: "90000" });
    const deployment = readDeployment(operator.env.SURETY_DEPLOYMENTS!, 31337);
    expect(deployment.contracts).not.to.have.property("TestAsset");
    // Whoever deployed gives the manager away.
    const renounced = done.calls.at(-1);
    expect([renounced.function, renounced.arguments.callerConfirmation]).to.deep.equal([
      "renounceRole",
      operator.address,
    ]);
  });

  it("replaces an approval that the token does not let it change", async () => {
    const { contracts } = readDeployment(operator.env.SURETY_DEPLOYMENTS!, 31337);
    const { client } = stage.chain;
    await client.writeContract({
      address: asset,
      abi: oddAssetAbi,
      functionName: "approve",
      args: [contracts.StakePool!, 1n],
      account: privateKeyToAccount(devKeys[0]),
      chain: null,
    });
    const done = await operator.ok(provider, "bond", "--amount", "25.000001");
    const shown = done.calls.map((call: { function: string; arguments: { amount: string } }) => [
      call.function,
      call.arguments.amount.split(" ")[0],
    ]);
    expect(shown).to.deep.equal([
      ["approve", "0"],
      ["approve", "25.000001"],
      ["bond", "25.000001"],
    ]);
    expect(done.stake).to.equal(String(parseUnits("25.000001", 6)));
    expect(
      await client.readContract({
        address: asset,
        abi: oddAssetAbi,
        functionName: "allowance",
        args: [operator.address, contracts.StakePool!],
      }),
    ).to.equal(0n);
    // Stake that is free already buys tickets without another bond.
    const tickets = await operator.ok(verifier, "register", "--tickets", "2");
    expect(tickets.calls.map((call: { function: string }) => call.function)).to.deep.equal(["buy"]);
    expect(
      await operator.refused(rewards, "SETTINGS_INVALID", "fund", "--epochs", "1", "--amount", "0.0000001"),
    ).to.contain("6 decimals");
  });

  it("signs with an encrypted key file, as a process of its own, and says in words what it sent", async () => {
    const file = (name: string) => join(stage.folder, name);
    writeFileSync(file("password.txt"), "correct horse battery\n", { mode: 0o600 });
    writeFileSync(file("key.txt"), devKeys[3], { mode: 0o600 });
    const flags = ["--keystore", file("operator.json"), "--password-file", file("password.txt")];
    const made = await run(key, {}, "new", ...flags, "--import-key-file", file("key.txt"), "--json");
    expect(made.json).to.include({ address: stage.operators[3]!.address, file: file("operator.json") });
    const twice = await run(key, {}, "new", ...flags, "--json");
    expect(twice.json.error.code).to.equal("KEYSTORE_EXISTS");

    const { SURETY_DEV_KEY: _, SURETY_LOG_LEVEL: __, ...env } = operator.env;
    const script = fileURLToPath(new URL("provider.ts", import.meta.url));
    const argv = [script, "register", "--endpoint", "https://c.example", ...flags];
    const { stdout, stderr } = await exec(process.execPath, argv, { env: { ...env, PATH: process.env.PATH } });
    expect(stdout).to.match(/1\. ProviderRegistry\.register\n/);
    expect(stdout)
      .to.match(/endpoint +https:\/\/c\.example\n/)
      .and.match(/gas used +\d+\n/);
    expect(stdout).to.match(/sent +0x[0-9a-f]{64} \(block \d+\)\n/);
    expect(stdout).to.match(new RegExp(`provider +${stage.operators[3]!.address}\n`));
    expect(stderr).to.contain("mined");

    writeFileSync(file("password.txt"), "wrong horse battery\n");
    const failed = await run(provider, env, ...argv.slice(1));
    expect(failed).to.include({ code: 1, stdout: "" });
    expect(failed.stderr).to.contain("the password is wrong");
  });

  it("says what was sent before a refusal", async () => {
    const other = stage.operators[3]!;
    const { client } = stage.chain;
    // Tokens, but no gas for the second transaction: the approval is mined, the bond cannot be sent.
    const args = ["bond", "--amount", "1", "--provider", other.address];
    const price = 2_000_000_000n;
    await client.setBalance({ address: operator.address, value: 60_000n * price });
    await client.setNextBlockBaseFeePerGas({ baseFeePerGas: 1_000_000_000n });
    const { code, json } = await run(provider, operator.env, ...args, "--json");
    expect(code).to.equal(1);
    expect(json.calls.map((call: { function: string }) => call.function)).to.deep.equal(["approve"]);
    expect(json.error.message).to.contain("StakePool.bond");
    const text = await run(provider, operator.env, ...args);
    expect(text.code).to.equal(1);
  });
});
