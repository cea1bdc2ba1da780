/** Finding the edge's own record of the call in the lines that Kamailio wrote. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The last line of a kind (`"event"`) in the logs below a state folder, or `undefined`. */
export function lastRecord(
  stateFolder: string,
  event: string,
): Readonly<Record<string, unknown>> | undefined {
  let last: Record<string, unknown> | undefined;
  for (const file of files(stateFolder).filter((f) => f.includes("/log/"))) {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const json = /\{.*\}/.exec(line)?.[0];
      if (json?.includes(`"event":"${event}"`) !== true || json.includes(`"trunk":"-`)) continue;
      try {
        last = JSON.parse(json) as Record<string, unknown>;
      } catch {
        // A line that was cut at rotation is no record.
      }
    }
  }
  return last;
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
