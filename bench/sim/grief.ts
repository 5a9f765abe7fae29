import type { Hex } from "viem";
import { demandOutputs } from "./audit.ts";
import { openCase } from "./cases.ts";
import { chanceOf } from "./chance.ts";
import { openingOf, proofOf } from "./log.ts";
import { sampledSeqs } from "./samples.ts";
import { type Actor, eventsOf, identityAt, logOf, type Provider, send, type World } from "./world.ts";

/** Griefers harass honest actors at the price of their bonds: a case and a demand against a provider, one against a seat. */
export async function grief(world: World, epoch: bigint): Promise<void> {
  for (const [i, griefer] of world.verifiers.filter(({ conduct }) => conduct.griefs).entries()) {
    const provider = world.providers[Number((epoch + BigInt(i)) % BigInt(world.providers.length))]!;
    const seqs = await sampledSeqs(world, provider, epoch);
    const [first, second] = [...new Set(seqs)].slice(2 * i);
    if (first === undefined || second === undefined) continue;
    await openCase(world, griefer, provider, epoch, first);
    await demandSample(world, griefer, provider, epoch, seqs.indexOf(second));
    const others = world.reruns.filter(({ verifier }) => verifier !== griefer && verifier.conduct.outputs === "run");
    const rerun = others[Math.floor(chanceOf(world.seed, "griefed", griefer.number, epoch) * others.length)];
    if (rerun) await demandOutputs(world, griefer, rerun, i);
  }
}

/** Demands the opening of a sampled leaf; its provider answers and takes the bond. */
async function demandSample(world: World, by: Actor, provider: Provider, epoch: bigint, j: number): Promise<void> {
  const address = identityAt(provider, epoch)!.address;
  const receipt = await send(world, by, "Demands", "demandSample", [address, world.modelId, epoch, j]);
  const id = eventsOf(world, receipt, "Demands", "Demanded")[0]!.id as Hex;
  const log = logOf(world, provider, epoch)!;
  const seq = (await sampledSeqs(world, provider, epoch))[j]!;
  await send(world, provider, "Demands", "answerLeaf", [id, proofOf(log, seq), openingOf(log, seq)]);
}
