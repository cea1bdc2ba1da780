/** `crew down`: stops everything of an edge on this host. */
import type { Command } from "commander";
import { down } from "../../deploy/down.ts";
import { deployedEdge, stateOption } from "../deployment.ts";
import { exitCodes } from "../exit.ts";
import { configArgument } from "../options.ts";
import type { Verb } from "../verb.ts";

export const verb = {
  configure(command: Command): void {
    command
      .description(
        "Stops Kamailio, rtpengine and the guard of an edge, waits until they are gone and takes its firewall table out.\n" +
          "Calls in progress end. Generations and keys stay, so that crew deploy starts it again.",
      )
      .addArgument(configArgument())
      .addOption(stateOption())
      .addHelpText("after", "\nExamples:\n  $ crew down\n  $ crew down --state /var/lib/crew/edge-1");
  },

  async run([config], options, io) {
    const edge = await deployedEdge(config, options, io);
    if (edge.value === undefined) return { exitCode: exitCodes.configWrong, diagnostics: edge.diagnostics };
    const report = await down(edge.value, (line) => void io.stderr.write(`${line}\n`));
    const { diagnostics, ...data } = report;
    const firewall = report.firewallRemoved ? " The firewall table is gone." : "";
    const text =
      report.stopped.length === 0
        ? `Nothing was running.${firewall}\n`
        : `Stopped ${report.stopped.join(", ")}.${firewall}\n`;
    switch (report.outcome) {
      case "down":
        return { exitCode: exitCodes.done, diagnostics, data, text };
      case "locked":
        return { exitCode: exitCodes.staleOrLocked, diagnostics, data };
      case "not_stopped":
        return { exitCode: exitCodes.notRolledBack, diagnostics, data };
    }
  },
} satisfies Verb;
