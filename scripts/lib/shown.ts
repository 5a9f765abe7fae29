import { type Abi, type AbiParameter, getAddress, isAddress } from "viem";

/** Addresses by name of the contract. */
type Names = Readonly<Record<string, string>>;

/** Writes a number by the name that it has in an interface; undefined: as it is. */
export type Units = (name: string, value: bigint) => string | undefined;

/**
 * The arguments of a call or constructor by the names that its interface gives them; addresses of contracts that are
 * known go by their names.
 */
export function showArguments(
  abi: Abi,
  functionName: string,
  args: readonly unknown[],
  names: Names,
  units: Units = () => undefined,
): Record<string, string> {
  const item = abi.find((one) =>
    functionName === "constructor" ? one.type === "constructor" : one.type === "function" && one.name === functionName,
  );
  const inputs: readonly AbiParameter[] = item && "inputs" in item ? (item.inputs ?? []) : [];
  return Object.fromEntries(
    inputs.map((input, i) => {
      const name = input.name?.replace(/_$/, "") || `argument ${i}`;
      return [name, show(name, args[i], names, units)];
    }),
  );
}

function show(name: string, value: unknown, names: Names, units: Units): string {
  if (Array.isArray(value)) return value.map((one) => show(name, one, names, units)).join(", ");
  if (typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([field, one]) => `${field} ${show(field, one, names, units)}`)
      .join(", ");
  if (typeof value === "bigint" || typeof value === "number") return units(name, BigInt(value)) ?? String(value);
  if (typeof value !== "string" || !isAddress(value)) return String(value);
  const known = Object.entries(names).find(([, address]) => address.toLowerCase() === value.toLowerCase());
  return known ? known[0] : getAddress(value);
}
