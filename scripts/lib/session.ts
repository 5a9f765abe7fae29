import {
  commonSettings,
  createChainClient,
  createHttp,
  createLog,
  defineSettings,
  type Http,
  kind,
  loadAccount,
  readDeployment,
  type Sources,
  type Values,
} from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import { createWalletClient, custom, type PublicClient } from "viem";
import type { Context, ReadContext, Sender } from "./context.ts";

/** What every command understands. */
export const outputSettings = defineSettings({
  json: { kind: kind.yes(), about: "print one JSON object instead of text", default: "false" },
});

/** Where a command's settings come from: see `Sources` of node-kit. */
export type ProgramSources = Required<Omit<Sources, "others">>;

/** Whether `--json` was asked for, before settings are checked: their refusal is printed in this form too. */
export const wantsJson = ({ flags, env }: ProgramSources): boolean =>
  String(flags.json ?? (env.SURETY_JSON || "false")) === "true";

/** What every command understands that talks to a chain. */
export const scriptSettings = defineSettings({
  ...commonSettings,
  logFormat: { ...commonSettings.logFormat, default: "pretty" },
  ...outputSettings,
  dryRun: { kind: kind.yes(), about: "simulate and print, send nothing", default: "false" },
});

/** The values of these settings. */
export type ScriptValues = Values<typeof scriptSettings>;

/** Where a command writes: `process` is one. */
export type Io = { stdout: { write(text: string): unknown; isTTY?: boolean | undefined }; stderr: Io["stdout"] };

/** A command's way to the chain. Everything is made when first asked for. */
export type Session = {
  /** A chain whose id was checked, and the account that signs. */
  sender(): Promise<Sender>;
  /** The same with the deployment on the chain. */
  context(): Promise<Context>;
  /** The chain and the deployment, without an account. */
  readContext(): Promise<ReadContext>;
  close(): Promise<void>;
};

/** Opens a session; touches neither network nor keys yet. */
export function createSession(values: ScriptValues, name: string, io: Io): Session {
  const { rpcUrls, chainId, deployments, keystore, password, devKey, logLevel, logFormat, dryRun } = values;
  let open: { http: Http; client: PublicClient } | undefined;

  async function connect() {
    if (open) return open;
    // An operator's own node is often on this machine or in its network.
    const http = createHttp({ allowHttp: true, allowPrivate: true, timeoutMs: 20_000 });
    open = { http, client: createChainClient({ urls: rpcUrls, chainId, http, timeoutMs: 20_000 }) };
    await needChain(open.client, chainId);
    return open;
  }

  async function sender(): Promise<Sender> {
    const account = await loadAccount({ chainId, keystore, password, devKey });
    const secrets = [password, devKey].filter((text) => text !== undefined);
    const program = name.split(" ")[0] ?? name;
    const log = createLog({ name: program, level: logLevel, format: logFormat, secrets, sink: io.stderr });
    const { client } = await connect();
    return {
      client,
      wallet: createWalletClient({ account, chain: client.chain!, transport: custom(client) }),
      log,
      dryRun,
    };
  }

  async function readContext(): Promise<ReadContext> {
    const deployment = readDeployment(deployments, chainId);
    const { client } = await connect();
    const clock = deployment.contracts.EpochClock;
    if (clock !== undefined && (await client.getCode({ address: clock })) !== undefined) return { client, deployment };
    const message = `The deployment written down for chain id ${chainId} is not on this chain: there is no code at ${clock}. Deploy again, or correct --deployments.`;
    throw new SuretyError("DEPLOYMENT_GONE", message, { details: { clock } });
  }

  return {
    sender,
    readContext,
    context: async () => ({ ...(await sender()), ...(await readContext()) }),
    close: async () => open?.http.close(),
  };
}

async function needChain(client: PublicClient, chainId: number): Promise<void> {
  const have = await client.getChainId().catch((cause) => {
    const { shortMessage, details } = cause as { shortMessage?: string; details?: string };
    const message = `The node does not answer: ${shortMessage ?? cause} (${details ?? "no details"}). Check --rpc-urls (SURETY_RPC_URLS).`;
    throw new SuretyError("CHAIN_UNREACHABLE", message, { cause, retryable: true });
  });
  if (have === chainId) return;
  const message = `The node serves chain id ${have}, but --chain-id (SURETY_CHAIN_ID) is ${chainId}. Correct one of them.`;
  throw new SuretyError("WRONG_CHAIN", message, { details: { have, need: chainId } });
}
