// A provider in a process of its own, to be killed: real HTTP, store and runtime, and a chain in its memory.
import { readModels } from "../models.ts";
import { createNativeBackend } from "../native-backend.ts";
import { createProvider } from "../provider.ts";
import { MODELS, OPERATOR, PROVIDER, silent } from "./harness.ts";
import { createMemoryChain, WINDOWS } from "./memory-chain.ts";

const [directory = "", genesis = "", length = "", aheadMs = ""] = process.argv.slice(2);
const now = () => Date.now() + Number(aheadMs);
const chain = createMemoryChain({
  genesis: BigInt(genesis),
  length: BigInt(length),
  provider: PROVIDER,
  operator: OPERATOR.address,
  now,
  // Long enough for a busy machine to start in.
  windows: { ...WINDOWS, logWindow: 20n },
});
const models = await readModels(MODELS);
for (const { modelId } of models) chain.capacity.set(modelId, 10_000n);
const { commitLog } = chain;
chain.commitLog = async (log) => {
  await commitLog(log);
  process.send?.({ commit: log });
};

const provider = await createProvider({
  chain,
  account: OPERATOR,
  models,
  backend: createNativeBackend({ timeoutMs: 5000, log: silent, sharedProcess: true }),
  dataDir: directory,
  host: "127.0.0.1",
  port: 0,
  log: silent,
  now,
  pollMs: 20,
});
process.on("message", async () => {
  await provider.close();
  process.disconnect();
});
process.send?.({ url: provider.url });
