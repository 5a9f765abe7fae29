#!/usr/bin/env node
// The contracts' compiler as Slither calls one: `--version`, or an input in standard JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

type Compiler = { version(): string; compile(input: string): string };
const solc: Compiler = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version")) console.log(`Version: ${solc.version()}`);
else process.stdout.write(solc.compile(readFileSync(0, "utf8")));
