import { type Address, type Hex, recoverAddress } from "viem";
import { show } from "./check.ts";
import { SuretyError } from "./errors.ts";

/** Half of secp256k1's order: a signature with a larger s has a twin, which the contracts refuse. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Finds the address whose key signed 32 bytes; throws if no key can have. */
export type RecoverSigner = (digest: Hex, signature: Hex) => Address | Promise<Address>;

/**
 * The address whose key signed a digest, checksummed.
 * @param recover another way than viem's, for those who check many: libsecp256k1 is several times faster
 * @throws SuretyError PROTOCOL_BAD_SIGNATURE unless the signature is 65 bytes r | s | v with v 27 or 28 and the lower s
 */
export async function recoverDigestSigner(
  digest: Hex,
  signature: Hex,
  recover: RecoverSigner = (hash, signature) => recoverAddress({ hash, signature }),
): Promise<Address> {
  const shaped = typeof signature === "string" && /^0x[0-9a-fA-F]{128}1[bcBC]$/.test(signature);
  if (!shaped || BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) {
    throw new SuretyError(
      "PROTOCOL_BAD_SIGNATURE",
      `signature ${show(signature)} is malformed, needs 65 bytes of hex: r, the lower s, v of 27 or 28`,
    );
  }
  try {
    return await recover(digest, signature);
  } catch (cause) {
    throw new SuretyError("PROTOCOL_BAD_SIGNATURE", "no key can have made this signature: r or s is not on the curve", {
      cause,
    });
  }
}
