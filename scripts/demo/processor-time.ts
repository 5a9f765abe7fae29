import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

type Usage = { pid: number; parent: number; ms: number };

/** Clock ticks per second in Linux's /proc. */
const TICKS = 100;

/**
 * Processor time, milliseconds, of processes and all that descends from them. A process that descends from two of them
 * counts once.
 */
export function processorTime(roots: readonly number[]): number {
  const all = existsSync("/proc/self/stat") ? fromProc() : fromPs();
  const wanted = new Set(roots);
  for (let grown = true; grown; ) {
    const found = all.filter(({ pid, parent }) => wanted.has(parent) && !wanted.has(pid));
    for (const { pid } of found) wanted.add(pid);
    grown = found.length > 0;
  }
  return all.reduce((sum, { pid, ms }) => (wanted.has(pid) ? sum + ms : sum), 0);
}

function fromProc(): Usage[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // "pid (name) state parent ...": the name may hold anything, so the rest is counted from its last bracket.
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      const ticks = Number(fields[11]) + Number(fields[12]);
      return [{ pid: Number(name), parent: Number(fields[1]), ms: (ticks * 1000) / TICKS }];
    } catch {
      // It ended between the two looks, and what it used no longer counts.
      return [];
    }
  });
}

/** Elsewhere `ps` tells, to the hundredth of a second on macOS: `[[dd-]hh:]mm:ss[.cc]`. */
function fromPs(): Usage[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,time="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => {
    const [pid, parent, time = ""] = line.trim().split(/\s+/);
    const [clock = "", days = "0"] = time.split("-").reverse();
    const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    return { pid: Number(pid), parent: Number(parent), ms: (Number(days) * 86_400 + seconds) * 1000 };
  });
}
