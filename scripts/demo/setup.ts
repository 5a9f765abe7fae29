import { createServer } from "node:net";
import type { StoredModel } from "@surety/inference";
import { createHttp, createRpc, type Log, writeDeployment } from "@surety/node-kit";
import { type Address, createPublicClient, createWalletClient, defineChain, type Hex, type PublicClient } from "viem";
import { deploy, type SuretyDeployment } from "../lib/actions/deploy.ts";
import { registerModels } from "../lib/actions/model.ts";
import { commitPromise, registerProvider } from "../lib/actions/provider.ts";
import { fundEpochs } from "../lib/actions/rewards.ts";
import { bond } from "../lib/actions/stake.ts";
import { mintTestAsset } from "../lib/actions/test-asset.ts";
import { registerVerifier } from "../lib/actions/verifier.ts";
import type { Context, Sender } from "../lib/context.ts";
import {
  CLIENT,
  DEPLOYER,
  type DevAccount,
  devAccount,
  FIRST_VERIFIER,
  LAZY,
  OPERATORS,
  PROVIDERS,
} from "./accounts.ts";
import type { Behaviour } from "./result.ts";
import {
  ACCUSER_MONEY,
  BUDGET,
  CAPACITY,
  CASE_BOND,
  DEMAND_BOND,
  EPOCH_LENGTH,
  JURIES,
  JURY,
  LATENCY_MS,
  LAZY_TICKETS,
  PROVIDER_BOND,
  TICKET,
  TICKETS,
  TIP,
  UNIT_PRICE,
  VERIFIERS,
  WINDOWS,
} from "./terms.ts";

/** A provider of the demo before it runs. */
export type ProviderPlan = {
  name: string;
  behaviour: Behaviour;
  owner: DevAccount;
  operator: DevAccount;
  port: number;
  url: string;
};

/** A verifier of the demo before it runs. */
export type VerifierPlan = { name: string; key: DevAccount };

/** What stands once the set-up is done. */
export type Market = {
  client: PublicClient;
  deployment: SuretyDeployment;
  /** A context that signs as the given account. */
  as: (who: DevAccount) => Context;
  providers: ProviderPlan[];
  verifiers: VerifierPlan[];
  models: readonly StoredModel[];
  /** First and last promised epoch. */
  firstEpoch: number;
  lastEpoch: number;
  close: () => Promise<void>;
};

/** What deploying takes, seconds, and a little more. */
const DEPLOY_SECONDS = 14n;

const BEHAVIOURS: readonly Behaviour[] = ["honest", "sheds-peak", "cheap-model"];

