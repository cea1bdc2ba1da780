/** `crew status`: what runs of an edge on this host. */
import type { Command } from "commander";
import type { RegistrationReport } from "../../deploy/registrations.ts";
import { type ProcessReport, type StatusReport, status } from "../../deploy/status.ts";
import { deployedEdge, stateOption } from "../deployment.ts";
import { exitCodes } from "../exit.ts";
import { configArgument } from "../options.ts";
import type { Verb } from "../verb.ts";
import { countText } from "../words.ts";

export const verb = {
  configure(command: Command): void {
    command
      .description(
        "Says which generation carries the calls, which processes run, which agents answer, which trunks and PBXs are registered, " +
          "how many calls have media and whether the firewall is loaded.",
      )
      .addArgument(configArgument())
      .addOption(stateOption())
      .addHelpText("after", "\nExamples:\n  $ crew status\n  $ crew status --output json");
  },

  async run([config], options, io) {
    const edge = await deployedEdge(config, options, io);
    if (edge.value === undefined) return { exitCode: exitCodes.configWrong, diagnostics: edge.diagnostics };
    const report = await status(edge.value);
    return { exitCode: exitCodes.done, diagnostics: [], data: report, text: statusText(report) };
  },
} satisfies Verb;

function statusText(report: StatusReport): string {
  const { generation, agents, media_sessions, draining } = report;
  const lines = [
    generation === undefined ? `${report.state}: no generation was ever committed` : carrierText(report),
    ...(report.activating === undefined ? [] : [`deployment of generation ${report.activating} at work`]),
    ...(draining.length === 0 ? [] : [`draining: generation ${draining.join(", ")}`]),
    ...report.processes.map(processText),
    ...(agents ?? []).map((a) => `  agent ${a.uri}  ${a.state}`),
    ...(report.registrations ?? []).map(registrationText),
    ...(report.contacts ?? []).map(
      (c) => `  contact of ${c.trunk}  ${c.uri} from ${c.sent_to} for ${c.seconds} s more`,
    ),
    media_sessions === undefined
      ? "media relay does not answer"
      : `media relay: ${countText(media_sessions, "call")}`,
    report.firewall === null ? "firewall not loaded" : `firewall of generation ${report.firewall} loaded`,
  ];
  return `${lines.join("\n")}\n`;
}

function carrierText({ state, generation, since, engine, bundle }: StatusReport): string {
  const which = `generation ${generation}`;
  const build = `engine ${engine}, bundle ${bundle?.slice(0, 12)}`;
  return state === "down"
    ? `down: nothing runs; ${which} carried the calls last, ${build}`
    : `${state}: ${which}, since ${since}, ${build}`;
}

function processText(p: ProcessReport): string {
  const name = `  ${p.name.padEnd(14)}`;
  if (!p.running) return `${name}not running`;
  const watched = p.supervised ? "" : ", not supervised";
  const count = p.processes === 1 ? "1 process" : `${p.processes} processes`;
  return `${name}pid ${p.pid}, up ${duration(p.uptime ?? 0)}, ${count}${watched}`;
}

function registrationText({ trunk, state, seconds, code }: RegistrationReport): string {
  const more =
    state === "registered"
      ? ` for ${seconds} s more`
      : state === "asking"
        ? ""
        : `: ${code === 408 ? "no answer" : `last answer ${code}`}`;
  return `  registration of ${trunk}  ${state}${more}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
