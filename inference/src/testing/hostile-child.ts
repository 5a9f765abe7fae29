// A child that a model has taken over: the id of a request says what it sends instead of a reply.

import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { headOf, PIPE, writeHead } from "../child/messages.ts";
import { readRequest, sendOutputs, sendReply } from "../child/pipe.ts";

const y = { name: "y", datatype: "FP32" as const, shape: [2], data: new Uint8Array(8) };
const reply = () => sendReply({ op: "run", rss: 1 });

const DEEDS: Record<string, () => unknown> = {
  honest: () => {
    sendOutputs([y]);
    reply();
  },
  "too few sets": reply,
  "too many sets": () => {
    for (;;) sendOutputs([y]);
  },
  "too large": () => {
    sendOutputs([{ ...y, shape: [2 ** 20], data: new Uint8Array(2 ** 22) }]);
    reply();
  },
  "endless bytes": () => {
    for (const bytes = new Uint8Array(2 ** 16).fill(0x20); ; ) writeSync(PIPE, bytes);
  },
  "endless head": () => {
    writeSync(PIPE, Uint8Array.of(0, 0, 0x40, 0));
    for (const bytes = new Uint8Array(2 ** 16).fill(0x5b); ; ) writeSync(PIPE, bytes);
  },
  "half a reply, then the end": () => {
    writeSync(PIPE, writeHead({ op: "run", rss: 1 }).subarray(0, 9));
    process.exit(0);
  },
  "half a reply, then silence": () => {
    writeSync(PIPE, writeHead({ op: "run", rss: 1 }).subarray(0, 9));
    return sleep(60_000);
  },
  "two replies": () => {
    const end = writeHead({ op: "run", rss: 1 });
    writeSync(PIPE, Buffer.concat([writeHead({ op: "outputs", tensors: [headOf(y)] }), y.data, end, end]));
  },
  "a reply that nobody asked for": async () => {
    sendOutputs([y]);
    reply();
    await sleep(300);
    reply();
  },
};

sendReply({ op: "ready" });
for (;;) await DEEDS[(readRequest() as { id: string }).id]!();
