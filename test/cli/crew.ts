/** Runs the command line in this process, as `crew` would, with streams that remember. */
import { Writable } from "node:stream";
import { run } from "../../src/cli/run.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON document that it must be. */
  readonly json: () => {
    readonly exit_code: number;
    readonly diagnostics: readonly { readonly code: string }[];
    readonly data: unknown;
  };
}

/** Runs `crew` with arguments in a folder. */
export async function crew(
  cwd: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const out = memory();
  const err = memory();
  const code = await run(argv, {
    cwd,
    env,
    stdout: out.stream,
    stderr: err.stream,
    stdin: process.stdin,
    signal: new AbortController().signal,
  });
  return { code, stdout: out.text(), stderr: err.text(), json: () => JSON.parse(out.text()) };
}

function memory() {
  const pieces: string[] = [];
  const stream = new Writable({
    write(piece, _encoding, done) {
      pieces.push(String(piece));
      done();
    },
  });
  return { stream, text: () => pieces.join("") };
}
