import type { Address, Hex } from "viem";

/** A promise of availability. Rates 1e9 = 100 %, latency in milliseconds, epochs inclusive. */
export type PromiseFacts = {
  provider: Address;
  modelId: Hex;
  target: number;
  latencyMs: number;
  capacity: number;
  firstEpoch: bigint;
  lastEpoch: bigint;
};

/** All promises, per record in their order. */
export type Promises = {
  add(promise: PromiseFacts): void;
  at(provider: Address, modelId: Hex, epoch: bigint): PromiseFacts | undefined;
  /** Every record's promise that holds in `epoch`. */
  in(epoch: bigint): PromiseFacts[];
  /** The first promised epoch at or after `epoch`. */
  next(provider: Address, modelId: Hex, epoch: bigint): bigint | undefined;
  /** All records, one per (provider, model). */
  records(): { provider: Address; modelId: Hex }[];
};

const covers = (p: PromiseFacts, epoch: bigint) => p.firstEpoch <= epoch && epoch <= p.lastEpoch;

/** Makes an empty book of promises. */
export function createPromises(): Promises {
  const book = new Map<string, PromiseFacts[]>();
  const of = (provider: Address, modelId: Hex) => book.get(`${provider}:${modelId}`) ?? [];
  const next = (provider: Address, modelId: Hex, epoch: bigint): bigint | undefined => {
    const promise = of(provider, modelId).find((p) => p.lastEpoch >= epoch);
    return promise && (promise.firstEpoch > epoch ? promise.firstEpoch : epoch);
  };
  return {
    add(promise) {
      const key = `${promise.provider}:${promise.modelId}`;
      book.set(key, [...(book.get(key) ?? []), promise]);
    },
    at: (provider, modelId, epoch) => of(provider, modelId).find((p) => covers(p, epoch)),
    in: (epoch) => [...book.values()].flatMap((promises) => promises.filter((p) => covers(p, epoch))),
    next,
    records: () => [...book.values()].map(([p]) => ({ provider: p!.provider, modelId: p!.modelId })),
  };
}
