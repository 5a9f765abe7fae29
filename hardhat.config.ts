import { fileURLToPath } from "node:url";
import toolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

/** The compiler that npm installs, for Prague. */
const settings = (chosen: object) => ({
  version: "0.8.37",
  path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
  settings: { ...chosen, evmVersion: "prague" },
});

/** What every epoch of every pair calls: compiled by way of the IR, for gas. */
const HOT = [
  "contracts/availability/CommitmentBook.sol",
  "contracts/availability/ReceiptLog.sol",
  "contracts/epoch/EpochClock.sol",
  "contracts/epoch/HeaderBeacon.sol",
  "contracts/registry/ProviderRegistry.sol",
  "contracts/registry/VerifierRegistry.sol",
  "contracts/reliability/ReliabilityLedger.sol",
  "contracts/rewards/RewardDistributor.sol",
  "contracts/verification/AttestationHub.sol",
];

const simulated = {
  type: "edr-simulated",
  chainType: "l1",
  chainId: 31337,
  allowBlocksWithSameTimestamp: true,
} as const;

export default defineConfig({
  plugins: [toolbox],
  solidity: {
    // Not imported by a contract, but deployed.
    npmFilesToBuild: ["@openzeppelin/contracts/access/manager/AccessManager.sol"],
    compilers: [settings({ optimizer: { enabled: true, runs: 200 } })],
    overrides: Object.fromEntries(
      HOT.map((path) => [path, settings({ optimizer: { enabled: true, runs: 10_000 }, viaIR: true })]),
    ),
  },
  paths: { tests: { mocha: "./test/contracts", solidity: "./test/contracts" } },
  test: {
    solidity: {
      fuzz: { runs: 256, seed: "0x01" },
      // Longer: INVARIANT_RUNS=256 INVARIANT_DEPTH=256
      invariant: {
        runs: Number(process.env.INVARIANT_RUNS ?? 64),
        depth: Number(process.env.INVARIANT_DEPTH ?? 128),
        failOnRevert: true,
      },
    },
    mocha: { timeout: 60_000 },
  },
  networks: {
    // Mines a block with each transaction and one every second.
    local: { ...simulated, mining: { auto: true, interval: 1000 } },
    // Mines every 200 ms whatever comes: the demo's chain.
    devnet: { ...simulated, mining: { auto: false, interval: 200 } },
  },
});
