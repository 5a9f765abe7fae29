import { type LookupAddress, lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { SuretyError } from "@surety/protocol";
import ipaddr from "ipaddr.js";

/** Ranges that `allowPrivate` opens: the own machine and the own network, never link-local (cloud metadata) addresses. */
const PRIVATE_RANGES = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

/** Global unicast addresses of IPv6 lie in 2000::/3; everything outside is special, whatever its name. */
const IPV6_GLOBAL = ipaddr.IPv6.parseCIDR("2000::/3");

/** Which addresses may be reached. */
export type AddressRule = {
  /** Also allow loopback and private networks (a devnet, an own RPC endpoint). Link-local stays refused. */
  allowPrivate: boolean;
};

/**
 * Says whether an IP address may be connected to.
 *
 * @param address IPv4 or IPv6 text. Embedded IPv4 (`::ffff:127.0.0.1`) is judged as IPv4.
 * @returns `undefined` if allowed, else the name of the range that forbids it (`not an IP address` for anything else).
 */
export function forbiddenRange(address: string, rule: AddressRule): string | undefined {
  const bare = address.split("%", 1)[0] ?? "";
  if (!ipaddr.isValid(bare)) return "not an IP address";
  const parsed = ipaddr.process(bare);
  const range: string = parsed.range();
  if (rule.allowPrivate && PRIVATE_RANGES.has(range)) return undefined;
  if (range !== "unicast") return range;
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(IPV6_GLOBAL)) return "outside 2000::/3";
  return undefined;
}

/** @returns The error for an address that may not be reached. */
export function blockedAddress(host: string, address: string, range: string): SuretyError {
  const shown = host === address ? host : `${host} (resolves to ${address})`;
  return new SuretyError(
    "HTTP_BLOCKED_ADDRESS",
    `${shown} is a ${range} address; only public addresses are called. Private ones need allowPrivate.`,
    { details: { host, address, range } },
  );
}

/**
 * Makes a `lookup` for sockets that resolves with the system's resolver and passes on allowed addresses only, so that
 * what was checked is what is connected to. A name all of whose addresses are forbidden fails with
 * HTTP_BLOCKED_ADDRESS.
 *
 * It is never called for IP literals: check these with {@link forbiddenRange} before connecting.
 */
export function guardedLookup(rule: AddressRule, resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, "", 0);
      const allowed = found.filter(({ address }) => forbiddenRange(address, rule) === undefined);
      const [first] = allowed;
      if (first === undefined) {
        const address = found[0]?.address ?? "nothing";
        return callback(blockedAddress(hostname, address, forbiddenRange(address, rule) ?? "missing"), "", 0);
      }
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
