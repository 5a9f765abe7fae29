import { type Abi, type Address, decodeFunctionData, type Hex, type PublicClient } from "viem";

/** Gas of one function over all its successful transactions. */
export type GasFigures = { calls: number; min: number; median: number; max: number };

/** Transactions read at a time. */
const AT_ONCE = 16;

/**
 * Reads the gas of every successful transaction to the given contracts from the chain itself.
 * @param contracts address and ABI by contract name
 * @returns figures by `"<Contract>.<function>"`, sorted by name
 */
export async function gasByFunction(
  client: PublicClient,
  contracts: Record<string, { address: Address; abi: Abi }>,
  fromBlock: bigint,
): Promise<Record<string, GasFigures>> {
  const byAddress = new Map(
    Object.entries(contracts).map(([name, contract]) => [contract.address.toLowerCase(), { name, ...contract }]),
  );
  // Every function that is measured emits an event.
  const logs = await client.getLogs({
    address: Object.values(contracts).map(({ address }) => address),
    fromBlock,
    toBlock: "latest",
  });
  const hashes = [...new Set(logs.map(({ transactionHash }) => transactionHash))];
  const used = new Map<string, number[]>();
  const read = async (hash: Hex) => {
    const [transaction, receipt] = await Promise.all([
      client.getTransaction({ hash }),
      client.getTransactionReceipt({ hash }),
    ]);
    const contract = transaction.to && byAddress.get(transaction.to.toLowerCase());
    if (!contract) return;
    const { functionName } = decodeFunctionData({ abi: contract.abi, data: transaction.input });
    const key = `${contract.name}.${functionName}`;
    used.set(key, [...(used.get(key) ?? []), Number(receipt.gasUsed)]);
  };
  for (let i = 0; i < hashes.length; i += AT_ONCE) await Promise.all(hashes.slice(i, i + AT_ONCE).map(read));
  return Object.fromEntries([...used].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, all]) => [key, figures(all)]));
}

/** Smallest, middle (the lower of two) and largest of at least one number. */
function figures(all: number[]): GasFigures {
  const sorted = all.toSorted((a, b) => a - b);
  return {
    calls: sorted.length,
    min: sorted[0]!,
    median: sorted[Math.floor((sorted.length - 1) / 2)]!,
    max: sorted.at(-1)!,
  };
}
