/** `crew explain`: what a diagnostic code means, why it matters and what to do. */
import type { Command } from "commander";
import type { Check } from "../../checks/check.ts";
import { checks } from "../../checks/index.ts";
import { suggest } from "../../core/suggest.ts";
import { exitCodes } from "../exit.ts";
import { usageProblem } from "../failures.ts";
import { type Lesson, lessons } from "../lessons.ts";
import type { DiagnosticPage } from "../page.ts";
import { pages } from "../pages.generated.ts";
import type { Verb, VerbResult } from "../verb.ts";

/** What the thousands of a code stand for. */
const areas: Readonly<Record<string, string>> = {
  "1": "loading and files",
  "2": "the config and its references",
  "3": "SIP, media and security",
  "4": "what a target or engine cannot do",
  "5": "what the native programs say",
  "6": "deployment",
  "9": "bugs of crew",
};

export const verb = {
  configure(command: Command): void {
    command
      .argument("[code]", "for example CREW2202, or the name of a check")
      .option("--list", "list all codes", false)
      .addHelpText(
        "after",
        "\nExamples:\n  $ crew explain CREW2202\n  $ crew explain noShadowedRoute\n  $ crew explain --list",
      );
  },

  async run([code], options) {
    if (options.list === true) return list();
    if (code === undefined) {
      const diagnostics = [
        usageProblem("No code is given.", "Try 'crew explain CREW2202' or 'crew explain --list'."),
      ];
      return { exitCode: exitCodes.usage, diagnostics };
    }
    const wanted = /^\d{4}$/.test(code) ? `CREW${code}` : code;
    const check = checks.find((c) =>
      [c.code, c.name].some((name) => name.toLowerCase() === wanted.toLowerCase()),
    );
    if (check !== undefined) return checkPage(check);
    const page = pages[wanted.toUpperCase()];
    return page === undefined ? unknown(code) : codePage(wanted.toUpperCase(), page);
  },
} satisfies Verb;

function checkPage(check: Check): VerbResult {
  const { code, name, severity, summary, why, bad, good } = check;
  return {
    exitCode: exitCodes.done,
    diagnostics: [],
    data: { code, name, severity, summary, why, bad, good },
    text: `${code} ${name} (${severity}, ${areaOf(code)})\n${taught(check)}${samples(check)}`,
  };
}

const taught = ({ summary, why }: Lesson): string => `\n${summary}\n\n${why}\n`;
const samples = ({ bad, good }: Lesson): string =>
  `\nWrong:\n\n${indented(bad)}\n\nRight:\n\n${indented(good)}\n`;

function codePage(code: string, page: DiagnosticPage): VerbResult {
  const lesson = lessons[code];
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `\n${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
  return {
    exitCode: exitCodes.done,
    diagnostics: [],
    data: { code, ...page, ...lesson },
    text: [
      `${code} (${page.severity}, ${areaOf(code)})\n`,
      lesson === undefined ? "" : taught(lesson),
      section("It says:", page.messages),
      section("Why:", page.why === undefined ? [] : [page.why]),
      section("What to do:", page.help),
      lesson === undefined ? "" : samples(lesson),
    ].join(""),
  };
}

function list(): VerbResult {
  const ofChecks = checks.map((c) => ({
    code: c.code as string,
    severity: c.severity as string,
    text: c.summary,
  }));
  const others = Object.entries(pages).map(([code, p]) => ({
    code,
    severity: p.severity,
    text: p.messages[0] ?? areaOf(code),
  }));
  const all = [...ofChecks, ...others].sort((a, b) => (a.code < b.code ? -1 : 1));
  return {
    exitCode: exitCodes.done,
    diagnostics: [],
    data: all,
    text: all.map((c) => `${c.code}  ${c.severity.padEnd(7)}  ${c.text}\n`).join(""),
  };
}

function unknown(code: string): VerbResult {
  const known = [...checks.flatMap((c) => [c.code, c.name]), ...Object.keys(pages)];
  const near = suggest(code, known);
  const help = `${near === undefined ? "" : `Did you mean ${near}? `}'crew explain --list' shows all codes.`;
  return { exitCode: exitCodes.usage, diagnostics: [usageProblem(`There is no code '${code}'.`, help)] };
}

function areaOf(code: string): string {
  return areas[code.charAt(4)] ?? "unknown";
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");
}
