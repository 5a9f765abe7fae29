// Changes the contracts by one small step at a time and shows which test notices; --help says more.
import { fork } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { type Folder, mutantsIn, root } from "./folders.ts";
import type { Mutant } from "./operators.ts";
import { HELP, readOptions } from "./options.ts";
import { explains, type Survivor } from "./survivors.ts";
import type { Job, Verdict } from "./worker.ts";

type Result = Verdict & { folder: Folder; mutant: Mutant; seconds: number };

/** A mutant that runs longer hangs, and a test run that hangs is noticed. */
const LIMIT_MS = 180_000;

const { folders, sample, seed, json } = optionsOrExit();
const survivors: Survivor[] = JSON.parse(readFileSync(join(import.meta.dirname, "survivors.json"), "utf8"));

const started = Date.now();
// A copy: what is edited meanwhile changes nothing.
const tree = mkdtempSync(join(tmpdir(), "surety-mutants-"));
process.once("exit", () => rmSync(tree, { recursive: true, force: true }));
for (const folder of ["contracts", "test/contracts"])
  cpSync(join(root, folder), join(tree, folder), { recursive: true });

await requireGreen();
const all = folders.flatMap((folder) => mutantsIn(tree, folder).map((mutant) => ({ folder, mutant })));
const chosen = sample === undefined ? all : pick(all, sample, seed);
console.log(`${chosen.length} of ${all.length} mutants`);
const results = await runAll(chosen);
const wrong = report(results);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`);
process.exitCode = wrong > 0 ? 1 : 0;

function optionsOrExit() {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options !== "help") return options;
    console.log(HELP);
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(64);
  }
}

/** Where the tests fail without a mutant, they would seem to catch every one. */
async function requireGreen(): Promise<void> {
  const worker = spawn();
  for (const folder of folders) {
    const verdict = await ask(worker, { tree, folder });
    if (verdict?.state !== "survived")
      throw new Error(`${folder} fails without a mutant: ${verdict?.by ?? "no answer"}`);
  }
  worker.kill();
}

/** Runs the jobs on two workers, or one where there is one core. */
async function runAll(jobs: { folder: Folder; mutant: Mutant }[]): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  async function work(): Promise<void> {
    let worker = spawn();
    for (let job = jobs[next++]; job; job = jobs[next++]) {
      const began = Date.now();
      const verdict = await ask(worker, { tree, ...job });
      if (verdict === undefined) {
        worker.kill();
        worker = spawn();
      }
      const { state, by } = verdict ?? { state: "caught", by: "the time limit" };
      const result: Result = { ...job, state, by, seconds: (Date.now() - began) / 1000 };
      results.push(result);
      console.log(line(result));
    }
    worker.kill();
  }
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism(), jobs.length) }, work));
  return results;
}

function spawn() {
  return fork(join(import.meta.dirname, "worker.ts"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

/** Undefined: no answer in time, or the worker died. */
function ask(worker: ReturnType<typeof spawn>, job: Job): Promise<Verdict | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(undefined), LIMIT_MS);
    const lost = () => done(undefined);
    function done(verdict: Verdict | undefined): void {
      clearTimeout(timer);
      worker.off("exit", lost);
      worker.off("message", done);
      resolve(verdict);
    }
    worker.once("message", done);
    worker.once("exit", lost);
    worker.send(job);
  });
}

function line({ mutant, state, by }: Result): string {
  const what = `${mutant.file}:${mutant.line} ${mutant.inside}: ${mutant.from} -> ${mutant.to || "(removed)"}`;
  if (state !== "survived") return `${state.padEnd(9)} ${what}  ${by}`;
  const known = survivors.find((survivor) => explains(survivor, mutant));
  return `${"survived".padEnd(9)} ${what}  ${known ? known.reason : "NOT EXPLAINED"}`;
}

/** @returns How many survivors nobody has explained, and explanations of what does not survive. */
function report(results: Result[]): number {
  let open = 0;
  for (const folder of folders) {
    const mine = results.filter((result) => result.folder === folder);
    const count = (state: Verdict["state"]) => mine.filter((result) => result.state === state).length;
    const survived = mine.filter(({ state }) => state === "survived");
    const bare = survived.filter(({ mutant }) => !survivors.some((survivor) => explains(survivor, mutant)));
    open += bare.length;
    console.log(
      `${folder}: ${mine.length} mutants, ${count("caught")} caught, ${survived.length} survived (${bare.length} not explained), ${count("invalid")} do not compile`,
    );
  }
  const caught = results.filter(({ state }) => state !== "survived");
  const stale = survivors.filter((survivor) => caught.some(({ mutant }) => explains(survivor, mutant)));
  for (const { file, inside, from, to } of stale) console.log(`does not survive: ${file} ${inside}: ${from} -> ${to}`);
  console.log(`${Math.round((Date.now() - started) / 1000)} s`);
  return open + stale.length;
}

/** A sample that a seed fixes. */
function pick<T>(items: T[], count: number, seed: number): T[] {
  const rest = [...items];
  const picked: T[] = [];
  let state = seed >>> 0;
  while (picked.length < count && rest.length > 0) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    picked.push(...rest.splice(Math.floor((state / 2 ** 32) * rest.length), 1));
  }
  return picked;
}
