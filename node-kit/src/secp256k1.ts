import { SuretyError } from "@surety/protocol";
import * as secp256k1 from "tiny-secp256k1";
import { type Address, bytesToHex, type Hex, hashTypedData, hexToBytes } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount, publicKeyToAddress } from "viem/accounts";

// A sidecar signs every answer and a verifier checks every probe: libsecp256k1 in WebAssembly takes a quarter of the time
// that viem's portable code takes for a signature, and an eighth for a recovery. Both make the same signature (RFC 6979).

/**
 * A viem account whose `sign` and `signTypedData` are fast; transactions and messages are signed as viem does.
 * @throws as viem's `privateKeyToAccount` on a key that is none
 */
export function toFastAccount(privateKey: Hex): PrivateKeyAccount {
  const account = privateKeyToAccount(privateKey);
  const key = hexToBytes(privateKey);
  return {
    ...account,
    sign: async ({ hash }) => signDigest(key, hash),
    signTypedData: async (typed) => signDigest(key, hashTypedData(typed)),
  };
}

/** Signs 32 bytes: r, the lower s, v of 27 or 28. */
function signDigest(key: Uint8Array, digest: Hex): Hex {
  const { signature, recoveryId } = secp256k1.signRecoverable(hexToBytes(digest), key);
  return `${bytesToHex(signature)}${recoveryId === 0 ? "1b" : "1c"}`;
}

/**
 * The address whose key signed 32 bytes, checksummed.
 * @param signature 65 bytes: r, s, v of 27 or 28; whether s is the lower one is the caller's to check
 * @throws SuretyError SIGNATURE_MALFORMED if it has another form or no key can have made it
 */
export function recoverSigner(digest: Hex, signature: Hex): Address {
  const bytes = hexToBytes(signature);
  const parity = (bytes[64] ?? 0) - 27;
  if (bytes.length === 65 && (parity === 0 || parity === 1)) {
    try {
      const point = secp256k1.recover(hexToBytes(digest), bytes.subarray(0, 64), parity, false);
      if (point !== null) return publicKeyToAddress(bytesToHex(point));
    } catch (cause) {
      throw malformed(cause);
    }
  }
  throw malformed();
}

function malformed(cause?: unknown): SuretyError {
  const message = "No key can have made this signature; expected 65 bytes: r, s and v of 27 or 28.";
  return new SuretyError("SIGNATURE_MALFORMED", message, { cause });
}
