import { beaconOf, contractAddress, type Deployment, rpc, type Sender } from "@surety/node-kit";
import { type EpochTimes, SuretyError } from "@surety/protocol";
import {
  attestationHubAbi,
  commitmentBookAbi,
  epochClockAbi,
  iSeedBeaconAbi,
  providerRegistryAbi,
  receiptLogAbi,
} from "@surety/sdk";
import { type Address, type PublicClient, zeroAddress } from "viem";
import type { ChainIdentity, ProviderChain } from "./chain.ts";

/** What {@link connectChain} needs. */
export type ViemChainOptions = {
  client: PublicClient;
  deployment: Deployment;
  /** Sends as the operator: the key that signs receipts also commits the logs. */
  sender: Pick<Sender, "address" | "send">;
};

/**
 * Twice what a commit was seen to use. A limit that is known spares the node the many runs of an estimate, at the moment
 * when all providers commit.
 */
const COMMIT_GAS = 300_000n;
/** Epochs whose moments are remembered. */
const KEPT_TIMES = 256;

/** The facts that do not change; refuses a key that is no provider's operator. */
async function identify({ client, deployment, sender }: ViemChainOptions): Promise<ChainIdentity> {
  const clock = { address: contractAddress(deployment, "EpochClock"), abi: epochClockAbi } as const;
  const registry = { address: contractAddress(deployment, "ProviderRegistry"), abi: providerRegistryAbi } as const;
  const [genesis, length, provider] = await rpc("the clock and the provider of this key", () =>
    Promise.all([
      client.readContract({ ...clock, functionName: "genesis" }),
      client.readContract({ ...clock, functionName: "length" }),
      client.readContract({ ...registry, functionName: "providerOf", args: [sender.address] }),
    ]),
  );
  if (provider === zeroAddress) {
    const message = `${sender.address} is no provider's operator on chain id ${deployment.chainId}; register the provider with this key first, or use its key.`;
    throw new SuretyError("PROVIDER_NOT_REGISTERED", message, { details: { operator: sender.address } });
  }
  return {
    chainId: deployment.chainId,
    receiptLog: contractAddress(deployment, "ReceiptLog"),
    provider: provider.toLowerCase() as Address,
    clock: { genesis, length },
  };
}

/**
 * The chain as the contracts of a deployment tell it.
 * @throws SuretyError PROVIDER_NOT_REGISTERED, DEPLOYMENT_INCOMPLETE, CHAIN_RPC (retryable)
 */
export async function connectChain(options: ViemChainOptions): Promise<ProviderChain> {
  const { client, deployment, sender } = options;
  const identity = await identify(options);
  const { provider } = identity;
  const at = (name: string): Address => contractAddress(deployment, name);
  const clock = { address: at("EpochClock"), abi: epochClockAbi } as const;
  const beacon = { address: beaconOf(deployment).address, abi: iSeedBeaconAbi } as const;
  const book = { address: at("CommitmentBook"), abi: commitmentBookAbi } as const;
  const registry = { address: at("ProviderRegistry"), abi: providerRegistryAbi } as const;
  const receiptLog = { address: at("ReceiptLog"), abi: receiptLogAbi } as const;
  const hub = { address: at("AttestationHub"), abi: attestationHubAbi } as const;
  const known = new Map<bigint, EpochTimes>();

  const times = async (epoch: bigint): Promise<EpochTimes> => {
    const found =
      known.get(epoch) ??
      (await rpc("an epoch's moments", () => client.readContract({ ...clock, functionName: "times", args: [epoch] })));
    known.set(epoch, found);
    for (const old of known.keys()) if (known.size > KEPT_TIMES) known.delete(old);
    return found;
  };

  return {
    identity,
    times,
    answerWindow: async (epoch) => {
      const call = () => client.readContract({ ...clock, functionName: "windows", args: [epoch] });
      return BigInt((await rpc("an epoch's windows", call)).answerWindow);
    },
    head: async () => {
      const block = await rpc("the head", () => client.getBlock({ blockTag: "latest", includeTransactions: false }));
      return { number: block.number, timestamp: block.timestamp };
    },
    seedOf: async (epoch) => {
      const call = () => client.readContract({ ...beacon, functionName: "seedOf", args: [epoch] });
      const [seed, drawnAt] = await rpc("a seed", call);
      return drawnAt === 0n ? null : { seed, drawnAt };
    },
    promiseAt: async (modelId, epoch) => {
      const call = () =>
        client.readContract({ ...book, functionName: "commitmentAt", args: [provider, modelId, epoch] });
      const [found, , { capacity }] = await rpc("a promise", call);
      return found ? { capacity: BigInt(capacity) } : null;
    },
    operatorAt: (epoch) =>
      rpc("the operator", () =>
        client.readContract({ ...registry, functionName: "operatorAt", args: [provider, epoch] }),
      ),
    logOf: async (modelId, epoch) => {
      const call = () => client.readContract({ ...receiptLog, functionName: "log", args: [provider, modelId, epoch] });
      const { exists, root, units, count, m } = await rpc("a log", call);
      return exists ? { root, units, count, m } : null;
    },
    commitLog: async ({ modelId, epoch, root, count, units, slots }) => {
      const { logEnd } = await times(epoch);
      await sender.send({
        key: `log:${modelId}:${epoch}`,
        contract: "ReceiptLog",
        to: receiptLog.address,
        abi: receiptLogAbi,
        functionName: "commit",
        args: [modelId, epoch, root, count, units, slots],
        gas: COMMIT_GAS,
        deadline: logEnd,
      });
    },
    nextToSettle: async (modelId) => {
      const call = () => client.readContract({ ...hub, functionName: "nextToSettle", args: [provider, modelId] });
      const [found, epoch] = await rpc("the next epoch to settle", call);
      return found ? epoch : null;
    },
  };
}
