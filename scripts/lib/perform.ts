import { DEV_CHAIN_IDS } from "@surety/node-kit";
import { SuretyError } from "@surety/protocol";
import type { Abi, Address, Hex, Log, TransactionReceipt } from "viem";
import type { AssetFormat } from "./amounts.ts";
import type { Sender } from "./context.ts";
import { allErrors } from "./contracts.ts";
import { refusal } from "./refusal.ts";

/** One transaction of a plan. */
export type Call = {
  /** Name of the contract, for people. */
  contract: string;
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  /** The arguments in human units, in order. */
  shown: Record<string, string>;
  /** Can only be tried once the calls before it are mined. */
  follows?: true;
};

/** What became of a call. */
export type CallReport = Pick<Call, "contract" | "address" | "functionName" | "shown"> & {
  /** `planned`: a dry run that simulated it; `untried`: a dry run that could not, because of the calls before it. */
  status: "sent" | "planned" | "untried";
  /** Gas used, or estimated in a dry run. */
  gas?: bigint;
  hash?: Hex;
  block?: bigint;
  logs: Log[];
};

/** What every action returns, beside what it found out. */
export type Done = { calls: CallReport[] };

/** Longest wait for a transaction to be mined, milliseconds. */
const PATIENCE_MS = 180_000;

/**
 * Simulates, sends and awaits the calls of a plan, one after the other; stops at the first that fails. In a dry run
 * nothing is sent.
 *
 * @param asset How amounts in refusals are written.
 * @throws {SuretyError} as {@link refusal}, or `CALL_UNCONFIRMED` (sent, not seen in time), `CALL_REVERTED` (mined and
 * reverted). `details.calls` holds what was sent before.
 */
export async function perform(sender: Sender, plan: readonly Call[], asset?: AssetFormat): Promise<CallReport[]> {
  const done: CallReport[] = [];
  for (const call of plan) {
    const { contract, address, functionName, shown } = call;
    const report = { contract, address, functionName, shown, logs: [] };
    if (sender.dryRun && call.follows) {
      done.push({ ...report, status: "untried" });
      continue;
    }
    try {
      done.push({ ...report, ...(await performOne(sender, call)) });
    } catch (error) {
      const refused = refusal(`${contract}.${functionName}`, error, asset);
      throw new SuretyError(refused.code, refused.message, {
        cause: error,
        retryable: refused.retryable,
        details: { ...refused.details, calls: done },
      });
    }
  }
  return done;
}

async function performOne(sender: Sender, call: Call): Promise<Pick<CallReport, "status"> & Partial<CallReport>> {
  const { client, wallet, log } = sender;
  const { contract, functionName, shown } = call;
  const request = requestOf(sender, call);
  await client.simulateContract(request);
  const estimate = await client.estimateContractGas(request);
  if (sender.dryRun) {
    log.info({ call: `${contract}.${functionName}`, ...shown, gas: Number(estimate) }, "would be sent");
    return { status: "planned", gas: estimate };
  }
  // What a call costs depends on the state it meets, which can change until it is mined.
  const hash = await wallet.writeContract({ ...request, chain: wallet.chain, gas: (estimate * 13n) / 10n });
  log.info({ call: `${contract}.${functionName}`, ...shown, hash }, "sent");
  const receipt = await mined(sender, call, hash);
  if (receipt.status !== "success") throw await reverted(sender, call, receipt);
  const { gasUsed, blockNumber, logs } = receipt;
  log.info({ call: `${contract}.${functionName}`, block: Number(blockNumber), gas: Number(gasUsed) }, "mined");
  return { status: "sent", hash, gas: gasUsed, block: blockNumber, logs };
}

/** A call as viem takes it; an error often comes from a contract below the one that is called. */
function requestOf({ wallet }: Sender, { address, abi, functionName, args }: Call) {
  return { account: wallet.account, address, abi: [...abi, ...allErrors] as Abi, functionName, args };
}

/** Why a transaction that was simulated well reverted all the same: most often another came first, which the state tells. */
async function reverted(sender: Sender, call: Call, { transactionHash, blockNumber }: TransactionReceipt) {
  const name = `${call.contract}.${call.functionName}`;
  const reason = await sender.client.simulateContract({ ...requestOf(sender, call), blockNumber }).then(
    () => "the same call succeeds now. Look at the status, then run the command again.",
    (error) => refusal(name, error).message,
  );
  const message = `${name} was mined and reverted (${transactionHash}): ${reason}`;
  return new SuretyError("CALL_REVERTED", message, { details: { hash: transactionHash } });
}

/** Waits for a transaction; a wait that is over says that it may still come. */
export async function mined(
  { client }: Pick<Sender, "client">,
  { contract, functionName }: Pick<Call, "contract" | "functionName">,
  hash: Hex,
): Promise<TransactionReceipt> {
  try {
    const pollingInterval = DEV_CHAIN_IDS.includes(client.chain?.id ?? 0) ? 100 : 1_000;
    return await client.waitForTransactionReceipt({ hash, pollingInterval, timeout: PATIENCE_MS, retryCount: 20 });
  } catch (cause) {
    const message = `${contract}.${functionName} was sent (${hash}) but not seen in a block within ${PATIENCE_MS / 1000} s. Look it up before you send it again.`;
    throw new SuretyError("CALL_UNCONFIRMED", message, { cause, details: { hash } });
  }
}
