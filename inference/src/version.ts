/** The ONNX Runtime that both builds must be, to the last digit: another version gives other bits. */
export const ORT_VERSION = "1.30.0";

/** Name of the reference runtime in model manifests. */
export const REFERENCE_RUNTIME = `onnxruntime-node@${ORT_VERSION}`;
