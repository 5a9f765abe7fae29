export * from "./canonical-json.ts";
export * from "./commitment.ts";
export * from "./comparison.ts";
export * from "./demand.ts";
export * from "./errors.ts";
export * from "./leaf.ts";
export * from "./manifest.ts";
export * from "./merkle-sum.ts";
export {
  honestTail,
  MOST_HONEST,
  type Panel,
  type PanelResult,
  type PanelSample,
  type PanelVerdict,
  panelDeviation,
  panelDeviations,
  panelTest,
} from "./panel.ts";
export {
  type BySamples,
  CHEATS,
  type CheatName,
  type CheatPower,
  FAR,
  isSeen,
  type Missed,
  MOST_MISSED,
  SAMPLES,
  type Share,
  shareOf,
} from "./power.ts";
export * from "./profile.ts";
export * from "./receipt.ts";
export * from "./record.ts";
export * from "./report.ts";
export * from "./sample.ts";
export * from "./schedule.ts";
export * from "./score.ts";
export * from "./seats.ts";
export * from "./seed.ts";
export * from "./settlement.ts";
export * from "./tensor.ts";
export * from "./tensor-decode.ts";
export * from "./tensor-values.ts";
