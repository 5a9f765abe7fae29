// Seeds from the headers of a served chain: what the node tells over JSON-RPC, encoded here, must satisfy the contract.
import { expect } from "chai";
import {
  AbiCoder,
  type Contract,
  ContractFactory,
  encodeRlp,
  JsonRpcProvider,
  type JsonRpcSigner,
  keccak256,
  toBeHex,
  ZeroAddress,
} from "ethers";
import hre from "hardhat";

type Header = Record<string, string>;
type Refusal = { name: string; args: unknown[] };

/** The header's fields in RLP order (Prague: 21); quantities have no leading zeros. */
const QUANTITIES = new Set(
  "difficulty number gasLimit gasUsed timestamp baseFeePerGas blobGasUsed excessBlobGas".split(" "),
);
const FIELDS = [
  "parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit gasUsed",
  "timestamp extraData mixHash nonce baseFeePerGas withdrawalsRoot blobGasUsed excessBlobGas parentBeaconBlockRoot",
  "requestsHash",
].flatMap((line) => line.split(" "));

function field(header: Header, name: string): string {
  const value = header[name];
  if (value === undefined) throw new Error(`the node's header has no field ${name}`);
  if (!QUANTITIES.has(name)) return value;
  return BigInt(value) === 0n ? "0x" : toBeHex(BigInt(value));
}

function encodeHeader(header: Header): string {
  return encodeRlp(FIELDS.map((name) => field(header, name)));
}

