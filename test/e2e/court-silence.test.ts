import { caseId, samplePositions, type Windows } from "@surety/protocol";
import { CASE_STATES, demandsAbi, faultsAbi } from "@surety/sdk";
import { expect } from "chai";
import { type Hex, hexToString, trim } from "viem";
import { sitOnce } from "./dishonest.ts";
import {
  freePort,
  OWNER,
  openTestMarket,
  rounded,
  startMarketProvider,
  startMarketVerifiers,
  type TestMarket,
  until,
  verifierAccount,
} from "./market.ts";

const HONEST = 5;
const WINDOWS: Windows = {
  logWindow: 4n,
  beaconLag: 1n,
  openWindow: 4n,
  commitWindow: 6n,
  outputWindow: 3n,
  revealWindow: 6n,
  disputeWindow: 20n,
  answerWindow: 10n,
  juryWindow: 10n,
  grace: 2n,
};
const LENGTH = 14n;
/** A root over nothing, and a salt. */
const [MADE_UP, _SALT]: [Hex, Hex] = [`0x${"e1".repeat(32)}`, `0x${"5a".repeat(32)}`];

/** A provider that serves a rounded copy and says nothing, and a verifier that reports without running. */
describe("silence before the court, end to end", function () {
  this.timeout(400_000);
  const lazy = verifierAccount(HONEST);
  let market: TestMarket;
  let provider: Awaited<ReturnType<typeof startMarketProvider>> | undefined;
  let verifiers: Awaited<ReturnType<typeof startMarketVerifiers>> | undefined;

  before(async () => {
    const port = await freePort();
    market = await openTestMarket({
      length: LENGTH,
      windows: WINDOWS,
      verifiers: HONEST + 1,
      jury: { jurySize: 1n, juryVotes: 1n },
      endpoint: `http://127.0.0.1:${port}`,
      epochs: 6n,
    });
    provider = await startMarketProvider(market, { port, defend: "never", backend: rounded });
    verifiers = await startMarketVerifiers(market, HONEST);
  });
  after(async () => {
    await provider?.shutdown.close("the test is over");
    await verifiers?.close();
    await market?.close();
  });

  it("costs a verifier that reports without running, and a provider that does not answer", async () => {
    const { rerun } = await sitOnce(market, lazy, { verdict: "match", dataRoot: async () => MADE_UP });
    const { epoch } = rerun;
    const unanswered = () =>
      market.client.getContractEvents({
        address: market.deployment.contracts.Demands!,
        abi: demandsAbi,
        eventName: "Unanswered",
        args: { accused: lazy.account.address },
        fromBlock: market.deployment.startBlock,
        strict: true,
      });
    await until("its outputs are found missing", async () => (await unanswered()).length > 0, 90_000);
    const [found] = await unanswered();
    // It misses its other duties too, which costs it stake before and after.
    const before = await market.stakeAt(lazy.account.address, found!.blockNumber - 1n);
    expect(found!.args.taken).to.equal((before + 19n) / 20n);

    // The majority's mismatches were not taken to a jury: they end as confirmed when disputes do.
    const { modelId } = market;
    const [seed] = await market.read("HeaderBeacon", "seedOf", epoch);
    const mismatches = BigInt(await market.read("AttestationHub", "mismatchesOf", market.provider, modelId, epoch));
    expect(mismatches > 0n).to.equal(true);
    const { m, units, count } = await market.read("ReceiptLog", "log", market.provider, modelId, epoch);
    // Every probe is one unit, so a position is a number.
    expect(units).to.equal(BigInt(count));
    const positions = samplePositions({ seed, provider: market.provider, modelId, epoch, m, units });
    const wrong = positions.filter((_, j) => (mismatches >> BigInt(j)) & 1n).map(Number);
    const states = () =>
      Promise.all(
        [...new Set(wrong)].map(async (seq) => {
          const id = caseId({ provider: market.provider, modelId, epoch, seq });
          return CASE_STATES[(await market.read("DisputeCourt", "caseOf", id)).state];
        }),
      );
    const allConfirmed = async () => (await states()).every((state) => state === "confirmed");
    await until("every free case is confirmed", allConfirmed, 120_000);
  });

  it("costs a provider whose log is missing", async () => {
    await provider?.shutdown.close("the test says so");
    provider = undefined;
    const proven = () =>
      market.client.getContractEvents({
        address: market.deployment.contracts.Faults!,
        abi: faultsAbi,
        eventName: "FaultProven",
        args: { account: OWNER.account.address },
        fromBlock: market.deployment.startBlock,
        strict: true,
      });
    await until("a missing log is proven", async () => (await proven()).length > 0, 90_000);
    const [fault] = await proven();
    expect(hexToString(trim(fault!.args.cause, { dir: "right" }))).to.equal("missing log");
    expect(fault!.args.taken > 0n).to.equal(true);
  });
});
