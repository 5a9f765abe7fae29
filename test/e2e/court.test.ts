import type { Windows } from "@surety/protocol";
import { CASE_STATES, disputeCourtAbi, juriesAbi } from "@surety/sdk";
import { expect } from "chai";
import { type Address, isAddressEqual } from "viem";
import {
  BONDS,
  freePort,
  OWNER,
  openTestMarket,
  rounded,
  startMarketProvider,
  startMarketVerifiers,
  type TestMarket,
  TOKEN,
  until,
  verifierAccount,
} from "./market.ts";

const VERIFIERS = 11;
const JURY = { jurySize: 3n, juryVotes: 3n };
const WINDOWS: Windows = {
  logWindow: 4n,
  beaconLag: 1n,
  openWindow: 4n,
  commitWindow: 6n,
  outputWindow: 3n,
  revealWindow: 5n,
  disputeWindow: 30n,
  answerWindow: 10n,
  juryWindow: 26n,
  grace: 2n,
};
const LENGTH = 14n;

/** A provider that serves a rounded copy and fights for it; everybody runs the services as they are. */
describe("a case before a jury, end to end", function () {
  this.timeout(400_000);
  let market: TestMarket;
  let provider: Awaited<ReturnType<typeof startMarketProvider>> | undefined;
  let verifiers: Awaited<ReturnType<typeof startMarketVerifiers>> | undefined;

  before(async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const terms = { length: LENGTH, windows: WINDOWS, verifiers: VERIFIERS, jury: JURY, endpoint, epochs: 3n };
    market = await openTestMarket(terms);
    provider = await startMarketProvider(market, { port, defend: "always", backend: rounded });
    verifiers = await startMarketVerifiers(market, VERIFIERS);
  });
  after(async () => {
    await provider?.shutdown.close("the test is over");
    await verifiers?.close();
    await market?.close();
  });

  const closed = async () => {
    const logs = await market.client.getContractEvents({
      address: market.deployment.contracts.DisputeCourt!,
      abi: disputeCourtAbi,
      eventName: "CaseClosed",
      fromBlock: market.deployment.startBlock,
      strict: true,
    });
    return logs.map(({ args }) => args);
  };
  const votes = async (): Promise<number> => {
    const found = await market.client.getContractEvents({
      address: market.deployment.contracts.Juries!,
      abi: juriesAbi,
      eventName: "JurorCommitted",
      fromBlock: market.deployment.startBlock,
    });
    return found.length;
  };
  const balance = (who: Address): Promise<bigint> => market.read("TestAsset", "balanceOf", who);

  it("convicts a provider that serves another model, slashes its stake and pays the jurors", async () => {
    const before: bigint = await market.read("StakePool", "stakeOf", OWNER.account.address);
    // Who voted is killed between its vote and its reveal, in effect: nothing but what was written is taken up again.
    await until("a juror has voted", async () => (await votes()) > 0, 200_000);
    await verifiers?.close();
    verifiers = await startMarketVerifiers(market, VERIFIERS);
    await until("a case is closed", async () => (await closed()).length > 0, 240_000);
    const [{ id, state, taken, perJuror }] = (await closed()) as [Awaited<ReturnType<typeof closed>>[number]];
    expect(CASE_STATES[state]).to.equal("confirmed");
    expect(taken).to.equal(before / 20n);
    expect(perJuror).to.equal(BONDS.court / JURY.jurySize);
    const { convictions, revealed, provider: accused, caseEpoch, modelId } = await market.read("Juries", "juryOf", id);
    expect([convictions, revealed]).to.deep.equal([3, 3]);

    const jurors: Address[] = await market.read("Juries", "seatsOf", id);
    const judges: Address[] = await market.read("AttestationHub", "seatsOf", accused, modelId, caseEpoch, 1);
    for (const juror of jurors) {
      expect(judges.some((judge) => isAddressEqual(judge, juror))).to.equal(false);
      expect(Array.from({ length: VERIFIERS }, (_, i) => verifierAccount(i).account.address)).to.include(juror);
      // Every verifier had 500 and bought a ticket of 100.
      await until("a juror is paid", async () => (await balance(juror)) > 400n * TOKEN, 60_000);
    }
  });
});
