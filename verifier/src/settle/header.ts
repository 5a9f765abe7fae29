import { SuretyError } from "@surety/protocol";
import { type Hex, isHex, keccak256, toRlp } from "viem";

/** A block as `eth_getBlockByNumber` gives it. */
export type RpcBlock = Record<string, unknown> & { hash: Hex };

type Field = { name: string; quantity?: true; optional?: true };

/** Fields of a header in their order (Yellow Paper 4.3, EIP-1559, 4895, 4844, 4788, 7685, 7928). */
const FIELDS: readonly Field[] = [
  { name: "parentHash" },
  { name: "sha3Uncles" },
  { name: "miner" },
  { name: "stateRoot" },
  { name: "transactionsRoot" },
  { name: "receiptsRoot" },
  { name: "logsBloom" },
  { name: "difficulty", quantity: true },
  { name: "number", quantity: true },
  { name: "gasLimit", quantity: true },
  { name: "gasUsed", quantity: true },
  { name: "timestamp", quantity: true },
  { name: "extraData" },
  { name: "mixHash" },
  { name: "nonce" },
  { name: "baseFeePerGas", quantity: true, optional: true },
  { name: "withdrawalsRoot", optional: true },
  { name: "blobGasUsed", quantity: true, optional: true },
  { name: "excessBlobGas", quantity: true, optional: true },
  { name: "parentBeaconBlockRoot", optional: true },
  { name: "requestsHash", optional: true },
  { name: "blockAccessListHash", optional: true },
];

/** RLP writes numbers without leading zeros, and zero as the empty string. */
function shortest(quantity: Hex): Hex {
  const digits = quantity.slice(2).replace(/^0+/, "");
  return `0x${digits.length % 2 === 1 ? "0" : ""}${digits}`;
}

/**
 * The RLP of a block's header, as `HeaderBeacon.draw` takes it.
 * @param block as `eth_getBlockByNumber` gives it, nothing converted
 * @throws SuretyError HEADER_INCOMPLETE for a missing field, HEADER_MISMATCH if the result does not hash to `block.hash`:
 * a chain with other header fields than Ethereum's, or a node that lies
 */
export function headerRlp(block: RpcBlock): Hex {
  const fields: Hex[] = [];
  for (const { name, quantity, optional } of FIELDS) {
    const value = block[name];
    if (optional && (value === undefined || value === null)) continue;
    if (!isHex(value)) throw new SuretyError("HEADER_INCOMPLETE", `block ${block.hash} has no ${name}, needs hex`);
    fields.push(quantity ? shortest(value) : value);
  }
  const rlp = toRlp(fields);
  const hash = keccak256(rlp);
  if (hash === block.hash) return rlp;
  const message = `the header of block ${block.hash} hashes to ${hash}: this chain has other header fields, or the node lies`;
  throw new SuretyError("HEADER_MISMATCH", message, { details: { have: hash, need: block.hash } });
}
