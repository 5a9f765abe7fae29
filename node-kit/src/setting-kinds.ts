import { resolve } from "node:path";
import { type Address, getAddress, type Hex, isAddress, parseUnits } from "viem";
import { z } from "zod";

/** How the text of a setting becomes a value, and how an operator learns what is expected. */
export type Kind<T> = {
  /** Reads the text that came from a flag, the environment or a file. */
  schema: z.ZodType<T, string>;
  /** What is expected, to follow "expected". */
  expected: string;
  /** A value that would be accepted. */
  example: string;
  /** A flag without a value: `--json` alone means "true". */
  isSwitch?: boolean;
};

function parsed<T>(expected: string, example: string, read: (text: string) => T | undefined): Kind<T> {
  const schema = z.string().transform((text, context) => {
    const value = read(text.trim());
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `expected ${expected}` });
    return z.NEVER;
  });
  return { schema, expected, example };
}

function whole(text: string): bigint | undefined {
  return /^\d{1,30}$/.test(text) ? BigInt(text) : undefined;
}

function parseUrl(text: string, protocols: readonly string[]): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return protocols.includes(url.protocol) ? text : undefined;
}

const WEB = ["http:", "https:"];

/** The kinds of settings. Units are in the text of each: what an operator reads is what the code gets. */
export const kind = {
  /** Any text of `min` to `max` characters after trimming. */
  text: (min = 1, max = 1_000): Kind<string> =>
    parsed(`${min} to ${max} characters`, "alice", (text) =>
      text.length >= min && text.length <= max ? text : undefined,
    ),
  /** A whole number in a range, both ends included. */
  integer: (min: number, max: number, example = min): Kind<number> =>
    parsed(`a whole number from ${min} to ${max}`, String(example), (text) => {
      const value = whole(text);
      return value !== undefined && value >= BigInt(min) && value <= BigInt(max) ? Number(value) : undefined;
    }),
  /** A decimal number in a range, both ends included, such as a share or a factor. */
  decimal: (min: number, max: number, example = min): Kind<number> =>
    parsed(`a number from ${min} to ${max}`, String(example), (text) => {
      const value = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    }),
  /** A whole number that reaches the chain as uint64 or larger. */
  whole: (example = 1n): Kind<bigint> => parsed("a whole number", String(example), whole),
  /** A TCP port. */
  port: (): Kind<number> => kind.integer(0, 65_535, 8080),
  /** An EIP-155 chain id. */
  chainId: (): Kind<number> => kind.integer(1, Number.MAX_SAFE_INTEGER, 31337),
  /** An http or https address. */
  url: (example = "https://provider.example"): Kind<string> =>
    parsed("an http:// or https:// address", example, (text) => parseUrl(text, WEB)),
  /** One or more http or https addresses, separated by commas, in order of preference. */
  urls: (example = "https://rpc.example"): Kind<string[]> =>
    parsed("http:// or https:// addresses separated by commas", example, (text) => {
      const urls = text.split(",").map((one) => parseUrl(one.trim(), WEB));
      return urls.every((one) => one !== undefined) ? urls : undefined;
    }),
  /** An account or contract; a checksum that is there must be right. */
  address: (): Kind<Address> =>
    parsed(
      "an address of 0x and 40 hexadecimal digits with a valid checksum",
      "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
      (text) => (isAddress(text) ? getAddress(text) : undefined),
    ),
  /** 32 bytes: a model id, a hash, a key. */
  bytes32: (): Kind<Hex> =>
    parsed("0x and 64 hexadecimal digits", `0x${"ab".repeat(32)}`, (text) =>
      /^0x[0-9a-fA-F]{64}$/.test(text) ? (text.toLowerCase() as Hex) : undefined,
    ),
  /** An amount in whole units of a token or coin, read exactly into its smallest unit. */
  amount: (decimals = 18, example = "100"): Kind<bigint> =>
    parsed(`an amount with at most ${decimals} decimals`, example, (text) => {
      const digits = /^\d{1,30}(?:\.(\d+))?$/.exec(text);
      return digits && (digits[1]?.length ?? 0) <= decimals ? parseUnits(text, decimals) : undefined;
    }),
  /** A path, made absolute against the working directory. */
  path: (example = "./state"): Kind<string> =>
    parsed("a path", example, (text) => (text.length > 0 && !text.includes("\0") ? resolve(text) : undefined)),
  /** One of a few words. */
  choice: <const T extends string>(...words: [T, ...T[]]): Kind<T> =>
    parsed(`one of ${words.join(", ")}`, words[0], (text) => words.find((word) => word === text)),
  /** Yes or no. */
  yes: (): Kind<boolean> => ({
    ...parsed("true or false", "true", (text) => ({ true: true, false: false })[text.toLowerCase()]),
    isSwitch: true,
  }),
};
