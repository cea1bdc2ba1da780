/** What the configurations of all lab Asterisks have in common, whatever channel driver they use: nothing from /etc. */
import { join } from "node:path";
import type { Tools } from "../../src/phone/process.ts";

/** One section of an Asterisk configuration file, without the brackets of its name. */
export type Section = readonly [name: string, ...lines: string[]];

/** The text of an Asterisk configuration file. */
export const ini = (...sections: readonly Section[]): string =>
  `${sections.map(([name, ...lines]) => [`[${name}]`, ...lines].join("\n")).join("\n\n")}\n`;

/** A value in which a semicolon does not begin a comment. */
export const value = (v: string): string => v.replaceAll(";", "\\;");

export interface CommonFiles {
  /** Loaded in this order; autoload would take seconds and complain of all that is not configured. */
  readonly modules: readonly string[];
  /** Folder of the modules. */
  readonly moduleFolder: string;
  readonly rtpPorts?: readonly [number, number];
  /** Files, without `.conf`, that modules want to find though they have nothing to say. */
  readonly empty: readonly string[];
}

function asteriskConf(dir: string, tools: Tools, moduleFolder: string): string {
  const places = {
    astetcdir: join(dir, "etc"),
    astmoddir: moduleFolder,
    astvarlibdir: join(dir, "var"),
    astdbdir: join(dir, "var"),
    astkeydir: join(dir, "var"),
    astdatadir: join(tools.root, "usr/share/asterisk"),
    astagidir: join(dir, "var"),
    astspooldir: join(dir, "spool"),
    astrundir: join(dir, "run"),
    astlogdir: join(dir, "var"),
    astcachedir: join(dir, "var"),
    astsbindir: join(tools.root, "usr/sbin"),
  };
  const lines = Object.entries(places).map(([k, v]) => `${k} => ${v}`);
  return ini(["directories", ...lines], ["options", "documentation_language = en_US"]);
}

/** The files of `etc` by name that say nothing of trunks and numbers. */
export function commonFiles(o: CommonFiles, dir: string, tools: Tools): Readonly<Record<string, string>> {
  const [low, high] = o.rtpPorts ?? [22000, 22998];
  return {
    ...Object.fromEntries(o.empty.map((f) => [`${f}.conf`, "[general]\n"])),
    "asterisk.conf": asteriskConf(dir, tools, o.moduleFolder),
    "modules.conf": ini(["modules", "autoload=no", ...o.modules.map((m) => `load=${m}.so`)]),
    "logger.conf": ini(["general"], ["logfiles", "console => notice,warning,error,verbose"]),
    "rtp.conf": ini(["general", `rtpstart=${low}`, `rtpend=${high}`, "strictrtp=yes"]),
    // Without a zone no tone is played at all.
    "indications.conf": ini(
      ["general", "country=us"],
      ["us", "description=United States", "ringcadence=2000,4000", "ring=440+480/2000,0/4000"],
    ),
  };
}
