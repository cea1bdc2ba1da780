/** `crew down`: stops everything of an edge on this host. */
import type { Command } from "commander";
import { type DownSummary, down } from "../../deploy/down.ts";
import { confirmation, deployedEdge, stateOption, yesOption } from "../deployment.ts";
import { exitCodes } from "../exit.ts";
import { configArgument } from "../options.ts";
import type { Verb } from "../verb.ts";
import { countText } from "../words.ts";

export const verb = {
  configure(command: Command): void {
    command
      .description(
        "Stops Kamailio, rtpengine and the guard of an edge, waits until they are gone and takes its firewall table out. " +
          "Calls in progress are cut off without a BYE. Asks first where anything runs. Generations and keys stay, so that crew deploy starts it again.",
      )
      .addArgument(configArgument())
      .addOption(yesOption())
      .addOption(stateOption())
      .addHelpText("after", "\nExamples:\n  $ crew down\n  $ crew down --state /var/lib/crew/edge-1 --yes");
  },

  async run([config], options, io) {
    const edge = await deployedEdge(config, options, io);
    if (edge.value === undefined) return { exitCode: exitCodes.configWrong, diagnostics: edge.diagnostics };
    const report = await down({
      edge: edge.value,
      confirm: confirmation(summaryText, options, io),
      say: (line) => void io.stderr.write(`${line}\n`),
    });
    const { diagnostics, ...data } = report;
    const firewall = report.firewallRemoved ? " The firewall table is gone." : "";
    const text =
      report.stopped.length === 0
        ? `Nothing was running.${firewall}\n`
        : `Stopped ${report.stopped.join(", ")}.${firewall}\n`;
    switch (report.outcome) {
      case "down":
        return { exitCode: exitCodes.done, diagnostics, data, text };
      case "declined":
        return { exitCode: exitCodes.done, diagnostics, data, text: "Nothing was changed.\n" };
      case "unconfirmed":
        return { exitCode: exitCodes.usage, diagnostics, data };
      case "locked":
        return { exitCode: exitCodes.staleOrLocked, diagnostics, data };
      case "not_stopped":
        return { exitCode: exitCodes.notRolledBack, diagnostics, data };
    }
  },
} satisfies Verb;

function summaryText({ running, calls }: DownSummary): string {
  const ended =
    calls === undefined || calls === 0
      ? ""
      : ` ${countText(calls, "call")} in progress will be cut off, without a BYE to either side.`;
  return `Stops ${running.join(", ")}.${ended}\n`;
}
