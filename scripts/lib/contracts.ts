import { contractAddress, type Deployment } from "@surety/node-kit";
import {
  attendanceAbi,
  attestationHubAbi,
  commitmentBookAbi,
  demandsAbi,
  disputeCourtAbi,
  drandBeaconAbi,
  epochClockAbi,
  errorsAbi,
  faultsAbi,
  headerBeaconAbi,
  juriesAbi,
  modelRegistryAbi,
  openingsAbi,
  penaltiesAbi,
  providerRegistryAbi,
  receiptLogAbi,
  reliabilityLedgerAbi,
  rewardDistributorAbi,
  seatCasesAbi,
  stakePoolAbi,
  verifierRegistryAbi,
} from "@surety/sdk";
import {
  type AbiStateMutability,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionParameters,
  type ContractFunctionReturnType,
  parseAbi,
} from "viem";
import type { ReadContext } from "./context.ts";

/** What Surety asks of its asset. `approve` names no result: some tokens return none. */
export const erc20Abi = parseAbi([
  "function decimals() view returns (uint8)",
  "function symbol() view returns (string)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
  "function approve(address spender, uint256 amount)",
]);

/** Interfaces of the contracts that operators call. */
export const abis = {
  EpochClock: epochClockAbi,
  ReliabilityLedger: reliabilityLedgerAbi,
  StakePool: stakePoolAbi,
  HeaderBeacon: headerBeaconAbi,
  DrandBeacon: drandBeaconAbi,
  ProviderRegistry: providerRegistryAbi,
  ModelRegistry: modelRegistryAbi,
  VerifierRegistry: verifierRegistryAbi,
  CommitmentBook: commitmentBookAbi,
  ReceiptLog: receiptLogAbi,
  RewardDistributor: rewardDistributorAbi,
  AttestationHub: attestationHubAbi,
  Penalties: penaltiesAbi,
  Faults: faultsAbi,
  Openings: openingsAbi,
  Demands: demandsAbi,
  Juries: juriesAbi,
  DisputeCourt: disputeCourtAbi,
  SeatCases: seatCasesAbi,
  Attendance: attendanceAbi,
  TestAsset: parseAbi(["function mint(address to, uint256 amount)"]),
} as const;

/** Name of a contract that operators call. */
export type Callable = keyof typeof abis;
/** Interface of one. */
export type AbiOf<N extends Callable> = (typeof abis)[N];

type View = "pure" | "view";
type Send = Exclude<AbiStateMutability, View>;
/** Functions that read. */
export type ReadName<N extends Callable> = ContractFunctionName<AbiOf<N>, View>;
/** Functions that are sent. */
export type SendName<N extends Callable> = ContractFunctionName<AbiOf<N>, Send>;
/** Arguments of a function that is sent. */
export type SendArgs<N extends Callable, F extends SendName<N>> = ContractFunctionArgs<AbiOf<N>, Send, F>;
type ReadArgs<N extends Callable, F extends ReadName<N>> = ContractFunctionArgs<AbiOf<N>, View, F>;

/**
 * Every error that a call can end with, the standard token's too: an error often comes from a contract below the one
 * that was called.
 */
export const allErrors = [
  ...errorsAbi,
  ...parseAbi([
    "error ERC20InsufficientBalance(address sender, uint256 have, uint256 need)",
    "error ERC20InsufficientAllowance(address spender, uint256 have, uint256 need)",
    "error AccessManagerUnauthorizedAccount(address account, uint64 roleId)",
  ]),
] as const;

/** Address of a deployed contract. */
export const addressOf = ({ deployment }: { deployment: Deployment }, name: Callable): Address =>
  contractAddress(deployment, name);

/** Reads one value of a deployed contract. */
export async function read<N extends Callable, F extends ReadName<N>>(
  context: ReadContext,
  name: N,
  functionName: F,
  ...args: ReadArgs<N, F> extends readonly [] ? [] : [args: ReadArgs<N, F>]
): Promise<ContractFunctionReturnType<AbiOf<N>, View, F>> {
  const call = { address: addressOf(context, name), abi: abis[name], functionName, args: args[0] ?? [] };
  const value = await context.client.readContract(call as unknown as ContractFunctionParameters);
  return value as ContractFunctionReturnType<AbiOf<N>, View, F>;
}
