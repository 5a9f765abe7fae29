import { type Hex, toHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";

/** The phrase that development chains fund: its keys are public, and worth nothing anywhere else. */
const MNEMONIC = "test test test test test test test test test test test junk";

/** A funded account of the development chain. */
export type DevAccount = { account: ReturnType<typeof mnemonicToAccount>; key: Hex };

/** Account number `index` of the phrase; the development chain funds 0 to 19. */
export function devAccount(index: number): DevAccount {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex: index });
  return { account, key: toHex(account.getHdKey().privateKey!) };
}

/** Who is who on the demo's chain. */
export const DEPLOYER = 0;
/** First of the providers; its operator is `OPERATORS` + its number. */
export const PROVIDERS = 1;
export const OPERATORS = 4;
export const FIRST_VERIFIER = 7;
/** The verifier that runs nothing. */
export const LAZY = 19;
/** The client that signs its requests: the first that the chain does not fund. */
export const CLIENT = 20;
