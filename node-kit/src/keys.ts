import { pbkdf2, randomBytes, scrypt } from "node:crypto";
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { SuretyError } from "@surety/protocol";
import { Keystore } from "ox";
import { type Address, bytesToHex, type Hex, isHex, size } from "viem";
import { generatePrivateKey, type PrivateKeyAccount } from "viem/accounts";
import { z } from "zod";
import { toFastAccount } from "./secp256k1.ts";
import { readSecretFile } from "./secret-file.ts";

/** Chain ids of development chains, whose money is worth nothing: only there a plain key is taken. */
export const DEV_CHAIN_IDS: readonly number[] = [31337, 1337];

/** Where the key of a program comes from: exactly one of `keystore` and `devKey`. */
export type KeySource = {
  chainId: number;
  /** Path of an encrypted V3 key file of mode 0600. */
  keystore?: string | undefined;
  /** Its password; or the file of mode 0600 that holds it. */
  password?: string | undefined;
  passwordFile?: string | undefined;
  /** A plain private key. Refused outside {@link DEV_CHAIN_IDS}. */
  devKey?: Hex | undefined;
};

const hexText = z.string().regex(/^[0-9a-fA-F]+$/);
const scryptParams = z.object({
  dklen: z.literal(32),
  // Bounds on work and memory (128 * n * r bytes): a key file may come from anywhere.
  n: z
    .int()
    .min(2)
    .max(1 << 20),
  p: z.int().min(1).max(16),
  r: z.int().min(1).max(16),
  salt: hexText,
});
const pbkdf2Params = z.object({
  c: z.int().min(1).max(10_000_000),
  dklen: z.literal(32),
  prf: z.literal("hmac-sha256"),
  salt: hexText,
});
const body = z.object({
  cipher: z.literal("aes-128-ctr"),
  ciphertext: hexText,
  cipherparams: z.object({ iv: hexText.length(32) }),
  mac: hexText.length(64),
});
const keyFile = z.object({
  version: z.literal(3),
  id: z.string(),
  address: z.string().optional(),
  crypto: z.discriminatedUnion("kdf", [
    body.extend({ kdf: z.literal("scrypt"), kdfparams: scryptParams }),
    body.extend({ kdf: z.literal("pbkdf2"), kdfparams: pbkdf2Params }),
  ]),
});

/**
 * Opens the account that signs.
 *
 * @throws SuretyError KEY_MISSING (no source), KEY_TWICE (two), KEY_PLAIN_REFUSED (dev key on another chain),
 * KEY_MALFORMED, KEYSTORE_MALFORMED, KEYSTORE_PASSWORD (wrong password or damaged file), or one of {@link readSecretFile}.
 */
export async function loadAccount(source: KeySource): Promise<PrivateKeyAccount> {
  const { chainId, keystore, devKey } = source;
  if (keystore !== undefined && devKey !== undefined) {
    const message = "Both a key file (SURETY_KEYSTORE) and a plain key (SURETY_DEV_KEY) are given; keep one.";
    throw new SuretyError("KEY_TWICE", message);
  }
  if (devKey !== undefined) return plainAccount(devKey, chainId);
  if (keystore === undefined) {
    const dev = DEV_CHAIN_IDS.includes(chainId) ? ", or a plain key with SURETY_DEV_KEY" : "";
    const message = `No key is given. Name an encrypted key file with SURETY_KEYSTORE and its password's file with SURETY_PASSWORD_FILE${dev}.`;
    throw new SuretyError("KEY_MISSING", message);
  }
  return toFastAccount(await decryptKeystore(keystore, passwordOf(source)));
}

function plainAccount(devKey: Hex, chainId: number): PrivateKeyAccount {
  if (!DEV_CHAIN_IDS.includes(chainId)) {
    const message = `A plain private key (SURETY_DEV_KEY) is refused on chain id ${chainId}: it is taken on ${DEV_CHAIN_IDS.join(" and ")} only. Use an encrypted key file (SURETY_KEYSTORE, SURETY_PASSWORD_FILE).`;
    throw new SuretyError("KEY_PLAIN_REFUSED", message, { details: { have: chainId, need: DEV_CHAIN_IDS } });
  }
  return toAccount(devKey, "SURETY_DEV_KEY");
}

function toAccount(key: Hex, name: string): PrivateKeyAccount {
  try {
    return toFastAccount(key);
  } catch {
    // The library's error may quote the key: it is not kept as the cause.
    const message = `${name} is no private key: expected 0x and 64 hexadecimal digits, above zero and below the curve's order.`;
    throw new SuretyError("KEY_MALFORMED", message);
  }
}

