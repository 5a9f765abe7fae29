import { type Uint, uint } from "./check.ts";
import { ALARM, cusumStep, rungOf } from "./cusum.ts";
import { SuretyError } from "./errors.ts";
import { FULL, greater, lesser, ONE, powQ32 } from "./fixed.ts";
import { SPEED_30_3 } from "./record.ts";
import { wilsonHigh } from "./wilson.ts";

/** How one promise was kept so far: `Service` of the contracts, one storage slot (docs/protocol.md section 8, "Promise"). */
export type Service = {
  /** Decayed timely probes, Q24. */
  good: bigint;
  /** Decayed probes, Q24. */
  total: bigint;
  /** Change detector at the promised failure rate, Q24 natural logarithms. */
  cusum: bigint;
  /** Last epoch measured. */
  epoch: bigint;
  /** Epochs measured, 255 at most. */
  measured: bigint;
  /** Epoch of the first slash of the window of 30 epochs. */
  windowStart: bigint;
  /** Share of stake that slashes of this window take together, 1e9 = 100 %. */
  windowTaken: bigint;
  /** Share of stake to be slashed that nobody has collected yet, 1e9 = 100 %. */
  due: bigint;
};

/** A promise that was not measured yet. */
export const NEW_SERVICE: Service = {
  good: 0n,
  total: 0n,
  cusum: 0n,
  epoch: 0n,
  measured: 0n,
  windowStart: 0n,
  windowTaken: 0n,
  due: 0n,
};

/** z = 1.645, a one-sided 95 %, and its square, Q24. */
const Z95 = { z: 27_598_520n, z2: 45_399_566n };
const YOUNG = 7n;
const SLASH = 5_000_000n;
const MOST_MULTIPLES = 10n * FULL;
const WINDOW = 30n;
const WINDOW_MOST = 50_000_000n;

/** What an epoch's probes showed. */
export type MeasuredEpoch = { epoch: Uint; probes: Uint; timely: Uint; atCapacity: Uint };

/**
 * Takes one measured epoch of a promise: `PromiseMath.measure` of the contracts, bit for bit.
 * @param target promised share of timely answers, 1e9 = 100 %
 * @returns the promise after, and the share by which the epoch's weight is cut, 1e9 = 100 %
 * @throws SuretyError PROTOCOL_RECORD_EPOCH, PROTOCOL_RECORD_COUNTS, PROTOCOL_OUT_OF_RANGE
 */
export function measurePromise(service: Service, target: bigint, m: MeasuredEpoch): { service: Service; cut: bigint } {
  const epoch = uint("epoch", m.epoch, 24);
  const probes = uint("probes", m.probes, 16);
  const timely = uint("timely", m.timely, 16);
  const atCapacity = uint("atCapacity", m.atCapacity, 16);
  if (timely + atCapacity > probes || probes === 0n) {
    const message = `timely and atCapacity are ${timely} and ${atCapacity}, need at most ${probes} probes together, and some probes`;
    throw new SuretyError("PROTOCOL_RECORD_COUNTS", message);
  }
  if (service.measured > 0n && epoch <= service.epoch) {
    const message = `epoch is ${epoch}, needs one above the promise's last, ${service.epoch}`;
    throw new SuretyError("PROTOCOL_RECORD_EPOCH", message);
  }
  const gap = service.measured > 0n ? epoch - service.epoch : 1n;
  const all = probes - lesser(atCapacity, probes / 10n);
  const fade = powQ32(SPEED_30_3.slow, gap);
  const after: Service = {
    ...service,
    good: ((service.good * fade) >> 32n) + timely * ONE,
    total: ((service.total * fade) >> 32n) + all * ONE,
    cusum: cusumStep(service.cusum, rungOf(FULL - target, FULL), timely, all - timely),
    epoch,
    measured: lesser(255n, service.measured + 1n),
  };
  const multiple = breach(after, target);
  const excess = greater(0n, multiple - FULL);
  const cut = after.measured >= YOUNG ? lesser(FULL, excess / 10n) : 0n;
  if (after.cusum < ALARM) return { service: after, cut };
  after.cusum = 0n;
  return { service: excess > 0n ? slashed(after, epoch, lesser(MOST_MULTIPLES, excess)) : after, cut };
}

/** How many times the promised failure rate the provider fails at least, at 95 % confidence; 1e9 = once. */
export function breach(service: Service, target: bigint): bigint {
  if (service.total === 0n) return 0n;
  return ((FULL - wilsonHigh(service.good, service.total, Z95)) * FULL) / (FULL - target);
}

function slashed(service: Service, epoch: bigint, multiples: bigint): Service {
  const isNew = service.windowTaken === 0n || epoch >= service.windowStart + WINDOW;
  const [windowStart, taken] = isNew ? [epoch, 0n] : [service.windowStart, service.windowTaken];
  const share = lesser((SLASH * multiples) / FULL, WINDOW_MOST - taken);
  return { ...service, windowStart, windowTaken: taken + share, due: lesser(FULL, service.due + share) };
}
