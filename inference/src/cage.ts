import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuntimeKind } from "./child/messages.ts";

/** One wall around a child: whether it stands here and, if not, why not. */
export type Measure = {
  /** What the child cannot do, in words. */
  name: string;
  active: boolean;
  /** Why it is not to be had here; absent if active. */
  reason?: string;
};

/** The walls that this system offers. */
export type Cage = {
  /** Words before the program's path: tools of util-linux, each starting the next. */
  words: readonly string[];
  measures: readonly Measure[];
};

/** A tool and its words; each is tried behind those that worked before it. */
type Step = { name: string; tool: string; words: string[] };

const stepsFor = (memoryBytes: number): Step[] => [
  { name: "ends with its parent, even in the middle of a run", tool: "setpriv", words: ["--pdeathsig", "KILL"] },
  {
    name: `holds at most ${Math.round(memoryBytes / 2 ** 20)} MiB of writable memory`,
    tool: "prlimit",
    words: [`--data=${memoryBytes}`],
  },
  { name: "writes no file and no core dump", tool: "prlimit", words: ["--fsize=0", "--core=0"] },
  { name: "is the first to go when the system is out of memory", tool: "choom", words: ["-n", "1000"] },
  { name: "has no rights over other processes' memory", tool: "unshare", words: ["--map-root-user"] },
  { name: "has no network", tool: "unshare", words: ["--net"] },
  { name: "has no System V memory or queues in common", tool: "unshare", words: ["--ipc"] },
  { name: "sees and signals no other process", tool: "unshare", words: ["--pid", "--fork", "--kill-child"] },
  {
    name: "holds no capabilities and gains none",
    tool: "setpriv",
    words: ["--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all"],
  },
];

const PERMISSIONS = "in JavaScript: reads only code, starts no process, no thread, no inspector";

const find = (tool: string) =>
  ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map((dir) => `${dir}/${tool}`).find(existsSync);

/** Why `words` do not start a program here, or null. */
function problem(words: readonly string[], probe: string): string | null {
  const { status, stderr, error } = spawnSync(words[0]!, [...words.slice(1), probe], { encoding: "utf8" });
  if (status === 0) return null;
  return error?.message ?? (stderr.trim().split("\n").at(-1) || `ended with code ${status}`);
}

const opened = new Map<number, Cage>();

/**
 * Finds out, by trying, which walls of the operating system can be put around a child: tools of util-linux, each tried
 * behind those that work already. Where a tool is missing or refused (all systems but Linux, many containers), that wall
 * is left out and says so; the gate, the limits of time and output, and Node's own permissions always remain.
 *
 * @param memoryBytes most writable memory of one child
 */
export function openCage(memoryBytes: number): Cage {
  const known = opened.get(memoryBytes);
  if (known !== undefined) return known;
  const probe = find("true");
  let words: string[] = [];
  const measures = stepsFor(memoryBytes).map(({ name, tool, words: own }): Measure => {
    const path = find(tool);
    if (path === undefined || probe === undefined) return { name, active: false, reason: `${tool} is not there` };
    const longer = [...words, path, ...own, "--"];
    const reason = problem(longer, probe);
    if (reason !== null) return { name, active: false, reason };
    words = longer;
    return { name, active: true };
  });
  // Every Node that this package runs on has them.
  const cage = { words, measures: [...measures, { name: PERMISSIONS, active: true }] };
  opened.set(memoryBytes, cage);
  return cage;
}

/** The folder that holds installed packages, and the one of @surety/protocol, which may be linked into it. */
function codeFolders(): string[] {
  const { resolve } = createRequire(import.meta.url);
  const runtime = resolve("onnxruntime-node");
  const mark = `${sep}node_modules${sep}`;
  const protocol = dirname(dirname(fileURLToPath(import.meta.resolve("@surety/protocol"))));
  return [runtime.slice(0, runtime.lastIndexOf(mark) + mark.length), protocol];
}

/**
 * Flags of Node for a child: a small heap, and Node's permission model, under which JavaScript reads code of this and of
 * installed packages and nothing else. The native runtime is an addon, whose own code Node cannot hold back; WASM needs
 * no leave of any kind.
 */
export function nodeFlags(kind: RuntimeKind): string[] {
  const readable = [dirname(fileURLToPath(import.meta.url)), ...codeFolders()];
  return [
    "--max-old-space-size=256",
    "--max-semi-space-size=2",
    "--disable-warning=ExperimentalWarning",
    "--disable-warning=SecurityWarning",
    "--permission",
    ...(kind === "native" ? ["--allow-addons"] : []),
    ...readable.map((path) => `--allow-fs-read=${path}`),
  ];
}

/** @returns the measures as facts for a log line: what a child cannot do, and which walls are missing, with the reason. */
export function cageFacts({ measures }: Cage): { active: string[]; missing: string[] } {
  return {
    active: measures.filter(({ active }) => active).map(({ name }) => name),
    missing: measures.filter(({ active }) => !active).map(({ name, reason }) => `${name}: ${reason}`),
  };
}
