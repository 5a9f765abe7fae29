// Runs the Solidity tests and fails unless they run every line and statement of the contracts. Usage: npm run coverage
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { uncoveredIn } from "./lcov.ts";

const root = join(import.meta.dirname, "../..");
const report = join(root, "coverage/lcov.info");

// So that none of an earlier run is read.
rmSync(report, { force: true });
const args = ["--config", "test/coverage/hardhat.config.ts", "--coverage", "test", "solidity"];
const { status } = spawnSync("node_modules/.bin/hardhat", args, { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const { files, uncovered } = uncoveredIn(readFileSync(report, "utf8"));
for (const { file, lines } of uncovered) console.error(`No test runs all of ${file}, lines ${lines.join(", ")}`);
if (files === 0) console.error("The report names no source");
if (files === 0 || uncovered.length > 0) process.exit(1);
console.log(`Every line of ${files} sources is run`);
