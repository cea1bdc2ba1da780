/** Where an edge keeps its state on a host. */
import { join, resolve } from "node:path";

/** Everything below one folder, so that an edge can be moved, inspected and removed as a whole. */
export interface EdgePaths {
  readonly root: string;
  /** The edge's own keys, made once (0600). */
  readonly keys: string;
  /** Which generation runs; written by renaming the activation, which is what a commit is. */
  readonly current: string;
  /** Present while a generation is being activated. */
  readonly activation: string;
  /** Present while an activation is being taken back. */
  readonly rollback: string;
  /** Which generation's ruleset is in the kernel. */
  readonly firewall: string;
  /** Where PBXs have registered, as Kamailio reads it when it starts. */
  readonly contacts: string;
  /** How the guard runs the programs of the engine. */
  readonly programs: string;
  readonly lock: string;
  readonly generations: string;
  /** One folder per supervised process. */
  readonly services: string;
  readonly log: string;
  /** Sockets. */
  readonly run: string;
}

export function edgePaths(root: string): EdgePaths {
  const at = (name: string): string => join(root, name);
  return {
    root,
    keys: at("keys.json"),
    current: at("current.json"),
    activation: at("activation.json"),
    rollback: at("rollback.json"),
    firewall: at("firewall.json"),
    contacts: at("contacts.cfg"),
    programs: at("programs.json"),
    lock: at("lock"),
    generations: at("generations"),
    services: at("services"),
    log: at("log"),
    run: at("run"),
  };
}

/** `--state` where given; else `/var/lib/crew/<edge>` for root and `$XDG_STATE_HOME/crew/<edge>` for others. */
export function stateFolder(
  edge: string,
  options: {
    readonly state?: string | undefined;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly uid: number;
  },
): string {
  if (options.state !== undefined) return resolve(options.cwd, options.state);
  if (options.env.XDG_STATE_HOME) return resolve(options.env.XDG_STATE_HOME, "crew", edge);
  if (options.uid === 0) return join("/var/lib/crew", edge);
  return resolve(options.env.HOME ?? options.cwd, ".local/state/crew", edge);
}

/** Folders of one generation. */
export interface GenerationPaths {
  readonly root: string;
  /** The bundle as built: artifacts, manifest, model, line map. */
  readonly bundle: string;
  /** Secrets and what is bound at deployment (0700). */
  readonly private: string;
  /** What is fixed when the generation is staged. */
  readonly facts: string;
  /** How it fared. */
  readonly status: string;
}

export function generationPaths(paths: EdgePaths, generation: number): GenerationPaths {
  const root = join(paths.generations, String(generation));
  return {
    root,
    bundle: join(root, "bundle"),
    private: join(root, "private"),
    facts: join(root, "generation.json"),
    status: join(root, "status.json"),
  };
}
