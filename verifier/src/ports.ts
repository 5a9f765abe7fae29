import type { Http, Clock as WaitingClock } from "@surety/node-kit";
import type { ModelManifest, Receipt, Tensor, ToleranceProfile } from "@surety/protocol";
import type { AttestedSeat, CourtProof, Till } from "@surety/sdk";
import type { Address, Hex } from "viem";
import type { RpcBlock } from "./settle/header.ts";
import type { Store } from "./store/index.ts";
import type { Facts } from "./watch/facts.ts";

/** Randomness that nobody can predict; in tests it may be seeded. */
export type Rng = { bytes(length: number): Uint8Array };

/** Time. Probes are timed by it, so the host's clock has to be kept (NTP); protocol steps follow the chain's own time. */
export type Clock = WaitingClock & {
  /** Milliseconds that never jump. */
  monotonic(): number;
};

/** The chain's head. */
export type Head = { number: bigint; timestamp: bigint };

/** The moment of one round of steps. */
export type Now = {
  /** The newest block: its timestamp is the time that windows open and close by. */
  head: Head;
  /** Timestamp of the last block whose events are known, Unix seconds: what is not known by then did not happen. */
  seen: bigint;
  /** Epoch of the head; undefined before genesis. */
  epoch: bigint | undefined;
};

/** A moment after genesis. */
export type Moment = Now & { epoch: bigint };

/** One step of the pipeline: `advance` does or starts what is due and waits for nothing. */
export type Step = { name: string; advance(now: Moment): void };

/** Facts as they stand; replaced as a whole after a reorganisation. */
export type GetFacts = () => Facts;

/** Real inputs of a model to probe with, indistinguishable from traffic; undefined if this verifier has none. */
export type InputSource = (modelId: Hex) => Tensor[] | undefined;

/** A model whose files this verifier holds. */
export type Model = { manifest: ModelManifest; profile: ToleranceProfile };

/** Models by id. */
export type Models = { get(modelId: Hex): Model | undefined };

/** Runs a model on several sets of inputs, in order; a set that a runtime refuses gives an error in its place. */
export type Rerunner = {
  native(modelId: Hex, sets: Tensor[][]): Promise<(Tensor[] | Error)[]>;
  wasm(modelId: Hex, sets: Tensor[][]): Promise<(Tensor[] | Error)[]>;
};

/** Where the verifier tells what it does. */
export type Log = Record<"debug" | "info" | "warn" | "error", (facts: object, message: string) => void>;

/** What most steps are made from. */
export type StepDeps = {
  store: Store;
  facts: GetFacts;
  /** The verifier's address, lower case. */
  me: Address;
  /** Estimate of the chain's time, Unix milliseconds. */
  chainMs: () => number;
  http: Http;
  models: Models;
  clock: Clock;
  rng: Rng;
  log: Log;
};

/** One reveal, as AttestationHub takes it. */
export type RevealArgs = {
  role: number;
  provider: Address;
  modelId: Hex;
  seat: number;
  report: bigint;
  dataRoot: Hex;
  salt: Hex;
};

/** What opens reveals together: they stand in the order of their leaves. */
export type OpeningArgs = readonly [
  epoch: bigint,
  reveals: RevealArgs[],
  proof: readonly Hex[],
  flags: readonly boolean[],
];

type SignedArgs = readonly [receipt: Receipt, signature: Hex];

