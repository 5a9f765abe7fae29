// A parent to be killed: starts a runtime, tells its child's process id, and, if asked, keeps the child busy.
import { floatTensor } from "@surety/protocol";
import { createRuntime } from "../runtime.ts";
import { buildModel } from "./build-onnx.ts";
import { slowModel } from "./slow-model.ts";

const [kind, busy] = process.argv.slice(2);
const runtime = createRuntime({ kind: kind === "wasm" ? "wasm" : "native", timeoutMs: 600_000 });
await runtime.load("m", busy === "busy" ? slowModel() : buildModel());
const run = runtime.run("m", [floatTensor("x", [1, 3], [1, 2, 3])]);
if (busy !== "busy") await run;
process.send?.(runtime.pids()[0]);
setInterval(() => {}, 1000);
await run;
