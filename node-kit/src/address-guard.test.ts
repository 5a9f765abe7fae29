import type { lookup } from "node:dns";
import net from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { forbiddenRange, guardedLookup } from "./address-guard.ts";
import { failure } from "./testing/expect.ts";
import { serveRaw } from "./testing/servers.ts";

const strict = { allowPrivate: false };
const devnet = { allowPrivate: true };
const octet = fc.nat(255);

/** A resolver that answers as a stranger's name server would. */
const resolver = (...addresses: string[]) =>
  ((_host: string, _options: object, callback: (error: null, found: object[]) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: net.isIP(address) })),
    )) as unknown as typeof lookup;

describe("address guard", () => {
  it("refuses every private, local and special range", () => {
    const refused = ["0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.9", "169.254.169.254"];
    refused.push("172.16.0.1", "172.31.255.255", "192.168.1.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1");
    refused.push(
      "255.255.255.255",
      "::",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:10.0.0.1",
      "::127.0.0.1",
      "64:ff9b::7f00:1",
    );
    refused.push("fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2002:7f00:1::", "2001::1");
    refused.push("2001:db8::1", "100::1", "4000::1", "example.org", "");
    for (const address of refused) expect(forbiddenRange(address, strict), address).to.be.a("string");
  });

  it("allows public addresses, also mapped into IPv6", () => {
    for (const address of ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])
      expect(forbiddenRange(address, strict), address).to.equal(undefined);
  });

  it("opens the own machine and network for a devnet, never cloud metadata", () => {
    for (const address of ["127.0.0.1", "::1", "10.0.0.1", "192.168.0.1", "fd00::1", "1.1.1.1"])
      expect(forbiddenRange(address, devnet), address).to.equal(undefined);
    for (const address of ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::ffff:169.254.169.254"])
      expect(forbiddenRange(address, devnet), address).to.be.a("string");
  });

  it("judges an IPv4 address the same in every IPv6 disguise", () => {
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const plain = forbiddenRange(`${a}.${b}.${c}.${d}`, strict);
        expect(forbiddenRange(`::ffff:${a}.${b}.${c}.${d}`, strict)).to.equal(plain);
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        expect(forbiddenRange(`::ffff:${hex}`, strict)).to.equal(plain);
        expect(forbiddenRange(`64:ff9b::${hex}`, strict)).to.be.a("string");
      }),
    );
  });

  it("passes on only the allowed addresses of a name", async () => {
    const lookup = guardedLookup(strict, resolver("10.0.0.1", "1.1.1.1", "::1"));
    const all = await new Promise((done) => lookup("mixed.test", { all: true }, (_error, found) => done(found)));
    expect(all).to.deep.equal([{ address: "1.1.1.1", family: 4 }]);
    const one = await new Promise((done) => lookup("mixed.test", {}, (_error, address) => done(address)));
    expect(one).to.equal("1.1.1.1");
  });

  it("keeps a socket from a name that resolves to this machine", async () => {
    const server = await serveRaw((socket) => socket.end());
    const connect = () =>
      new Promise((resolve, reject) => {
        const lookup = guardedLookup(strict, resolver("127.0.0.1"));
        net
          .connect({ host: "rebound.test", port: server.port, lookup }, () => resolve("connected"))
          .on("error", reject);
      });
    const error = await failure("HTTP_BLOCKED_ADDRESS", connect);
    expect(error.message).to.contain("rebound.test (resolves to 127.0.0.1) is a loopback address");
    expect(server.connections()).to.equal(0);
    await server.close();
  });
});
