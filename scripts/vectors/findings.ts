import * as p from "@surety/protocol";
import { a, h, ids, range } from "./common.ts";

const probeReport = (probes: number, timely: number, over: Partial<p.ProbeReport> = {}): p.ProbeReport => ({
  probes,
  timely,
  answered: timely,
  peakProbes: 0,
  peakTimely: 0,
  atCapacity: 0,
  ...over,
});
const rerunReport = (codes: number[], panel: 0 | 1 | 2 = 0): p.RerunReport => ({
  n: codes.length,
  verdicts: codes.map((c) => p.VERDICTS[c]!),
  panel,
});

export function reports() {
  const probes = [
    probeReport(22, 22, { peakProbes: 9, peakTimely: 9 }),
    probeReport(20, 15, { answered: 17, peakProbes: 8, peakTimely: 5, atCapacity: 3 }),
    probeReport(11, 0),
  ];
  const p3 = p.packProbeReport(probes[1]!);
  const reruns = [
    rerunReport(range(12, () => 0)),
    rerunReport(
      range(48, (j) => j % 4),
      2,
    ),
    rerunReport([0, 1, 2, 3], 1),
  ];
  return {
    nP: 22,
    probes: probes.map((report) => ({ report: p.checkProbeReport(report, 22), packed: p.packProbeReport(report) })),
    probesRefused: [
      { why: "fewer than half of n_p", packed: p.packProbeReport(probeReport(10, 10)) },
      { why: "more than n_p", packed: p.packProbeReport(probeReport(23, 10)) },
      { why: "more timely than answered", packed: p3 + (3n << 16n) },
      { why: "more answered than probes", packed: p3 + (4n << 32n) },
      { why: "more peak probes than probes", packed: p3 + (13n << 48n) },
      { why: "more timely at peak than peak probes", packed: p3 + (4n << 64n) },
      {
        why: "more timely at peak than timely",
        packed: p.packProbeReport(probeReport(20, 4, { peakProbes: 9 })) | (5n << 64n),
      },
      { why: "more refused than unanswered", packed: p3 + (1n << 80n) },
      { why: "bits above the fields", packed: p3 | (1n << 96n) },
    ],
    reruns: reruns.map((report) => ({ m: report.n, report, packed: p.packRerunReport(report) })),
    rerunsRefused: [
      { why: "n is not m", m: 12, packed: p.packRerunReport(reruns[2]!) },
      { why: "verdicts beyond n", m: 4, packed: p.packRerunReport(reruns[2]!) | (1n << 16n) },
      { why: "panel 3", m: 4, packed: p.packRerunReport(reruns[2]!) | (3n << 104n) },
      { why: "bits above the panel", m: 4, packed: p.packRerunReport(reruns[2]!) | (1n << 106n) },
    ],
  };
}

export function settlement() {
  const mixed = [
    probeReport(20, 20, { peakProbes: 7, peakTimely: 7 }),
    probeReport(22, 11, { peakProbes: 6, peakTimely: 2, atCapacity: 4 }),
    probeReport(20, 15, { answered: 16, peakProbes: 5, peakTimely: 4, atCapacity: 2 }),
    probeReport(16, 12, { peakProbes: 4, peakTimely: 3 }),
    probeReport(22, 0, { peakProbes: 8, atCapacity: 22 }),
  ];
  const tied = [20, 12, 14, 16, 18].map((probes) => probeReport(probes, probes / 2));
  const codes = [
    [0, 2, 0, 1, 3, 2],
    [0, 2, 2, 1, 3, 2],
    [2, 2, 0, 3, 3, 0],
    [0, 0, 2, 0, 3, 0],
    [0, 1, 0, 2, 0, 2],
  ];
  const seated = <T>(all: T[], shown: number[]) => all.map((r, i) => (shown.includes(i) ? r : null));
  const who = [[0, 1, 2, 3, 4], [0, 2, 3, 4], [1, 2, 4], [0, 4], []];
  const bySeat = (packed: (bigint | null)[]) => ({
    reports: packed.map((r) => r ?? 0n),
    revealed: packed.map((r) => r !== null),
  });
  const probes = [mixed, tied].flatMap((all) =>
    who.map((shown) => {
      const packed = seated(all.map(p.packProbeReport), shown);
      return { ...bySeat(packed), result: p.aggregateProbes(packed) };
    }),
  );
  const samples = who.map((shown) => {
    const packed = seated(
      codes.map((c, i) => p.packRerunReport(rerunReport(c, i < 3 ? 2 : 1))),
      shown,
    );
    return { m: 6, ...bySeat(packed), result: p.judgeSamples(packed, 6) };
  });
  return { probes, samples };
}

export function commitments() {
  const items = [0, 3, 12].map((j) => ({ j, nativeHash: h(`native.${j}`), wasmHash: h(`wasm.${j}`) }));
  const hashes = range(5, (i) => h(`receipt.${i}`));
  const rerunRoot = p.rerunDataRoot(items);
  const probeRoot = p.probeDataRoot(hashes);
  const all: p.Assignment[] = range(5, (i) => ({
    role: i % 2,
    provider: a(`provider.${i}`),
    modelId: ids.modelId,
    report: i % 2 === 0 ? p.packProbeReport(probeReport(22, 20 - i)) : 0n,
    dataRoot: i % 2 === 0 ? probeRoot : rerunRoot,
    salt: h(`salt.${i}`),
  }));
  const trees = [1, 2, 3, 5].map((count) => {
    const tree = p.assignmentTree(all.slice(0, count));
    const c = { hub: a("hub"), epoch: ids.epoch, round: 0, sender: a("verifier"), root: tree.root };
    return {
      assignments: range(count, (i) => ({ ...all[i]!, leaf: p.assignmentLeaf(all[i]!), proof: tree.proof(i) })),
      ...c,
      commitment: p.commitment(c),
      openings: [range(count, (i) => i), [0], [0, count - 1]]
        .filter((indices) => new Set(indices).size === indices.length)
        .map((indices) => tree.open(indices)),
    };
  });
  return {
    rerunData: [
      { items, root: rerunRoot },
      { items: items.slice(0, 1), root: p.rerunDataRoot(items.slice(0, 1)) },
      { items: [], root: p.rerunDataRoot([]) },
    ],
    probeData: [
      { structHashes: hashes, root: probeRoot },
      { structHashes: [], root: p.probeDataRoot([]) },
    ],
    trees,
  };
}
