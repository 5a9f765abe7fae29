import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRuntime, quantizeWeights, type StoredModel } from "@surety/inference";
import { createHttp, createLog, writeDeployment } from "@surety/node-kit";
import { type EpochTimes, epochTimes, type Tensor, tensorHash, type Windows } from "@surety/protocol";
import { type BackendFactory, type Defend, startProvider } from "@surety/provider";
import { errorsAbi } from "@surety/sdk";
import { COURT_TERMS, createBlocks, openHost, readModels as readVerifierModels, type Store } from "@surety/verifier";
import type { Abi, Address, Hex } from "viem";
import { loadInputs } from "../../models/inputs.ts";
import { type DevAccount, devAccount } from "../../scripts/demo/accounts.ts";
import { connect } from "../../scripts/demo/setup.ts";
import { deploy } from "../../scripts/lib/actions/deploy.ts";
import { readModels, registerModels } from "../../scripts/lib/actions/model.ts";
import { commitPromise, registerProvider } from "../../scripts/lib/actions/provider.ts";
import { bond } from "../../scripts/lib/actions/stake.ts";
import { mintTestAsset } from "../../scripts/lib/actions/test-asset.ts";
import { registerVerifier } from "../../scripts/lib/actions/verifier.ts";
import type { Context } from "../../scripts/lib/context.ts";
import { abis, type Callable, erc20Abi } from "../../scripts/lib/contracts.ts";
import type { Main } from "../../scripts/lib/program.ts";
import { serveChain } from "../../scripts/lib/testing/chain.ts";
import { type Ran, run } from "../../scripts/lib/testing/run.ts";
import { createHeaderDraw } from "../../verifier/src/settle/header-draw.ts";

/** The folder of the shipped models. */
export const MODELS = fileURLToPath(new URL("../../models", import.meta.url));
/** The model of a market, unless told otherwise. */
export const MODEL = "digits-cnn";
/** One whole token. */
export const TOKEN = 10n ** 18n;
/** Price of a unit in this market. */
export const UNIT_PRICE = TOKEN / 100n;
/** Bonds of this market. */
export const BONDS = { demand: TOKEN, court: 10n * TOKEN } as const;

/** Who is who: the owner is the provider for ever. */
export const OWNER = devAccount(1);
export const OPERATOR = devAccount(2);
export const CLIENT = devAccount(3);
export const verifierAccount = (i: number): DevAccount => devAccount(5 + i);

/** What a market is opened with. */
export type MarketOptions = {
  length: bigint;
  windows: Windows;
  verifiers: number;
  jury: { jurySize: bigint; juryVotes: bigint };
  /** Where the provider will be reached. */
  endpoint: string;
  epochs: bigint;
  /** Name of the model. Default {@link MODEL}. */
  model?: string;
};

/** A chain with all contracts, one provider that promised one model, and verifiers with tickets. */
export type TestMarket = Awaited<ReturnType<typeof openTestMarket>>;