describe("HeaderBeacon on a served chain", () => {
  const LENGTH = 1000n;
  const EPOCH = 2n;
  let server: Awaited<ReturnType<typeof hre.network.createServer>>;
  let provider: JsonRpcProvider;
  let signer: JsonRpcSigner;
  let beacon: Contract;
  let genesis: bigint;
  /** Seed time of EPOCH. */
  let seedTime: bigint;
  let parent: Header;
  let first: Header;
  let second: Header;

  async function deploy(name: string, args: unknown[]): Promise<Contract> {
    const { abi, bytecode } = await hre.artifacts.readArtifact(name);
    const contract = await new ContractFactory([...abi], bytecode, signer).deploy(...args);
    await contract.waitForDeployment();
    return contract as Contract;
  }

  /** Mines one block at `timestamp` and returns its header as the node tells it. */
  async function mine(timestamp: bigint): Promise<Header> {
    await provider.send("evm_setNextBlockTimestamp", [Number(timestamp)]);
    await provider.send("evm_mine", []);
    return provider.send("eth_getBlockByNumber", ["latest", false]);
  }

  /** The custom error that a call is refused with; fails if it is not. */
  async function refusal(epoch: bigint, header: string, parentHeader: string): Promise<Refusal> {
    try {
      await beacon.getFunction("draw").staticCall(epoch, header, parentHeader);
    } catch (error) {
      const data = (error as { data?: string | null }).data;
      const parsed = data ? beacon.interface.parseError(data) : null;
      if (parsed) return { name: parsed.name, args: [...parsed.args] };
      throw error;
    }
    throw new Error("the draw was not refused");
  }

  before(async () => {
    // Blocks come when asked for, so that the timestamps are this test's.
    server = await hre.network.createServer(
      { network: "local", override: { mining: { auto: true, interval: 0 } } },
      "127.0.0.1",
      0,
    );
    const { address, port } = await server.listen();
    provider = new JsonRpcProvider(`http://${address}:${port}`, undefined, { staticNetwork: true, cacheTimeout: -1 });
    signer = await provider.getSigner(0);

    const latest = await provider.send("eth_getBlockByNumber", ["latest", false]);
    genesis = BigInt(latest.timestamp) + 100n;
    const asset = await deploy("TestAsset", []);
    const windows = [200, 50, 200, 200, 200, 200, 400, 100, 200, 50];
    const clock = await deploy("EpochClock", [ZeroAddress, genesis, LENGTH, 7000n, windows]);
    beacon = await deploy("HeaderBeacon", [await clock.getAddress(), await asset.getAddress(), 0n]);

    seedTime = genesis + (EPOCH + 1n) * LENGTH + 250n;
    parent = await mine(seedTime - 3n);
  });

  after(async () => {
    provider.destroy();
    await server.close();
  });

  it("refuses before the seed time", async () => {
    const early = { ...parent };
    expect(await refusal(EPOCH + 1n, encodeHeader(early), encodeHeader(early))).to.deep.equal({
      name: "TippedBeaconTooEarly",
      args: [BigInt((await provider.getBlock("latest"))?.timestamp ?? 0), seedTime + LENGTH],
    });
  });

  it("encodes the node's headers to their hashes", async () => {
    first = await mine(seedTime + 2n);
    second = await mine(seedTime + 4n);
    // A call runs in the latest block, which cannot see its own hash.
    await mine(seedTime + 6n);
    expect(FIELDS).to.have.length(21);
    for (const header of [parent, first, second]) expect(keccak256(encodeHeader(header))).to.equal(header.hash);
    expect(first.parentHash).to.equal(parent.hash);
    expect(BigInt(first.mixHash ?? 0)).to.not.equal(0n);
  });

  it("refuses a block that is not the first, and one before the seed time", async () => {
    expect(await refusal(EPOCH, encodeHeader(second), encodeHeader(first))).to.deep.equal({
      name: "HeaderBeaconNotFirst",
      args: [seedTime + 2n, seedTime],
    });
    const grandparent = await provider.send("eth_getBlockByHash", [parent.parentHash, false]);
    expect(await refusal(EPOCH, encodeHeader(parent), encodeHeader(grandparent))).to.deep.equal({
      name: "HeaderBeaconBlockTooEarly",
      args: [seedTime - 3n, seedTime],
    });
  });

  it("refuses forged headers", async () => {
    const forged = encodeHeader({ ...first, mixHash: `0x${"11".repeat(32)}` });
    expect(await refusal(EPOCH, forged, encodeHeader(parent))).to.deep.equal({
      name: "HeaderBeaconWrongHash",
      args: [BigInt(first.number ?? 0), keccak256(forged), first.hash],
    });
    const older = encodeHeader({ ...parent, timestamp: "0x1" });
    expect(await refusal(EPOCH, encodeHeader(first), older)).to.deep.equal({
      name: "HeaderBeaconNotParent",
      args: [keccak256(older), parent.hash],
    });
    const short = encodeRlp(FIELDS.slice(0, 13).map((name) => field(first, name)));
    expect(await refusal(EPOCH, short, encodeHeader(parent))).to.deep.equal({
      name: "HeaderBeaconShortHeader",
      args: [13n, 14n],
    });
    expect((await refusal(EPOCH, "0x", encodeHeader(parent))).name).to.equal("RLPInvalidEncoding");
    expect(await beacon.getFunction("seedOf")(EPOCH)).to.deep.equal([`0x${"00".repeat(32)}`, 0n]);
  });

  it("draws the first block's prevrandao, once", async () => {
    const { mixHash } = first;
    const seed = keccak256(
      AbiCoder.defaultAbiCoder().encode(["string", "bytes32", "uint256"], ["surety.seed", mixHash, EPOCH]),
    );
    const sent = await beacon.getFunction("draw")(EPOCH, encodeHeader(first), encodeHeader(parent));
    const receipt = await sent.wait();
    // Shown in docs/beacons.md.
    expect(Number(receipt.gasUsed), "gas").to.be.below(200_000);
    console.log(`      gas: draw ${receipt.gasUsed}`);
    const block = await receipt.getBlock();
    expect(receipt.logs.map((log: { args: unknown[] }) => [...log.args])).to.deep.equal([
      [EPOCH, seed, mixHash, signer.address],
    ]);
    expect(await beacon.getFunction("seedOf")(EPOCH)).to.deep.equal([seed, BigInt(block.timestamp)]);
    expect(await refusal(EPOCH, encodeHeader(first), encodeHeader(parent))).to.deep.equal({
      name: "TippedBeaconAlreadyDrawn",
      args: [EPOCH],
    });
  });

  it("refuses a block that the chain has forgotten", async () => {
    const time = seedTime + LENGTH;
    const before = await mine(time - 1n);
    const due = await mine(time);
    await mine(time + 1n);
    const draw = beacon.getFunction("draw");
    const seed = await draw.staticCall(EPOCH + 1n, encodeHeader(due), encodeHeader(before));
    await provider.send("hardhat_mine", ["0xff"]);
    expect(await draw.staticCall(EPOCH + 1n, encodeHeader(due), encodeHeader(before))).to.equal(seed);
    // One block more is beyond BLOCKHASH, and this chain has no older hashes.
    await provider.send("hardhat_mine", ["0x1"]);
    const { name, args } = await refusal(EPOCH + 1n, encodeHeader(due), encodeHeader(before));
    expect([name, args[0], args[1]]).to.deep.equal(["HeaderBeaconWrongHash", BigInt(due.number ?? 0), due.hash]);
    expect(args[2]).to.not.equal(due.hash);
    expect(seed).to.match(/^0x[0-9a-f]{64}$/);
  });
});