function passwordOf({ password, passwordFile }: KeySource): string {
  const text = password ?? (passwordFile && readSecretFile(passwordFile, "password file").replace(/\r?\n$/, ""));
  if (text) return text;
  const message =
    "The key file needs a password: name a file of mode 0600 with SURETY_PASSWORD_FILE that is not empty.";
  throw new SuretyError("KEY_MISSING", message);
}

async function decryptKeystore(path: string, password: string): Promise<Hex> {
  const file = parseKeyFile(path);
  const derived = await deriveKey(file, password);
  let key: Hex;
  try {
    key = Keystore.decrypt(file, derived);
  } catch (cause) {
    const message = `The key file ${path} does not open: the password is wrong or the file is damaged.`;
    throw new SuretyError("KEYSTORE_PASSWORD", message, { cause });
  }
  const { address } = toAccount(key, `the key in ${path}`);
  const named = file.address?.replace(/^0x/, "").toLowerCase();
  if (named !== undefined && named !== address.slice(2).toLowerCase()) {
    const message = `The key file ${path} names address 0x${named} but holds the key of ${address}.`;
    throw new SuretyError("KEYSTORE_MALFORMED", message, { details: { have: address, need: named } });
  }
  return key;
}

function parseKeyFile(path: string): z.infer<typeof keyFile> {
  const text = readSecretFile(path, "key file");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's error quotes the file: it is not kept as the cause.
    throw new SuretyError("KEYSTORE_MALFORMED", `The key file ${path} is no JSON; expected a V3 keystore.`);
  }
  const result = keyFile.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") || "the file";
  const message = `The key file ${path} is no V3 keystore: ${where}: ${issue?.message}.`;
  throw new SuretyError("KEYSTORE_MALFORMED", message);
}

/**
 * Node's derivations do what the library's do in a third of the time, but not scrypt outside RFC 7914's bound on n. The
 * library's asynchronous scrypt ignores r and p, so there its synchronous one blocks for some seconds.
 */
async function deriveKey(file: Keystore.Keystore, password: string): Promise<Keystore.Key> {
  const { kdfparams } = file.crypto;
  const salt = Buffer.from(kdfparams.salt, "hex");
  if ("c" in kdfparams) return bytesToHex(await promisify(pbkdf2)(password, salt, kdfparams.c, 32, "sha256"));
  const { n, r, p } = kdfparams;
  return n < 2 ** (16 * r) ? scryptKey(password, salt, n, r, p) : Keystore.toKey(file, { password });
}

async function scryptKey(password: string, salt: Buffer, n: number, r: number, p: number): Promise<Hex> {
  const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);
  return bytesToHex(await derive(password, salt, 32, { N: n, r, p, maxmem: 256 * r * (n + p) + (1 << 20) }));
}

/**
 * Writes a new encrypted key file (V3, scrypt, mode 0600) that geth and cast read too. An existing file is never
 * overwritten.
 *
 * @param path Where; must not exist.
 * @param password At least 8 characters.
 * @param privateKey The key to keep; a new random one if left out.
 * @param work scrypt's n; tests lower it. Default 2^18.
 * @throws SuretyError KEYSTORE_EXISTS, KEYSTORE_WEAK_PASSWORD, KEY_MALFORMED, KEYSTORE_UNWRITABLE.
 */
export async function createKeystore(
  path: string,
  password: string,
  privateKey?: Hex,
  work = 1 << 18,
): Promise<{ address: Address; path: string }> {
  if (password.length < 8) {
    const message = `The password has ${password.length} characters; expected at least 8.`;
    throw new SuretyError("KEYSTORE_WEAK_PASSWORD", message, { details: { have: password.length, need: 8 } });
  }
  const secret = privateKey ?? generatePrivateKey();
  if (!isHex(secret) || size(secret) !== 32)
    throw new SuretyError("KEY_MALFORMED", "Expected a private key of 32 bytes.");
  const { address } = toAccount(secret, "The given key");
  const salt = randomBytes(32);
  const keystore = Keystore.encrypt(secret, await scryptKey(password, salt, work, 8, 1), {
    kdf: "scrypt",
    kdfparams: { dklen: 32, n: work, p: 1, r: 8, salt: salt.toString("hex") },
    iv: randomBytes(16),
  });
  const named = { ...keystore, address: address.slice(2).toLowerCase() };
  writeNew(path, `${JSON.stringify(named, null, 2)}\n`);
  return { address, path };
}

function writeNew(path: string, text: string): void {
  try {
    const file = openSync(path, "wx", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") {
      const message = `${path} exists and is not overwritten: it may hold the only copy of a key. Choose another path.`;
      throw new SuretyError("KEYSTORE_EXISTS", message, { cause });
    }
    throw new SuretyError("KEYSTORE_UNWRITABLE", `The key file ${path} cannot be written (${code}).`, { cause });
  }
}
