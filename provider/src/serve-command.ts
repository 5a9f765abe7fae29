import { cageFacts, DEFAULT_MEMORY_BYTES, openCage } from "@surety/inference";
import {
  createChainClient,
  createHttp,
  createLog,
  createSender,
  createShutdown,
  DEV_CHAIN_IDS,
  loadAccount,
  openStore,
  pinChain,
  readDeployment,
  type Shutdown,
} from "@surety/node-kit";
import { errorsAbi } from "@surety/sdk";
import type { ProviderSettings } from "./config.ts";
import { readModels } from "./models.ts";
import { createNativeBackend } from "./native-backend.ts";
import { createProvider, type Provider, type ProviderDeps } from "./provider.ts";
import { connectChain } from "./viem-chain.ts";

/** The settings of the command line; code may leave out what only few need to set. */
export type StartSettings = Omit<ProviderSettings, Seldom> & Partial<Pick<ProviderSettings, Seldom>>;
type Seldom = "maxSkewMs" | "courtDefend";

/** What a composer may put in the place of the usual parts. */
export type Overrides = Partial<Pick<ProviderDeps, "admit" | "backend">>;

/** Milliseconds between looks at transactions under way. */
const TX_POLL_MS = 1000;
const DEV_TX_POLL_MS = 100;

/**
 * Starts a provider from its settings. All that it opens is closed by the returned shutdown, in reverse order.
 * @throws SuretyError with the reason, after closing what was opened
 */
export async function startProvider(
  settings: StartSettings,
  overrides: Overrides = {},
): Promise<{ provider: Provider; shutdown: Shutdown }> {
  const { chainId, keystore, password, devKey, data } = settings;
  const secrets = [password, devKey].filter((text) => text !== undefined);
  const log = createLog({ name: "provider", level: settings.logLevel, format: settings.logFormat, secrets });
  const shutdown = createShutdown({ log });
  try {
    const account = await loadAccount({ chainId, keystore, password, devKey });
    const deployment = readDeployment(settings.deployments, chainId);
    const models = await readModels(settings.models);

    const state = openStore({ directory: data });
    shutdown.onClose("state", () => state.close());
    // The node is the operator's own, often on this machine or in its network.
    const http = createHttp({ allowHttp: true, allowPrivate: true });
    shutdown.onClose("connections", () => http.close());
    const client = createChainClient({ urls: settings.rpcUrls, chainId, http });
    await pinChain(client, chainId, state);
    const sender = createSender({
      client,
      account,
      chain: { id: chainId },
      store: state,
      log: log.child({ part: "transactions" }),
      errors: errorsAbi,
      pollMs: DEV_CHAIN_IDS.includes(chainId) ? DEV_TX_POLL_MS : TX_POLL_MS,
    });
    shutdown.onClose("transactions", () => sender.close());

    log.info(cageFacts(openCage(DEFAULT_MEMORY_BYTES)), "what a process that runs models cannot do here");
    const provider = await createProvider({
      chain: await connectChain({ client, deployment, sender }),
      account,
      models,
      backend: createNativeBackend({
        timeoutMs: settings.runTimeoutMs,
        log: log.child({ part: "inference" }),
        sharedProcess: settings.sharedProcess,
        memoryBudgetBytes: settings.memoryBudgetMb * 2 ** 20,
      }),
      dataDir: data,
      host: settings.host,
      port: settings.port,
      log,
      pollMs: settings.pollMs,
      ...(settings.maxSkewMs !== undefined && { maxSkewMs: settings.maxSkewMs }),
      maxInFlight: settings.maxInFlight,
      court: { access: { client, deployment, sender, store: state }, defend: settings.courtDefend ?? "honest" },
      ...overrides,
    });
    shutdown.onClose("provider", () => provider.close());
    // Before the provider: it waits for its commits and duties, which the next start takes up.
    shutdown.onClose("transactions", () => sender.close());
    return { provider, shutdown };
  } catch (error) {
    await shutdown.close("could not start");
    throw error;
  }
}
