import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHttp } from "@surety/node-kit";
import {
  assignmentTree,
  caseId,
  commitment,
  encodeTensors,
  epochAt,
  type ModelManifest,
  packRerunReport,
  type SampleVerdict,
  samplePositions,
  voteCommitment,
  type Windows,
} from "@surety/protocol";
import type { Defend } from "@surety/provider";
import {
  type Court,
  createCourt,
  demandsAbi,
  encodeInferRequest,
  readReceipt,
  type SavedReceipt,
  saveReceipt,
} from "@surety/sdk";
import { expect } from "chai";
import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { loadInputs } from "../../models/inputs.ts";
import { main } from "../../scripts/court.ts";
import type { DevAccount } from "../../scripts/demo/accounts.ts";
import { main as inferMain } from "../../scripts/infer.ts";
import { openInferClient } from "../../scripts/lib/actions/infer.ts";
import { readModels } from "../../scripts/lib/actions/model.ts";
import { createCourtReads } from "../../verifier/src/court/reads.ts";
import {
  BONDS,
  CLIENT,
  MODEL,
  MODELS,
  OPERATOR,
  OWNER,
  openTestMarket,
  runAs,
  startMarketProvider,
  type TestMarket,
  TOKEN,
  UNIT_PRICE,
  until,
  verifierAccount,
} from "./market.ts";

const VERIFIERS = 8;
const WINDOWS: Windows = {
  logWindow: 4n,
  beaconLag: 1n,
  openWindow: 3n,
  commitWindow: 6n,
  outputWindow: 1n,
  revealWindow: 6n,
  disputeWindow: 90n,
  answerWindow: 12n,
  juryWindow: 12n,
  grace: 2n,
};
const LENGTH = 14n;
const SALT: Hex = `0x${"5a".repeat(32)}`;

