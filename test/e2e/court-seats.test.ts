import { askedReceipts, rerunTree, unpackProbeReport, type Windows } from "@surety/protocol";
import { attendanceAbi, attestationHubAbi, seatCasesAbi } from "@surety/sdk";
import type { Store } from "@surety/verifier";
import { expect } from "chai";
import { type Address, type Hex, isAddressEqual, toHex } from "viem";
import { main as court } from "../../scripts/court.ts";
import { createCourtReads } from "../../verifier/src/court/reads.ts";
import { sha256, storedItems } from "../../verifier/src/rerun/data-root.ts";
import { sitOnce } from "./dishonest.ts";
import {
  BONDS,
  CLIENT,
  freePort,
  openTestMarket,
  runAs,
  startMarketProvider,
  startMarketVerifiers,
  type TestMarket,
  until,
  verifierAccount,
} from "./market.ts";

const HONEST = 8;
const JURY = { jurySize: 3n, juryVotes: 3n };
const WINDOWS: Windows = {
  logWindow: 4n,
  beaconLag: 1n,
  openWindow: 4n,
  commitWindow: 7n,
  outputWindow: 3n,
  revealWindow: 6n,
  disputeWindow: 150n,
  answerWindow: 16n,
  juryWindow: 24n,
  grace: 2n,
};
const LENGTH = 16n;
/** Codes of the ends of cases about seats (ISeatCases.sol), and of a demand that was answered (IDemands.sol). */
const [CONFIRMED, ACQUITTED, ANSWERED] = [3, 4, 2];

