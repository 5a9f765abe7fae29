/** What a transaction offers per gas, in wei (EIP-1559). */
export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };

/**
 * First offer: twice the base fee, which covers its growth over six full blocks, and the priority fee, both under the cap.
 */
export function firstFees(baseFee: bigint, priority: bigint, cap: bigint): Fees {
  const maxFeePerGas = min(2n * baseFee + priority, cap);
  return { maxFeePerGas, maxPriorityFeePerGas: min(priority, maxFeePerGas) };
}

/**
 * A higher offer for the same nonce: both fees grow by a quarter at least, since nodes refuse less than a tenth.
 *
 * @returns undefined if the cap leaves no room for a tenth.
 */
export function bumpFees(last: Fees, baseFee: bigint, priority: bigint, cap: bigint): Fees | undefined {
  const fresh = firstFees(baseFee, priority, cap);
  const maxFeePerGas = min(max(fresh.maxFeePerGas, quarterMore(last.maxFeePerGas)), cap);
  const maxPriorityFeePerGas = min(
    max(fresh.maxPriorityFeePerGas, quarterMore(last.maxPriorityFeePerGas)),
    maxFeePerGas,
  );
  const enough =
    maxFeePerGas >= tenthMore(last.maxFeePerGas) && maxPriorityFeePerGas >= tenthMore(last.maxPriorityFeePerGas);
  return enough ? { maxFeePerGas, maxPriorityFeePerGas } : undefined;
}

const quarterMore = (fee: bigint) => fee + fee / 4n + 1n;
const tenthMore = (fee: bigint) => fee + fee / 10n + (fee % 10n === 0n ? 0n : 1n);
const min = (a: bigint, b: bigint) => (a < b ? a : b);
const max = (a: bigint, b: bigint) => (a > b ? a : b);
