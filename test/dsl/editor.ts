/** An editor without a window: the TypeScript language service on one config that imports "crew". */
import { join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../src/core/package.ts";

const fileName = join(packageRoot(), "test", "dsl", "crew.config.ts");

export interface Editor {
  /** Words that complete at the mark `|` of the text. */
  readonly complete: (text: string) => readonly string[];
  /** Type and documentation of what is under the mark. */
  readonly hover: (text: string) => string;
  /** Types that the checker makes for the text: what checking costs, whatever the machine. */
  readonly cost: (text: string) => number;
  /** Errors of the text, as `line: message`. */
  readonly errors: (text: string) => readonly string[];
}

/** Starts the service once; each question replaces the config's text, as typing does. */
export function openEditor(): Editor {
  const { config } = ts.readConfigFile(join(packageRoot(), "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, packageRoot());
  let content = "";
  let version = 0;
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => ({ ...options, types: [] }),
    getScriptFileNames: () => [fileName],
    getScriptVersion: (name) => (name === fileName ? String(version) : "0"),
    getScriptSnapshot: (name) => {
      const text = name === fileName ? content : ts.sys.readFile(name);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: packageRoot,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === fileName || ts.sys.fileExists(name),
    readFile: (name) => (name === fileName ? content : ts.sys.readFile(name)),
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  };
  const service = ts.createLanguageService(host);
  const type = (text: string): number => {
    content = text.replace("|", "");
    version++;
    return text.indexOf("|");
  };
  return {
    complete: (text) =>
      service.getCompletionsAtPosition(fileName, type(text), {})?.entries.map((entry) => entry.name) ?? [],
    hover: (text) => {
      const info = service.getQuickInfoAtPosition(fileName, type(text));
      const tags = (info?.tags ?? []).map((tag) => `@${tag.name} ${ts.displayPartsToString(tag.text)}`);
      return [
        ts.displayPartsToString(info?.displayParts),
        ts.displayPartsToString(info?.documentation),
        ...tags,
      ].join("\n");
    },
    cost: (text) => {
      type(text);
      service.getSemanticDiagnostics(fileName);
      return service.getProgram()?.getInstantiationCount() ?? Number.POSITIVE_INFINITY;
    },
    errors: (text) => {
      type(text);
      return service.getSemanticDiagnostics(fileName).map(({ file, start, messageText }) => {
        const line =
          file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
        return `${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
      });
    },
  };
}
