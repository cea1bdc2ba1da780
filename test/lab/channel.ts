/** The line between a test and the process inside its lab: orders go in, answers and events come out. */
import { spawn } from "node:child_process";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { transformSync } from "esbuild";
import type { Answer, Event, Order } from "./inside.ts";

export interface Channel {
  order(order: Order): Promise<{ id: number; value: unknown }>;
  on(id: number, handler: (event: Event) => void): void;
  off(id: number): void;
}

// PID 1 is a shell because it reaps what daemons leave behind, which Node does not; a background job would lose stdin,
// hence descriptor 3. A private /run keeps the daemons of two labs apart and hides the host's systemd. Names come from
// a file of the lab: programs that ask for the machine's own (Asterisk does, at start) would wait for a name server.
const boot = `until grep -q . /proc/self/uid_map && grep -q . /proc/self/gid_map; do sleep 0.02; done
mount -t tmpfs tmpfs /run
for f in hosts resolv.conf; do [ -e /etc/$f ] && mount --bind "$LAB_ETC/$f" /etc/$f; done
hostname lab
exec 3<&0; "$@" <&3 & exec 3<&-; wait`;
let insideCode: string | undefined;

function codeOfInside(): string {
  insideCode ??= transformSync(readFileSync(new URL("inside.ts", import.meta.url), "utf8"), {
    loader: "ts",
    format: "esm",
  }).code;
  return insideCode;
}

export interface OpenChannel {
  readonly channel: Channel;
  readonly ready: Promise<void>;
  /** The process that was started; of `newNamespaces`, the parent of pid 1 inside. */
  readonly pid: number;
  end(): Promise<void>;
}

/** The words that start the process inside, to be run in the namespaces where it shall live. */
export function insideArgv(): readonly string[] {
  return [process.execPath, "--input-type=module", "-e", codeOfInside()];
}

/**
 * A new user, network, mount and pid namespace with one process inside, which waits for `mapAllUsers` where there shall be
 * others than root.
 */
export function newNamespaces(users: "root" | "all" = "root"): readonly string[] {
  const map = users === "root" ? ["--map-root-user"] : [];
  const namespaces = ["--user", ...map, "--net", "--uts", "--ipc", "--pid", "--mount-proc"];
  return ["unshare", ...namespaces, "--fork", "--kill-child", "sh", "-c", boot, "sh", ...insideArgv()];
}

/** Gives the user namespace that a process has just made all users of this one; only root may. */
export async function mapAllUsers(pid: number): Promise<void> {
  const own = readlinkSync("/proc/self/ns/user");
  while (readlinkSync(`/proc/${pid}/ns/user`) === own) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const map of ["uid_map", "gid_map"]) writeFileSync(`/proc/${pid}/${map}`, "0 0 65536\n");
}

/** Starts the process inside; it ends after `lifeMs` or with this process. `etc` holds the lab's hosts and resolv.conf. */
export function openChannel(argv: readonly string[], lifeMs: number, etc: string): OpenChannel {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, LAB_LIFE_MS: String(lifeMs), LAB_ETC: etc },
  });
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (e: Error) => void }>();
  const handlers = new Map<number, (event: Event) => void>();
  // Events can overtake the answer that tells who waits for them.
  const early = new Map<number, Event[]>();
  let lastId = 0;
  const expect = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
  const ready = expect(0).then(() => undefined);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Event | Answer;
    if ("re" in message) {
      const waiting = pending.get(message.re);
      pending.delete(message.re);
      if ("error" in message) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message.value);
      return;
    }
    const handler = handlers.get(message.on);
    if (handler) handler(message);
    else early.set(message.on, [...(early.get(message.on) ?? []), message]);
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => {
      for (const { reject } of pending.values()) reject(new Error("the lab has ended"));
      for (const [id, handler] of handlers) handler({ on: id, event: "exit", code: null, signal: "SIGKILL" });
      resolve();
    });
  });
  child.once("error", (e) => pending.get(0)?.reject(e));
  child.stdin.on("error", () => {});
  return {
    pid: child.pid ?? 0,
    ready,
    end: async () => {
      child.stdin.end();
      child.kill("SIGKILL");
      await gone;
    },
    channel: {
      order: async (order) => {
        const id = ++lastId;
        const answer = expect(id);
        child.stdin.write(`${JSON.stringify({ id, order })}\n`);
        return { id, value: await answer };
      },
      on: (id, handler) => {
        handlers.set(id, handler);
        for (const event of early.get(id) ?? []) handler(event);
        early.delete(id);
      },
      off: (id) => handlers.delete(id),
    },
  };
}
