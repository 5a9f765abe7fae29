import { SuretyError } from "@surety/protocol";

/** Why the gate refuses a model; a stable code, shown as `INFERENCE_MODEL_` and this. */
export type Refusal =
  | "CONTROL_FLOW"
  | "DOMAIN"
  | "ELEMENT_TYPE"
  | "EXTERNAL_DATA"
  | "FUNCTION"
  | "LOOP"
  | "MALFORMED"
  | "OPSET"
  | "RANDOM_OPERATOR"
  | "RANK"
  | "SHAPE"
  | "TOO_LARGE";

/** A name out of a file for a message: quoted, short, without control characters, whatever a stranger wrote. */
export const quoted = (name = ""): string => JSON.stringify(name.length > 64 ? `${name.slice(0, 61)}...` : name);

/** @returns the error of a refusal; `message` says what the model has, what is needed and, where it helps, what to do. */
export const refuse = (code: Refusal, message: string): SuretyError =>
  new SuretyError(`INFERENCE_MODEL_${code}`, `Model refused: ${message}`);
