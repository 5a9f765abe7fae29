import { assignmentTree, commitment, packRerunReport, type SampleVerdict } from "@surety/protocol";
import { type Address, type Hex, isAddressEqual } from "viem";
import type { DevAccount } from "../../scripts/demo/accounts.ts";
import { bond } from "../../scripts/lib/actions/stake.ts";
import { type TestMarket, TOKEN } from "./market.ts";

/** Stake of the dishonest beyond what their tickets lock. */
const SPARE = 20n * TOKEN;
const SALT: Hex = `0x${"5a".repeat(32)}`;

/**
 * Takes the first re-run seat that a verifier is drawn for, and says the same of every sample without having run one.
 * @param says.verdict of every sample; `says.dataRoot` gives what to commit to, of an epoch with m samples
 * @returns the re-run as the court takes it, and its samples
 */
export async function sitOnce(
  market: TestMarket,
  who: DevAccount,
  says: { verdict: SampleVerdict; dataRoot: (epoch: bigint, m: number) => Promise<Hex> },
) {
  const { provider, modelId } = market;
  const hub = market.deployment.contracts.AttestationHub!;
  const me = who.account.address;
  // What it misses before it is drawn must not cost it the ticket.
  await bond(market.as(who), { amount: SPARE });
  for (let epoch = market.firstEpoch; ; epoch++) {
    const times = market.times(epoch);
    await market.until(times.openEnd);
    const seats: Address[] = await market.read("AttestationHub", "seatsOf", provider, modelId, epoch, 1);
    const seat = seats.findIndex((one) => isAddressEqual(one, me));
    const { m } = await market.read("ReceiptLog", "log", provider, modelId, epoch);
    if (seat < 0 || m === 0) continue;
    const dataRoot = await says.dataRoot(epoch, m);
    const assigned = { role: 1, provider, modelId, report: 0n, dataRoot, salt: SALT };
    const { root, proof } = assignmentTree([assigned]);
    const hash = commitment({ hub, epoch, round: 0, sender: me, root });
    await market.write(who, "AttestationHub", "commit", epoch, hash);
    await market.until(times.outputEnd);
    const verdicts = Array.from({ length: m }, (): SampleVerdict => says.verdict);
    const report = packRerunReport({ n: m, verdicts, panel: says.verdict === "match" ? 1 : 0 });
    await market.write(who, "AttestationHub", "reveal", epoch, [{ ...assigned, seat, report }], [], []);
    return { rerun: { ...assigned, epoch, seat, verifier: me, proof: proof(0) }, m };
  }
}
