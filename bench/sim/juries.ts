import { type Address, encodeAbiParameters, type Hex, isAddressEqual, keccak256, sha256 } from "viem";
import { bytesOf } from "./chance.ts";
import { TERMS } from "./terms.ts";
import { accountOf, type Case, logOf, read, send, type Verifier, type World } from "./world.ts";

const UNKNOWN = 0;
const ACQUIT = 1;
const CONVICT = 2;

const BALLOT = [
  { type: "address" },
  { type: "bytes32" },
  { type: "address" },
  { type: "uint8" },
  { type: "bytes32" },
  { type: "bytes32" },
] as const;

/** The jurors of every jury that was called re-run the leaf, each in its own way, and commit their votes. */
export async function commitVotes(world: World): Promise<void> {
  for (const one of world.cases.filter(({ state }) => state === "called")) {
    const seats = await read<Address[]>(world, "Juries", "seatsOf", one.id);
    for (const [seat, address] of seats.entries()) {
      const juror = world.verifiers.find((verifier) => isAddressEqual(accountOf(verifier), address));
      if (!juror || juror.conduct.jury === "absent") continue;
      await commitVote(world, one, juror, seat);
    }
    one.state = "committed";
  }
}

async function commitVote(world: World, one: Case, juror: Verifier, seat: number): Promise<void> {
  juror.cost += TERMS.rerunCost;
  const vote = voteOf(world, one, juror);
  const outputHash = sha256(logOf(world, one.provider, one.epoch)!.leaves[one.seq]!.honest.native);
  const salt = bytesOf(world.seed, "ballot", one.id, juror.number);
  const { Juries } = world.contracts;
  const ballot = keccak256(
    encodeAbiParameters(BALLOT, [Juries!, one.id, accountOf(juror), vote, outputHash, salt as Hex]),
  );
  await send(world, juror, "Juries", "commit", [one.id, seat, ballot]);
  one.ballots.push({ juror, vote, outputHash, salt });
}

/** Jurors who committed reveal. */
export async function revealVotes(world: World): Promise<void> {
  for (const { id, ballots } of world.cases) {
    for (const { juror, vote, outputHash, salt } of ballots)
      await send(world, juror, "Juries", "reveal", [id, vote, outputHash, salt]);
  }
}

function voteOf(world: World, { provider, epoch, seq }: Case, { conduct }: Verifier): number {
  if (conduct.jury === "friend" && conduct.friend === provider.number) return ACQUIT;
  if ((conduct.says[provider.number] ?? conduct.otherwise) === "mismatch") return CONVICT;
  const { finding } = logOf(world, provider, epoch)!.leaves[seq]!;
  return finding === "mismatch" ? CONVICT : finding === "match" ? ACQUIT : UNKNOWN;
}
