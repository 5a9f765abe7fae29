import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { main as deploy } from "./deploy.ts";
import { devKeys } from "./lib/testing/chain.ts";
import { createStage, type Operator, type Stage } from "./lib/testing/operator.ts";
import { run } from "./lib/testing/run.ts";
import { main as mint } from "./mint.ts";
import { main as model } from "./model.ts";
import { main as provider } from "./provider.ts";
import { main as rewards } from "./rewards.ts";
import { main as verifier } from "./verifier.ts";

const id = `0x${"12".repeat(32)}`;
const promise = "--target 99 --latency-ms 2000 --capacity 1 --unit-price 1 --epochs 1".split(" ");

describe("wrong settings of operators' commands", function () {
  this.timeout(120_000);
  let stage: Stage;
  let operator: Operator;

  before(async () => {
    stage = await createStage();
    operator = stage.operators[0]!;
  });
  after(() => stage.close());

  it("reports all that are missing at once, each with flag, variable, what is expected and an example", async () => {
    const { code, stderr, stdout } = await run(provider, {}, "commit");
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
    for (const name of [
      "model-id",
      "target",
      "latency-ms",
      "capacity",
      "unit-price",
      "epochs",
      "rpc-urls",
      "chain-id",
    ]) {
      const variable = `SURETY_${name.replace("-", "_").toUpperCase()}`;
      expect(stderr).to.match(new RegExp(`--${name} \\(${variable}\\) is missing; expected .+, for example .+`));
    }
  });

  it("refuses what is malformed before anything is sent", async () => {
    const wrong: [typeof deploy, string, ...string[]][] = [
      [deploy, "--asset", "--asset", "0x1234"],
      [deploy, "--epoch-length", "--epoch-length", "0"],
      [deploy, "--log-window", "--log-window", "1.5"],
      [deploy, "--ticket-size", "--ticket-size", "0"],
      [deploy, "--tip", "--tip", "1.0000000000000000001"],
      [deploy, "--governance", "--governance", "0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
      [deploy, "--chain-id", "--chain-id", "mainnet"],
      [provider, "--endpoint", "register", "--endpoint", "provider.example"],
      [provider, "--failure-domain", "register", "--endpoint", "https://a.example", "--failure-domain", "x".repeat(33)],
      [provider, "--amount", "bond", "--amount", "-5"],
      [provider, "--target", "commit", "--model-id", id, ...promise.with(1, "99.95")],
      [provider, "--model-id", "commit", "--model-id", "0x12", ...promise],
      [provider, "--capacity", "commit", "--model-id", id, ...promise.with(5, "4294967296")],
      [provider, "--exits", "claim-exit", "--exits", "one"],
      [verifier, "--tickets", "register", "--tickets", "33"],
      [verifier, "--ticket-numbers", "give-back", "--ticket-numbers", "1;2"],
      [rewards, "--epochs", "fund", "--epochs", "1001", "--amount", "1"],
      [mint, "--to", "--amount", "1", "--to", "alice"],
    ];
    for (const [main, flag, ...argv] of wrong) {
      const message = await operator.refused(main, "SETTINGS_INVALID", ...argv);
      expect(message).to.match(new RegExp(`${flag} .*expected .+, for example .+`));
    }
  });

  it("refuses variables and options that it does not know", async () => {
    const env = { ...operator.env, SURETY_AMUONT: "5" };
    const { code, stderr } = await run(provider, env, "bond", "--amount", "5");
    expect(code).to.equal(1);
    expect(stderr).to.contain("SURETY_AMUONT is no setting of this program").and.contain("SURETY_AMOUNT");
    const flag = await run(provider, operator.env, "bond", "--amout", "5");
    expect(flag.code).to.equal(1);
    expect(flag.stderr).to.contain("--amout").and.contain("--amount");
    // Settings of the other commands and of the provider's service may be in the environment.
    const others = { ...operator.env, SURETY_TICKETS: "2", SURETY_ENDPOINT: "https://a.example", SURETY_POLL_MS: "5" };
    expect((await run(provider, others, "status")).stderr).to.contain("Nothing is known to be deployed");
  });

  it("refuses keys that are missing, given twice, plain on a real chain, or open to others", async () => {
    const { SURETY_DEV_KEY: key = "", ...bare } = operator.env;
    const none = await run(deploy, bare, "--json");
    expect(none.json.error.code).to.equal("KEY_MISSING");
    const keystore = join(stage.folder, "key.json");
    writeFileSync(keystore, "{}", { mode: 0o600 });
    expect((await run(deploy, operator.env, "--keystore", keystore, "--json")).json.error.code).to.equal("KEY_TWICE");
    const terms = ["--asset", operator.address, "--beacon", "header"];
    const plain = await run(deploy, { ...operator.env, SURETY_CHAIN_ID: "1" }, ...terms, "--json");
    expect(plain.json.error.code).to.equal("KEY_PLAIN_REFUSED");
    expect(plain.stdout).not.to.contain(key.slice(2));
    const password = join(stage.folder, "password.txt");
    writeFileSync(password, "correct horse", { mode: 0o600 });
    chmodSync(password, 0o644);
    const open = await run(deploy, bare, "--keystore", keystore, "--password-file", password, "--json");
    expect(open.json.error.message).to.contain("chmod 600");
  });

  it("refuses nodes that are silent or serve another chain, and deployments that are not there", async () => {
    const away = { ...operator.env, SURETY_RPC_URLS: "http://127.0.0.1:1" };
    expect((await run(deploy, away, "--json")).json.error.code).to.equal("CHAIN_UNREACHABLE");
    const other = { ...operator.env, SURETY_CHAIN_ID: "1337" };
    const wrong = await run(deploy, other, "--json");
    expect(wrong.json.error.code).to.equal("WRONG_CHAIN");
    expect(wrong.json.error.message).to.contain("31337").and.contain("1337");
    await operator.refused(provider, "DEPLOYMENT_MISSING", "bond", "--amount", "1");

    const folder = join(stage.folder, "stale");
    mkdirSync(folder);
    const stale = { chainId: 31337, startBlock: 0, genesis: 0, contracts: { EpochClock: operator.address } };
    writeFileSync(join(folder, "31337.json"), JSON.stringify(stale));
    await operator.refused(provider, "DEPLOYMENT_GONE", "bond", "--amount", "1", "--deployments", folder);
  });

  it("refuses to deploy on terms that the law forbids, or without a real asset", async () => {
    await operator.refused(deploy, "PROTOCOL_WINDOWS", "--log-window", "86400");
    await operator.refused(deploy, "PROTOCOL_WINDOWS", "--commit-window", "50000", "--reveal-window", "40000");
    expect(await operator.refused(deploy, "DEPLOY_TERMS", "--exit-delay", "997319")).to.contain("at least 997320 s");
    expect(await operator.refused(deploy, "DEPLOY_TERMS", "--jury-votes", "10")).to.contain("at least 11/15");
    expect(await operator.refused(deploy, "DEPLOY_TERMS", "--jury-size", "10")).to.contain("all of 10 seats");
    expect(await operator.refused(deploy, "ASSET_NO_CODE", "--asset", stage.operators[1]!.address)).to.contain(
      "no code",
    );
    const { SURETY_DEV_KEY: _, ...bare } = operator.env;
    const real = await run(deploy, { ...bare, SURETY_CHAIN_ID: "1" }, "--json");
    expect(real.json.error.code).to.equal("ASSET_MISSING");
    expect(real.json.error.message).to.contain("--asset (SURETY_ASSET)");
  });

  it("says when the first epoch begins", async () => {
    const { timestamp } = await stage.chain.client.getBlock();
    const folder = join(stage.folder, "ahead");
    const genesis = String(timestamp + 100_000n);
    await operator.ok(deploy, "--deployments", folder, "--genesis", genesis);
    for (const [main, ...argv] of [
      [provider, "register", "--endpoint", "https://a.example"],
      [provider, "status"],
    ] as const) {
      const message = await operator.refused(main, "CALL_REFUSED", ...argv, "--deployments", folder);
      expect(message).to.contain("EpochClockBeforeGenesis").and.contain("Wait until genesis");
    }
  });

  it("refuses model folders that are empty or whose files do not belong together", async () => {
    await operator.ok(deploy);
    await operator.refused(model, "MODELS_MISSING", "register", "--models", stage.folder);
    const shipped = fileURLToPath(new URL("../models/digits-cnn", import.meta.url));
    const folder = join(stage.folder, "spoiled");
    mkdirSync(folder);
    cpSync(shipped, folder, { recursive: true });
    const profile = JSON.parse(readFileSync(join(shipped, "profile.json"), "utf8"));
    profile.outputs[0].tauMax *= 2;
    writeFileSync(join(folder, "profile.json"), JSON.stringify(profile));
    await operator.refused(model, "INFERENCE_STORE_MISMATCH", "register", "--models", folder);
  });

  it("never prints the key", async () => {
    const { stdout, stderr } = await run(mint, { ...operator.env, SURETY_LOG_LEVEL: "trace" }, "--amount", "1");
    expect(stdout + stderr)
      .to.contain("TestAsset.mint")
      .and.not.contain(devKeys[0].slice(2));
  });
});
