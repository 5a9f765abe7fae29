import { randomBytes } from "node:crypto";
import { systemClock as waiting } from "@surety/node-kit";
import type { Clock, Rng } from "./ports.ts";

/** The machine's clock. */
export const systemClock: Clock = { ...waiting, monotonic: () => performance.now() };

/** The machine's randomness. */
export const systemRng: Rng = { bytes: (length) => new Uint8Array(randomBytes(length)) };
