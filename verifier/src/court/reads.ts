import { contractAddress, type Deployment, rpc } from "@surety/node-kit";
import {
  type AttestedSeat,
  attestedSeat,
  demandsAbi,
  disputeCourtAbi,
  juriesAbi,
  openingsAbi,
  penaltiesAbi,
  rewardDistributorAbi,
  stakePoolAbi,
  TILLS,
  type Till,
  verifierRegistryAbi,
} from "@surety/sdk";
import { type Address, getAbiItem, type Hex, hexToBytes, type PublicClient, parseAbi } from "viem";
import type { RevealFacts } from "../watch/facts.ts";

/** A record's epoch. */
export type RecordEpoch = { provider: Address; modelId: Hex; epoch: bigint };

/** A leaf's canonical tensors, as they were opened on chain. */
export type OpenedTensors = { inputs: Uint8Array; outputs: Uint8Array };

/** Rooms that take bonds from verifiers. */
export type BondRoom = "Demands" | "SeatCases";

/** Outputs that a verifier has shown, and their path in its data root. */
export type ShownOutputs = { native: Uint8Array; wasm: Uint8Array; proof: readonly Hex[] };

const assetAbi = parseAbi([
  "function decimals() view returns (uint8)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address owner, address spender) view returns (uint256)",
]);

/** What is asked of the chain when it is needed, beside the facts that events tell. */
export type CourtReads = ReturnType<typeof createCourtReads>;

