export { findCases, type TestCase } from "./find.ts";
export { type CaseResult, type ConformanceOptions, runCases, UNEXPECTED } from "./run.ts";
