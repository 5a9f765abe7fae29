export { findCases, type TestCase } from "./find.ts";
export { type CaseResult, CONFORMANCE_UNEXPECTED, type ConformanceOptions, runCases } from "./run.ts";
