import { type Hex, keccak256, numberToHex, pad, toRlp } from "viem";
import type { RpcBlock } from "../settle/header.ts";

const zero32 = pad("0x", { size: 32 });

/** Blocks per second of the simulated chain. */
export const BLOCKS_PER_SECOND = 5n;

/**
 * Block `number` of the simulated chain, with the twenty-one header fields of today's Ethereum and a true hash. Its
 * parent's hash is made up: only the two headers of a draw are ever looked at. For tests.
 */
export function simBlock(genesis: bigint, number: bigint): RpcBlock {
  const quantity = (n: bigint): Hex => numberToHex(n);
  const fields: [string, Hex][] = [
    ["parentHash", keccak256(numberToHex(genesis + number - 1n, { size: 32 }))],
    ["sha3Uncles", zero32],
    ["miner", pad("0x01", { size: 20 })],
    ["stateRoot", zero32],
    ["transactionsRoot", zero32],
    ["receiptsRoot", zero32],
    ["logsBloom", pad("0x", { size: 256 })],
    ["difficulty", "0x0"],
    ["number", quantity(number)],
    ["gasLimit", "0x1c9c380"],
    ["gasUsed", "0x0"],
    ["timestamp", quantity(genesis + number / BLOCKS_PER_SECOND)],
    ["extraData", "0x"],
    ["mixHash", keccak256(numberToHex(number, { size: 32 }))],
    ["nonce", "0x0000000000000000"],
    ["baseFeePerGas", "0x7"],
    ["withdrawalsRoot", zero32],
    ["blobGasUsed", "0x0"],
    ["excessBlobGas", "0x0"],
    ["parentBeaconBlockRoot", zero32],
    ["requestsHash", zero32],
  ];
  const trimmed = fields.map(([name, value]) => (QUANTITIES.has(name) ? shortest(value) : value));
  return { ...Object.fromEntries(fields), hash: keccak256(toRlp(trimmed)) };
}

const QUANTITIES = new Set([
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "baseFeePerGas",
  "blobGasUsed",
  "excessBlobGas",
]);

function shortest(value: Hex): Hex {
  const n = BigInt(value);
  return n === 0n ? "0x" : numberToHex(n, { size: Math.ceil(n.toString(16).length / 2) });
}
