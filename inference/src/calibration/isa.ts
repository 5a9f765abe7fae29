import { readFileSync } from "node:fs";

const LEVELS: [string, string[]][] = [
  ["v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]],
  ["v3", ["avx2", "bmi2", "fma"]],
  ["v2", ["sse4_2", "popcnt"]],
];
/** Extensions for which ONNX Runtime has kernels of their own. */
const KERNELS: [string, string][] = [
  ["avx512_vnni", "vnni"],
  ["amx_int8", "amx"],
];

/**
 * The instruction-set class of this machine, by which ONNX Runtime chooses its kernels: the x86-64 micro-architecture level and
 * the extensions that matter, such as `x86-64-v4-vnni`, or the processor family elsewhere. Two machines of one class give equal
 * bits with one version and one optimisation level.
 * @param cpuinfo Linux's description of the processor
 */
export function isaClass(architecture: string = process.arch, cpuinfo: string = readCpuinfo()): string {
  const flags = new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(cpuinfo)?.[1]?.split(/\s+/) ?? []);
  if (architecture !== "x64") return `${architecture}-${process.platform}`;
  const level = LEVELS.find(([, needs]) => needs.every((flag) => flags.has(flag)))?.[0];
  if (level === undefined) return `x86-64-${process.platform}`;
  const extensions = KERNELS.flatMap(([flag, name]) => (flags.has(flag) ? [name] : []));
  return ["x86-64", level, ...extensions].join("-");
}

function readCpuinfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    // Not Linux: the class is the processor family.
    return "";
  }
}
