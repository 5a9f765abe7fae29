import { packRerunReport, REDRAW_SEATS, ROLE_PROBE, ROLE_REDRAW, ROLE_RERUN, SEATS, seats } from "@surety/protocol";
import { type Address, zeroHash } from "viem";
import type { Role } from "../store/index.ts";
import { needsRedraw } from "../watch/redraw.ts";
import type { SimChain } from "./sim-chain.ts";
import { toyId } from "./toy-model.ts";

/** The other verifiers of the simulations: with them committees have their five seats. */
export const PEERS: readonly Address[] = [1, 2, 3, 4].map((i): Address => `0x${"00".repeat(19)}f${i}`);

/** The committee of a role over the toy model, empty seats left out. */
export function committee(chain: SimChain, provider: Address, epoch: bigint, role: Role) {
  const facts = chain.facts();
  const drawn = seats({
    seed: facts.seed(role === ROLE_PROBE ? epoch - 2n : epoch)!.seed,
    provider,
    modelId: toyId,
    epoch,
    role,
    tickets: facts.tickets(),
    length: facts.ticketLengthFor(epoch),
    owner: facts.provider(provider)!.owner.at(epoch)!,
    count: role === ROLE_REDRAW ? REDRAW_SEATS : SEATS,
  });
  return drawn.flatMap((verifier, seat) => (verifier ? [{ verifier, seat }] : []));
}

/** What the peers do. */
export type Peers = {
  /** How many of them reveal re-runs in the first round: below two, a redraw is needed. */
  attending: number;
  until(second: bigint): Promise<void>;
  /** Ends them. */
  signal: AbortSignal;
};

/** Reveals, as the peers' seats, that every sample matches: some in the first round, all in a redraw. For tests. */
export async function attendPeers(chain: SimChain, provider: Address, epoch: bigint, peers: Peers): Promise<void> {
  const { outputEnd, redrawCommitEnd } = chain.facts().times(epoch);
  const reveal = (role: Role, who: readonly Address[]): void => {
    const m = chain.facts().log(provider, toyId, epoch)!.m;
    const report = packRerunReport({ n: m, verdicts: Array<"match">(m).fill("match"), panel: 0 });
    for (const { verifier, seat } of committee(chain, provider, epoch, role)) {
      if (!who.includes(verifier)) continue;
      const args = { provider, modelId: toyId, epoch, role, seat, verifier, report, dataRoot: zeroHash };
      chain.emit({ eventName: "Revealed", args } as never);
    }
  };
  await peers.until(outputEnd);
  if (peers.signal.aborted) return;
  reveal(ROLE_RERUN, PEERS.slice(0, peers.attending));
  await peers.until(redrawCommitEnd);
  if (!peers.signal.aborted && needsRedraw(chain.facts(), { provider, modelId: toyId, epoch }))
    reveal(ROLE_REDRAW, PEERS);
}
