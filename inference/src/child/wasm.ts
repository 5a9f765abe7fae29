import * as ort from "onnxruntime-web/wasm";
import { serve } from "./serve.ts";

ort.env.wasm.numThreads = 1;
ort.env.wasm.proxy = false;
await serve(ort, "wasm");