/** A seat that runs its samples and makes up its own outputs, and misses everything else. */
describe("a seat's own input before the court, end to end", function () {
  this.timeout(400_000);
  const forger = verifierAccount(HONEST);
  /** The epoch that the forger judged, and its samples. */
  let judged: { epoch: bigint; m: number };
  let market: TestMarket;
  let provider: Awaited<ReturnType<typeof startMarketProvider>> | undefined;
  let verifiers: Awaited<ReturnType<typeof startMarketVerifiers>> | undefined;

  before(async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const terms = { length: LENGTH, windows: WINDOWS, verifiers: HONEST + 1, jury: JURY, endpoint, epochs: 8n };
    market = await openTestMarket(terms);
    provider = await startMarketProvider(market, { port });
    verifiers = await startMarketVerifiers(market, HONEST);
  });
  after(async () => {
    await provider?.shutdown.close("the test is over");
    await verifiers?.close();
    await market?.close();
  });

  /** An honest seat of an epoch that has its results, and its store. */
  const honestSeat = (epoch: bigint) => {
    const key = { epoch, provider: market.provider, modelId: market.modelId, role: 1 } as const;
    const seats = verifiers!.stores.map((store) => ({ store, own: store.assignments.get(key) }));
    return seats.find(({ own }) => own?.included);
  };

  /** What the forger commits to: an honest seat's results on the samples, and those on sample 0 as its own. */
  const forge = (store: Store, own: NonNullable<ReturnType<Store["assignments"]["get"]>>, m: number) => {
    const items = storedItems(store, own).filter(({ j }) => j < m);
    const leaf = store.leaves.of(own).find(({ native }) => native && sha256(native) === items[0]!.nativeHash)!;
    const made = { j: m, nativeHash: sha256(leaf.native!), wasmHash: sha256(leaf.wasm!) };
    const tree = rerunTree([...items, made]);
    return { dataRoot: tree.root, path: tree.proof(m)!, native: toHex(leaf.native!), wasm: toHex(leaf.wasm!) };
  };

  /** Takes a seat with what it forged. @returns the re-run as the court takes it, and what it holds */
  const sit = async () => {
    let forged: ReturnType<typeof forge> | undefined;
    const made = await sitOnce(market, forger, {
      verdict: "match",
      dataRoot: async (epoch, m) => {
        await until("an honest seat has its results", () => honestSeat(epoch) !== undefined, 10_000);
        const { store, own } = honestSeat(epoch)!;
        forged = forge(store, own!, m);
        return forged.dataRoot;
      },
    });
    return { ...made, forged: forged! };
  };

  /** An honest re-run of an epoch as the court takes it. */
  const honestRerun = async (epoch: bigint) => {
    const record = { provider: market.provider, modelId: market.modelId, epoch };
    const found = await market.client.getContractEvents({
      address: market.deployment.contracts.AttestationHub!,
      abi: attestationHubAbi,
      eventName: "Revealed",
      args: record,
      fromBlock: market.deployment.startBlock,
      strict: true,
    });
    const { args, blockNumber } = found.find(
      ({ args }) => args.role === 1 && !isAddressEqual(args.verifier, forger.account.address),
    )!;
    const reads = createCourtReads(market.client, market.deployment);
    return (await reads.attestedOf({ ...record, role: 1 }, { ...args, block: blockNumber }))!;
  };

  /** Number of the demand for a seat's own outputs, and of the case about them. */
  const idOf = (rerun: { epoch: bigint; seat: number }, m: number): Promise<Hex> =>
    market.read("Demands", "outputsId", market.provider, market.modelId, rerun.epoch, 1, rerun.seat, m);
  const stateOf = async (room: "Demands" | "SeatCases", id: Hex): Promise<number> =>
    (await market.read(room, room === "Demands" ? "demandOf" : "caseOf", id)).state;

  const closed = () =>
    market.client.getContractEvents({
      address: market.deployment.contracts.SeatCases!,
      abi: seatCasesAbi,
      eventName: "SeatCaseClosed",
      fromBlock: market.deployment.startBlock,
      strict: true,
    });
  const missed = async () => {
    const logs = await market.client.getContractEvents({
      address: market.deployment.contracts.Attendance!,
      abi: attendanceAbi,
      eventName: "Missed",
      fromBlock: market.deployment.startBlock,
      strict: true,
    });
    return logs.map(({ args }) => args);
  };

  it("costs half of its stake what the model does not give, though it calls the jury", async () => {
    const { rerun, m, forged } = await sit();
    judged = { epoch: rerun.epoch, m };
    await market.write(CLIENT, "TestAsset", "approve", market.deployment.contracts.Demands, BONDS.demand);
    await market.until(market.times(rerun.epoch).revealEnd);
    // The next seed names one seat in ten; this one is asked whether it does or not.
    const id = await idOf(rerun, m);
    await market.write(CLIENT, "Demands", "demandOutputs", rerun, m);
    await market.write(forger, "Demands", "answerOutputs", id, forged.native, forged.wasm, forged.path);
    await until("a verifier opens a case", async () => (await stateOf("SeatCases", id)) > 0, 60_000);
    await market.write(forger, "TestAsset", "approve", market.deployment.contracts.SeatCases, BONDS.court);
    await market.write(forger, "SeatCases", "callJury", id);
    await until("the case is closed", async () => (await closed()).length > 0, 120_000);
    const [{ args, blockNumber }] = (await closed()) as [Awaited<ReturnType<typeof closed>>[number]];
    const { convictions, revealed } = await market.read("Juries", "juryOf", id);
    expect([args.state, convictions, revealed]).to.deep.equal([CONFIRMED, 3, 3]);
    const before = await market.stakeAt(forger.account.address, blockNumber - 1n);
    expect(args.taken).to.equal((before + 1n) / 2n);
  });

  it("costs a seat nothing whose outputs hold: it shows them, calls the jury and is acquitted", async () => {
    const { epoch, m } = judged;
    const rerun = await honestRerun(epoch);
    const id = await idOf(rerun, m);
    const { Demands, SeatCases } = market.deployment.contracts;
    await market.write(CLIENT, "TestAsset", "approve", Demands, BONDS.demand);
    // Where the next seed names the seat, another verifier may have asked.
    if ((await stateOf("Demands", id)) === 0) await market.write(CLIENT, "Demands", "demandOutputs", rerun, m);
    await until("the outputs are shown", async () => (await stateOf("Demands", id)) === ANSWERED, 30_000);
    const stake = await market.stakeAt(rerun.verifier, await market.client.getBlockNumber());
    await market.write(CLIENT, "TestAsset", "approve", SeatCases, BONDS.court);
    await market.write(CLIENT, "SeatCases", "open", market.provider, market.modelId, epoch, 1, rerun.seat, m);
    await until("the case is closed", async () => (await stateOf("SeatCases", id)) > 2, 120_000);
    expect(await stateOf("SeatCases", id)).to.equal(ACQUITTED);
    const { convictions, revealed } = await market.read("Juries", "juryOf", id);
    expect([convictions, revealed]).to.deep.equal([0, 3]);
    expect(await market.stakeAt(rerun.verifier, await market.client.getBlockNumber())).to.equal(stake);
    const jurors: Address[] = await market.read("Juries", "seatsOf", id);
    const isPaid = async (juror: Address): Promise<boolean> =>
      (
        await market.client.getContractEvents({
          address: SeatCases!,
          abi: seatCasesAbi,
          eventName: "JurorPaid",
          args: { id, juror },
          fromBlock: market.deployment.startBlock,
        })
      ).length > 0;
    for (const juror of jurors) await until("a juror is paid", () => isPaid(juror), 30_000);
  });

  it("costs a seat nothing that sent its probes: it shows the receipt that is demanded", async () => {
    const { epoch } = judged;
    const record = { provider: market.provider, modelId: market.modelId, epoch };
    const found = await market.client.getContractEvents({
      address: market.deployment.contracts.AttestationHub!,
      abi: attestationHubAbi,
      eventName: "Revealed",
      args: record,
      fromBlock: market.deployment.startBlock,
      strict: true,
    });
    const answered = (report: bigint): number => unpackProbeReport(report).answered;
    // Two at most are asked for without a bond.
    const { args } = found.find(({ args }) => args.role === 0 && answered(args.report) > 2)!;
    const { seat, verifier } = args;
    const count = answered(args.report);
    const [seed] = await market.read("HeaderBeacon", "seedOf", epoch + 1n);
    const free = askedReceipts({ seed, provider: market.provider, modelId: market.modelId, seat }, count);
    // Others may have demanded those that the next seed asks for.
    const i = Array.from({ length: count }, (_, n) => n).findLast((n) => !free.includes(n))!;
    const names = ["--provider", market.provider, "--model-id", market.modelId, "--seat", String(seat)];
    const surety = (...argv: string[]) => runAs(market, CLIENT, court, ...argv);
    const demand = (at: bigint, number: number) =>
      surety("demand", ...names, "--epoch", String(at), "--probe", String(number));
    for (const [at, number, code, message] of [
      [0n, i, "SEAT_NOT_REVEALED", `Probe seat ${seat} of epoch 0 revealed nothing`],
      [epoch, count, "RECEIPT_NOT_COUNTED", `counts ${count} receipts, from number 0; ${count} is none of them`],
    ] as const) {
      const refused = await demand(at, number);
      expect([refused.code, refused.json.error.code, refused.json.calls]).to.deep.equal([1, code, []]);
      expect(refused.json.error.message).to.contain(message).and.contain("Nothing was sent");
    }

    const id = await market.read("Demands", "probeId", market.provider, market.modelId, epoch, seat, i);
    expect(await stateOf("Demands", id)).to.equal(0);
    const made = await demand(epoch, i);
    expect(made.code, made.stdout).to.equal(0);
    expect(made.json).to.include({ demand: id, bond: String(BONDS.demand) });
    expect(made.json.calls.at(-1).function).to.equal("demandProbe");
    await until("the receipt is shown", async () => (await stateOf("Demands", id)) === ANSWERED, 30_000);
    const shown = await surety("show", "--id", id);
    expect(shown.json).to.include({ demands: "probe", state: "answered", of: verifier, place: String(i) });
    const [again, over] = [await demand(epoch, i), await surety("close", "--ids", id)];
    expect([again.code, again.json.error.code]).to.deep.equal([1, "CALL_REFUSED"]);
    expect([over.code, over.json.error.code]).to.deep.equal([1, "COURT_ENDED"]);
  });

  it("costs the forger the duties that it missed, and nobody else", async () => {
    const found = () => missed();
    await until("a miss is noted", async () => (await found()).length > 0, 60_000);
    for (const { verifier } of await found()) expect(verifier).to.equal(forger.account.address);
  });
});
