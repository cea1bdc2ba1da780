/** The list of all verbs; each is loaded only when it is called. */
import type { Verb } from "./verb.ts";

export interface VerbEntry {
  readonly name: string;
  /** One line for `crew --help`. */
  readonly summary: string;
  readonly load: () => Promise<{ readonly verb: Verb }>;
}

/** In the order of a first session: write, build, run, look, go back. */
export const verbs: readonly VerbEntry[] = [
  {
    name: "init",
    summary: "write a commented crew.config.ts to start from",
    load: () => import("./verbs/init.ts"),
  },
  {
    name: "check",
    summary: "say everything that is wrong with the config",
    load: () => import("./verbs/check.ts"),
  },
  {
    name: "build",
    summary: "compile the config into the files of the edge",
    load: () => import("./verbs/build.ts"),
  },
  {
    name: "engine",
    summary: "install Kamailio and rtpengine beside the host's packages, say what is there",
    load: () => import("./verbs/engine.ts"),
  },
];
