/** What can go wrong with a deployment, and what to do about it. */
import type { Diagnostic } from "../core/diagnostic.ts";
import type { JsonPointer } from "../core/pointer.ts";

type Problem = Omit<Diagnostic, "code">;

function error(code: `CREW6${string}`, problem: Omit<Problem, "severity">): Diagnostic {
  return { code, severity: "error", ...problem };
}

export interface MissingSecret {
  readonly at: JsonPointer;
  readonly name: string;
}

export const problems = {
  missingSecrets: (missing: readonly MissingSecret[]): Diagnostic =>
    error("CREW6001", {
      pointer: missing[0]?.at ?? "",
      related: missing.slice(1).map(({ at, name }) => ({ pointer: at, label: `${name} is needed here` })),
      message: `No value for ${list([...new Set(missing.map((m) => m.name))])}.`,
      why: "Secrets are bound when an edge is deployed; the build never sees them.",
      help: "Set them in the environment of crew deploy, or in a file of NAME=value lines given with --secrets.",
    }),
  secretsFile: (file: string, reason: string): Diagnostic =>
    error("CREW6002", {
      message: `The secrets file ${file} cannot be used: ${reason}.`,
      help: "It holds one NAME=value per line; empty lines and lines that begin with # are skipped.",
    }),
  quotedSecrets: (file: string, names: readonly string[]): Diagnostic => ({
    code: "CREW6032",
    severity: "warning",
    message: `The quotes around ${list(names)} in ${file} are part of the value.`,
    why: "A secrets file is read as it stands, as docker --env-file does: no shell takes the quotes away.",
    help: "Write NAME=value without quotes, unless the password has them.",
  }),
  openSecrets: (file: string): Diagnostic => ({
    code: "CREW6033",
    severity: "warning",
    message: `Every user of this host may read the secrets file ${file}.`,
    help: `chmod o-r ${file}`,
  }),
  stateFolder: (folder: string, reason: string): Diagnostic =>
    error("CREW6003", {
      message: `The state folder ${folder} cannot be used: ${reason}.`,
      why: "Generations, keys and the supervision of the edge live there.",
      help: "Name another folder with --state, or give this user the right to write there.",
    }),
  locked: (pid: number | undefined): Diagnostic =>
    error("CREW6004", {
      message: `Another command is changing this edge${pid === undefined ? "" : ` (process ${pid})`}: a deployment, a rollback or a down.`,
      why: "Two at once would prove one configuration and commit another.",
      help: "Wait for it to end, then look at the plan again: it was made against another generation.",
    }),
  unconfirmed: (): Diagnostic =>
    error("CREW6005", {
      message: "Nobody can be asked to confirm, since this is no terminal.",
      help: "Run it with --yes.",
    }),
  portTaken: (at: JsonPointer, what: string, holder: string | undefined): Diagnostic =>
    error("CREW6006", {
      pointer: at,
      message: `${what} is taken by ${holder ?? "a process that this user cannot see"}.`,
      why: "A TCP port belongs to one program. Two can bind the same UDP port without an error, and the one that started last gets all packets.",
      help: "Stop that program, or choose another port in network.",
    }),
  relayPortTaken: (what: string, holder: string | undefined): Diagnostic =>
    error("CREW6006", {
      message: `${what}, where rtpengine takes its orders, is taken by ${holder ?? "a process that this user cannot see"}.`,
      why: "The ports of these orders are the same for every edge, so that a host carries one.",
      help: "Stop that program; 'crew status' and 'crew down' know the edges of this host.",
    }),
  foreignAddress: (at: JsonPointer, address: string, have: readonly string[]): Diagnostic =>
    error("CREW6007", {
      pointer: at,
      message: `This host has no address ${address}.`,
      why: "The edge binds to it; behind a translating router, public_ip and what the host has differ.",
      help: `Set network.bind_ip or network.agents.address to one of ${have.join(", ")}.`,
    }),
  longPath: (path: string): Diagnostic =>
    error("CREW6008", {
      message: `The path ${path} is too long for a socket (107 bytes, unix(7)).`,
      help: "Name a shorter state folder with --state.",
    }),
  didNotStart: (program: string, reason: string, log: string, lines: readonly string[]): Diagnostic =>
    error("CREW6010", {
      message: `${program} did not start: ${reason}.`,
      ...(lines.length > 0 ? { why: `Its last words: ${lines.join(" | ")}` } : {}),
      help: `The whole log is in ${log}.`,
    }),
  proofFailed: (reason: string, attempts: number): Diagnostic =>
    error("CREW6012", {
      message: `The proof call did not get through the new generation in ${attempts} attempt${attempts === 1 ? "" : "s"}: ${reason}.`,
      why: "It goes from the edge's own address through the public listener and rtpengine to a built-in echo and back.",
      help: "Look at log/kamailio.log and log/rtpengine.log in the state folder.",
    }),
  firewallFailed: (reason: string): Diagnostic =>
    error("CREW6013", { message: `The firewall could not be loaded: ${reason}.` }),
  takenBack: (reason: string): Diagnostic =>
    error("CREW6014", { message: `The guard took the deployment back: ${reason}.` }),
  notRolledBack: (reason: string): Diagnostic =>
    error("CREW6015", {
      message: `Going back failed too: ${reason}.`,
      help: "Look at crew status; crew down and crew deploy start the edge afresh.",
    }),
  wentBack: (generation: number | undefined): Diagnostic => ({
    code: "CREW6016",
    severity: "info",
    message:
      generation === undefined
        ? "Nothing runs, as before this deployment."
        : `Generation ${generation} carries the calls, as before this deployment.`,
  }),
  repaired: (names: readonly string[]): Diagnostic => ({
    code: "CREW6031",
    severity: "warning",
    message: `${names.join(" and ")} did not run, and ${names.length === 1 ? "was" : "were"} started again.`,
    why: "Each is started again by itself when it dies, but not where its supervisor and the guard die with it.",
    help: "Look in the log of the host for what ended them, such as a lack of memory.",
  }),
  firewallSkipped: (): Diagnostic => ({
    code: "CREW6017",
    severity: "warning",
    message: "The firewall was not loaded: this process lacks CAP_NET_ADMIN.",
    why: "Kamailio refuses unknown sources by itself, but without the firewall every packet reaches it.",
    help: "Deploy as root, or load nftables/edge.nft.json of the bundle yourself.",
  }),
  nothingDeployed: (folder: string): Diagnostic =>
    error("CREW6018", {
      message: `Nothing was ever deployed with the state folder ${folder}.`,
      help: "Name the folder with --state where it is not the default, or run crew deploy.",
    }),
  noGeneration: (
    wanted: number | undefined,
    have: readonly number[],
    current: number | undefined,
  ): Diagnostic =>
    error("CREW6019", {
      message:
        wanted === undefined
          ? "There is no earlier generation that ran."
          : wanted === current
            ? `Generation ${wanted} is the current one.`
            : `There is no generation ${wanted} to go back to.`,
      help:
        wanted !== undefined && wanted === current
          ? "It carries the calls, or carried them last: crew deploy starts an edge that was stopped."
          : have.length > 0
            ? `Generations that ran before: ${have.join(", ")}.`
            : "Only a generation that carried calls can be gone back to: see crew generations.",
    }),
  abandoned: (generation: number, back: number | undefined): Diagnostic => ({
    code: "CREW6020",
    severity: "info",
    message: `An earlier deployment died while it activated generation ${generation}; ${back === undefined ? "it was stopped" : `generation ${back} carries the calls`}.`,
  }),
  notStopped: (names: readonly string[]): Diagnostic =>
    error("CREW6021", {
      message: `Not everything could be stopped: ${names.join(", ")}.`,
      help: "A process in uninterruptible sleep, or of another user: look at crew status.",
    }),
  firewallStays: (reason: string): Diagnostic =>
    error("CREW6025", {
      message: `The firewall's table is still loaded: ${reason}.`,
      help: "Run crew down as root.",
    }),
  ambiguousEdge: (folder: string, names: readonly string[]): Diagnostic =>
    error("CREW6026", {
      message:
        names.length === 0
          ? `No edge was ever deployed below ${folder}.`
          : `There are several edges below ${folder}: ${names.join(", ")}.`,
      help: "Name the config, or the state folder with --state.",
    }),
  noSuchNumber: (text: string): Diagnostic =>
    error("CREW6027", {
      message: `"${text}" is no number of a generation.`,
      help: "crew generations lists them.",
    }),
  privilegedPort: (at: JsonPointer, what: string, first: number): Diagnostic =>
    error("CREW6028", {
      pointer: at,
      message: `${what} is privileged on this host: only root may bind to ports below ${first}.`,
      why: "This process lacks CAP_NET_BIND_SERVICE, and so would Kamailio.",
      help: "Choose another port in network, deploy as root, or lower the limit with sysctl net.ipv4.ip_unprivileged_port_start.",
    }),
  runsAsRoot: (user: number, what: string, reason: string): Diagnostic => ({
    code: "CREW6029",
    severity: "warning",
    message: `Kamailio and rtpengine run as root, since user ${user} cannot ${what}: ${reason}.`,
    why: "Whoever finds a hole in them would then have the whole host.",
    help: "Keep state folder and engine where others may pass: chmod o+x on every folder above, or name other folders with --state and CREW_ENGINE_DIR.",
  }),
  interrupted: (): Diagnostic => error("CREW6022", { message: "The deployment was interrupted." }),
  badBundle: (folder: string): Diagnostic =>
    error("CREW6023", {
      message: `The bundle in ${folder} is missing or does not have the hash that it states.`,
    }),
  relayRestarts: (calls: number | undefined): Diagnostic => ({
    code: "CREW6024",
    severity: "warning",
    message: `rtpengine restarts, because its configuration changed: calls in progress${calls === undefined ? "" : ` (now ${calls})`} lose their audio.`,
  }),
} as const;

function list(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
