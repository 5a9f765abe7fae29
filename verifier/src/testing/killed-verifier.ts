/**
 * A verifier in a process of its own that kills itself (SIGKILL) the first time it comes to the point named by its first
 * argument. Prints `ready`, and starts when its time comes on standard input. For tests.
 */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createHttp, openJournal } from "@surety/node-kit";
import { roundOf } from "../deadlines.ts";
import { createStore, type Role } from "../store/index.ts";
import { createVerifier } from "../verifier.ts";
import { chainPorts } from "./chain-over-http.ts";
import { fastClock, type SimTime } from "./fast-clock.ts";
import { seededRng } from "./rng.ts";
import { CHAIN_ID, HUB, RECEIPTS } from "./sim-chain.ts";
import { toyInputs, toyModels, toyRerunner } from "./toy-model.ts";
import { keptLog, ME, SLOW } from "./world.ts";

const [point, directory, url] = process.argv.slice(2) as [string, string, string];

const dieAt = (here: string): void => {
  if (here === point) process.kill(process.pid, "SIGKILL");
};
// biome-ignore lint/suspicious/noExplicitAny: wraps functions of any signature
function killing<F extends (...args: any[]) => any>(
  f: F,
  before: (...args: Parameters<F>) => string,
  after = before,
): F {
  return ((...args: Parameters<F>) => {
    dieAt(`before ${before(...args)}`);
    const result = f(...args);
    dieAt(`after ${after(...args)}`);
    return result;
  }) as F;
}

const store = createStore(join(directory, "work.sqlite"));
const { assignments, probes, leaves, commitments } = store;
assignments.move = killing(assignments.move, ({ role }, from, to) => `${role} ${from} to ${to}`);
probes.send = killing(probes.send, () => "probe");
probes.finish = killing(probes.finish, () => "answer");
leaves.add = killing(leaves.add, () => "leaf");
leaves.rerun = killing(leaves.rerun, () => "run");
leaves.open = killing(leaves.open, () => "outputs");
const ofRound = (round: number, what: string): string => (round === 0 ? what : `redraw ${what}`);
commitments.add = killing(commitments.add, ({ round }) => ofRound(round, "commitment"));
const journal = openJournal(directory);
const reserve = killing(journal.reserve, ({ key }) => ofRound(key.endsWith("round 1") ? 1 : 0, "journal"));

createInterface({ input: process.stdin }).once("line", (line) => {
  const clock = fastClock(JSON.parse(line) as SimTime);
  const http = createHttp({ allowHttp: true, allowPrivate: true });
  const ports = chainPorts(url, http, clock, SLOW);
  const { send } = ports.sender;
  ports.sender.send = async (call) => {
    const isReveal = call.contract === "AttestationHub" && call.functionName === "reveal";
    const round = isReveal ? roundOf(call.args[1][0]!.role as Role) : Number(call.key.endsWith("round 1"));
    const what = ofRound(round, call.functionName);
    dieAt(`before ${what}`);
    const outcome = await send(call);
    dieAt(`after ${what}`);
    return outcome;
  };
  const verifier = createVerifier({
    chainId: CHAIN_ID,
    me: ME,
    contracts: { AttestationHub: HUB, ReceiptLog: RECEIPTS },
    ...ports,
    journal: { ...journal, reserve },
    store,
    http,
    models: toyModels,
    rerunner: toyRerunner,
    inputs: () => toyInputs([Math.random(), 1]),
    clock,
    rng: seededRng(`${point} ${Date.now()}`),
    log: keptLog(),
    pollMs: 300,
  });
  verifier.start();
});
console.log("ready");
