/**
 * A process of its own that makes a root: `install-main.ts SPEC-JSON DIRECTORY [PHASE PERCENT]`; progress and result
 * as JSON lines. With PHASE it dies by SIGKILL as soon as that has come to PERCENT.
 */
import { ensureRoot } from "../../src/host/private-root.ts";

const result = await ensureRoot(JSON.parse(process.argv[2] ?? "{}"), {
  directory: process.argv[3] ?? "",
  onProgress(progress) {
    console.log(JSON.stringify(progress));
    const { phase, percent = 0 } = progress;
    if (phase === process.argv[4] && percent >= Number(process.argv[5])) process.kill(process.pid, "SIGKILL");
  },
});
console.log(JSON.stringify({ diagnostics: result.diagnostics, directory: result.value?.directory }));
