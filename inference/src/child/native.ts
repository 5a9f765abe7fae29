import * as ort from "onnxruntime-node";
import { serve } from "./serve.ts";

await serve(ort, "cpu");
