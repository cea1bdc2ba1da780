/** Verification problems that are not about the config: the host, the programs, the clock. */
import type { Diagnostic } from "../core/diagnostic.ts";

export function noNamespaces(reason: string): Diagnostic {
  return {
    code: "CREW5001",
    severity: "error",
    message: `This host does not let crew make the namespaces that verify runs in: ${reason}`,
    why: "The native programs read untrusted text, so they run where they reach neither the network nor the host.",
    help: "Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1 or user.max_user_namespaces; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a container a seccomp profile with unshare), install util-linux, or verify on another host.",
  };
}

export function didNotRun(program: string, reason: string): Diagnostic {
  return {
    code: "CREW5002",
    severity: "error",
    message: `${program} could not be run: ${reason}.`,
    help: "See crew engine status, and crew engine install for a fresh engine.",
  };
}

export function tooSlow(what: string, seconds: number): Diagnostic {
  return {
    code: "CREW5003",
    severity: "error",
    message: `${what} did not end in ${seconds} s.`,
    why: "What takes so long here keeps a deployment waiting, too.",
    help: "Try again when the host is less busy.",
  };
}

export function outOfTime(seconds: number): Diagnostic {
  return tooSlow("The verification", seconds);
}

export function cancelled(): Diagnostic {
  return {
    code: "CREW5004",
    severity: "error",
    message: "The verification was interrupted; nothing of it is left running.",
  };
}
