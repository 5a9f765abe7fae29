import type { Windows } from "@surety/protocol";
import { rewardDistributorAbi, verifierRegistryAbi } from "@surety/sdk";
import { expect } from "chai";
import { isAddressEqual, parseEventLogs, toFunctionSelector } from "viem";
import {
  CLIENT,
  openTestMarket,
  startMarketVerifiers,
  type TestMarket,
  TOKEN,
  until,
  verifierAccount,
} from "./market.ts";

const WINDOWS: Windows = {
  logWindow: 2n,
  beaconLag: 1n,
  openWindow: 2n,
  commitWindow: 2n,
  outputWindow: 2n,
  revealWindow: 2n,
  disputeWindow: 150n,
  answerWindow: 10n,
  juryWindow: 10n,
  grace: 2n,
};
const LENGTH = 10n;
/** Budget of an epoch: the challengers' twentieth pays all bounties in full. */
const BUDGET = 10_000n * TOKEN;
const CLAIM = toFunctionSelector("claimChallenger(address)");

/** A provider that is not there, one verifier that runs the service, and one that does nothing. */
describe("what a verifier earns and takes back by its accusations, end to end", function () {
  this.timeout(300_000);
  const [me, idle] = [verifierAccount(0).account.address, verifierAccount(1).account.address];
  let market: TestMarket;
  let verifiers: Awaited<ReturnType<typeof startMarketVerifiers>> | undefined;
  /** Epochs that have a budget. */
  const funded: bigint[] = [];

  before(async () => {
    const jury = { jurySize: 1n, juryVotes: 1n };
    const endpoint = "http://127.0.0.1:9";
    market = await openTestMarket({ length: LENGTH, windows: WINDOWS, verifiers: 2, jury, endpoint, epochs: 8n });
    const { firstEpoch, chain, times } = market;
    // Probe seats of the first epoch are drawn before it begins.
    const early = times(firstEpoch - 2n).seedTime + 1n;
    if ((await market.now()) < early) await chain.passTo(early);
    await market.draw(firstEpoch - 2n);
    await chain.passTo(times(firstEpoch).redrawEnd);
    const epoch = ((await market.now()) - market.deployment.genesis) / LENGTH;
    await market.write(CLIENT, "TestAsset", "mint", CLIENT.account.address, 3n * BUDGET);
    await market.write(CLIENT, "TestAsset", "approve", market.deployment.contracts.RewardDistributor, 3n * BUDGET);
    for (const one of [epoch, epoch + 1n, epoch + 2n]) {
      await market.write(CLIENT, "RewardDistributor", "fund", one, BUDGET);
      funded.push(one);
    }
    verifiers = await startMarketVerifiers(market, 1);
  });
  after(async () => {
    await verifiers?.close();
    await market?.close();
  });

  const rewards = () => ({ address: market.deployment.contracts.RewardDistributor!, abi: rewardDistributorAbi });
  const fromBlock = () => market.deployment.startBlock;
  /** Bounties of the running verifier, by epoch. */
  const bounties = async () => {
    const query = { ...rewards(), eventName: "BountyAdded", args: { challenger: me }, strict: true } as const;
    const found = await market.client.getContractEvents({ ...query, fromBlock: fromBlock() });
    return found.map(({ args }) => args);
  };
  /** What each claim of bounties that it sent has paid it. */
  const claims = async (): Promise<bigint[]> => {
    const paid: bigint[] = [];
    const head = await market.client.getBlockNumber();
    for (let blockNumber = fromBlock(); blockNumber <= head; blockNumber++) {
      const { transactions } = await market.client.getBlock({ blockNumber, includeTransactions: true });
      for (const { hash, from, input } of transactions) {
        if (!isAddressEqual(from, me) || !input.startsWith(CLAIM)) continue;
        const { logs } = await market.client.getTransactionReceipt({ hash });
        const claimed = parseEventLogs({ ...rewards(), logs, eventName: "Claimed" });
        paid.push(claimed.reduce((sum, { args }) => sum + args.amount, 0n));
      }
    }
    return paid;
  };
  const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, amount) => sum + amount, 0n);

  it("takes back the ticket that another's first missed duty has left without stake", async () => {
    const query = { address: market.deployment.contracts.VerifierRegistry!, abi: verifierRegistryAbi } as const;
    const returned = () =>
      market.client.getContractEvents({ ...query, eventName: "TicketReturned", fromBlock: fromBlock(), strict: true });
    await until("a ticket is returned", async () => (await returned()).length > 0, 60_000);
    const [{ args, blockNumber, transactionHash }] = (await returned()) as [
      Awaited<ReturnType<typeof returned>>[number],
    ];
    expect(isAddressEqual(args.verifier, idle)).to.equal(true);
    expect(isAddressEqual((await market.client.getTransaction({ hash: transactionHash })).from, me)).to.equal(true);
    const ejected = { ...query, functionName: "ejectedUntil", args: [idle], blockNumber } as const;
    expect(await market.client.readContract(ejected)).to.equal(0n);
    const stake = await market.stakeAt(idle, blockNumber);
    expect([stake > 0n, stake < 100n * TOKEN]).to.deep.equal([true, true]);
  });

  it("fetches its bounties once their epoch is over", async () => {
    await until("bounties are paid", async () => (await claims()).length > 0, 60_000);
    expect((await claims())[0]! > 0n).to.equal(true);
  });

  it("fetches each once, nothing where there is no budget, and nothing again after a start", async () => {
    const last = funded.at(-1)!;
    const later = async () => (await bounties()).find(({ epoch }) => epoch > last)?.epoch;
    await until("there is a bounty without a budget", async () => (await later()) !== undefined, 90_000);
    await verifiers?.close();
    verifiers = await startMarketVerifiers(market, 1);
    await market.until(market.times((await later())!).end + LENGTH / 2n);
    const due = (await bounties()).filter(({ epoch }) => epoch <= last).map(({ amount }) => amount);
    const paid = await claims();
    expect(due.length).to.be.greaterThan(0);
    expect(paid).to.not.include(0n);
    expect(total(paid)).to.equal(total(due));
  });
});
