import { epochAt } from "@surety/protocol";
import type { Address, Hex } from "viem";
import type { Head, PromiseTerms, ProviderChain } from "./chain.ts";

/** What a provider knows of the chain's present. */
export type Watch = {
  /** The latest block seen. */
  head(): Head | null;
  /** Wall clock less the chain's, milliseconds; null until a block was seen to arrive. */
  skewMs(): number | null;
  /** Epoch of the wall clock; null before genesis. */
  epoch(): bigint | null;
  /** Why no receipt may be given now, or null. */
  problem(): string | null;
  /** The promise for the current or the next epoch; null if there is none, undefined if it was not read yet. */
  promise(modelId: Hex, epoch: bigint): PromiseTerms | null | undefined;
  /** Looks at the chain once. */
  update(): Promise<void>;
};

/** What {@link createWatch} needs. */
export type WatchOptions = {
  chain: ProviderChain;
  modelIds: readonly Hex[];
  /** The key that signs receipts. */
  operator: Address;
  /** Unix milliseconds. */
  now: () => number;
  /** Largest skew between the clocks, milliseconds. Default 2,000. */
  maxSkewMs?: number;
};

/** What the chain says of one epoch, as read when the wall clock was in epoch `readAt`. */
type EpochFacts = { readAt: bigint; operator: Address; promises: Map<Hex, PromiseTerms | null> };

const SAMPLES = 8;
/** A block first seen after a longer pause says nothing of when it arrived. */
const PROMPT_MS = 1500;

/**
 * Follows the chain: its head, the skew between its clock and the wall's, the operator and the own promises of the
 * current and the next epoch, which can no longer change. Wall clock decides the epoch of a receipt, chain time decides
 * openings; where the two part, receipts would land in epochs that the chain counts otherwise, so none are given.
 */
export function createWatch({ chain, modelIds, operator, now, maxSkewMs = 2000 }: WatchOptions): Watch {
  let head: Head | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let samples: number[] = [];
  const facts = new Map<bigint, EpochFacts>();

  const epoch = (): bigint | null => {
    const { clock } = chain.identity;
    const seconds = BigInt(Math.floor(now() / 1000));
    return seconds < clock.genesis ? null : epochAt(clock, seconds);
  };

  // Delay only ever makes a block look late, so the least of a few samples is the clocks' difference.
  const skewMs = (): number | null => (samples.length === 0 ? null : Math.min(...samples));

  const lookAtHead = async (): Promise<void> => {
    const next = await chain.head();
    const at = now();
    const late = at - Number(next.timestamp) * 1000;
    const arrived = head !== null && next.number > head.number && at - lookedAt <= PROMPT_MS;
    if (arrived || late < -maxSkewMs) samples = [...samples, late].slice(-SAMPLES);
    head = next;
    lookedAt = at;
  };

  const readEpoch = async (of: bigint, current: bigint): Promise<void> => {
    // Read ahead, and once more when the epoch begins: a reorganisation may have changed it.
    if (facts.get(of)?.readAt === current) return;
    const [operatorOf, ...terms] = await Promise.all([
      chain.operatorAt(of),
      ...modelIds.map((modelId) => chain.promiseAt(modelId, of)),
    ]);
    facts.set(of, {
      readAt: current,
      operator: operatorOf,
      promises: new Map(modelIds.map((id, i) => [id, terms[i] ?? null])),
    });
  };

  return {
    head: () => head,
    skewMs,
    epoch,
    problem: () => {
      if (head === null) return "the chain has not been read yet";
      const current = epoch();
      if (current === null) return `the first epoch begins at Unix second ${chain.identity.clock.genesis}`;
      const skew = skewMs();
      if (skew === null) return "no new block has been seen yet, so the clocks cannot be compared";
      if (Math.abs(skew) > maxSkewMs) {
        return `the wall clock is ${skew} ms ahead of the chain's (at most ${maxSkewMs} either way): set the clock`;
      }
      const key = facts.get(current)?.operator;
      if (key === undefined) return `the operator of epoch ${current} has not been read yet`;
      if (key.toLowerCase() === operator.toLowerCase()) return null;
      return `the operator of epoch ${current} is ${key}, this key is ${operator}`;
    },
    promise: (modelId, of) => facts.get(of)?.promises.get(modelId),
    update: async () => {
      await lookAtHead();
      const current = epoch();
      if (current === null) return;
      await readEpoch(current, current);
      await readEpoch(current + 1n, current);
      for (const of of facts.keys()) if (of < current) facts.delete(of);
    },
  };
}
