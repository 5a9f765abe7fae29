import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readDeployment } from "@surety/node-kit";
import { stakePoolAbi } from "@surety/sdk";
import { expect } from "chai";
import { parseUnits, stringToHex } from "viem";
import { main as deploy } from "./deploy.ts";
import { createStage, type Operator, type Stage } from "./lib/testing/operator.ts";
import { main as mint } from "./mint.ts";
import { main as model } from "./model.ts";
import { main as provider } from "./provider.ts";
import { main as rewards } from "./rewards.ts";
import { main as verifier } from "./verifier.ts";

const models = fileURLToPath(new URL("../models", import.meta.url));
const DAY = 86_400n;
const units = (amount: string) => String(parseUnits(amount, 18));

/** Function names of the calls of a report, in order. */
const functions = (report: { calls: { contract: string; function: string }[] }) =>
  report.calls.map((call) => `${call.contract}.${call.function}`);

describe("operators' commands on a served chain", function () {
  this.timeout(120_000);
  let stage: Stage;
  let deployer: Operator, owner: Operator, watcher: Operator, stranger: Operator;
  let modelId: string;

  before(async () => {
    stage = await createStage();
    [deployer, owner, watcher, stranger] = stage.operators as [Operator, Operator, Operator, Operator];
  });
  after(() => stage.close());

  it("plans a deployment without sending, at the addresses where it will be", async () => {
    const before = await stage.footprint();
    const plan = await deployer.ok(deploy, "--dry-run");
    expect(await stage.footprint()).to.equal(before);
    expect(existsSync(join(stage.folder, "deployments"))).to.equal(false);

    const done = await deployer.ok(deploy);
    const places = (report: typeof plan) => report.calls.map((c: { address: string }) => c.address);
    expect(places(plan)).to.deep.equal(places(done));
    expect(functions(plan)).to.deep.equal(functions(done));
  });

  it("deploys with the terms of public networks and writes the deployment down", async () => {
    const deployment = readDeployment(deployer.env.SURETY_DEPLOYMENTS!, 31337);
    const { contracts, startBlock, genesis } = deployment;
    expect(Object.keys(contracts)).to.include.members(["AccessManager", "EpochClock", "AttestationHub", "TestAsset"]);
    expect(startBlock < (await stage.chain.client.getBlockNumber())).to.equal(true);
    expect(genesis % DAY).to.equal(0n);
    // 4 L + 2 (3600 + 60) + 7200 + 3600 + 2 (7200 + 7200) + 259200 + 2 * 86400 + 86400 + 86400 = 997320 s, in whole days.
    expect(deployment).to.include({ epochLength: "86400", exitDelay: "1036800", asset: contracts.TestAsset });
    // The pool's slasher is the court's penalties, whose address was known before they were created.
    const { client } = stage.chain;
    const slasher = { address: contracts.StakePool!, abi: stakePoolAbi, functionName: "slasher" } as const;
    expect(await client.readContract(slasher)).to.equal(contracts.Penalties);
    for (const address of Object.values(contracts))
      expect(await stage.chain.client.getCode({ address })).to.match(/^0x60/);
  });

  it("does not deploy twice unless it is told to", async () => {
    expect(await deployer.refused(deploy, "DEPLOYMENT_EXISTS")).to.contain("--force");
  });

  it("registers a provider, once", async () => {
    const terms = ["--endpoint", "https://a.example", "--operator", stranger.address, "--failure-domain", "aws/eu"];
    const done = await owner.ok(provider, "register", ...terms);
    expect(functions(done)).to.deep.equal(["ProviderRegistry.register"]);
    expect(done.calls[0].arguments).to.deep.equal({
      operator: stranger.address,
      endpoint: "https://a.example",
      "failure domain": "aws/eu",
    });
    expect((await owner.ok(provider, "register", ...terms)).calls).to.deep.equal([]);
    const message = await owner.refused(provider, "PROVIDER_DIFFERS", "register", "--endpoint", "https://b.example");
    expect(message).to.contain("https://a.example");
    const taken = ["register", "--endpoint", "https://c.example", "--operator", stranger.address];
    expect(await watcher.refused(provider, "CALL_REFUSED", ...taken)).to.contain("ProviderRegistryOperatorTaken");
  });

  it("bonds, approving only what is missing, and nothing that cannot be paid", async () => {
    const poor = await owner.refused(provider, "BALANCE_TOO_LOW", "bond", "--amount", "70000");
    expect(poor).to.contain("has 0 TEST").and.contain("needed are 70000 TEST");
    await owner.ok(mint, "--amount", "100000");

    const plan = await owner.ok(provider, "bond", "--amount", "70000", "--dry-run");
    expect(plan.calls.map((call: { status: string }) => call.status)).to.deep.equal(["planned", "untried"]);
    const done = await owner.ok(provider, "stake", "--amount", "70000.5");
    expect(functions(done)).to.deep.equal(["TEST.approve", "StakePool.bond"]);
    expect(done.calls[0].arguments.amount).to.equal("70000.5 TEST");
    expect(done).to.include({ stake: units("70000.5"), free: units("70000.5") });
  });

  it("registers the models of the repository with the tolerances of their profiles", async () => {
    const done = await deployer.ok(model, "register", "--models", models, "--uri", "https://m.example/{name}/{id}");
    expect(functions(done)).to.deep.equal(Array(3).fill("ModelRegistry.register"));
    const [digits] = done.models;
    expect(digits).to.include({ name: "digits-cnn", state: "new" });
    expect(done.calls[0].arguments.uri).to.equal(`https://m.example/digits-cnn/${digits.id}`);
    modelId = digits.id;
    const again = await deployer.ok(model, "register", "--models", join(models, "digits-cnn"));
    expect(again.calls).to.deep.equal([]);
    expect(again.models).to.deep.equal([{ ...digits, state: "was registered" }]);
  });

  it("promises what the bond covers, one promise after the other", async () => {
    const terms = ["--model-id", modelId, "--target", "99.5", "--latency-ms", "2000", "--unit-price", "0.01"];
    const much = ["commit", ...terms, "--capacity", "12", "--epochs", "30"];
    // 7 * 12 * 86400 * 0.01 = 72576
    expect(await owner.refused(provider, "BOND_TOO_LOW", ...much)).to.contain("Bond 2575.5 TEST more");
    const first = await owner.ok(provider, "commit", ...terms, "--capacity", "10", "--epochs", "3");
    expect(first).to.include({ promise: "0", firstEpoch: "2", lastEpoch: "4", bonded: units("60480") });
    const next = await owner.ok(provider, "commit", ...terms, "--capacity", "1", "--epochs", "10");
    expect(next).to.include({ promise: "1", firstEpoch: "5", lastEpoch: "14", bonded: units("6048") });

    const cheap = terms.with(-1, "0.001");
    const early = ["commit", ...cheap, "--capacity", "1", "--epochs", "1", "--first-epoch", "9"];
    const refusal = await owner.refused(provider, "CALL_REFUSED", ...early);
    expect(refusal).to.contain("CommitmentBookTooEarly(have 9, need 15)").and.contain("--first-epoch");
    const other = ["commit", ...cheap, "--capacity", "1", "--epochs", "1", "--provider", owner.address];
    expect(await watcher.refused(provider, "CALL_REFUSED", ...other)).to.contain("CommitmentBookNotOwner");
    const unknown = [...terms.with(1, `0x${"12".repeat(32)}`), "--capacity", "1", "--epochs", "1"];
    expect(await owner.refused(provider, "MODEL_UNKNOWN", "commit", ...unknown)).to.contain("model.ts register");
  });

  it("makes a verifier: bonds what its tickets need and buys them", async () => {
    await watcher.ok(mint, "--amount", "1000");
    const done = await watcher.ok(verifier, "register", "--tickets", "3");
    expect(functions(done)).to.deep.equal(["TEST.approve", "StakePool.bond", "VerifierRegistry.buy"]);
    expect(done).to.deep.include({ bonded: units("300"), tickets: ["0", "1", "2"], countFromEpoch: "2" });
    expect(await owner.refused(verifier, "VERIFIER_IS_PROVIDER", "register", "--tickets", "1")).to.contain(
      "another key",
    );
  });

  it("gives tickets back and uses their stake for the next", async () => {
    const back = await watcher.ok(verifier, "give-back", "--ticket-numbers", "1");
    expect(back).to.deep.include({ tickets: ["1"], countUntilEpoch: "2" });
    const again = await watcher.refused(verifier, "CALL_REFUSED", "give-back", "--ticket-numbers", "1");
    expect(again).to.contain("VerifierRegistryReturned(index 1, until 2)");
    const done = await watcher.ok(verifier, "register", "--tickets", "2");
    expect(done.bonded).to.equal(units("100"));
    const status = await watcher.ok(verifier, "status");
    expect(status).to.include({ stake: units("400"), locked: units("400"), free: "0" });
    // Place 1 was free at once, because its ticket never counted.
    expect(status.tickets.map((ticket: { ticket: string }) => ticket.ticket)).to.deep.equal(["0", "1", "2", "3"]);
    expect(await stranger.refused(verifier, "TICKETS_NONE", "give-back")).to.contain("holds no ticket");
  });

  it("asks for exits of what is free and pays them when they are released", async () => {
    const much = await owner.refused(provider, "CALL_REFUSED", "exit", "--amount", "3472.6");
    expect(much).to.contain("StakePoolInsufficientStake(have 3472.5 TEST, need 3472.6 TEST)");
    await owner.ok(provider, "exit", "--amount", "1000");
    const { exit, release } = await owner.ok(provider, "exit", "--amount", "2472.5");
    expect(exit).to.equal("1");
    expect(await owner.refused(provider, "NOTHING_TO_CLAIM", "claim-exit")).to.contain("released yet");
    const soon = await owner.refused(provider, "CALL_REFUSED", "claim-exit", "--exits", "1");
    expect(soon)
      .to.contain("StakePoolTooEarly")
      .and.match(/need \d{4}-\d\d-\d\dT/);

    await watcher.ok(verifier, "give-back");
    await watcher.ok(verifier, "exit", "--amount", "400");
    await stage.chain.passTo(BigInt(release) + 60n);
    expect((await owner.ok(provider, "claim-exit")).paid).to.equal(units("3472.5"));
    // Anybody may push an exit; it pays the verifier.
    expect((await stranger.ok(verifier, "claim-exit", "--verifier", watcher.address)).paid).to.equal(units("400"));
    expect(await watcher.ok(verifier, "status")).to.deep.include({ stake: "0", exits: [] });
  });

  it("frees the bond of promises that are over", async () => {
    // The time of the exit has passed the first promise's last settlement, not the second's.
    const { freed, calls } = await owner.ok(provider, "release");
    expect({ freed, calls: calls.length }).to.deep.equal({ freed: units("60480"), calls: 1 });
    const status = await owner.ok(provider, "status", "--provider", owner.address);
    expect(status).to.include({ registered: true, operator: stranger.address, locked: units("6048") });
    expect(status.records).to.deep.equal([]);
    expect(status.promises.map((promise: { state: string }) => promise.state)).to.deep.equal(["released", "running"]);
    expect((await owner.ok(provider, "release")).calls).to.deep.equal([]);
  });

  it("funds epochs and sweeps what nobody earned", async () => {
    const { firstEpoch } = await owner.ok(rewards, "fund", "--epochs", "2", "--amount", "5");
    const past = ["fund", "--epochs", "1", "--amount", "5", "--first-epoch", String(BigInt(firstEpoch) - 1n)];
    expect(await owner.refused(rewards, "EPOCH_OVER", ...past)).to.contain(`current epoch, ${firstEpoch}`);
    const sweep = ["sweep", "--first-epoch", firstEpoch, "--epochs", "2"];
    expect((await stranger.ok(rewards, ...sweep)).calls).to.deep.equal([]);

    const { timestamp } = await stage.chain.client.getBlock();
    await stage.chain.passTo(timestamp + 4n * DAY);
    const done = await stranger.ok(rewards, ...sweep);
    expect({ swept: done.swept, calls: done.calls.length }).to.deep.equal({ swept: units("10"), calls: 2 });
    expect((await stranger.ok(rewards, ...sweep)).calls).to.deep.equal([]);
  });

  it("claims pay: nothing was earned, nothing is sent", async () => {
    expect(await owner.ok(provider, "claim")).to.deep.include({ calls: [], paid: "0" });
    expect(await watcher.ok(verifier, "claim")).to.deep.include({ calls: [], paid: "0" });
  });

  it("makes up for what a slash took from under a verifier's tickets, before it buys more", async () => {
    await watcher.ok(verifier, "register", "--tickets", "2");
    const { contracts } = readDeployment(watcher.env.SURETY_DEPLOYMENTS!, 31337);
    const { client } = stage.chain;
    // As the court's penalties take one percent.
    const court = { address: contracts.Penalties!, value: 10n ** 18n };
    await client.setBalance(court);
    await client.impersonateAccount(court);
    const cause = stringToHex("missed duty", { size: 32 });
    const pool = { address: contracts.StakePool!, abi: stakePoolAbi } as const;
    const args = [watcher.address, 10n ** 16n, cause] as const;
    const slash = { ...pool, functionName: "slash", args, account: court.address, chain: null } as const;
    const hash = await client.writeContract(slash);
    expect((await client.waitForTransactionReceipt({ hash })).status).to.equal("success");

    const lacking = await watcher.ok(verifier, "status");
    expect(lacking).to.include({ stake: units("198"), locked: units("200"), free: "0", lacking: units("2") });
    const some = await stranger.refused(verifier, "BALANCE_TOO_LOW", "bond", "--amount", "1");
    expect(some).to.contain("needed are 1 TEST");
    const done = await watcher.ok(verifier, "bond", "--amount", "0.5");
    expect(done).to.include({ stake: units("198.5"), lacking: units("1.5") });
    expect((await watcher.ok(verifier, "register", "--tickets", "1")).bonded).to.equal(units("101.5"));
    const whole = await watcher.ok(verifier, "status");
    expect(whole)
      .to.include({ stake: units("300"), locked: units("300") })
      .and.not.have.property("lacking");
  });
});
