import { encodeAbiParameters, type Hex, keccak256 } from "viem";
import { bytes32, type Uint, uint } from "./check.ts";

const SEED = [{ type: "string" }, { type: "bytes32" }, { type: "uint64" }] as const;

/**
 * Seed of an epoch from the beacon's value: `keccak256(abi.encode("surety.seed", value, epoch))` (docs/protocol.md
 * section 3). The epoch is mixed in so that one beacon value never seeds two epochs alike.
 */
export const epochSeed = (value: Hex, epoch: Uint): Hex =>
  keccak256(encodeAbiParameters(SEED, ["surety.seed", bytes32("value", value), uint("epoch", epoch, 64)]));
