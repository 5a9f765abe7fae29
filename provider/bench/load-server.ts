// The server under load: the provider, or the same model behind the same HTTP library and codec without receipts.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { decodeInferRequest, encodeInferResponse, HEADER_LENGTH } from "@surety/sdk";
import fastify from "fastify";
import { readModels } from "../src/models.ts";
import { createNativeBackend } from "../src/native-backend.ts";
import { createProvider } from "../src/provider.ts";
import { GENESIS, MODELS, OPERATOR, PROVIDER, silent, until } from "../src/testing/harness.ts";
import { createMemoryChain } from "../src/testing/memory-chain.ts";

const [mode = "receipts", directory = ""] = process.argv.slice(2);
const models = (await readModels(MODELS)).filter(({ manifest }) => manifest.name === "eth-spot-tcn");
const backend = createNativeBackend({ timeoutMs: 5000, log: silent });
const LENGTH = 86_400n;

async function serveWithReceipts(): Promise<{ url: string; close: () => Promise<void> }> {
  // A new store serves from the epoch after it: the clock moves there once the provider stands.
  let ahead = Number(GENESIS) * 1000 - Date.now();
  const now = () => Date.now() + ahead;
  const chain = createMemoryChain({
    genesis: GENESIS,
    length: LENGTH,
    provider: PROVIDER,
    operator: OPERATOR.address,
    now,
  });
  for (const { modelId } of models) chain.capacity.set(modelId, 1_000_000n);
  const provider = await createProvider({
    chain,
    account: OPERATOR,
    models,
    backend,
    dataDir: directory,
    host: "127.0.0.1",
    port: 0,
    log: silent,
    now,
  });
  ahead += Number(LENGTH) * 1000;
  await until("ready", () => (provider.status() as { ready: boolean }).ready, 30_000);
  return provider;
}

async function serveBare(): Promise<{ url: string; close: () => Promise<void> }> {
  const { run, close } = await backend(models[0]!);
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.post("/v2/models/:name/infer", async (request, reply) => {
    const headerLength = request.headers[HEADER_LENGTH] as string;
    const { inputs } = decodeInferRequest({ body: request.body as Uint8Array, headerLength });
    const { headers, body } = encodeInferResponse({ modelName: "m", outputs: await run(inputs) }, () => true);
    return reply.headers(headers).send(Buffer.from(body));
  });
  return {
    url: await app.listen({ host: "127.0.0.1", port: 0 }),
    close: async () => {
      await app.close();
      await close();
    },
  };
}

/** CPU time of this process's children, from /proc: user and system ticks of 10 ms. */
function childCpuMs(): number {
  const pids = execFileSync("pgrep", ["-P", String(process.pid)], { encoding: "utf8" })
    .trim()
    .split("\n");
  return pids.reduce((total, pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return total + 10 * (Number(fields[11]) + Number(fields[12]));
    } catch (error) {
      // pgrep itself was among them, and is gone.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return total;
      throw error;
    }
  }, 0);
}

const server = mode === "bare" ? await serveBare() : await serveWithReceipts();
process.on("message", async (message) => {
  if (message === "usage") {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMs: (user + system) / 1000, childCpuMs: childCpuMs() });
    return;
  }
  await server.close();
  process.disconnect();
});
process.send?.({ url: server.url });
