// Has Slither search the contracts for known kinds of faults. Usage: npm run slither
// Fails on a finding that accepted.json does not name, and on an entry there that names none. Slither is a Python program:
// where it cannot be had, one line says so and nothing is checked.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Accepted, type Finding, judge, said } from "./findings.ts";

const VERSION = "0.11.6";

const root = join(import.meta.dirname, "../..");
const cache = join(root, "node_modules/.cache/slither");
const environment = join(cache, VERSION);

const missing = install();
if (missing !== undefined) {
  console.log(`Slither is not run: ${missing}`);
  process.exit(0);
}
const findings = search();
const accepted: Accepted[] = JSON.parse(readFileSync(join(import.meta.dirname, "accepted.json"), "utf8"));
const { open, stale } = judge(findings, accepted);
for (const finding of open) console.error(`${finding.check} (${finding.impact}): ${said(finding)}\n`);
for (const { check, text } of stale) console.error(`accepted, but not found: ${check} ${text}\n`);
console.log(`${findings.length} findings, ${open.length} not accepted; ${stale.length} accepted are not found`);
process.exitCode = open.length + stale.length > 0 ? 1 : 0;

/** Installs Slither unless it is there. @returns Why it cannot be, if so. */
function install(): string | undefined {
  if (run(join(environment, "bin/slither"), ["--version"]).status === 0) return undefined;
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const made = run("python3", ["-m", "venv", environment]);
  if (made.status !== 0) return `python3 makes no environment: ${lastLine(made)}`;
  const patience = ["--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "15"];
  const installed = run(join(environment, "bin/pip"), ["install", ...patience, `slither-analyzer==${VERSION}`]);
  return installed.status === 0 ? undefined : `pip cannot install it: ${lastLine(installed)}`;
}

function search(): Finding[] {
  const [input, output] = [join(cache, "input.json"), join(cache, "output.json")];
  writeFileSync(input, JSON.stringify(compilerInput()));
  rmSync(output, { force: true });
  const compiler = ["--compile-force-framework", "solc-json", "--solc", join(import.meta.dirname, "solc.ts")];
  const shown = ["--filter-paths", "@openzeppelin", "--fail-none", "--json", output];
  const done = run(join(environment, "bin/slither"), [input, ...compiler, ...shown]);
  if (done.status !== 0) throw new Error(`Slither fails: ${lastLine(done)}`);
  const { success, error, results } = JSON.parse(readFileSync(output, "utf8"));
  if (!success) throw new Error(`Slither fails: ${error}`);
  return results.detectors ?? [];
}

/** Every contract and what it imports, not optimized: Slither reads the syntax tree. */
function compilerInput(): object {
  const sources: Record<string, { content: string }> = {};
  const add = (path: string) => {
    if (path in sources) return;
    const content = readFileSync(join(root, path.startsWith("@") ? "node_modules" : "", path), "utf8");
    sources[path] = { content };
    for (const [, name] of content.matchAll(/^import\s[^;]*?"([^"]+)";/gm))
      add(name!.startsWith(".") ? join(path, "..", name!) : name!);
  };
  for (const entry of readdirSync(join(root, "contracts"), { withFileTypes: true, recursive: true }))
    if (entry.isFile()) add(relative(root, join(entry.parentPath, entry.name)));
  const outputs = { "*": ["abi", "evm.bytecode", "evm.deployedBytecode"], "": ["ast"] };
  const settings = { evmVersion: "prague", outputSelection: { "*": outputs } };
  return { language: "Solidity", sources, settings };
}

function run(command: string, args: string[]) {
  return spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
}

function lastLine({ error, stderr }: ReturnType<typeof run>): string {
  return error?.message ?? stderr.trim().split("\n").at(-1) ?? "";
}
