/** A process of its own that makes a root: `install-main.ts SPEC-JSON DIRECTORY`; progress and result as JSON lines. */
import { ensureRoot } from "../../src/host/private-root.ts";

const result = await ensureRoot(JSON.parse(process.argv[2] ?? "{}"), {
  directory: process.argv[3] ?? "",
  onProgress: (progress) => console.log(JSON.stringify(progress)),
});
console.log(JSON.stringify({ diagnostics: result.diagnostics, directory: result.value?.directory }));
