import { samplePositions } from "@surety/protocol";
import type { Hex } from "viem";
import type { Leaf } from "./log.ts";
import { identityAt, logOf, type Provider, read, type World } from "./world.ts";

const known = new WeakMap<World, Map<string, Promise<number[]>>>();

/** Leaf numbers that an epoch's samples hit, in the order of the samples. Only once the seed is drawn. */
export function sampledSeqs(world: World, provider: Provider, epoch: bigint): Promise<number[]> {
  const found = known.get(world) ?? new Map<string, Promise<number[]>>();
  known.set(world, found);
  const key = `${provider.number} ${epoch}`;
  const seqs = found.get(key) ?? draw(world, provider, epoch);
  found.set(key, seqs);
  return seqs;
}

async function draw(world: World, provider: Provider, epoch: bigint): Promise<number[]> {
  const log = logOf(world, provider, epoch);
  const address = identityAt(provider, epoch)?.address;
  if (!log || !address || log.tree.units === 0n) return [];
  const { m } = await read<{ m: number }>(world, "ReceiptLog", "log", address, world.modelId, epoch);
  const [seed] = await read<[Hex, bigint]>(world, "HeaderBeacon", "seedOf", epoch);
  const where = { seed, provider: address, modelId: world.modelId, epoch, m, units: log.tree.units };
  return samplePositions(where).map((position) => log.tree.locate(position));
}

/** The leaves themselves. */
export async function sampledLeaves(world: World, provider: Provider, epoch: bigint): Promise<Leaf[]> {
  const log = logOf(world, provider, epoch);
  return (await sampledSeqs(world, provider, epoch)).map((seq) => log!.leaves[seq]!);
}
