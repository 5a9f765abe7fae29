import { concatHex, type Hex, hexToBigInt, keccak256 } from "viem";
import { SuretyError } from "./errors.ts";

/** How several leaves of a tree lead to its root together, as OpenZeppelin's MerkleProof takes it. */
export type Opening = {
  /** Nodes that the leaves do not give. */
  proof: readonly Hex[];
  /**
   * One a step: true joins two of the leaves and nodes found so far, false one of them and the next of `proof`. None if the
   * leaves are the whole tree.
   */
  flags: readonly boolean[];
};

/** A node of the tree, and which of the opened leaves stand below it. */
type Node = { leaves: number[]; hash: Hex };

/** A node from its two children, in whatever order. */
const join = (a: Hex, b: Hex): Hex => keccak256(concatHex(hexToBigInt(a) < hexToBigInt(b) ? [a, b] : [b, a]));

/**
 * The path of each leaf alone, for OpenZeppelin's MerkleProof: what an opening of many proves, it proves of each.
 * @param leaves In the order in which they were opened.
 * @throws SuretyError PROTOCOL_BAD_OPENING if the opening opens nothing
 */
export function openedPaths(leaves: readonly Hex[], opening: Opening): Hex[][] {
  const bad = (why: string) => new SuretyError("PROTOCOL_BAD_OPENING", `the opening opens nothing: ${why}`);
  if (leaves.length === 0) throw bad("it has no leaves");
  const { proof } = opening;
  const steps = leaves.length + proof.length - 1;
  const isWhole = proof.length === 0 && opening.flags.length === 0;
  const flags = isWhole ? Array<boolean>(steps).fill(true) : opening.flags;
  if (flags.length !== steps) throw bad(`it has ${flags.length} flags, needs ${steps}`);
  const left = proof.length - flags.filter((flag) => !flag).length;
  if (left !== 0) throw bad(`its flags take ${proof.length - left} nodes of the proof, which has ${proof.length}`);

  const paths = leaves.map((): Hex[] => []);
  const queue = leaves.map((hash, i): Node => ({ leaves: [i], hash }));
  const given = proof.map((hash): Node => ({ leaves: [], hash }));
  for (const flag of flags) {
    // As many nodes are joined as there are: none is missing where the numbers above fit.
    const [a, b] = [queue.shift()!, (flag ? queue : given).shift()!];
    for (const i of a.leaves) paths[i]!.push(b.hash);
    for (const i of b.leaves) paths[i]!.push(a.hash);
    queue.push({ leaves: [...a.leaves, ...b.leaves], hash: join(a.hash, b.hash) });
  }
  return paths;
}