/** Makes the reads of a deployment's court. */
export function createCourtReads(client: PublicClient, deployment: Deployment) {
  const at = (name: string): Address => contractAddress(deployment, name);
  const demands = { address: at("Demands"), abi: demandsAbi } as const;
  const court = { address: at("DisputeCourt"), abi: disputeCourtAbi } as const;
  const openings = { address: at("Openings"), abi: openingsAbi } as const;
  const juries = { address: at("Juries"), abi: juriesAbi } as const;
  const pool = { address: at("StakePool"), abi: stakePoolAbi } as const;
  const hub = at("AttestationHub");

  /** A leaf that a room had opened; undefined if that has gone. */
  const openedIn = async (room: Address, id: Hex, blocks: { fromBlock: bigint; toBlock?: bigint }) => {
    const event = getAbiItem({ abi: openings.abi, name: "LeafOpened" });
    const query = { address: openings.address, event, args: { room, id }, strict: true, ...blocks } as const;
    const [found] = await rpc("an opened leaf", () => client.getLogs(query));
    return found && { inputs: hexToBytes(found.args.inputs), outputs: hexToBytes(found.args.outputs) };
  };

  /** The opened leaf of a case, from the block in which its jury was called; undefined if that has gone. */
  const opened = ({ id, block }: { id: Hex; block: bigint }): Promise<OpenedTensors | undefined> =>
    openedIn(court.address, id, { fromBlock: block, toBlock: block });

  /** What a seat has revealed as the court takes it, from the block of the reveal; undefined if that has gone. */
  const attestedOf = (
    { provider, modelId, epoch, role }: RecordEpoch & { role: number },
    { seat, block }: Pick<RevealFacts, "seat" | "block">,
  ): Promise<AttestedSeat | undefined> => {
    const at = { hub, provider, modelId, epoch, role, seat, fromBlock: block, toBlock: block };
    return rpc("a reveal", () => attestedSeat(client, at));
  };

  /** The outputs by which a demand was answered, from the block of the answer; undefined if that has gone. */
  const shownOutputs = async (id: Hex, block: bigint): Promise<ShownOutputs | undefined> => {
    const event = getAbiItem({ abi: demandsAbi, name: "OutputsShown" });
    const query = { address: demands.address, event, args: { id }, strict: true } as const;
    const [found] = await rpc("shown outputs", () => client.getLogs({ ...query, fromBlock: block, toBlock: block }));
    if (!found) return undefined;
    const { nativeOutputs, wasmOutputs, proof } = found.args;
    return { native: hexToBytes(nativeOutputs), wasm: hexToBytes(wasmOutputs), proof };
  };

  /** The inputs of a sample that somebody demanded and the provider opened on chain. @param id of that demand */
  const openedInputs = async (id: Hex): Promise<Uint8Array | undefined> =>
    (await openedIn(demands.address, id, { fromBlock: deployment.startBlock }))?.inputs;

  const asset = async (): Promise<Address> =>
    rpc("the asset", () => client.readContract({ ...pool, functionName: "asset" }));

  return {
    juries: juries.address.toLowerCase() as Address,
    opened,
    attestedOf,
    shownOutputs,
    openedInputs,
    asset,
    /** Jurors by seat, lower case. */
    jurors: async (id: Hex): Promise<Address[]> => {
      const seats = await rpc("a jury", () => client.readContract({ ...juries, functionName: "seatsOf", args: [id] }));
      return seats.map((seat) => seat.toLowerCase() as Address);
    },
    /** Until when an epoch can be disputed (Unix seconds). */
    disputeEnd: ({ provider, modelId, epoch }: RecordEpoch): Promise<bigint> =>
      rpc("the end of disputes", () =>
        client.readContract({ ...court, functionName: "disputeEnd", args: [provider, modelId, epoch] }),
      ),
    /** What a demand is about: of a verifier's outputs, the data root. */
    subjectOf: async (id: Hex): Promise<Hex> =>
      (await rpc("a demand", () => client.readContract({ ...demands, functionName: "demandOf", args: [id] }))).subject,
    /** Samples that hit the leaf of a tried free case; bit j is sample j. */
    samplesOf: async (id: Hex): Promise<bigint> =>
      BigInt(
        (await rpc("a case", () => client.readContract({ ...court, functionName: "caseOf", args: [id] }))).samples,
      ),
    /** Votes that convict, and that refute who accused. */
    votes: (): Promise<bigint> => rpc("a jury", () => client.readContract({ ...juries, functionName: "votes" })),
    /** Where a room that takes bonds stands. */
    room: (room: BondRoom): Address => at(room),
    /** What it takes at a time, in the asset's smallest unit. */
    bond: (room: BondRoom): Promise<bigint> =>
      rpc("a bond", () => client.readContract({ ...demands, address: at(room), functionName: "bond" })),
    /** What `claimChallenger` would pay an account now, in the asset's smallest unit. */
    bountyOf: (account: Address): Promise<bigint> =>
      rpc("bounties", () =>
        client.readContract({
          address: at("RewardDistributor"),
          abi: rewardDistributorAbi,
          functionName: "claimableChallenger",
          args: [account],
        }),
      ),
    /** Tickets of a verifier that its stake no longer backs, with what it has and what they lock, smallest units. */
    unbacked: async (verifier: Address): Promise<{ count: number; have: bigint; need: bigint }> => {
      const args = [verifier] as const;
      const registry = { address: at("VerifierRegistry"), abi: verifierRegistryAbi } as const;
      const [have, need, size] = await rpc("a verifier's stake", () =>
        Promise.all([
          client.readContract({ ...pool, functionName: "stakeOf", args }),
          client.readContract({ ...pool, functionName: "locked", args }),
          client.readContract({ ...registry, functionName: "ticketSize" }),
        ]),
      );
      return { count: have < need ? Number((need - have + size - 1n) / size) : 0, have, need };
    },
    /** The account's tokens and what it lets a room take, with the asset's decimals. */
    purse: async (
      account: Address,
      room: BondRoom,
    ): Promise<{ balance: bigint; allowance: bigint; decimals: number }> => {
      const token = { address: await asset(), abi: assetAbi } as const;
      const [balance, allowance, decimals] = await rpc("the verifier's tokens", () =>
        Promise.all([
          client.readContract({ ...token, functionName: "balanceOf", args: [account] }),
          client.readContract({ ...token, functionName: "allowance", args: [account, at(room)] }),
          client.readContract({ ...token, functionName: "decimals" }),
        ]),
      );
      return { balance, allowance, decimals };
    },
    /** What each room owes an account, in the asset's smallest unit. */
    owed: (account: Address): Promise<{ till: Till; amount: bigint }[]> =>
      rpc("what the court owes", () =>
        Promise.all(
          TILLS.map(async (till) => {
            const call = { address: at(till), abi: penaltiesAbi, functionName: "owed", args: [account] } as const;
            return { till, amount: await client.readContract(call) };
          }),
        ),
      ),
    /** Price of gas in the newest block, wei. */
    gasPrice: async (): Promise<bigint> => (await rpc("a block", () => client.getBlock())).baseFeePerGas ?? 0n,
  };
}
