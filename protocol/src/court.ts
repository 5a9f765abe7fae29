import { type Address, encodeAbiParameters, type Hex, keccak256 } from "viem";
import { address, bytes32, small, type Uint, uint } from "./check.ts";

/** What a juror may vote; the index is the code on chain. */
export const VOTES = ["unknown", "acquit", "convict"] as const;
/** A juror's vote. */
export type Vote = (typeof VOTES)[number];

const CASE = [{ type: "address" }, { type: "bytes32" }, { type: "uint64" }, { type: "uint32" }] as const;

const VOTE = [
  { type: "address" },
  { type: "bytes32" },
  { type: "address" },
  { type: "uint8" },
  { type: "bytes32" },
  { type: "bytes32" },
] as const;

/** A leaf's name: log and number. */
export type LeafName = { provider: Address; modelId: Hex; epoch: Uint; seq: number };

/** Number of the case about a leaf, as `DisputeCourt.caseId` makes it: one per leaf, ever. */
export const caseId = ({ provider, modelId, epoch, seq }: LeafName): Hex =>
  keccak256(
    encodeAbiParameters(CASE, [
      address("provider", provider),
      bytes32("modelId", modelId),
      uint("epoch", epoch, 64),
      small("seq", seq, 2 ** 32 - 1),
    ]),
  );

/** What a juror commits to. */
export type JurorVote = {
  juries: Address;
  /** The case. */
  id: Hex;
  juror: Address;
  vote: Vote;
  /** Hash of the juror's own outputs. */
  outputHash: Hex;
  /** 32 random bytes, without which the vote could be guessed. */
  salt: Hex;
};

/** A juror's commitment: `keccak256(abi.encode(juries, id, juror, uint8 vote, bytes32 outputHash, bytes32 salt))`. */
export const voteCommitment = (v: JurorVote): Hex =>
  keccak256(
    encodeAbiParameters(VOTE, [
      address("juries", v.juries),
      bytes32("case", v.id),
      address("juror", v.juror),
      VOTES.indexOf(v.vote),
      bytes32("outputHash", v.outputHash),
      bytes32("salt", v.salt),
    ]),
  );
