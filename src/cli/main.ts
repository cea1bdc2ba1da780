/** The program `crew`: connects the command line to the process. */
import { getEventListeners } from "node:events";
import { exitCodes } from "./exit.ts";
import { run } from "./run.ts";

const interrupt = new AbortController();

/** While a config runs, its process.exit() is caught; ours must end the process even then. */
const exit = process.exit.bind(process);

/** The first Ctrl-C asks a verb that listens to stop properly; where none does, and at the second, the process ends. */
process.on("SIGINT", () => {
  const listens = getEventListeners(interrupt.signal, "abort").length > 0;
  if (interrupt.signal.aborted || !listens) exit(exitCodes.interrupted);
  interrupt.abort();
});

/** A reader that has seen enough (`crew build | head`) is no failure. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const code = await run(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  signal: interrupt.signal,
});

/** Loaders of configs may keep the event loop alive; the answer is complete, so end when it is out. */
process.exitCode = code;
process.stdout.write("", () => process.stderr.write("", () => exit(code)));
