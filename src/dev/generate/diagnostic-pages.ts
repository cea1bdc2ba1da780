/** Reads every diagnostic that the sources can report, so that `crew explain` has a page for each code. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import type { DiagnosticPage } from "../../cli/page.ts";
import { packageRoot } from "../../core/package.ts";

interface Report {
  readonly code: string;
  readonly severity: string;
  readonly messages: readonly string[];
  readonly why: readonly string[];
  readonly help: readonly string[];
}

const codePattern = /^CREW\d{4}$/;

/** For codes whose words are put together at run time. */
const spoken: Readonly<Record<string, string>> = {
  CREW1016: "The file is no JSON: what is wrong, and where.",
  CREW1017: "A property is given twice in one object.",
  CREW1900: "The command line is wrong: an unknown verb, option or value.",
  CREW6930: "'crew engine' was called with an action or line that it does not know.",
};

/** Code → page, sorted by code. The checks are left out: they carry their own pages. */
export function diagnosticPages(): Readonly<Record<string, DiagnosticPage>> {
  const reports = sources().flatMap(reportsOf);
  const codes = [...new Set(reports.map((r) => r.code))].sort();
  return Object.fromEntries(codes.map((code) => [code, pageOf(reports.filter((r) => r.code === code))]));
}

function pageOf(reports: readonly Report[]): DiagnosticPage {
  const all = (part: (report: Report) => readonly string[]) => [...new Set(reports.flatMap(part))];
  const [why] = all((r) => r.why);
  const messages = all((r) => r.messages);
  const said = spoken[reports[0]?.code ?? ""];
  return {
    severity: reports.find((r) => r.severity !== "")?.severity ?? "error",
    messages: messages.length === 0 && said !== undefined ? [said] : messages,
    ...(why === undefined ? {} : { why }),
    help: all((r) => r.help),
  };
}

function sources(): readonly ts.SourceFile[] {
  const root = join(packageRoot(), "src");
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("generated") && !/^(?:dev|checks)\//.test(name))
    .sort()
    .map((name) =>
      ts.createSourceFile(name, readFileSync(join(root, name), "utf8"), ts.ScriptTarget.Latest, true),
    );
}

function reportsOf(file: ts.SourceFile): readonly Report[] {
  const found: Report[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const [code] = texts(property(node, "code"));
      if (code !== undefined && codePattern.test(code)) found.push(fromObject(code, node));
    } else if (ts.isCallExpression(node)) {
      const [first] = node.arguments;
      const code = first !== undefined && ts.isStringLiteral(first) ? first.text : "";
      if (codePattern.test(code)) found.push(fromCall(code, node));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function fromObject(code: string, node: ts.ObjectLiteralExpression): Report {
  const [severity = ""] = texts(property(node, "severity"));
  return {
    code,
    severity,
    messages: texts(property(node, "message")),
    why: texts(property(node, "why")),
    help: texts(property(node, "help")),
  };
}

/** `error("CREW6001", { message … })`, or the texts one after the other: `report("CREW1009", message, help)`. */
function fromCall(code: string, call: ts.CallExpression): Report {
  const severity = call.expression.getText() === "warning" ? "warning" : "";
  const rest = call.arguments.slice(1);
  const object = rest.find(ts.isObjectLiteralExpression);
  if (object !== undefined) return { ...fromObject(code, object), ...(severity === "" ? {} : { severity }) };
  const [messages = [], help = []] = rest.map(texts).filter((found) => found.length > 0);
  return { code, severity, messages, why: [], help };
}

function property(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = node.properties.find((p) => p.name?.getText() === name);
  return found !== undefined && ts.isPropertyAssignment(found) ? found.initializer : undefined;
}

/** The texts that an expression can have, values as `…`; none where it is not written there. */
function texts(node: ts.Expression | undefined): readonly string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return texts(node.expression);
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map((s) => `…${s.literal.text}`).join("")];
  if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue), ...texts(node.whenFalse)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left = "…"] = texts(node.left);
    const [right = "…"] = texts(node.right);
    return [left + right];
  }
  return [];
}
