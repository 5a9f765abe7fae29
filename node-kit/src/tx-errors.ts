import { SuretyError } from "@surety/protocol";
import { explainRevert } from "@surety/sdk";
import { type Abi, formatEther, formatGwei } from "viem";
import { rpc } from "./chain-client.ts";
import { isAnswer, shortText } from "./tx-node.ts";
import type { TxRow } from "./tx-rows.ts";

/** A call that the chain would refuse, or CHAIN_RPC if it could not be asked. */
export async function wouldRevert(cause: unknown, label: string, abi: Abi): Promise<SuretyError> {
  const revert = explainRevert(cause, abi);
  if (revert) {
    const details = { call: label, error: revert.name, args: revert.args, data: revert.data };
    return new SuretyError("TX_WOULD_REVERT", `Not sent: ${label} would be refused with ${revert.text}.`, {
      details,
      cause,
    });
  }
  if (isAnswer(cause)) return rejected(label, shortText(cause), cause);
  return rpc(`a trial of ${label}`, () => Promise.reject(cause)).catch((error: SuretyError) => error);
}

/** A transaction that was mined and refused; `cause` is what its replay threw, if it threw. */
export function reverted({ label, key, receipt }: TxRow, abi: Abi, cause: unknown): SuretyError {
  const revert = explainRevert(cause, abi);
  const reason = revert ? `with ${revert.text}` : "for a reason that no longer shows";
  const message = `${label} ("${key}") was mined in block ${receipt?.blockNumber} and refused ${reason}. Its gas is spent; the key stays used.`;
  const details = { call: label, key, hash: receipt?.hash, error: revert?.name, args: revert?.args };
  return new SuretyError("TX_REVERTED", message, { details });
}

/** A transaction whose outcome cannot be told. */
export function unknownOutcome({ label, key, nonce, attempts }: TxRow, why: string): SuretyError {
  const message = `What became of ${label} ("${key}") is not known: ${why}. Look at the contract's state before doing it again.`;
  return new SuretyError("TX_UNKNOWN", message, {
    details: { call: label, key, nonce, hashes: attempts.map(({ hash }) => hash) },
  });
}

export function rejected(label: string, text: string, cause?: unknown): SuretyError {
  return new SuretyError("TX_REJECTED", `Not sent: the node does not take ${label}: ${text}`, {
    retryable: true,
    cause,
  });
}

export function keyConflict(key: string, have: string, need: string): SuretyError {
  const message = `The key "${key}" stands for another transaction (${have}, now ${need}); one key is one transaction.`;
  return new SuretyError("TX_KEY_CONFLICT", message, { details: { key } });
}

export function tooLate(label: string, now: bigint, deadline: bigint): SuretyError {
  const message = `Not sent: ${label} had to be mined before ${deadline}, and the chain's time is ${now}.`;
  return new SuretyError("TX_DEADLINE", message, { details: { have: now, need: deadline } });
}

export function noFunds(label: string, address: string, have: bigint, need: bigint): SuretyError {
  const message = `Not sent: ${label} and what is under way may cost ${formatEther(need)}, and ${address} has ${formatEther(have)}. Send it funds.`;
  return new SuretyError("TX_NO_FUNDS", message, { details: { have, need } });
}

export function feeCap(label: string, baseFee: bigint, cap: bigint): SuretyError {
  const message = `Not sent: gas costs ${formatGwei(baseFee)} gwei now, and at most ${formatGwei(cap)} may be offered for ${label}.`;
  return new SuretyError("TX_FEE_CAP", message, { retryable: true, details: { have: cap, need: baseFee } });
}

export function chainForgot(address: string, have: number, need: number): SuretyError {
  const message = `The chain knows ${have} transactions of ${address}, this store ${need}: the chain has lost some, or the node is behind.`;
  return new SuretyError("TX_NONCE_AHEAD", message, { retryable: true, details: { have, need } });
}

export function closed(): SuretyError {
  return new SuretyError("TX_CLOSED", "The sender is closed; what is under way is taken up at the next start.", {
    retryable: true,
  });
}
