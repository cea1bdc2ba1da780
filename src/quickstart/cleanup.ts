/** What must be undone before the program ends, however it ends. */

type Undo = () => Promise<void>;

const pending: Undo[] = [];
let running: Promise<void> | undefined;
let interrupted = false;

/** Whether the user has asked to stop: what fails from then on fails for that reason. */
export const isInterrupted = (): boolean => interrupted;

/** Remembers how to undo something; the last remembered is undone first. */
export function later(undo: Undo): void {
  pending.push(undo);
}

/** Undoes everything, once; a second call waits for the first. */
export function cleanUp(): Promise<void> {
  running ??= (async () => {
    for (const undo of pending.splice(0).reverse()) await undo().catch(() => {});
    running = undefined;
  })();
  return running;
}

/** On Ctrl-C and the like: undo everything, then end with 130. */
export function cleanUpOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      process.stderr.write("\n· stopping\n");
      interrupted = true;
      void cleanUp().then(() => process.exit(130));
    });
}
