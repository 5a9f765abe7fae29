import type { Windows } from "@surety/protocol";
import { attestationHubAbi } from "@surety/sdk";
import { expect } from "chai";
import {
  freePort,
  openTestMarket,
  startMarketProvider,
  startMarketVerifiers,
  type TestMarket,
  until,
} from "./market.ts";

/** As many as a redraw's quorum: all of them have to take their seats. */
const VERIFIERS = 5;
const WINDOWS: Windows = {
  logWindow: 4n,
  beaconLag: 1n,
  openWindow: 4n,
  commitWindow: 6n,
  outputWindow: 4n,
  revealWindow: 6n,
  disputeWindow: 20n,
  answerWindow: 10n,
  juryWindow: 10n,
  grace: 2n,
};

/** Verifiers that probed an epoch and were stopped before they could commit; they come back for the redraw. */
describe("a redraw, end to end", function () {
  this.timeout(300_000);
  let market: TestMarket;
  let provider: Awaited<ReturnType<typeof startMarketProvider>> | undefined;
  let verifiers: Awaited<ReturnType<typeof startMarketVerifiers>> | undefined;

  before(async () => {
    const port = await freePort();
    market = await openTestMarket({
      length: 14n,
      windows: WINDOWS,
      verifiers: VERIFIERS,
      jury: { jurySize: 1n, juryVotes: 1n },
      endpoint: `http://127.0.0.1:${port}`,
      epochs: 2n,
    });
    provider = await startMarketProvider(market, { port });
    verifiers = await startMarketVerifiers(market, VERIFIERS);
  });
  after(async () => {
    await verifiers?.close();
    await provider?.shutdown.close("the test is over");
    await market?.close();
  });

  it("settles what the first round left open by the reports of the second", async () => {
    const { provider: address, modelId, firstEpoch: epoch, deployment } = market;
    const times = market.times(epoch);
    await market.until(times.seedTime + 1n);
    await verifiers?.close();
    await market.draw(epoch);
    await market.until(times.commitEnd);
    verifiers = await startMarketVerifiers(market, VERIFIERS);
    await market.until(times.revealEnd);
    expect(await market.read("AttestationHub", "needsRedraw", address, modelId, epoch)).to.equal(true);

    const settled = () =>
      market.client.getContractEvents({
        address: deployment.contracts.AttestationHub!,
        abi: attestationHubAbi,
        eventName: "Settled",
        args: { provider: address, modelId, epoch },
        fromBlock: deployment.startBlock,
        strict: true,
      });
    await until("the epoch is settled", async () => (await settled()).length > 0, 90_000);
    const [found] = await settled();
    const { timestamp } = await market.client.getBlock({ blockNumber: found!.blockNumber });
    expect(timestamp >= times.redrawEnd).to.equal(true);
    const { m } = await market.read("ReceiptLog", "log", address, modelId, epoch);
    expect(m).to.be.greaterThan(0);
    expect(found!.args).to.deep.include({ m: BigInt(m), matches: BigInt(m), mismatches: 0 });

    for (const { assignments } of verifiers.stores) {
      const at = (role: 1 | 2) => assignments.get({ epoch, provider: address, modelId, role });
      // Stopped before it was planned, or missed: in either case nothing was committed in the first round.
      expect(at(1)?.state ?? "missed").to.equal("missed");
      expect(["revealed", "done"]).to.include(at(2)?.state);
    }
  });
});
