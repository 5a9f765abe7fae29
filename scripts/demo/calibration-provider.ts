// A sidecar on a chain that promises everything, as a process: what one request costs is measured on it before the demo.
import { createLog } from "@surety/node-kit";
import { epochTimes } from "@surety/protocol";
import { createNativeBackend, createProvider, type ProviderChain, readModels } from "@surety/provider";
import { devAccount, OPERATORS, PROVIDERS } from "./accounts.ts";
import { CAPACITY, EPOCH_LENGTH, WINDOWS } from "./terms.ts";

/** What the parent sends first. */
export type CalibrationConfig = { data: string; models: string };

process.once("message", async ({ data, models }: CalibrationConfig) => {
  const log = createLog({ name: "calibration", level: "warn", format: "pretty", sink: process.stderr });
  const operator = devAccount(OPERATORS).account;
  const seconds = () => BigInt(Math.floor(Date.now() / 1000));
  // A new store takes no receipts for the epoch it was made in, so the next one is near.
  const clock = { genesis: seconds() - 3n * EPOCH_LENGTH + 3n, length: 3n * EPOCH_LENGTH };
  let number = 0n;
  const chain: ProviderChain = {
    identity: { chainId: 31337, receiptLog: operator.address, provider: devAccount(PROVIDERS).account.address, clock },
    head: async () => ({ number: number++, timestamp: seconds() }),
    times: async (epoch) => epochTimes(clock, WINDOWS, epoch),
    answerWindow: async () => WINDOWS.answerWindow,
    seedOf: async () => null,
    promiseAt: async (_, epoch) => (epoch === 1n ? { capacity: BigInt(CAPACITY) } : null),
    operatorAt: async () => operator.address,
    logOf: async () => null,
    commitLog: async () => undefined,
    nextToSettle: async () => null,
  };
  const provider = await createProvider({
    chain,
    account: operator,
    models: await readModels(models),
    backend: createNativeBackend({ timeoutMs: 10_000, log, sharedProcess: true }),
    dataDir: data,
    host: "127.0.0.1",
    port: 0,
    log,
  });
  const stop = async () => {
    await provider.close();
    process.exit(0);
  };
  process.once("SIGTERM", stop).once("disconnect", stop);
  process.on("SIGINT", () => undefined);
  process.send?.({ ready: { url: provider.url, readyAt: Number(clock.genesis + clock.length) * 1000 } });
});
