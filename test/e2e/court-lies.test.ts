import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Windows } from "@surety/protocol";
import { DEMAND_KINDS, demandsAbi, faultsAbi } from "@surety/sdk";
import { expect } from "chai";
import { type Address, type Hex, hexToString, trim } from "viem";
import { sitOnce } from "./dishonest.ts";
import {
  agreeingInputs,
  freePort,
  OWNER,
  openTestMarket,
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
  commitWindow: 7n,
  outputWindow: 3n,
  revealWindow: 7n,
  disputeWindow: 60n,
  answerWindow: 10n,
  juryWindow: 10n,
  grace: 2n,
};
const LENGTH = 16n;
const NAME = "eth-spot-tcn";
/** Receipts that the provider's store loses. */
const LOST = 15;

/** A verifier that copies a result and lies about it, and a provider whose store was put back. */
describe("lies before the court, end to end", function () {
  this.timeout(400_000);
  const liar = verifierAccount(HONEST);
  let market: TestMarket;
  let port: number;
  let provider: Awaited<ReturnType<typeof startMarketProvider>> | undefined;
  let verifiers: Awaited<ReturnType<typeof startMarketVerifiers>> | undefined;

  before(async () => {
    // Hashes refute a verdict only where native and WASM give the same bits.
    const probes = await agreeingInputs(NAME);
    expect(probes.length).to.be.greaterThan(0);
    port = await freePort();
    market = await openTestMarket({
      length: LENGTH,
      windows: WINDOWS,
      verifiers: HONEST + 1,
      jury: { jurySize: 1n, juryVotes: 1n },
      endpoint: `http://127.0.0.1:${port}`,
      epochs: 16n,
      model: NAME,
    });
    provider = await startMarketProvider(market, { port });
    verifiers = await startMarketVerifiers(market, HONEST, probes);
  });
  after(async () => {
    await provider?.shutdown.close("the test is over");
    await verifiers?.close();
    await market?.close();
  });

  const faults = async (account: Address) => {
    const logs = await market.client.getContractEvents({
      address: market.deployment.contracts.Faults!,
      abi: faultsAbi,
      eventName: "FaultProven",
      args: { account },
      fromBlock: market.deployment.startBlock,
      strict: true,
    });
    return logs.map(({ args, blockNumber }) => ({
      ...args,
      blockNumber,
      cause: hexToString(trim(args.cause, { dir: "right" })),
    }));
  };

  /** The data root that an honest seat of an epoch is about to commit to. */
  const honestRoot = (epoch: bigint): Hex | undefined =>
    verifiers!.stores
      .map((store) => store.assignments.get({ epoch, provider: market.provider, modelId: market.modelId, role: 1 }))
      .find((one) => one?.included)?.dataRoot ?? undefined;

  /** Copies another seat's result, and says that all of it is wrong. */
  const lie = () =>
    sitOnce(market, liar, {
      verdict: "mismatch",
      dataRoot: async (epoch) => {
        await until("an honest seat has its results", () => honestRoot(epoch) !== undefined, 10_000);
        return honestRoot(epoch)!;
      },
    });

  /** In the middle of an epoch the provider's store is put back to an older state: it gives the same numbers again. */
  const giveAgain = async (): Promise<void> => {
    const { genesis } = market.deployment;
    const epoch = ((await market.now()) - genesis) / LENGTH + 1n;
    await market.until(market.times(epoch).start + LENGTH / 2n);
    await provider?.shutdown.close("the test says so");
    const receipts = new DatabaseSync(join(market.folder, "provider/receipts/receipts.sqlite"));
    const { changes } = receipts
      .prepare(
        `DELETE FROM receipt WHERE epoch = ?1 AND seq >= (SELECT max(seq) FROM receipt WHERE epoch = ?1) - ${LOST - 1}`,
      )
      .run(Number(epoch));
    receipts.close();
    expect(changes).to.equal(LOST);
    provider = await startMarketProvider(market, { port });
  };

  it("cost a verifier whose verdict hashes refute half of its stake", async () => {
    await lie();
    await until("the verdict is refuted", async () => (await faults(liar.account.address)).length > 0, 60_000);
    const [fault] = (await faults(liar.account.address)) as [Awaited<ReturnType<typeof faults>>[number]];
    // It misses its other duties too, which costs it stake before and after.
    const before = await market.stakeAt(liar.account.address, fault.blockNumber - 1n);
    expect([fault.cause, fault.taken]).to.deep.equal(["refuted verdict", (before + 1n) / 2n]);
  });

  it("cost a provider that gives a number twice half of its stake, and what its log leaves out", async () => {
    const accused = OWNER.account.address;
    const isProven = async () => (await faults(accused)).some(({ cause }) => cause === "equivocation");
    // Proof takes one client that gets the same number twice, which is likely in an epoch and not certain.
    for (let tries = 0; !(await isProven()) && tries < 4; tries++) await giveAgain();
    await until("equivocation is proven", isProven, 90_000);
    const { taken, blockNumber } = (await faults(accused)).find(({ cause }) => cause === "equivocation")!;
    expect(taken >= ((await market.stakeAt(accused, blockNumber - 1n)) * 4n) / 10n).to.equal(true);
    const unanswered = () =>
      market.client.getContractEvents({
        address: market.deployment.contracts.Demands!,
        abi: demandsAbi,
        eventName: "Demanded",
        args: { accused },
        fromBlock: market.deployment.startBlock,
        strict: true,
      });
    const failed = async () => {
      const all = await unanswered();
      const states = await Promise.all(all.map(({ args }) => market.read("Demands", "demandOf", args.id)));
      return all.filter(({ args }, i) => DEMAND_KINDS[args.kind] === "omission" && states[i].state === 3);
    };
    await until("an omission is punished", async () => (await failed()).length > 0, 60_000);
  });
});
