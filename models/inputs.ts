import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { floatTensor, SuretyError, type Tensor, toFloats } from "@surety/protocol";

/** Real inputs of a model: `at(i)` for i from 0 to `count` - 1 gives one row, ready to be served. */
export type RealInputs = { count: number; at: (index: number) => Tensor[] };

/** Hours in one window of candles. */
const WINDOW = 24;
const COLUMNS = ["open", "high", "low", "close", "volume"];
const IMAGE = 64;

const data = (file: string) => readFileSync(new URL(`./data/${file}`, import.meta.url), "utf8");

/** Candles as rows of open, high, low, close (USDT) and volume (ETH), oldest first. */
function candles(): number[][] {
  const [header = "", ...lines] = data("ethusdt-1h.csv").trim().split("\n");
  const places = COLUMNS.map((column) => header.trim().split(",").indexOf(column));
  return lines.map((line) => {
    const cells = line.split(",");
    return places.map((place) => Number(cells[place]));
  });
}

/** Windows of 24 hourly candles, `ohlcv` [1, 24, 5]; window i starts with candle i. */
function candleWindows(): RealInputs {
  const rows = candles();
  return {
    count: rows.length - WINDOW + 1,
    at: (index) => [floatTensor("ohlcv", [1, WINDOW, COLUMNS.length], rows.slice(index, index + WINDOW).flat())],
  };
}

/** Held-out handwritten digits, `image` [1, 1, 8, 8], pixels 0 to 16. */
function digits(): RealInputs {
  const { images } = JSON.parse(data("digits-test.json")) as { images: number[][] };
  return {
    count: images.length,
    at: (index) => [floatTensor("image", [1, 1, 8, 8], (images[index] ?? []).slice(0, IMAGE))],
  };
}

const SOURCES: Readonly<Record<string, () => RealInputs>> = {
  "eth-spot-tcn": candleWindows,
  "eth-regime-transformer": candleWindows,
  "digits-cnn": digits,
};

/** How many inputs the committed profiles were drawn with, before those of the extremes. */
export const CALIBRATION_STRATA = 128;

/** Names of the models in this folder. */
export const MODEL_NAMES = Object.keys(SOURCES);

/**
 * Reads the real inputs of a model in this folder.
 *
 * @param name one of {@link MODEL_NAMES}
 * @throws SuretyError `MODELS_UNKNOWN`; `at` throws `MODELS_NO_INPUT` on an index outside [0, count)
 */
export function loadInputs(name: string): RealInputs {
  const source = SOURCES[name];
  if (source === undefined) {
    throw new SuretyError("MODELS_UNKNOWN", `There is no model "${name}"; there are ${MODEL_NAMES.join(", ")}.`);
  }
  const { count, at } = source();
  return {
    count,
    at: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new SuretyError("MODELS_NO_INPUT", `${name} has no input ${index}; needs 0 to ${count - 1}.`);
      }
      return at(index);
    },
  };
}

/** A number in [0, 1) from a seed and a counter. */
const fraction = (seed: number, counter: number) =>
  createHash("sha256").update(`surety.calibration:${seed}:${counter}`).digest().readUIntBE(0, 6) / 2 ** 48;

/**
 * Draws inputs to calibrate with: `strata` of them, one at a random place of each of as many equal stretches of the
 * data, and those that hold its least and greatest values, so that the whole of the data lies in the model's domain.
 *
 * @param seed equal seeds draw equal inputs
 * @returns indices, increasing, without repetition
 */
export function calibrationIndices(inputs: RealInputs, seed: number, strata: number): number[] {
  const chosen = new Set<number>();
  for (let k = 0; k < strata; k++) chosen.add(Math.floor(((k + fraction(seed, k)) * inputs.count) / strata));
  const extremes = new Map<string, { value: number; index: number }>();
  for (let index = 0; index < inputs.count; index++) {
    for (const tensor of inputs.at(index)) {
      for (const value of toFloats(tensor)) {
        for (const [key, better] of [
          [`min ${tensor.name}`, -1],
          [`max ${tensor.name}`, 1],
        ] as const) {
          const known = extremes.get(key);
          if (known === undefined || (value - known.value) * better > 0) extremes.set(key, { value, index });
        }
      }
    }
  }
  for (const { index } of extremes.values()) chosen.add(index);
  return [...chosen].sort((a, b) => a - b);
}
