import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { packageRoot } from "../../src/core/package.ts";
import { labEngine } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { configOf, modelOf, startRelay } from "../targets/rtpengine/relay.ts";

test("questions to rtpengine get their own answers, and silence has an end", async () => {
  await labEngine("6.1");
  await withLab({}, async (lab) => {
    await startRelay(lab, "6.1", configOf(modelOf({})));
    const tsx = `${packageRoot()}/node_modules/tsx/dist/loader.mjs`;
    const script = fileURLToPath(new URL("ng-main.ts", import.meta.url));
    const { output } = await lab.exec([process.execPath, "--import", tsx, script]);
    expect(JSON.parse(output)).toEqual({
      replies: [
        { result: "pong" },
        { result: "error", "error-reason": "Unknown call-id" },
        { result: "pong" },
      ],
      refused: "no reply from rtpengine at 127.0.0.1 port 9 in 300 ms",
    });
  });
}, 300_000);
