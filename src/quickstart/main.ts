/** `npm run quickstart`: from nothing to a call through a compiled edge, on loopback, leaving nothing behind unless asked (`-- --keep`). */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RootProgress } from "../host/private-root.ts";
import { cleanUp, cleanUpOnSignals, isInterrupted, later } from "./cleanup.ts";
import { crew } from "./crew.ts";
import { type CallReport, phonePrograms, placeCall, startAgent, takenPort } from "./phones.ts";
import { lastRecord } from "./record.ts";

const keep = process.argv.includes("--keep");
const config = "examples/quickstart/crew.config.ts";
const started = performance.now();

const say = (text: string) => process.stdout.write(`${text}\n`);
const note = (text: string) => process.stderr.write(`· ${text}\n`);

async function main(): Promise<number> {
  note("engine: Kamailio, rtpengine and nftables of line 6.1");
  const engine = await crew(["engine", "install", "--engine", "6.1"], true);
  if (engine.code !== 0) return failed("The engine could not be installed.", engine.stdout + engine.stderr);
  note("phones: baresip and SIPp");
  const tools = await phonePrograms(progress("phones"));

  const taken = await takenPort();
  if (taken !== undefined)
    return failed(
      `Port ${taken} of 127.0.0.1 is in use; the quickstart needs it.`,
      "Stop what uses it, or try again later.",
    );
  const agent = await startAgent(tools);
  later(agent.stop);

  const state = keep ? join(tmpdir(), "crew-quickstart") : mkdtempSync(join(tmpdir(), "crew-quickstart-"));
  // passable for the user whom root's daemons run as
  if (!keep) chmodSync(state, 0o711);
  note(`deploy ${config} on loopback`);
  later(() => leave(state));
  const deployed = await crew(["deploy", config, "--yes", "--state", state], true);
  if (deployed.code !== 0) return failed("The edge did not start.", deployed.stdout);
  note("call +14155551111");
  const call = await placeCall(tools, agent);
  report(call, state);
  return call.answered && call.heardMs > 400 && call.ended ? 0 : 1;
}

async function leave(state: string): Promise<void> {
  if (keep) {
    say(`The edge is still running. Stop it with: npx crew down ${config} --state ${state} --yes`);
    return;
  }
  const down = await crew(["down", config, "--yes", "--state", state]);
  // CREW6018: nothing was deployed, so there is nothing to stop.
  if (down.code === 0 || down.stderr.includes("CREW6018")) rmSync(state, { recursive: true, force: true });
  else failed(`The edge could not be stopped; its state is in ${state}.`, down.stderr);
}

function report(call: CallReport, state: string): void {
  const header = (name: string) =>
    new RegExp(`^${name}: *(.*?)\\r?$`, "im").exec(call.invite)?.[1] ?? "missing";
  const answer = lastRecord(state, "answered");
  const end = lastRecord(state, "ended");
  say("");
  say(
    `A call went from baresip through the edge on 127.0.0.1:5060 to ${header("X-Crew-Agent")} (SIPp, which echoes).`,
  );
  say("");
  say(`  route     ${header("X-Crew-Trunk")} › inbound_routes › +14155551111`);
  say(
    `  answer    ${call.answered ? `200 after ${call.answerMs} ms` : `${call.code ?? "none"} ${call.reason}`}`,
  );
  say(
    `  audio     ${call.heardMs > 400 ? "both ways" : "NOT heard"}: ${call.heardMs} ms of the phone's own ${call.toneHz} Hz tone came back from the agent`,
  );
  say(`  hang-up   ${call.ended ? "BYE from the phone reached the agent" : "the agent got NO BYE"}`);
  say(`  records   ${JSON.stringify(answer ?? "none found")}`);
  say(`            ${JSON.stringify(end ?? "none found")}`);
  say(`  took      ${((performance.now() - started) / 1000).toFixed(1)} s in all`);
  say("");
  say("Next: change agent_id in examples/quickstart/crew.config.ts and run `npx crew check` on it; read");
  say(
    `examples/quickstart/dist/kamailio/kamailio.cfg${keep ? "." : "; keep the edge running with `npm run quickstart -- --keep`."}`,
  );
}

function failed(what: string, detail: string): number {
  process.stderr.write(`${what}\n${detail}\n`);
  return 1;
}

function progress(name: string): (progress: RootProgress) => void {
  let last = "";
  return (step) => {
    const text = step.phase;
    if (text !== last) note(`${name}: ${text}`);
    last = text;
  };
}

cleanUpOnSignals();
try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = isInterrupted()
    ? 130
    : failed("The quickstart failed.", error instanceof Error ? error.message : String(error));
} finally {
  await cleanUp();
}
