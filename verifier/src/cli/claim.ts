import { join } from "node:path";
import {
  contractAddress,
  createChainClient,
  createHttp,
  createLog,
  createSender,
  createShutdown,
  loadAccount,
  openStore,
  readDeployment,
  rpc,
} from "@surety/node-kit";
import { errorsAbi, rewardDistributorAbi } from "@surety/sdk";
import type { ClaimSettings } from "./config.ts";

/**
 * Pays out what the verifier has earned. Its transactions go through the same queue as the running verifier's, so this needs
 * the data directory for itself; anybody else may also push the claim.
 * @returns what was claimed, in the asset's smallest unit; 0n sends nothing
 * @throws SuretyError STORE_IN_USE while the verifier runs, or the sender's
 */
export async function claim(settings: ClaimSettings): Promise<bigint> {
  const { chainId, keystore, password, devKey, data } = settings;
  const secrets = [password, devKey].filter((text) => text !== undefined);
  const log = createLog({ name: "verifier", level: settings.logLevel, format: settings.logFormat, secrets });
  const shutdown = createShutdown({ log });
  try {
    const account = await loadAccount({ chainId, keystore, password, devKey });
    const to = contractAddress(readDeployment(settings.deployments, chainId), "RewardDistributor");
    const store = openStore({ directory: join(data, "transactions") });
    shutdown.onClose("transactions' store", () => store.close());
    const http = createHttp({ allowHttp: true, allowPrivate: true });
    shutdown.onClose("connections", () => http.close());
    const client = createChainClient({ urls: settings.rpcUrls, chainId, http });
    const at = { address: to, abi: rewardDistributorAbi, args: [account.address] } as const;
    const [due, block] = await rpc("the verifier's earnings", () =>
      Promise.all([client.readContract({ ...at, functionName: "claimableVerifier" }), client.getBlockNumber()]),
    );
    if (due === 0n) return 0n;
    const sender = createSender({
      client,
      account,
      chain: { id: chainId },
      store,
      log,
      errors: errorsAbi,
      pollMs: 200,
    });
    shutdown.onClose("transactions", () => sender.close());
    await sender.send({
      key: `claim from block ${block}`,
      contract: "RewardDistributor",
      to,
      abi: rewardDistributorAbi,
      functionName: "claimVerifier",
      args: [account.address],
    });
    return due;
  } finally {
    await shutdown.close("done");
  }
}
