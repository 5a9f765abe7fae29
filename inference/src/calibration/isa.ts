import { readFileSync } from "node:fs";

/** Levels of the x86-64 ABI, best first, by the flags that Linux shows for what they ask for. */
const LEVELS = [
  ["x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
  ["x86-64-v3", ["avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"]],
  ["x86-64-v2", ["cx16", "popcnt", "sse4_1", "sse4_2", "ssse3"]],
] as const;
/** Extensions that ONNX Runtime has kernels of its own for, with other rounding or saturation. */
const EXTENSIONS = [
  ["vnni", ["avx512_vnni", "avx_vnni"]],
  ["amx", ["amx_int8"]],
  ["dot", ["asimddp"]],
  ["i8mm", ["i8mm"]],
] as const;

function cpuFlags(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    // Not Linux: the architecture alone is known, which is a class of its own.
    return "";
  }
}

/**
 * The class of instruction sets that a processor belongs to: what decides, with its version, which kernels ONNX Runtime
 * runs, and so the last bits of its results. `x86-64-v2` to `-v4` or `arm64`, with `-vnni`, `-amx`, `-dot`, `-i8mm` where
 * the processor has them; elsewhere than on Linux the bare architecture.
 *
 * @param arch as `process.arch`
 * @param cpuinfo text of /proc/cpuinfo
 */
export function isaClass(arch: string = process.arch, cpuinfo: string = cpuFlags()): string {
  const flags = new Set((/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? "").split(" "));
  const levels = LEVELS.map(([level, need]) => [level, need.every((flag) => flags.has(flag))] as const);
  // A level holds only with those below it.
  const level = levels.find((_, i) => levels.slice(i).every(([, has]) => has))?.[0];
  const base = arch === "x64" ? (level ?? "x86-64") : arch;
  const extensions = EXTENSIONS.filter(([, names]) => names.some((flag) => flags.has(flag))).map(([name]) => name);
  return [base, ...extensions].join("-");
}
