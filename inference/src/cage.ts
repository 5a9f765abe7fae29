import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const find = (tool: string) => ["/usr/bin", "/bin", "/sbin"].map((dir) => `${dir}/${tool}`).find(existsSync);

/**
 * The command that starts a child inside what the operating system offers: no network of its own, killed with its
 * parent even in the middle of a run, at most `memoryBytes` of writable memory.
 *
 * Tries the strongest first and takes what works here; on systems without these tools (all but Linux) the list is
 * empty, and what remains is the gate, the time limit and the empty environment.
 *
 * @returns words to put before the program's path
 */
export function cage(memoryBytes: number): string[] {
  const [unshare, setpriv, prlimit] = ["unshare", "setpriv", "prlimit"].map(find);
  const offline = unshare === undefined ? [] : [unshare, "--map-root-user", "--net"];
  const mortal = setpriv === undefined ? [] : [setpriv, "--pdeathsig", "KILL"];
  const bounded = prlimit === undefined ? [] : [prlimit, `--data=${memoryBytes}`, "--core=0"];
  const candidates = [[...offline, ...mortal, ...bounded], [...mortal, ...bounded], bounded, mortal];
  const works = (words: string[]) =>
    words.length > 0 && spawnSync(words[0]!, [...words.slice(1), process.execPath, "--version"]).status === 0;
  return candidates.find(works) ?? [];
}
