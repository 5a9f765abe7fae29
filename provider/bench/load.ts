// Throughput, latency and CPU per request over real HTTP with the real runtime, beside the same model served without
// receipts: `node provider/bench/load.ts [seconds] [clients]`.
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHttp } from "@surety/node-kit";
import { encodeInferRequest } from "@surety/sdk";
import { loadInputs } from "../src/testing/harness.ts";

const seconds = Number(process.argv[2] ?? 5);
const clients = Number(process.argv[3] ?? 8);
const MODEL = "eth-spot-tcn";
const inputs = loadInputs(MODEL);
const http = createHttp({ allowHttp: true, allowPrivate: true, connections: clients });

type Usage = { cpuMs: number; childCpuMs: number };

/** Asks a server for its CPU time so far. */
const usage = (server: ChildProcess): Promise<Usage> =>
  new Promise((resolve) => {
    server.once("message", (message: Usage) => resolve(message));
    server.send("usage");
  });

async function measure(name: string, mode: "receipts" | "bare"): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "surety-load-"));
  const script = fileURLToPath(new URL("./load-server.ts", import.meta.url));
  const server = fork(script, [mode, directory]);
  const { url } = await new Promise<{ url: string }>((resolve) =>
    server.once("message", (m: { url: string }) => resolve(m)),
  );
  const latencies: number[] = [];
  const drive = async (until: number, keep: boolean): Promise<void> => {
    for (let i = 0; performance.now() < until; i++) {
      const { body, headers } = encodeInferRequest({ inputs: inputs.at(i % inputs.count), binaryOutput: true });
      const answer = await http.request({ url: `${url}/v2/models/${MODEL}/infer`, method: "POST", body, headers });
      if (answer.status !== 200) throw new Error(`${answer.status} ${new TextDecoder().decode(answer.body)}`);
      if (keep) latencies.push(answer.elapsedMs);
    }
  };
  const all = (ms: number, keep: boolean) =>
    Promise.all(Array.from({ length: clients }, () => drive(performance.now() + ms, keep)));
  await all(1500, false);
  const before = await usage(server);
  const start = performance.now();
  await all(seconds * 1000, true);
  const wall = (performance.now() - start) / 1000;
  const after = await usage(server);
  const n = latencies.length;
  latencies.sort((a, b) => a - b);
  const at = (q: number) => latencies[Math.floor(q * n)]!.toFixed(1).padStart(9);
  const per = (ms: number) => (ms / n).toFixed(2).padStart(12);
  console.log(
    name.padEnd(22) +
      (n / wall).toFixed(0).padStart(8) +
      per(after.cpuMs - before.cpuMs) +
      per(after.childCpuMs - before.childCpuMs) +
      at(0.5) +
      at(0.99),
  );
  server.send("stop");
  await new Promise((resolve) => server.once("exit", resolve));
  rmSync(directory, { recursive: true });
}

console.log(`${MODEL}, ${clients} clients, ${seconds} s; CPU in ms per request, latency in ms`);
console.log(
  `${"".padEnd(22)}${"req/s".padStart(8)}${"CPU here".padStart(12)}${"CPU model".padStart(12)}${"p50".padStart(9)}${"p99".padStart(9)}`,
);
await measure("with receipts", "receipts");
await measure("without (bare fastify)", "bare");
await http.close();
