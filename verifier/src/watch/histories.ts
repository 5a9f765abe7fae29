import type { Address } from "viem";

/** A value with the first epoch it holds in. */
type Step<T> = { from: bigint; value: T };

/** A value that changes by epoch: the last step at or before an epoch holds. */
export type History<T> = { set(from: bigint, value: T): void; at(epoch: bigint): T | undefined };

/** Makes an empty history. A later `set` for the same epoch replaces the earlier. */
export function createHistory<T>(): History<T> {
  const steps: Step<T>[] = [];
  return {
    set(from, value) {
      while (steps.length > 0 && steps.at(-1)!.from >= from) steps.pop();
      steps.push({ from, value });
    },
    at: (epoch) => steps.findLast((step) => step.from <= epoch)?.value,
  };
}

/** What the chain says of a provider. */
export type ProviderFacts = { owner: History<Address>; operator: History<Address>; endpoint: string };

/** A provider as it registers: its own owner, its operator at once. */
export function newProvider(provider: Address, operator: Address, endpoint: string): ProviderFacts {
  const facts = { owner: createHistory<Address>(), operator: createHistory<Address>(), endpoint };
  facts.owner.set(0n, provider);
  facts.operator.set(0n, operator);
  return facts;
}
