import * as p from "@surety/protocol";
import { requestParameters } from "@surety/sdk";
import { bytesToHex, zeroAddress, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { a, h, ids, n, plain, range } from "./common.ts";

export function tensors() {
  const raw = (name: string, datatype: p.Datatype, shape: number[], data: number[]): p.Tensor => ({
    name,
    datatype,
    shape,
    data: Uint8Array.from(data),
  });
  const every = Object.entries(p.DATATYPES).filter(([, d]) => d.size > 0);
  const sets: p.Tensor[][] = [
    [],
    [p.floatTensor("y", [1, 3], [0.25, -0, Number.NaN])],
    [raw("b", "BOOL", [], [1]), p.int64Tensor("a", [2], [-1n, 2n ** 62n])],
    [p.bytesTensor("text", [3], ["", "é", "surety"]), raw("none", "FP32", [0, 4], [])],
    [raw("\u{1f600}", "UINT8", [1], [7]), raw("\uff5e", "UINT8", [1], [8]), raw("z", "UINT8", [1], [9])],
    every.map(([d, { size }]) =>
      raw(
        d,
        d as p.Datatype,
        [2],
        range(2 * size, (i) => (d === "BOOL" ? i % 2 : 17 * i)),
      ),
    ),
  ];
  return sets.map((set) => ({
    tensors: set.map(plain),
    encoded: bytesToHex(p.encodeTensors(set)),
    hash: p.tensorHash(set),
  }));
}

const firstReceipt: p.Receipt = {
  ...ids,
  seq: 7,
  slot: 13,
  client: a("client"),
  inputHash: h("input"),
  outputHash: h("output"),
  units: 3,
  servedAtMs: 1_763_700_000_123n,
  latencyMs: 87,
};
const lastReceipt: p.Receipt = {
  ...firstReceipt,
  epoch: 2n ** 64n - 1n,
  seq: 2 ** 32 - 1,
  slot: 23,
  client: zeroAddress,
  units: 2 ** 32 - 1,
  servedAtMs: 2n ** 64n - 1n,
  latencyMs: 2 ** 32 - 1,
};

export async function receipts() {
  const privateKey = h("operator");
  const domain = p.receiptDomain({ chainId: 31337, receiptLog: a("receiptLog") });
  const cases = [];
  for (const receipt of [firstReceipt, lastReceipt]) {
    cases.push({
      receipt,
      structHash: p.receiptStructHash(receipt),
      digest: p.receiptDigest(domain, receipt),
      signature: await p.signReceipt(receipt, domain, privateKey),
    });
  }
  return { domain, privateKey, signer: privateKeyToAccount(privateKey).address, cases };
}

export async function requests() {
  const privateKey = h("client");
  const account = privateKeyToAccount(privateKey);
  const domain = p.receiptDomain({ chainId: 31337, receiptLog: a("receiptLog") });
  const asked = { provider: ids.provider, modelId: ids.modelId, client: account.address, inputHash: h("input") };
  const cases = [];
  for (const [signedAtMs, nonce] of [
    [1_763_700_000_036n, h("nonce")],
    [2n ** 64n - 1n, zeroHash],
  ] as const) {
    const request = p.checkRequest({ ...asked, signedAtMs, nonce });
    const signature = await p.signRequest(request, domain, account);
    cases.push({
      request,
      structHash: p.requestStructHash(request),
      digest: p.requestDigest(domain, request),
      signature,
      parameters: requestParameters(request, signature),
    });
  }
  return { domain, privateKey, signer: account.address, cases };
}

export function leaves() {
  const epochKey = h("epochKey");
  return [firstReceipt, lastReceipt].map(({ outputHash, ...rest }) => {
    const salt = p.leafSalt(epochKey, rest.seq);
    const fields = { ...rest, sealed: p.sealOutput(salt, outputHash) };
    return { epochKey, outputHash, salt, fields, leaf: p.leafHash(fields) };
  });
}

export function merkleSums() {
  const trees = [1, 2, 3, 5, 8, 33].map((count) => {
    // Every fourth place is a gap: a leaf of zero units.
    const all = range(count, (i) => ({
      hash: h(`leaf.${count}.${i}`),
      units: BigInt(i % 4 === 2 ? 0 : 1 + n(`u${i}`, 9)),
    }));
    const tree = p.buildMerkleSum(all);
    const proofs = all.map((leaf, i) => {
      const proof = tree.proof(i);
      const claim = { root: tree.root, units: tree.units, count, leaf: leaf.hash, leafUnits: leaf.units, proof };
      return { ...proof, prefix: p.verifyMerkleSum(claim).prefix };
    });
    return { count, depth: tree.depth, root: tree.root, units: tree.units, leaves: all, proofs };
  });
  const { root, units, leaves: all, proofs } = trees[3]!;
  const { prefix: _, ...path } = proofs[4]!;
  const good = { root, units, count: 5, leaf: all[4]!.hash, leafUnits: all[4]!.units, proof: path };
  const withFirst = (sibling: p.SumNode) => ({ ...path, siblings: [sibling, ...path.siblings.slice(1)] });
  const refused = [
    { why: "another leaf", ...good, leaf: h("other") },
    { why: "more units than committed", ...good, leafUnits: good.leafUnits + 1n },
    { why: "another total", ...good, units: units + 1n },
    { why: "another root", ...good, root: h("other") },
    { why: "index beyond the count", ...good, proof: { ...path, index: 5 } },
    { why: "another index", ...good, proof: { ...path, index: 3 } },
    { why: "a sibling too few", ...good, proof: { ...path, siblings: path.siblings.slice(1) } },
    { why: "a sibling too many", ...good, proof: { ...path, siblings: [...path.siblings, path.siblings[0]!] } },
    { why: "units beyond the count", ...good, proof: withFirst({ hash: path.siblings[0]!.hash, sum: 1n }) },
    { why: "a leaf beyond the count", ...good, proof: withFirst({ hash: h("other"), sum: 0n }) },
  ];
  return { trees, empty: p.buildMerkleSum([]).root, refused };
}
