// A verifier of the demo that runs nothing, as a process: it says that every sample matches, over outputs it never had.
import { createLog, readDeployment } from "@surety/node-kit";
import { assignmentTree, commitment, epochTimes, packRerunReport, type SampleVerdict } from "@surety/protocol";
import { attestationHubAbi, receiptLogAbi } from "@surety/sdk";
import { type Address, bytesToHex, type Hex, isAddressEqual, keccak256, zeroHash } from "viem";
import { devAccount, LAZY } from "./accounts.ts";
import { connect } from "./setup.ts";
import { EPOCH_LENGTH, WINDOWS } from "./terms.ts";

/** What the parent sends first. */
export type LazyConfig = {
  rpcUrl: string;
  chainId: number;
  deployments: string;
  providers: Address[];
  modelIds: Hex[];
  firstEpoch: number;
};

const ROLES = [0, 1] as const;

process.once("message", async (config: LazyConfig) => {
  const me = devAccount(LAZY);
  const log = createLog({ name: "lazy", level: "silent" });
  const { client, sender } = connect(config.rpcUrl, config.chainId, log);
  const { wallet } = sender(me);
  const { contracts, genesis } = readDeployment(config.deployments, config.chainId);
  const hub = { address: contracts.AttestationHub!, abi: attestationHubAbi } as const;
  const logs = { address: contracts.ReceiptLog!, abi: receiptLogAbi } as const;
  const until = async (time: bigint): Promise<void> => {
    while ((await client.getBlock()).timestamp < time) await new Promise((resolve) => setTimeout(resolve, 150));
  };
  // Nothing is asked of the node before: windows are short.
  const gas = { gas: 6_000_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 10n ** 9n, chain: wallet.chain };

  /** Its seats of an epoch, with what it says there: nothing of probes, which is no fault, and a match of every sample. */
  const seatsOf = async (epoch: bigint) => {
    const asked = config.providers.flatMap((provider) =>
      config.modelIds.flatMap((modelId) => ROLES.map((role) => ({ provider, modelId, role }))),
    );
    const held = await Promise.all(
      asked.map(async ({ provider, modelId, role }) => {
        const args = [provider, modelId, epoch, role] as const;
        const seats = await client.readContract({ ...hub, functionName: "seatsOf", args });
        const seat = seats.findIndex((one) => isAddressEqual(one, me.account.address));
        const { m } = await client.readContract({ ...logs, functionName: "log", args: [provider, modelId, epoch] });
        if (seat < 0 || (role === 1 && m === 0)) return [];
        const verdicts = Array.from({ length: m }, (): SampleVerdict => "match");
        const report = role === 1 ? packRerunReport({ n: m, verdicts, panel: 1 }) : 0n;
        return [{ provider, modelId, role, seat, report, dataRoot: role === 1 ? keccak256("0x1a2b") : zeroHash }];
      }),
    );
    return held.flat();
  };

  const attest = async (epoch: bigint): Promise<void> => {
    const times = epochTimes({ genesis, length: EPOCH_LENGTH }, WINDOWS, epoch);
    await until(times.openEnd);
    const seats = await seatsOf(epoch);
    if (seats.length === 0) return;
    const salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
    // Reports of re-runs are said at the reveal; the tree has zero for them.
    const { root, open } = assignmentTree(seats.map(({ seat: _, ...one }) => ({ ...one, report: 0n, salt })));
    const hash = commitment({ hub: hub.address, epoch, round: 0, sender: me.account.address, root });
    await wallet.writeContract({ ...hub, ...gas, functionName: "commit", args: [epoch, hash] });
    await until(times.outputEnd);
    const { order, proof, flags } = open([...seats.keys()]);
    const shown = order.map((i) => ({ ...seats[i]!, salt }));
    await wallet.writeContract({ ...hub, ...gas, functionName: "reveal", args: [epoch, shown, proof, flags] });
  };

  process.once("disconnect", () => process.exit(0));
  process.once("SIGTERM", () => process.exit(0));
  process.on("SIGINT", () => undefined);
  process.send?.({ ready: {} });
  for (let epoch = BigInt(config.firstEpoch); ; epoch++) {
    // An epoch that it cannot report on is one that it missed: no reason to end.
    await attest(epoch).catch((error: Error) => process.send?.({ kind: "missed", reason: error.message }));
  }
});