/** Opens a market on a chain of its own, with blocks every second. */
export async function openTestMarket(options: MarketOptions) {
  const { length, windows, verifiers, jury, endpoint, epochs, model: name = MODEL } = options;
  const chain = await serveChain();
  // Hardhat's clock is late by the time that it took to start.
  await chain.passTo(BigInt(Math.floor(Date.now() / 1000)));
  const folder = mkdtempSync(join(tmpdir(), "surety-market-"));
  const log = createLog({ name: "market", level: "silent" });
  const { client, sender, close } = connect(chain.url, 31337, log);
  const genesis = (await client.getBlock()).timestamp + 12n;
  const terms = { tip: TOKEN, demandBond: BONDS.demand, caseBond: BONDS.court, ticketSize: 100n * TOKEN, ...jury };
  const { deployment } = await deploy(sender(devAccount(0)), { genesis, epochLength: length, windows, ...terms });
  writeDeployment(folder, deployment);
  const as = (who: DevAccount): Context => ({ ...sender(who), deployment });

  const times = (epoch: bigint): EpochTimes => epochTimes({ genesis, length }, windows, epoch);
  const now = async (): Promise<bigint> => (await client.getBlock()).timestamp;
  const until = async (timestamp: bigint): Promise<void> => {
    while ((await now()) < timestamp) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const contract = (name: Callable) => {
    const abi: Abi = name === "TestAsset" ? [...abis.TestAsset, ...erc20Abi] : abis[name];
    return { address: deployment.contracts[name]!, abi };
  };
  // biome-ignore lint/suspicious/noExplicitAny: each function has a result of its own.
  const read = (name: Callable, functionName: string, ...args: unknown[]): Promise<any> =>
    client.readContract({ ...contract(name), functionName, args });
  /** Stake of an account at the end of a block. */
  const stakeAt = (account: Address, blockNumber: bigint): Promise<bigint> =>
    client.readContract({
      ...contract("StakePool"),
      functionName: "stakeOf",
      args: [account],
      blockNumber,
    }) as Promise<bigint>;
  const write = async (who: DevAccount, name: Callable, functionName: string, ...args: unknown[]): Promise<Hex> => {
    const { wallet } = as(who);
    const call = { ...contract(name), functionName, args };
    // Nothing is asked of the node before: the windows of a test are short.
    const fees = { gas: 6_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n };
    const hash = await wallet.writeContract({ ...call, ...fees, chain: wallet.chain });
    const { status, blockNumber } = await client.waitForTransactionReceipt({ hash, pollingInterval: 50 });
    if (status === "success") return hash;
    const abi = [...call.abi, ...errorsAbi] as Abi;
    await client.simulateContract({ ...call, abi, account: who.account, blockNumber });
    throw new Error(`${name}.${functionName} reverted`);
  };

  const drawCall = createHeaderDraw(createBlocks(client));
  /** Draws an epoch's seed as anybody may. */
  const draw = async (epoch: bigint): Promise<void> => {
    if ((await read("HeaderBeacon", "seedOf", epoch))[1] > 0n) return;
    const { number, timestamp } = await client.getBlock();
    const call = await drawCall(epoch, times(epoch).seedTime, { number, timestamp });
    await write(devAccount(0), "HeaderBeacon", "draw", ...call.args);
  };

  await until(genesis);
  const model = (await readModels(join(MODELS, name)))[0] as StoredModel;
  await registerModels(as(devAccount(0)), { models: [model] });
  // A folder with this model alone.
  const models = join(folder, "models");
  mkdirSync(models);
  symlinkSync(join(MODELS, name), join(models, name));
  symlinkSync(join(MODELS, "inputs.ts"), join(models, "inputs.ts"));
  const give = (who: DevAccount, amount: bigint) => mintTestAsset(as(who), { amount });
  await give(OWNER, 10_000n * TOKEN);
  await bond(as(OWNER), { amount: 10_000n * TOKEN });
  await registerProvider(as(OWNER), { operator: OPERATOR.account.address, endpoint });
  const promise = { target: 990_000_000n, latencyMs: 2_000, capacity: 100, unitPrice: UNIT_PRICE };
  const { firstEpoch } = await commitPromise(as(OWNER), { modelId: model.id, ...promise, epochs });
  for (let i = 0; i < verifiers; i++) {
    await give(verifierAccount(i), 500n * TOKEN);
    await registerVerifier(as(verifierAccount(i)), { tickets: 1 });
  }
  await give(OPERATOR, 100n * TOKEN);
  await give(CLIENT, 100n * TOKEN);
  const provider = OWNER.account.address.toLowerCase() as Address;
  return {
    chain,
    client,
    deployment,
    folder,
    name,
    models,
    as,
    times,
    now,
    until,
    read,
    stakeAt,
    write,
    draw,
    provider,
    modelId: model.id.toLowerCase() as Hex,
    firstEpoch: BigInt(firstEpoch),
    close: async () => {
      close();
      await chain.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Runs an operators' program as an account of the market; `json` is its result. */
export function runAs(market: TestMarket, who: DevAccount, program: Main, ...argv: string[]): Promise<Ran> {
  const env = {
    SURETY_RPC_URLS: market.chain.url,
    SURETY_CHAIN_ID: "31337",
    SURETY_DEPLOYMENTS: market.folder,
    SURETY_DEV_KEY: who.key,
    SURETY_LOG_LEVEL: "silent",
  };
  return run(program, env, ...argv, "--json");
}

/** The level of all logs: VERBOSE=info shows what the services say. */
export const LEVEL = (process.env.VERBOSE ?? "silent") as "silent";

/** Starts the market's provider as an operator does. */
export const startMarketProvider = (
  market: TestMarket,
  options: { port: number; defend?: Defend; backend?: BackendFactory },
) =>
  startProvider(
    {
      rpcUrls: [market.chain.url],
      chainId: 31337,
      deployments: market.folder,
      devKey: OPERATOR.key,
      keystore: undefined,
      password: undefined,
      logLevel: LEVEL,
      logFormat: "json",
      data: join(market.folder, "provider"),
      models: market.models,
      host: "127.0.0.1",
      port: options.port,
      pollMs: 200,
      runTimeoutMs: 10_000,
      memoryBudgetMb: 2_048,
      sharedProcess: true,
      maxInFlight: 64,
      maxSkewMs: 5_000,
      courtDefend: options.defend ?? "honest",
    },
    options.backend ? { backend: options.backend } : {},
  );

/** Answers from a copy with rounded weights: a cheap model instead of the promised one. */
export const rounded: BackendFactory = async (model) => {
  const runtime = createRuntime({
    kind: "native",
    timeoutMs: 10_000,
    log: createLog({ name: "rounded", level: LEVEL }),
  });
  await runtime.load(model.modelId, quantizeWeights(model.onnx).model);
  return { run: (inputs) => runtime.run(model.modelId, inputs), close: () => runtime.close() };
};

/** Inputs of a model whose native and WASM outputs are equal bit for bit. */
export async function agreeingInputs(name: string): Promise<Tensor[][]> {
  const log = createLog({ name: "agreeing", level: LEVEL });
  const { id, model } = (await readModels(join(MODELS, name)))[0] as StoredModel;
  const runtimes = (["native", "wasm"] as const).map((kind) => createRuntime({ kind, timeoutMs: 10_000, log }));
  const real = loadInputs(name);
  const sets = Array.from({ length: Math.min(200, real.count) }, (_, i) => real.at(i));
  try {
    for (const runtime of runtimes) await runtime.load(id, model);
    const [native, wasm] = await Promise.all(runtimes.map((runtime) => runtime.runMany(id, sets)));
    return sets.filter((_, i) => tensorHash(native![i]!) === tensorHash(wasm![i]!));
  } finally {
    for (const runtime of runtimes) await runtime.close();
  }
}

/** Verifiers of the market in this process, as services of their own. @param probes what they probe with */
export async function startMarketVerifiers(market: TestMarket, count: number, probes?: Tensor[][]) {
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const real = loadInputs(market.name);
  let next = 0;
  // A model is tried with all its inputs before its seats are taken.
  let isTried = false;
  const host = await openHost({
    client: market.client,
    deployment: market.deployment,
    directory: join(market.folder, "chain"),
    models: await readVerifierModels(market.models),
    inputs: () => (probes && isTried ? probes[next++ % probes.length]! : real.at(next++ % real.count)),
    http,
    log: createLog({ name: "verifier", level: LEVEL, format: "json" }),
    txPollMs: 100,
    sharedProcess: true,
    court: { ...COURT_TERMS, maxFee: 10n ** 12n },
  });
  isTried = true;
  const stores: Store[] = [];
  for (let i = 0; i < count; i++) {
    const directory = join(market.folder, `verifier-${i}`);
    const { verifier, store } = await host.add({ account: verifierAccount(i).account, directory });
    verifier.start();
    stores.push(store);
  }
  return {
    /** What each knows of its own work. */
    stores,
    close: async () => {
      await host.close();
      await http.close();
    },
  };
}

/** Waits until `holds` does, or says what it waited for. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
