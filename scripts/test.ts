// Runs every test of the repository and closes with one line: "N passed, N failed".
import { spawn } from "node:child_process";

/** One suite: its command, and how its own summary reads. */
type Suite = { name: string; command: string; args: string[] };

const suites: Suite[] = [
  { name: "build", command: "hardhat", args: ["build"] },
  { name: "types", command: "tsc", args: ["--noEmit", "-p", "."] },
  { name: "style", command: "biome", args: ["check", "."] },
  { name: "contracts in Solidity", command: "hardhat", args: ["test", "solidity"] },
  // After an intended change of costs: npm run gas:update
  { name: "gas", command: "hardhat", args: ["test", "solidity", "--snapshot-check", "test/contracts/Gas.t.sol"] },
  { name: "contracts in TypeScript", command: "hardhat", args: ["test", "mocha"] },
  // Apart from those that load Hardhat, whose plugins change chai's matchers for the whole process.
  { name: "protocol, sdk and inference", command: "mocha", args: ["{protocol,sdk,inference}/src/**/*.test.ts"] },
  { name: "vectors and imports", command: "mocha", args: ["test/*.test.ts", "test/vectors/*.test.ts"] },
  { name: "node-kit", command: "mocha", args: ["node-kit/src/**/*.test.ts"] },
  { name: "provider", command: "mocha", args: ["provider/src/**/*.test.ts"] },
  { name: "verifier", command: "mocha", args: ["verifier/src/**/*.test.ts"] },
  { name: "scripts", command: "mocha", args: ["scripts/**/*.test.ts"] },
  { name: "bench", command: "mocha", args: ["bench/*/*.test.ts"] },
  // Those of the court and the redraw, which live through long epochs, have a command of their own: npm run test:court.
  { name: "end to end", command: "mocha", args: ["test/e2e/demo.test.ts"] },
];

let passed = 0;
let failed = 0;
for (const suite of suites) {
  console.log(`\n== ${suite.name}`);
  const { code, output } = await run(suite);
  const counts = count(output);
  passed += counts.passed + (code === 0 && counts.passed === 0 ? 1 : 0);
  failed += counts.failed + (code !== 0 && counts.failed === 0 ? 1 : 0);
  if (code !== 0) console.log(`${suite.name} failed with exit code ${code}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs one suite, showing its output as it comes. */
function run({ command, args }: Suite): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(`node_modules/.bin/${command}`, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (stream: NodeJS.WriteStream) => (chunk: Buffer) => {
      output += chunk;
      stream.write(chunk);
    };
    child.stdout.on("data", keep(process.stdout));
    child.stderr.on("data", keep(process.stderr));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Adds up the "N passing" and "N failing" of mocha and of Hardhat's summaries. */
function count(output: string): { passed: number; failed: number } {
  const sum = (pattern: RegExp) => [...output.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  return { passed: sum(/^\s*(\d+) passing/gm), failed: sum(/^\s*(\d+) failing/gm) };
}
