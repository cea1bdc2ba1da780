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
    name: "verify",
    summary: "let the real programs read and boot what was compiled",
    load: () => import("./verbs/verify.ts"),
  },
  {
    name: "deploy",
    summary: "put the edge into service on this host, under live calls",
    load: () => import("./verbs/deploy.ts"),
  },
  { name: "status", summary: "show what runs and how it fares", load: () => import("./verbs/status.ts") },
  {
    name: "generations",
    summary: "list what was deployed here",
    load: () => import("./verbs/generations.ts"),
  },
  {
    name: "rollback",
    summary: "go back to an earlier generation",
    load: () => import("./verbs/rollback.ts"),
  },
  { name: "down", summary: "take the edge out of service", load: () => import("./verbs/down.ts") },
  {
    name: "engine",
    summary: "install Kamailio and rtpengine beside the host's packages, say what is there",
    load: () => import("./verbs/engine.ts"),
  },
  {
    name: "explain",
    summary: "explain a diagnostic code: what it means, why it matters, what to do",
    load: () => import("./verbs/explain.ts"),
  },
];