/** An honest provider whose committee lies about it; the seats and jurors are played here, everything else is real. */
describe("a provider before the court", function () {
  this.timeout(300_000);
  let market: TestMarket;
  let running: Awaited<ReturnType<typeof startMarketProvider>> | undefined;
  let court: Court;
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const saved: SavedReceipt[] = [];
  let manifest: ModelManifest;

  const start = async (defend: Defend = "honest"): Promise<void> => {
    running = await startMarketProvider(market, { port: 0, defend });
  };
  const stop = async (): Promise<void> => {
    await running?.shutdown.close("the test says so");
    running = undefined;
  };

  before(async () => {
    market = await openTestMarket({
      length: LENGTH,
      windows: WINDOWS,
      verifiers: VERIFIERS,
      jury: { jurySize: 1n, juryVotes: 1n },
      endpoint: "https://provider.example",
      epochs: 60n,
    });
    const { wallet, client } = market.as(CLIENT);
    const { contracts, startBlock } = market.deployment;
    court = createCourt({ client, wallet, contracts, startBlock });
    manifest = (await readModels(join(MODELS, MODEL)))[0]!.manifest;
    await start();
  });
  after(async () => {
    await stop();
    await http.close();
    await market.close();
  });

  /** Asks as a client that signs: its receipts name it. */
  const infer = async (index: number): Promise<SavedReceipt> => {
    const { account } = CLIENT;
    const endpoint = running!.provider.url;
    const asks = await openInferClient(market.as(CLIENT), http, { provider: market.provider, endpoint, account });
    const { receipt, signature } = await asks.infer(manifest, loadInputs("digits-cnn").at(index));
    return { receipt, signature };
  };
  const demandState = async (id: Hex) => (await court.demandState(id)).state;
  const answered = (id: Hex) =>
    until(`demand ${id} is answered`, async () => (await demandState(id)) === "answered", 30_000);
  const byAddress = (address: Address): DevAccount =>
    Array.from({ length: VERIFIERS }, (_, i) => verifierAccount(i)).find((one) =>
      isAddressEqual(one.account.address, address),
    )!;
  const balance = (who: DevAccount): Promise<bigint> => market.read("TestAsset", "balanceOf", who.account.address);

  let epoch: bigint;
  let m: number;
  /** Receipts whose leaves no case is about. */
  let untried: SavedReceipt[] = [];
  /** Receipts whose leaves were proved on demand, with the demand's number. */
  const proven: { saved: SavedReceipt; id: Hex }[] = [];

  /** Runs a program as the client, with an object as its result. */
  const as = async (program: typeof main, ...argv: string[]) => (await runAs(market, CLIENT, program, ...argv)).json;
  const cli = (...argv: string[]) => as(main, ...argv);

  /** The committee commits to nothing and says what it likes. */
  const report = async (verdicts: SampleVerdict[]): Promise<void> => {
    const { provider, modelId } = market;
    const times = market.times(epoch);
    const seats: Address[] = await market.read("AttestationHub", "seatsOf", provider, modelId, epoch, 1);
    const hub = market.deployment.contracts.AttestationHub!;
    const assigned = { role: 1, provider, modelId, report: 0n, dataRoot: zeroHash, salt: SALT };
    const { root } = assignmentTree([assigned]);
    await market.until(times.openEnd);
    const commit = (sender: Address) => {
      const hash = commitment({ hub, epoch, round: 0, sender, root });
      return market.write(byAddress(sender), "AttestationHub", "commit", epoch, hash);
    };
    await Promise.all(seats.map(commit));
    await market.until(times.outputEnd);
    const packed = packRerunReport({ n: m, verdicts, panel: 0 });
    const reveal = (who: Address, seat: number) => {
      const shown = { ...assigned, seat, report: packed };
      return market.write(byAddress(who), "AttestationHub", "reveal", epoch, [shown], [], []);
    };
    await Promise.all(seats.map(reveal));
  };

  const settleThrough = async (last: bigint): Promise<void> => {
    const { provider, modelId } = market;
    while ((await market.read("AttestationHub", "nextToSettle", provider, modelId))[1] <= last) {
      await market.write(CLIENT, "AttestationHub", "settle", provider, modelId);
    }
  };

  /** The jury of one says the same on every case; returns once its time is over. */
  const judge = async (ids: Hex[], vote: "acquit" | "convict"): Promise<void> => {
    for (const id of ids) {
      const jury = await market.read("Juries", "juryOf", id);
      await market.until(market.times(jury.epoch).seedTime + 1n);
      await market.draw(jury.epoch);
      const [juror] = (await market.read("Juries", "seatsOf", id)) as [Address];
      const juries = market.deployment.contracts.Juries!;
      const hash = voteCommitment({ juries, id, juror, vote, outputHash: SALT, salt: SALT });
      await market.until(jury.start);
      await market.write(byAddress(juror), "Juries", "commit", id, 0, hash);
    }
    for (const id of ids) {
      const jury = await market.read("Juries", "juryOf", id);
      const [juror] = (await market.read("Juries", "seatsOf", id)) as [Address];
      await market.until(jury.commitEnd);
      await market.write(byAddress(juror), "Juries", "reveal", id, vote === "convict" ? 2 : 1, SALT, SALT);
      expect(await market.read("Juries", "hasRevealed", id, juror)).to.equal(true);
    }
  };

  /** Asks with `surety infer`, which keeps the receipt in a file. */
  const inferByCommand = async (index: number): Promise<SavedReceipt> => {
    const at = (name: string) => join(market.folder, `asked.${name}`);
    const { body } = encodeInferRequest({ inputs: loadInputs("digits-cnn").at(index), binaryOutput: true });
    writeFileSync(at("request"), body);
    const whom = ["--provider", market.provider, "--endpoint", running!.provider.url];
    const files = ["--manifest", join(MODELS, MODEL, "manifest.json"), "--request", at("request")];
    const kept = ["--response", at("response"), "--receipt", at("json")];
    const answer = await as(inferMain, ...whom, ...files, ...kept, "--sign");
    expect(answer.client, JSON.stringify(answer)).to.equal(CLIENT.account.address.toLowerCase());
    expect((await as(inferMain, ...whom, ...files, ...kept)).error.code).to.equal("FILE_EXISTS");
    return readReceipt(readFileSync(at("json"), "utf8"));
  };

  it("answers every demand in time, also those that were made while it was down", async () => {
    const url = `${running!.provider.url}/v2/models/digits-cnn/ready`;
    await until("it serves", async () => (await http.request({ url })).status === 200, 60_000);
    // All in one epoch.
    await market.until(
      market.times(epochAt({ genesis: market.deployment.genesis, length: LENGTH }, await market.now())).end,
    );
    for (let i = 0; i < 5; i++) saved.push(await infer(i));
    saved.push(await inferByCommand(5));
    epoch = saved[0]!.receipt.epoch;
    expect(saved.map(({ receipt }) => receipt.epoch)).to.deep.equal(Array(6).fill(epoch));
    const { provider, modelId } = market;
    const log = () => market.read("ReceiptLog", "log", provider, modelId, epoch);
    await until("the log is on chain", async () => (await log()).exists, 30_000);
    m = (await log()).m;
    await market.until(market.times(epoch).seedTime + 1n);
    await market.draw(epoch);
    const lies = Array.from({ length: m }, (_, j): SampleVerdict => (j === 0 ? "mismatch" : "match"));
    await report(lies);

    // A receipt survives as a text.
    expect(readReceipt(saveReceipt(saved[1]!))).to.deep.equal(saved[1]);
    await stop();
    const leaf = await court.demandLeaf(saved[1]!);
    const omission = await court.proveOmission(saved[2]!);
    await market.write(CLIENT, "TestAsset", "approve", market.deployment.contracts.Demands, BONDS.demand);
    const sample = await market.client.simulateContract({
      account: CLIENT.account,
      address: market.deployment.contracts.Demands!,
      abi: demandsAbi,
      functionName: "demandSample",
      args: [provider, modelId, epoch, 1],
    });
    await market.write(CLIENT, "Demands", "demandSample", provider, modelId, epoch, 1);
    expect(await demandState(leaf)).to.equal("open");
    const before = await balance(OWNER);
    await start();
    for (const id of [leaf, omission, sample.result]) await answered(id);
    // Who has not the inputs of a sample finds them in the answer to the demand for it.
    const { openedInputs } = createCourtReads(market.client, market.deployment);
    const record = { provider, modelId, epoch };
    const [seed] = await market.read("HeaderBeacon", "seedOf", epoch);
    const position = samplePositions({ seed, ...record, m, units: BigInt(saved.length) })[1]!;
    // Receipts were asked for in the order of the inputs, one unit each.
    const sent = encodeTensors(loadInputs("digits-cnn").at(Number(position)));
    expect(saved.map(({ receipt }) => receipt.seq)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(await openedInputs(sample.result)).to.deep.equal(sent);
    expect(await openedInputs(omission), "a proof opens no inputs").to.equal(undefined);
    expect(await openedInputs(SALT), "no such demand").to.equal(undefined);

    const opened = await market.read("Demands", "openedUntil", provider, modelId, epoch, saved[1]!.receipt.seq);
    expect(opened > 0n).to.equal(true);
    // The bonds are the owner's, and were fetched for it.
    await until("the bonds are paid", async () => (await balance(OWNER)) === before + 3n * BONDS.demand, 20_000);

    for (const [id, { receipt }] of [
      [leaf, saved[1]!],
      [omission, saved[2]!],
    ] as const) {
      const { leaf: proved } = await court.proofOf(id);
      expect([proved.seq, proved.inputHash]).to.deep.equal([receipt.seq, receipt.inputHash]);
      proven.push({ saved: saved[receipt.seq]!, id });
    }
  });

  it("takes false accusations to the jury, ends them, and gets its bonds back", async () => {
    const { provider, modelId } = market;
    await market.until(market.times(epoch).revealEnd);
    await settleThrough(epoch);
    const mismatches = await market.read("AttestationHub", "mismatchesOf", provider, modelId, epoch);
    expect(mismatches).to.equal(1);
    const tried = async (id: Hex) => (await court.caseState(id)) === "tried";

    const held = 100n * TOKEN - BONDS.court;
    await until("the free case is tried", async () => (await balance(OPERATOR)) <= held, 20_000);
    const [seed] = await market.read("HeaderBeacon", "seedOf", epoch);
    // Every inference is one unit, so a position is a number.
    const [accused] = samplePositions({ seed, provider, modelId, epoch, m, units: BigInt(saved.length) });
    const free = caseId({ provider, modelId, epoch, seq: Number(accused) });
    expect(await tried(free)).to.equal(true);

    // A bonded case about another leaf, by who has its receipt.
    const other = saved.find(({ receipt }) => receipt.seq > 2 && receipt.seq !== Number(accused))!;
    const omission = await court.proveOmission(other);
    await answered(omission);
    const bonded = await court.openCase(other, await court.proofOf(omission));
    await until("the bonded case is tried", () => tried(bonded), 20_000);

    untried = saved.filter(({ receipt }) => receipt.seq !== other.receipt.seq && receipt.seq !== Number(accused));
    const ids = [free, bonded];
    await judge(ids, "acquit");
    for (const id of ids)
      await until(`case ${id} is closed`, async () => (await court.caseState(id)) === "acquitted", 30_000);
    await until("the bonds are back", async () => (await balance(OPERATOR)) === 100n * TOKEN, 20_000);
    const { openCases } = await market.read("ReliabilityLedger", "reliability", provider, modelId);
    expect(openCases).to.equal(0);
  });

  it("loses by silence, with what `surety court` says and does", async () => {
    await stop();
    await start("never");
    const mine = untried.at(-1)!;
    const file = join(market.folder, "receipt.json");
    writeFileSync(file, saveReceipt(mine));
    const codeOf = async (...argv: string[]) => (await cli(...argv)).error?.code;
    expect(await codeOf("demand")).to.equal("DEMAND_OF_WHAT");
    expect(await codeOf("demand", "--receipt", join(market.folder, "none.json"))).to.equal("RECEIPT_MISSING");
    expect(await codeOf("demand", "--receipt", join(market.folder, "31337.json"))).to.equal("RECEIPT_MALFORMED");
    expect(await codeOf("show", "--id", SALT)).to.equal("COURT_UNKNOWN");
    expect(await codeOf("open", "--demand", SALT)).to.equal("COURT_NO_PROOF");

    const planned = await cli("demand", "--receipt", file, "--omission", "--dry-run");
    expect([planned.demand, planned.bond]).to.deep.equal([null, String(BONDS.demand)]);
    const made = await cli("demand", "--receipt", file, "--omission");
    expect(made.calls.map((call: { function: string }) => call.function)).to.deep.equal(["approve", "demandReceipt"]);
    expect(await codeOf("demand", "--receipt", file, "--omission")).to.equal("CALL_REFUSED");
    await answered(made.demand);
    expect(await codeOf("close", "--ids", made.demand)).to.equal("COURT_ENDED");
    const shown = await cli("show", "--id", made.demand);
    expect(shown).to.include({ demands: "omission", state: "answered", place: String(mine.receipt.seq) });

    // Another case is over by then too: both end in one transaction.
    const other = proven.find((one) => untried.includes(one.saved))!;
    const first = await court.openCase(other.saved, await court.proofOf(other.id));
    const opened = await cli("open", "--demand", made.demand, "--receipt", file);
    expect(opened.bond).to.equal(String(BONDS.court));
    expect(await codeOf("close", "--ids", opened.case)).to.equal("COURT_NOT_OVER");
    const listed = await cli("list", "--account", OWNER.account.address, "--open");
    expect(listed.cases.map((one: { id: string }) => one.id)).to.deep.equal([first, opened.case]);
    expect(listed.cases[1]).to.include({ state: "open", leaf: mine.receipt.seq, jury: "" });
    await market.until(BigInt(opened.answerEnd));
    const stake: bigint = await market.read("StakePool", "stakeOf", OWNER.account.address);
    expect(await codeOf("close", "--ids", `${first},${SALT}`)).to.equal("COURT_UNKNOWN");
    const done = await cli("close", "--ids", `${first},${opened.case}`);
    expect(done.calls.map((call: { function: string }) => call.function)).to.deep.equal(["multicall"]);
    expect(done.ended.map(({ id, was }: { id: string; was: string }) => [id, was])).to.deep.equal([
      [first, "case"],
      [opened.case, "case"],
    ]);
    const taken: bigint = stake - (await market.read("StakePool", "stakeOf", OWNER.account.address));
    expect(done.taken).to.equal(String(taken));
    const parts = [stake / 20n, taken - stake / 20n];
    expect((await cli("show", "--id", opened.case)).state).to.equal("confirmed");

    // Of each the bond, a fifth of what was taken, and twice the price of the unit that it signed for.
    const before = await balance(CLIENT);
    const claimed = await cli("claim");
    expect(claimed.paid).to.equal(String(2n * BONDS.court + parts[0]! / 5n + parts[1]! / 5n + 4n * UNIT_PRICE));
    expect(await balance(CLIENT)).to.equal(before + BigInt(claimed.paid));
    expect(await codeOf("claim")).to.equal("NOTHING_OWED");
    const all = await cli("list");
    expect(all.cases.map(({ state }: { state: string }) => state).sort()).to.deep.equal([
      "acquitted",
      "acquitted",
      "confirmed",
      "confirmed",
    ]);
  });
});
