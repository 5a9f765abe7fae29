import { join } from "node:path";
import {
  createChainClient,
  createHttp,
  createLog,
  createShutdown,
  DEV_CHAIN_IDS,
  loadAccount,
  readDeployment,
  type Shutdown,
} from "@surety/node-kit";
import { type Hosted, openHost } from "../host.ts";
import { loadInputModule, randomInputs, readModels } from "../models.ts";
import { systemRng } from "../system.ts";
import type { StartSettings } from "./config.ts";

/**
 * Starts a verifier from its settings. All that it opens is closed by the returned shutdown, in reverse order.
 * @throws SuretyError with the reason, after closing what was opened
 */
export async function startVerifier(settings: StartSettings): Promise<{ hosted: Hosted; shutdown: Shutdown }> {
  const { chainId, keystore, password, devKey, data } = settings;
  const secrets = [password, devKey].filter((text) => text !== undefined);
  const log = createLog({ name: "verifier", level: settings.logLevel, format: settings.logFormat, secrets });
  const shutdown = createShutdown({ log });
  const isDev = DEV_CHAIN_IDS.includes(chainId);
  try {
    const account = await loadAccount({ chainId, keystore, password, devKey });
    const deployment = readDeployment(settings.deployments, chainId);
    const models = await readModels(settings.models);
    const inputs = await loadInputModule(settings.inputs ?? join(settings.models, "inputs.ts"), models, log);

    // The node is the operator's own, often on this machine or in its network; providers are strangers.
    const own = createHttp({ allowHttp: true, allowPrivate: true });
    shutdown.onClose("connections to the node", () => own.close());
    const isOpen = isDev || settings.allowPrivate;
    const http = createHttp({ allowHttp: isOpen, allowPrivate: isOpen });
    shutdown.onClose("connections to providers", () => http.close());
    const host = await openHost({
      client: createChainClient({ urls: settings.rpcUrls, chainId, http: own }),
      deployment,
      directory: join(data, "chain"),
      models,
      inputs: randomInputs(inputs, systemRng),
      http,
      // Relays are the operator's choice, as its node is.
      drand: { http: own, urls: settings.drandUrls },
      log,
      confirmations: settings.confirmations ?? (isDev ? 0 : 2),
      pollMs: settings.pollMs,
      txPollMs: isDev ? 100 : 1_000,
      runTimeoutMs: settings.runTimeoutMs,
      memoryBudgetBytes: settings.memoryBudgetMb * 2 ** 20,
      sharedProcess: settings.sharedProcess,
      court: {
        challenge: settings.courtChallenge,
        maxBond: settings.courtBond,
        maxFee: BigInt(Math.round(settings.courtFeeGwei * 1e9)),
      },
    });
    shutdown.onClose("verifier", () => host.close());
    const hosted = await host.add({ account, directory: data });
    hosted.verifier.start();
    return { hosted, shutdown };
  } catch (error) {
    await shutdown.close("could not start");
    throw error;
  }
}
