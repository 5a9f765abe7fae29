import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { readSecretFile } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import type { Address, Hex } from "viem";

/** Keys that seal outputs until they open. */
export type EpochKeys = {
  /** Tells one secret from another without giving it away. */
  readonly fingerprint: string;
  /** k_e of docs/protocol.md section 5: HMAC-SHA256(secret, provider|modelId|epoch), 32 bytes. */
  key(modelId: Hex, epoch: bigint): Buffer;
  /** `leafSalt` of one receipt: HMAC-SHA256(k_e, seq as u32 big-endian). */
  salt(modelId: Hex, epoch: bigint, seq: number): Buffer;
};

const SECRET = /^[0-9a-f]{64}$/;

/** Writes a new secret, on the disk before it is used: what it sealed could not be opened without it. */
function makeSecret(path: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, `${randomBytes(32).toString("hex")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * Opens the secret at `path`, which is made with mode 0600 if it is not there.
 * @throws SuretyError PROVIDER_BAD_SECRET if the file holds something else, or one of `readSecretFile`
 */
export function openEpochKeys(path: string, provider: Address): EpochKeys {
  if (!existsSync(path)) makeSecret(path);
  const text = readSecretFile(path, "epoch secret").trim();
  if (!SECRET.test(text)) {
    throw new SuretyError(
      "PROVIDER_BAD_SECRET",
      `The epoch secret ${path} needs 64 hex digits; restore it from a backup.`,
    );
  }
  const secret = Buffer.from(text, "hex");
  const key = (modelId: Hex, epoch: bigint): Buffer =>
    createHmac("sha256", secret).update(`${provider}|${modelId}|${epoch}`.toLowerCase()).digest();
  const latest = new Map<Hex, { epoch: bigint; key: KeyObject }>();
  const message = Buffer.alloc(4);
  return {
    fingerprint: createHash("sha256").update("surety.epoch-secret").update(secret).digest("hex").slice(0, 16),
    key,
    salt: (modelId, epoch, seq) => {
      const known = latest.get(modelId);
      const current = known?.epoch === epoch ? known : { epoch, key: createSecretKey(key(modelId, epoch)) };
      latest.set(modelId, current);
      message.writeUInt32BE(seq);
      return createHmac("sha256", current.key).update(message).digest();
    },
  };
}
