// Seeds from drand: what the protocol's TypeScript says of rounds and signatures must be what the contract says.
import { readFileSync } from "node:fs";
import { bls12_381 as bls } from "@noble/curves/bls12-381";
import { epochSeed } from "@surety/protocol";
import {
  type DrandNetwork,
  drandPublicKey,
  drandRoundAt,
  drandSignature,
  drandValue,
  isDrandSigned,
} from "@surety/protocol/drand";
import { expect } from "chai";
import { type Contract, Interface, ZeroAddress } from "ethers";
import fc from "fast-check";
import hre from "hardhat";
import { bytesToHex, type Hex, numberToBytes, sha256 } from "viem";

type Connection = Awaited<ReturnType<typeof hre.network.create>>;

const DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
const LENGTH = 1000n;
const vectors = JSON.parse(readFileSync(new URL("../../vectors/drand-quicknet.json", import.meta.url), "utf8"));
const published: { round: bigint; signature: Hex }[] = vectors.rounds.map(
  (r: { round: number; signatureG1: string }) => ({ round: BigInt(r.round), signature: `0x${r.signatureG1}` }),
);
const quicknet: DrandNetwork = {
  chainHash: vectors.chainHash,
  genesisTime: BigInt(vectors.genesisTime),
  period: BigInt(vectors.periodSeconds),
  publicKey: `0x${vectors.publicKeyG2}`,
};

/** A network whose secret is known, so that any of its rounds can be made. */
function ownNetwork(secret: bigint, genesisTime: bigint, period: bigint) {
  const publicKey = bytesToHex(bls.getPublicKeyForShortSignatures(secret));
  const sign = (round: bigint): Hex => {
    const message = sha256(numberToBytes(round, { size: 8 }), "bytes");
    return bytesToHex(bls.signShortSignature(message, secret, { DST }));
  };
  return { network: { chainHash: "", genesisTime, period, publicKey } satisfies DrandNetwork, sign };
}

describe("DrandBeacon", () => {
  let connection: Connection;
  let genesis: bigint;
  let asset: Contract;
  let clock: Contract;

  const deploy = async (name: string, ...args: unknown[]): Promise<Contract> =>
    connection.ethers.deployContract(name, args);

  async function open(hardfork?: string): Promise<void> {
    connection = await hre.network.create({
      network: "local",
      override: { mining: { auto: true, interval: 0 }, ...(hardfork && { hardfork }) },
    });
    const { timestamp } = (await connection.ethers.provider.getBlock("latest"))!;
    genesis = BigInt(timestamp) - 40n * LENGTH;
    asset = await deploy("TestAsset");
    const windows = [200, 50, 200, 200, 200, 200, 400, 100, 200, 50];
    clock = await deploy("EpochClock", ZeroAddress, genesis, LENGTH, 7000n, windows);
  }

  /** A beacon, tried at its creation with a known round. */
  const beaconOn = async (network: DrandNetwork, known: { round: bigint; signature: Hex }): Promise<Contract> => {
    const { genesisTime, period, publicKey } = network;
    const drand = { genesisTime, period, publicKey: drandPublicKey(publicKey) };
    const args = [await clock.getAddress(), await asset.getAddress(), 1n, drand];
    return deploy("DrandBeacon", ...args, known.round, drandSignature(known.signature));
  };

  /** The name of the custom error that something is refused with. */
  async function refusal(work: Promise<unknown>): Promise<string> {
    try {
      await work;
    } catch (error) {
      const { data } = error as { data?: string };
      const { abi } = await hre.artifacts.readArtifact("DrandBeacon");
      const name = data && new Interface([...abi]).parseError(data)?.name;
      if (name) return name;
      throw error;
    }
    return "none";
  }

  const seedTime = (epoch: bigint): bigint => genesis + (epoch + 1n) * LENGTH + 250n;

  before(() => open());
  after(() => connection.close());

  it("draws what its twin says, for any network and epoch", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt(2n, 2n ** 250n),
        fc.bigInt(0n, 40_000n),
        fc.bigInt(1n, 400n),
        fc.bigInt(0n, 30n),
        async (secret, offset, period, epoch) => {
          const { network, sign } = ownNetwork(secret, genesis + offset, period);
          const beacon = await beaconOn(network, { round: 1n, signature: sign(1n) });
          const { round, publishedAt } = drandRoundAt(network, seedTime(epoch));
          expect(await beacon.getFunction("roundOf")(epoch)).to.deep.equal([round, publishedAt]);
          const signature = sign(round);
          expect(isDrandSigned(network, { round, signature })).to.equal(true);
          const call = beacon.getFunction("draw").staticCall(epoch, drandSignature(signature));
          const { timestamp } = (await connection.ethers.provider.getBlock("latest"))!;
          if (publishedAt > BigInt(timestamp)) expect(await refusal(call)).to.equal("TippedBeaconTooEarly");
          else expect(await call).to.equal(epochSeed(drandValue(signature), epoch));
          const wrong = beacon.getFunction("draw").staticCall(epoch, drandSignature(sign(round + 1n)));
          expect(await refusal(wrong)).to.equal(
            publishedAt > BigInt(timestamp) ? "TippedBeaconTooEarly" : "DrandBeaconWrongSignature",
          );
        },
      ),
      { numRuns: 25, seed: 0x5eed },
    );
  });

  it("takes every published round of quicknet, and no other for it", async () => {
    for (const known of published) await beaconOn(quicknet, known);
    const [a, b] = published;
    expect(await refusal(beaconOn(quicknet, { ...a!, signature: b!.signature }))).to.equal("DrandBeaconWrongKey");
    const { network } = ownNetwork(7n, quicknet.genesisTime, quicknet.period);
    expect(await refusal(beaconOn(network, a!))).to.equal("DrandBeaconWrongKey");
  });

  it("says what a draw costs, as a transaction", async () => {
    const { network, sign } = ownNetwork(99n, genesis, 3n);
    const beacon = await beaconOn(network, { round: 1n, signature: sign(1n) });
    const creation = await beacon.deploymentTransaction()!.wait();
    await (await asset.getFunction("mint")((await connection.ethers.getSigners())[0]!.address, 10n)).wait();
    await (await asset.getFunction("approve")(await beacon.getAddress(), 10n)).wait();
    const draw = async (epoch: bigint) => {
      const { round } = drandRoundAt(network, seedTime(epoch));
      const receipt = await (await beacon.getFunction("draw")(epoch, drandSignature(sign(round)))).wait();
      return Number(receipt.gasUsed);
    };
    const without = await draw(1n);
    await (await beacon.getFunction("fundTips")(10n)).wait();
    const [first, next] = [await draw(2n), await draw(3n)];
    console.log(`      gas: create ${creation!.gasUsed}, draw ${without}, first tip ${first}, next ${next}`);
    expect(Math.max(without, first, next)).to.be.below(400_000);
  });

  it("refuses a chain without EIP-2537", async () => {
    await connection.close();
    await open("cancun");
    expect(await refusal(beaconOn(quicknet, published[0]!))).to.equal("BlsNoPrecompile");
  });
});
