/** Calling crew as its users do: the built command line, one verb at a time. */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** The folder of the package: two up from `src/quickstart` and from nowhere else. */
export const packageRoot = join(import.meta.dirname, "../..");

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `crew <args>`; `show` lets its progress through to our stderr. */
export function crew(args: readonly string[], show = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(packageRoot, "lib/cli.js"), ...args], {
      cwd: packageRoot,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (show) process.stderr.write(text);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 70, stdout, stderr }));
  });
}