/** A port that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

/** Waits for a block of this time, Unix seconds. */
async function until(client: PublicClient, timestamp: bigint): Promise<void> {
  while ((await client.getBlock()).timestamp < timestamp) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Clients of the demo's chain. */
export function connect(rpcUrl: string, chainId: number, log: Log) {
  const http = createHttp({ allowHttp: true, allowPrivate: true, timeoutMs: 20_000 });
  const transport = createRpc({ urls: [rpcUrl], http });
  const chain = defineChain({
    id: chainId,
    name: "devnet",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const client: PublicClient = createPublicClient({ chain, transport, pollingInterval: 100, cacheTime: 0 });
  const sender = ({ account }: DevAccount): Sender => ({
    client,
    wallet: createWalletClient({ account, chain, transport }),
    log,
  });
  return { client, sender, close: () => http.close() };
}

/** The honest verifiers of the demo. */
export const verifierPlans = (): VerifierPlan[] =>
  Array.from({ length: VERIFIERS }, (_, i) => ({ name: `V${i + 1}`, key: devAccount(FIRST_VERIFIER + i) }));

/** Deploys, registers, bonds, promises and funds: with the same actions as an operator's commands. */
export async function openMarket(options: {
  rpcUrl: string;
  chainId: number;
  deployments: string;
  models: readonly StoredModel[];
  /** Promised share of timely answers, 1e9 = 100 %. */
  target: bigint;
  /** Epochs to promise and fund. */
  epochs: number;
  log: Log;
  onStep: (step: string) => void;
}): Promise<Market> {
  const { models, target, log, onStep } = options;
  const { client, sender, close } = connect(options.rpcUrl, options.chainId, log);
  const deployer = devAccount(DEPLOYER);

  onStep("deploying the contracts");
  const { timestamp } = await client.getBlock();
  // Epoch 0 begins when all is deployed: nobody can register before it, and what registers in it may promise from epoch 2.
  const genesis = timestamp + DEPLOY_SECONDS;
  const { deployment } = await deploy(sender(deployer), {
    genesis,
    epochLength: EPOCH_LENGTH,
    windows: WINDOWS,
    ticketSize: TICKET,
    tip: TIP,
    demandBond: DEMAND_BOND,
    caseBond: CASE_BOND,
    ...JURY,
  });
  writeDeployment(options.deployments, deployment);
  const as = (who: DevAccount): Context => ({ ...sender(who), deployment });
  await until(client, genesis);

  onStep("registering models, providers and verifiers");
  await registerModels(as(deployer), { models });
  const providers = await Promise.all(
    BEHAVIOURS.map(async (behaviour, i): Promise<ProviderPlan> => {
      const port = await freePort();
      const [owner, operator] = [devAccount(PROVIDERS + i), devAccount(OPERATORS + i)];
      return { name: "ABC"[i]!, behaviour, owner, operator, port, url: `http://127.0.0.1:${port}` };
    }),
  );
  const verifiers = verifierPlans();

  const openProvider = async ({ owner, operator, url }: ProviderPlan) => {
    const context = as(owner);
    await mintTestAsset(context, { amount: PROVIDER_BOND });
    await mintTestAsset(as(operator), { amount: JURIES * CASE_BOND });
    await bond(context, { amount: PROVIDER_BOND });
    await registerProvider(context, { operator: operator.account.address, endpoint: url });
    const terms = { target, latencyMs: LATENCY_MS, capacity: CAPACITY, unitPrice: UNIT_PRICE };
    const made = [];
    for (const { id } of models) {
      made.push(await commitPromise(context, { modelId: id, ...terms, epochs: BigInt(options.epochs) }));
    }
    return made;
  };
  const openVerifier = async (key: DevAccount, tickets: number) => {
    await mintTestAsset(as(key), { amount: TICKET * BigInt(tickets) + ACCUSER_MONEY });
    await registerVerifier(as(key), { tickets });
  };
  const fund = async () => {
    const total = BUDGET * BigInt(options.epochs + 4);
    await mintTestAsset(as(deployer), { amount: total });
    await fundEpochs(as(deployer), { epochs: BigInt(options.epochs + 4), amount: BUDGET });
    // Gas, for the claim of what the client is owed.
    const { wallet } = as(deployer);
    const hash = await wallet.sendTransaction({ to: devAccount(CLIENT).account.address, value: 10n ** 18n });
    await client.waitForTransactionReceipt({ hash });
  };
  const [promises] = await Promise.all([
    Promise.all(providers.map(openProvider)),
    Promise.all(verifiers.map(({ key }) => openVerifier(key, TICKETS))),
    openVerifier(devAccount(LAZY), LAZY_TICKETS),
    fund(),
  ]);
  const all = promises.flat();
  return {
    client,
    deployment,
    as,
    providers,
    verifiers,
    models,
    firstEpoch: Math.max(...all.map(({ firstEpoch }) => Number(firstEpoch))),
    lastEpoch: Math.min(...all.map(({ lastEpoch }) => Number(lastEpoch))),
    close,
  };
}

/** The address of a plan's owner, lower case, as events are compared. */
export const addressOf = ({ owner }: ProviderPlan): Address => owner.account.address.toLowerCase() as Address;

/** The id of a model, lower case. */
export const idOf = ({ id }: StoredModel): Hex => id.toLowerCase() as Hex;
