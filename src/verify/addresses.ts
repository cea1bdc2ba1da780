/** Gives the cell the addresses of the edge, so that its sockets can be bound as on the real host. */
import { BlockList, isIPv6 } from "node:net";
import type { IpNetwork, Model } from "../model/model.ts";
import type { Cell } from "./cell.ts";
import { type Artifacts, diagnose } from "./locate.ts";
import { didNotRun } from "./problems.ts";
import type { StepResult, VerifyRuntime } from "./report.ts";

/** Every address that the edge binds or shows, each once. */
export function edgeAddresses(model: Model): readonly string[] {
  const { public: shown, bind, agents } = model.edge.network;
  const all = [shown.v4, shown.v6, bind.v4, bind.v6, agents.address];
  return [...new Set(all.filter((a) => a !== undefined))];
}

/** An address inside a network, the one after the network's own where there is room. */
export function addressIn(network: IpNetwork): string {
  if (network.family === 6 || network.prefix >= 31) return network.address;
  // 0.0.0.0/8 holds no address that an interface can have
  if (network.address.startsWith("0.")) return "198.18.0.1";
  const parts = network.address.split(".");
  return [...parts.slice(0, 3), String(Number(parts[3]) + 1)].join(".");
}

/** Whether a network holds an address. */
export function isWithin(address: string, network: IpNetwork): boolean {
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, network.family === 4 ? "ipv4" : "ipv6");
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** Brings lo up with these addresses. */
export async function addAddresses(
  addresses: readonly string[],
  artifacts: Artifacts,
  runtime: VerifyRuntime,
  cell: Cell,
): Promise<StepResult> {
  const hostIp = { file: "ip", args: ["-batch", "-"], env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } };
  const command = runtime.has("ip") ? runtime.command("ip", ["-batch", "-"]) : hostIp;
  const wanted = addresses.filter((a) => !a.startsWith("127.") && a !== "::1");
  const lines = wanted.map(
    (a) => `addr add ${a}/${a.includes(":") ? "128" : "32"} dev lo${a.includes(":") ? " nodad" : ""}`,
  );
  const end = await cell.run(command, { input: `link set lo up\n${lines.join("\n")}\n` });
  if (end.error !== undefined) return { diagnostics: [didNotRun("ip (iproute2)", end.error)] };
  if (end.code === 0) return { diagnostics: [], detail: `${addresses.length} addresses` };
  const said = end.lines.map((l) => l.text).join("; ");
  return {
    diagnostics: [
      diagnose(artifacts, {
        code: "CREW5006",
        message: `The addresses of the edge could not be made in the namespace: ${said}.`,
      }),
    ],
  };
}
