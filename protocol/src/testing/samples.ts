import type { Address, Hex } from "viem";
import type { Receipt } from "../receipt.ts";
import type { ClientRequest } from "../request.ts";

/** 32 bytes that end in `n`, for tests. */
export const hash = (n: number | bigint): Hex => `0x${n.toString(16).padStart(64, "0")}`;

/** An address that ends in `n`, for tests. */
export const account = (n: number | bigint): Address => `0x${n.toString(16).padStart(40, "0")}`;

/** A receipt with every field set and distinct, for tests. */
export const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  provider: account(0xa11ce),
  modelId: hash(0xbeef),
  epoch: 41n,
  seq: 7,
  slot: 13,
  client: account(0xc11e47),
  inputHash: hash(0x1217),
  outputHash: hash(0x0072),
  units: 3,
  servedAtMs: 1_763_700_000_123n,
  latencyMs: 87,
  ...over,
});

/** A signed request's content with every field set and distinct, for tests. */
export const request = (over: Partial<ClientRequest> = {}): ClientRequest => ({
  provider: account(0xa11ce),
  modelId: hash(0xbeef),
  client: account(0xc11e47),
  inputHash: hash(0x1217),
  signedAtMs: 1_763_700_000_036n,
  nonce: hash(0x0f0f),
  ...over,
});
