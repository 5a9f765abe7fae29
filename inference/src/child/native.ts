import * as ort from "onnxruntime-node";
import { serve } from "./serve.ts";

serve(ort, "cpu");
