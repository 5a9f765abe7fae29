import { type Kind, kind } from "@surety/node-kit";
import { type Hex, isHex, stringToHex } from "viem";

/** A kind of setting made from any text. */
function read<T>(expected: string, example: string, parse: (text: string) => T | undefined): Kind<T> {
  const schema = kind.text(1, 4_096).schema.transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `expected ${expected}` });
    return undefined as never;
  });
  return { schema, expected, example };
}

/** One or more numbers of 32 bytes, separated by commas. */
const words = (what: string): Kind<Hex[]> =>
  read(`${what} of 0x and 64 hexadecimal digits, separated by commas`, `0x${"ab".repeat(32)}`, (text) => {
    const ids = text.split(",").map((id) => id.trim().toLowerCase());
    return ids.every((id) => /^0x[0-9a-f]{64}$/.test(id)) ? ([...new Set(ids)] as Hex[]) : undefined;
  });

/** Kinds of settings that only the operators' commands have. */
export const scriptKind = {
  /** An amount in whole units of the asset, above zero; its decimals are the token's, so it is read later. */
  amount: (example = "100"): Kind<string> =>
    read("an amount above 0 in whole units of the asset", example, (text) =>
      /^\d{1,30}(\.\d{1,36})?$/.test(text) && /[1-9]/.test(text) ? text : undefined,
    ),
  /** As `amount`, or 0. */
  amountOrZero: (example = "0.1"): Kind<string> =>
    read("an amount in whole units of the asset", example, (text) =>
      /^\d{1,30}(\.\d{1,36})?$/.test(text) ? text : undefined,
    ),
  /** A share in percent, 1e9 = 100 % when read. Above zero, at most `most`. */
  percent: (most: number, example: string): Kind<bigint> =>
    read(`a share above 0 and at most ${most}, in percent with at most 7 decimals`, example, (text) => {
      const [, whole = "", part = ""] = /^(\d{1,3})(?:\.(\d{1,7}))?%?$/.exec(text) ?? [];
      const value = BigInt(`${whole}${part.padEnd(7, "0")}` || 0);
      return whole !== "" && value > 0n && value <= BigInt(Math.round(most * 1e7)) ? value : undefined;
    }),
  /** A share from 0 to 1, as a number or in percent. */
  share: (example = "10%"): Kind<number> =>
    read("a share from 0 to 1, or from 0% to 100%", example, (text) => {
      const [, digits, sign] = /^(\d{1,3}(?:\.\d{1,15})?)\s?(%?)$/.exec(text) ?? [];
      const value = Number(digits ?? Number.NaN) / (sign === "%" ? 100 : 1);
      return value >= 0 && value <= 1 ? value : undefined;
    }),
  /** One or more model ids, separated by commas. */
  modelIds: (): Kind<Hex[]> => words("model ids"),
  /** One or more numbers of demands or cases, separated by commas. */
  ids: (): Kind<Hex[]> => words("numbers"),
  /** One or more whole numbers, separated by commas. */
  numbers: (example = "0,1"): Kind<bigint[]> =>
    read("whole numbers separated by commas", example, (text) => {
      const parts = text.split(",").map((part) => part.trim());
      return parts.every((part) => /^\d{1,30}$/.test(part)) ? [...new Set(parts.map(BigInt))] : undefined;
    }),
  /** Free text of up to 32 bytes, or 32 bytes in hex; as bytes32. */
  label: (example = "aws/eu-west-1"): Kind<Hex> =>
    read("text of at most 32 bytes, or 0x and 64 hexadecimal digits", example, (text) => {
      if (isHex(text) && text.length === 66) return text;
      return new TextEncoder().encode(text).length <= 32 ? stringToHex(text, { size: 32 }) : undefined;
    }),
  /** A base address of the provider's service that fits on chain. */
  endpoint: (): Kind<string> =>
    read(
      "an http:// or https:// address of at most 256 bytes, without user name",
      "https://provider.example",
      (text) => {
        if (!URL.canParse(text) || new TextEncoder().encode(text).length > 256) return undefined;
        const { protocol, username, password } = new URL(text);
        return /^https?:$/.test(protocol) && !username && !password ? text : undefined;
      },
    ),
};
