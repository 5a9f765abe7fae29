import { existsSync } from "node:fs";
import { join } from "node:path";
import { contractAddress, createChainClient, createHttp, readDeployment, renderTable, rpc } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { rewardDistributorAbi } from "@surety/sdk";
import { type Explained, type Status, statusOf } from "../status.ts";
import { createStore, type Identity } from "../store/index.ts";
import type { StatusSettings } from "./config.ts";

/** What can be claimed now, in the asset's smallest unit. */
async function earnings(
  urls: readonly string[],
  deployments: string,
  { chainId, verifier }: Identity,
): Promise<bigint> {
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  try {
    const client = createChainClient({ urls, chainId, http });
    const address = contractAddress(readDeployment(deployments, chainId), "RewardDistributor");
    const call = { address, abi: rewardDistributorAbi, functionName: "claimableVerifier", args: [verifier] } as const;
    return await rpc("the verifier's earnings", () => client.readContract(call));
  } finally {
    await http.close();
  }
}

/** A status with what can be claimed; undefined if no node was named. */
export type FullStatus = Status & { claimable: string | undefined };

/**
 * Reads a verifier's state, whether or not it is running.
 * @throws SuretyError STATUS_NO_DATA if the directory holds none, CHAIN_RPC
 */
export async function readStatus(settings: StatusSettings): Promise<FullStatus> {
  const path = join(settings.data, "work.sqlite");
  const missing = () =>
    new SuretyError("STATUS_NO_DATA", `${path} holds no verifier's data: name the --data directory that it runs with.`);
  if (!existsSync(path)) throw missing();
  const store = createStore(path);
  try {
    const identity = store.identity.get();
    if (!identity) throw missing();
    const { rpcUrls, deployments } = settings;
    const claimable = rpcUrls && (await earnings(rpcUrls, deployments, identity)).toString();
    return { ...statusOf(store, identity.verifier), claimable };
  } finally {
    store.close();
  }
}

const counts = (title: string, rows: Record<string, number>): string => {
  const shown = Object.entries(rows).filter(([, n]) => n > 0);
  const columns = [{ title }, { title: "count", align: "right" as const }];
  return shown.length === 0 ? "" : `\n${renderTable(columns, shown)}\n`;
};

const latest = (title: string, rows: readonly Explained[]): string => {
  const lines = rows.map((m) => `  epoch ${m.epoch}, ${m.role} of ${m.provider}: ${m.reason} (${m.detail})\n`);
  return lines.length === 0 ? "" : `\n${title}:\n${lines.join("")}`;
};

/** The status for people. */
export function renderStatus(status: FullStatus): string {
  const { verifier, assignments, attested, abstained, missed, byState, verdicts, claimable } = status;
  return [
    `verifier ${verifier}\n`,
    `${assignments} assignments: ${attested} attested, ${abstained} abstained (earn nothing), ${missed} missed (slashed)\n`,
    claimable === undefined ? "" : `claimable: ${claimable} of the asset's smallest unit\n`,
    counts("assignments by state", byState),
    counts("missed because", status.reasons),
    counts("abstained because", status.abstentions),
    counts("samples by verdict", verdicts.leaves),
    counts("probes' answers by verdict", verdicts.probes),
    latest("last missed", status.lastMissed),
    latest("last abstained", status.lastAbstained),
  ].join("");
}
