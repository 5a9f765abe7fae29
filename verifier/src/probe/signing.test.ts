import { receiptDomain, recoverRequestSigner } from "@surety/protocol";
import { requestClaimOf } from "@surety/sdk";
import { expect } from "chai";
import { type Address, type Hex, zeroAddress } from "viem";
import { createStore } from "../store/index.ts";
import { fastClock } from "../testing/fast-clock.ts";
import { seededRng } from "../testing/rng.ts";
import { createProbeSigning } from "./signing.ts";

const record = { provider: `0x${"d1".repeat(20)}`, modelId: `0x${"11".repeat(32)}` } as const;
const hash: Hex = `0x${"1a".repeat(32)}`;
const CLIENT: Address = `0x${"c1".repeat(20)}`;
const NOW = 1_800_000_000_000;
const domain = receiptDomain({ chainId: 31337, receiptLog: `0x${"0a".repeat(20)}` });

/** Who the next probes of a record say to be, after samples of which `signed` of `all` name a client. */
async function disguises(count: number, signed: number, all: number) {
  const store = createStore(":memory:");
  try {
    for (let index = 0; index < all; index++) {
      const client = index < signed ? CLIENT : zeroAddress;
      const fields = { ...record, epoch: 7n, seq: index, slot: 0, client, inputHash: hash };
      const leaf = { ...fields, sealedOutput: hash, units: 1, servedAtMs: BigInt(NOW), latencyMs: 1 };
      const place = { ...record, epoch: 7n, index, prefix: BigInt(index), units: 1n, sealed: hash };
      store.leaves.add({ ...place, inputs: new Uint8Array([1]), proof: { leaf, path: [] } });
    }
    const clock = fastClock({ base: NOW, start: 0, speed: 0 });
    const disguise = createProbeSigning({ domain, store, rng: seededRng(`${signed}/${all}`), clock });
    return await Promise.all(Array.from({ length: count }, () => disguise({ ...record, inputHash: hash })));
  } finally {
    store.close();
  }
}
const share = (all: { client: Address }[]) => all.filter(({ client }) => client !== zeroAddress).length / all.length;

describe("probes in disguise", () => {
  it("are signed as often as the record's sampled leaves are", async () => {
    expect(share(await disguises(300, 0, 0))).to.be.within(0.4, 0.6);
    expect(share(await disguises(300, 0, 98))).to.be.within(0.001, 0.05);
    expect(share(await disguises(300, 30, 98))).to.be.within(0.22, 0.42);
    expect(share(await disguises(300, 98, 98))).to.be.within(0.95, 0.999);
  });

  it("ask as a new client after some probes", async () => {
    const clients = new Set((await disguises(200, 98, 98)).map(({ client }) => client));
    clients.delete(zeroAddress);
    expect(clients.size).to.equal(4);
  });

  it("carry a signature of a key of their own, which a provider takes for a client's", async () => {
    const signed = (await disguises(20, 98, 98)).filter(({ client }) => client !== zeroAddress);
    expect(signed.length).to.be.greaterThan(10);
    for (const { client, parameters } of signed) {
      const claim = requestClaimOf(parameters)!;
      const request = { ...record, inputHash: hash, ...claim.signed };
      expect(claim.signed).to.include({ client, signedAtMs: BigInt(NOW) });
      expect((await recoverRequestSigner(domain, request, claim.signature)).toLowerCase()).to.equal(client);
    }
  });
});
