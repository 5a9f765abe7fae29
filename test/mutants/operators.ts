// What can be wrong with a contract by one small step: where each guard, comparison, sum and rounding stands in a source, and
// what stands there instead. Places come from the compiler's syntax tree.
import { createRequire } from "node:module";

/** One small change of a source. */
export type Mutant = {
  /** The source, from the repository's root. */
  file: string;
  /** First line of what changes, from 1. */
  line: number;
  /** The function it stands in. */
  inside: string;
  /** The expression before and after, on one line. */
  from: string;
  to: string;
  /** Bytes of the source that are replaced, and by what. */
  start: number;
  end: number;
  text: string;
};

type Node = { nodeType: string; src: string } & Record<string, unknown>;
type Compiler = {
  compile(input: string, callbacks?: { import(path: string): { contents: string } | { error: string } }): string;
};

/** The compiler of the contracts, in this process. */
export const solc: Compiler = createRequire(import.meta.url)("solc");

/** The next weaker or stronger comparison. */
const BOUNDARY: Record<string, string> = { "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==" };
const NEGATION: Record<string, string> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };
const SWAP: Record<string, string> = { "+": "-", "-": "+", "&&": "||", "||": "&&", "+=": "-=", "-=": "+=" };
const MEMBER: Record<string, string> = { Ceil: "Floor", Floor: "Ceil", min: "max", max: "min" };

/** Every mutant of a source, in its order. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const ast = parse(file, source);
  const bytes = Buffer.from(source);
  const found: Mutant[] = [];
  const slice = (start: number, end: number) => bytes.subarray(start, end).toString();
  const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();

  /** Notes that `start` to `end` becomes `text`; `shown` is the expression around it. */
  function add(shown: Node, inside: string, start: number, end: number, text: string): void {
    const [from, to] = range(shown);
    found.push({
      file,
      line: slice(0, start).split("\n").length,
      inside,
      from: oneLine(slice(from, to)),
      to: oneLine(slice(from, start) + text + slice(end, to)),
      start,
      end,
      text,
    });
  }

  /** Replaces an operator that stands between two places. */
  function swap(node: Node, inside: string, after: Node, before: Node, text: string | undefined): void {
    if (text === undefined) return;
    const operator = String(node.operator);
    const start = bytes.indexOf(operator, range(after)[1]);
    if (start < 0 || start >= range(before)[0]) throw new Error(`no ${operator} where ${file} should have it`);
    add(node, inside, start, start + operator.length, text);
  }

  function visit(node: Node, inside: string, guard: boolean): void {
    let guarded = guard;
    let within = inside;
    if (node.nodeType === "FunctionDefinition" || node.nodeType === "ModifierDefinition") {
      within = String(node.name || node.kind);
      for (const modifier of (node.modifiers as Node[] | undefined) ?? []) {
        // A constructor's may be calls of base contracts.
        if (node.kind !== "constructor") add(modifier, within, ...range(modifier), "");
      }
    } else if (node.nodeType === "IfStatement" && reverts(node.trueBody as Node)) {
      const condition = node.condition as Node;
      add(condition, within, ...range(condition), "false");
      visit(condition, within, true);
      visit(node.trueBody as Node, within, false);
      if (node.falseBody) visit(node.falseBody as Node, within, false);
      return;
    } else if (node.nodeType === "BinaryOperation") {
      const { leftExpression, rightExpression } = node as unknown as { leftExpression: Node; rightExpression: Node };
      const operator = String(node.operator);
      swap(node, within, leftExpression, rightExpression, BOUNDARY[operator] ?? SWAP[operator]);
      // In a guard the removal says more.
      if (!guarded) swap(node, within, leftExpression, rightExpression, NEGATION[operator]);
    } else if (node.nodeType === "Assignment") {
      const { leftHandSide, rightHandSide } = node as unknown as { leftHandSide: Node; rightHandSide: Node };
      swap(node, within, leftHandSide, rightHandSide, SWAP[String(node.operator)]);
    } else if (node.nodeType === "FunctionCall") {
      call(node, within);
      guarded = false;
    } else if (node.nodeType === "MemberAccess") {
      const other = MEMBER[String(node.memberName)];
      const [, end] = range(node);
      if (other !== undefined && /\b(Math|Rounding)\.\w+$/.test(slice(...range(node))))
        add(node, within, end - String(node.memberName).length, end, other);
    }
    for (const child of children(node)) visit(child, within, guarded);
  }

  /** A required condition, and a rounding that is not written because it is down. */
  function call(node: Node, inside: string): void {
    const [first, , third, fourth] = node.arguments as Node[];
    const callee = slice(...range(node.expression as Node));
    if (callee === "require" && first) add(first, inside, ...range(first), "true");
    if (callee === "Math.mulDiv" && third && !fourth)
      add(node, inside, range(third)[1], range(third)[1], ", Math.Rounding.Ceil");
  }

  visit(ast, "", false);
  return found;
}

/** Where the body of a source's first constructor begins, inside of it, and of which contract. */
export function constructorOf(
  file: string,
  source: string,
): { contract: string; abstract: boolean; parameters: string[]; start: number } | undefined {
  for (const contract of children(parse(file, source)).filter(({ nodeType }) => nodeType === "ContractDefinition")) {
    const made = children(contract).find(({ kind }) => kind === "constructor");
    if (made === undefined) continue;
    const start = range(made.body as Node)[0] + 1;
    const parameters = children(made.parameters as Node).map(({ name }) => String(name));
    return { contract: String(contract.name), abstract: contract.abstract === true, parameters, start };
  }
  return undefined;
}

function parse(file: string, source: string): Node {
  const settings = { stopAfter: "parsing", outputSelection: { "*": { "": ["ast"] } } };
  const input = { language: "Solidity", sources: { [file]: { content: source } }, settings };
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  const ast: Node | undefined = output.sources?.[file]?.ast;
  if (ast === undefined) throw new Error(output.errors?.[0]?.formattedMessage ?? `no syntax tree of ${file}`);
  return ast;
}

/** Where a node stands: its first byte, and the one after its last. */
function range(node: Node): [number, number] {
  const [start = 0, length = 0] = node.src.split(":").map(Number);
  return [start, start + length];
}

function children(node: Node): Node[] {
  const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "nodeType" in value;
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);
}

/** Whether a branch does nothing but revert. */
function reverts(body: Node): boolean {
  const [only, ...more] = body.nodeType === "Block" ? (body.statements as Node[]) : [body];
  return only?.nodeType === "RevertStatement" && more.length === 0;
}