/** What a verifier does at the court. */
type CourtFunctions =
  | { contract: "Juries"; functionName: "commit"; args: readonly [id: Hex, seat: number, commitment: Hex] }
  | { contract: "Juries"; functionName: "reveal"; args: readonly [id: Hex, vote: number, outputHash: Hex, salt: Hex] }
  | {
      contract: "Demands";
      functionName: "answerOutputs";
      args: readonly [id: Hex, native: Hex, wasm: Hex, proof: readonly Hex[]];
    }
  | { contract: "Demands"; functionName: "demandOutputs"; args: readonly [rerun: AttestedSeat, j: number] }
  | { contract: "Demands"; functionName: "demandProbe"; args: readonly [probes: AttestedSeat, i: number] }
  | {
      contract: "Demands";
      functionName: "answerProbe";
      args: readonly [id: Hex, receipt: Receipt, signature: Hex, proof: readonly Hex[]];
    }
  | { contract: "Demands"; functionName: "demandReceipt"; args: SignedArgs }
  | {
      contract: "Demands";
      functionName: "demandSample";
      args: readonly [provider: Address, modelId: Hex, epoch: bigint, j: number];
    }
  | { contract: "Demands"; functionName: "fail"; args: readonly [id: Hex] }
  | { contract: "DisputeCourt"; functionName: "closeFree"; args: readonly [proof: CourtProof] }
  | { contract: "DisputeCourt"; functionName: "close"; args: readonly [id: Hex] }
  | { contract: "DisputeCourt"; functionName: "multicall"; args: readonly [calls: readonly Hex[]] }
  | { contract: "DisputeCourt"; functionName: "refuteAccuser"; args: readonly [id: Hex, role: number, seat: number] }
  | { contract: "DisputeCourt"; functionName: "payJuror"; args: readonly [id: Hex, juror: Address] }
  | {
      contract: "SeatCases";
      functionName: "open";
      args: readonly [provider: Address, modelId: Hex, epoch: bigint, role: number, seat: number, j: number];
    }
  | { contract: "SeatCases"; functionName: "callJury" | "close"; args: readonly [id: Hex] }
  | { contract: "SeatCases"; functionName: "payJuror"; args: readonly [id: Hex, juror: Address] }
  | {
      contract: "Attendance";
      functionName: "noteSeat";
      args: readonly [provider: Address, modelId: Hex, epoch: bigint, role: number, seat: number];
    }
  | { contract: "Attendance"; functionName: "noteJuror"; args: readonly [id: Hex, seat: number] }
  | {
      contract: "Faults";
      functionName: "brokenPromise";
      args: readonly [provider: Address, modelId: Hex, index: bigint];
    }
  | { contract: "RewardDistributor"; functionName: "claimChallenger"; args: readonly [challenger: Address] }
  | { contract: "Faults"; functionName: "missingLog"; args: readonly [provider: Address, modelId: Hex, epoch: bigint] }
  | { contract: "Faults"; functionName: "equivocation"; args: readonly [...SignedArgs, ...SignedArgs] }
  | {
      contract: "Faults";
      functionName: "repeatedReceipt";
      args: readonly [
        probes: AttestedSeat,
        receiptHash: Hex,
        i: number,
        proofI: readonly Hex[],
        k: number,
        proofK: readonly Hex[],
      ];
    }
  | {
      contract: "Faults";
      functionName: "refutedVerdict";
      args: readonly [
        rerun: AttestedSeat,
        j: number,
        native: Hex,
        wasm: Hex,
        ownProof: readonly Hex[],
        proof: CourtProof,
        salt: Hex,
        outputHash: Hex,
      ];
    }
  | {
      contract: "VerifierRegistry";
      functionName: "takeBack";
      args: readonly [verifier: Address, indexes: readonly bigint[]];
    }
  | { contract: Till; functionName: "claim"; args: readonly [account: Address] }
  | { contract: "Asset"; functionName: "approve"; args: readonly [spender: Address, amount: bigint] };

/** The functions that a verifier calls. */
type Functions =
  | CourtFunctions
  | { contract: "AttestationHub"; functionName: "commit"; args: readonly [epoch: bigint, commitment: Hex] }
  | { contract: "AttestationHub"; functionName: "reveal"; args: OpeningArgs }
  | {
      contract: "AttestationHub";
      functionName: "settleAll";
      args: readonly [records: readonly { provider: Address; modelId: Hex }[]];
    }
  | { contract: "HeaderBeacon"; functionName: "draw"; args: readonly [epoch: bigint, header: Hex, parent: Hex] }
  | { contract: "DrandBeacon"; functionName: "draw"; args: readonly [epoch: bigint, signature: DrandPoint] };

/** A point of drand's curve, each coordinate `Hi * 2^256 + Lo`. */
type DrandPoint = { xHi: bigint; xLo: bigint; yHi: bigint; yLo: bigint };

/** A call of a contract. */
export type Call = Functions & {
  /** Names the act, the same over restarts: a second send of the same key makes no second transaction. */
  key: string;
  /** Chain time, Unix seconds, from which the call is useless. */
  deadline?: bigint;
};

/** Makes the call that draws an epoch's seed; refuses, retryably, while what it needs is not there yet. */
export type DrawCall = (epoch: bigint, seedTime: bigint, head: Head) => Promise<Call & { functionName: "draw" }>;

/** A revert: the name of the contract's error, and its values by name. */
export type Revert = { errorName: string; args: Record<string, unknown> };

/**
 * What came of a call. `rejected`: refused in simulation, or mined and reverted; `too-large`: it does not fit into a block;
 * `unknown`: nothing was sent, or nobody can say what came of it: what the chain shows next will tell.
 */
export type Outcome =
  | { status: "confirmed" }
  | { status: "rejected"; revert: Revert }
  | { status: "too-large" }
  | { status: "unknown"; code: string };

/** Sends transactions of this verifier's account: simulates, signs once, broadcasts until it is known what came of it. */
export type Sender = { send(call: Call): Promise<Outcome> };

/** A block as the chain's node gives it. */
export type Blocks = {
  /** `eth_getBlockByNumber`, nothing converted. */
  raw(number: bigint): Promise<RpcBlock>;
};
