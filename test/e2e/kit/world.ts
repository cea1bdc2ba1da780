/** An edge between carriers and an agent, with an attacker and a third party looking on. */
import type { EngineLine } from "../../../src/model/model.ts";
import { type Edge, type EdgeOptions, startEdge } from "../../lab/edge.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { type Agent, agentSink } from "./agent.ts";
import type { Caller } from "./call.ts";
import { ha1Of } from "./digest.ts";
import { type Party, party } from "./party.ts";

export const edgeAt = { address: "198.51.100.7", port: 5060 } as const;
export const agentsSide = { address: "10.0.4.1", port: 5080 } as const;
export const addresses = {
  carrier: "203.0.113.10",
  other: "203.0.113.20",
  agent: "10.0.4.10",
  attacker: "192.0.2.66",
  third: "192.0.2.99",
} as const;

/** How long something that must not come is waited for. */
export const quietMs = 250;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface World {
  readonly lab: Lab;
  readonly edge: Edge;
  /** Trunk `acme`, by address. */
  readonly carrier: Caller;
  /** Trunk `other`, by address. */
  readonly other: Caller;
  readonly agent: Agent;
  /** No trunk has its address. */
  readonly attacker: Party;
  /** Whoever an open relay would send to; listens on port 5060. */
  readonly third: Party;
  /** Party number `n` (1 to 250) at an address that no trunk has. */
  stranger(n: number): Promise<Caller>;
  /** Waits and gives what came to the agent and to the third party since the last `settle`. */
  settle(ms?: number): Promise<{ readonly agent: readonly string[]; readonly third: readonly string[] }>;
  /** Asks the edge by OPTIONS until it answers; false where it does not within two seconds. */
  alive(): Promise<boolean>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly engine?: EngineLine;
  /** Added to trunk `acme`. */
  readonly trunk?: object;
  /** Trunks beside `acme` and `other`. */
  readonly trunks?: readonly object[];
  readonly edge?: EdgeOptions;
}

export const agents = { agent_sarah: { uri: `sip:${addresses.agent}:5080` } };
export const toSarah = (to_uri: string): object => ({ match: { to_uri }, agent_id: "agent_sarah" });

export interface DigestTrunk {
  readonly id: string;
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  readonly algorithm?: "MD5" | "SHA-256";
  /** Whether it may register. Default false. */
  readonly register?: boolean;
}

/** A trunk with a password, and what a deployment would bind for it. */
export function digestTrunk(t: DigestTrunk) {
  const { username, realm, algorithm, register = false } = t;
  const auth = {
    type: "digest",
    username,
    realm,
    password: { secret: "TRUNK_PASSWORD" },
    register,
    ...(algorithm === undefined ? {} : { algorithm }),
  };
  const inbound_routes = [toSarah("+14155551111")];
  return {
    draft: { crew_id: t.id, agents, sip: { auth, inbound_routes } },
    digest: { trunk: t.id, username, realm, ha1: ha1Of(username, realm, t.password, algorithm) },
  };
}

export async function openWorld(o: WorldOptions = {}): Promise<World> {
  const lab = await openLab({ addresses: [edgeAt.address, agentsSide.address, ...Object.values(addresses)] });
  try {
    const edge = await startEdge(
      lab,
      {
        name: "edge-1",
        ...(o.engine === undefined ? {} : { engine: o.engine }),
        network: {
          public_ip: edgeAt.address,
          agents: { address: agentsSide.address, udp: agentsSide.port },
          rtp: [30000, 30999],
        },
        trunks: [
          {
            crew_id: "acme",
            agents,
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [addresses.carrier] },
              inbound_routes: [toSarah("+14155551111")],
            },
            ...o.trunk,
          },
          {
            crew_id: "other",
            agents,
            sip: {
              auth: { type: "ip_allowlist", allowed_ips: [addresses.other] },
              inbound_routes: [toSarah("+14155552222")],
            },
          },
          ...(o.trunks ?? []),
        ],
      },
      o.edge,
    );
    const agent = await agentSink(lab, addresses.agent, 5080, agentsSide);
    const partyAt = async (address: string): Promise<Caller> => ({
      ...(await party(lab, address, 5060, edgeAt)),
      callee: agent,
    });
    const carrier = await partyAt(addresses.carrier);
    const other = await partyAt(addresses.other);
    const attacker = await partyAt(addresses.attacker);
    const third = await partyAt(addresses.third);
    let thirdMark = 0;
    const strangers = new Map<number, Promise<Caller>>();
    const newStranger = async (n: number): Promise<Caller> => {
      const address = n < 100 ? `192.0.2.${100 + n}` : `198.18.0.${n}`;
      await lab.addAddress(address);
      return partyAt(address);
    };
    return {
      lab,
      edge,
      carrier,
      other,
      agent,
      attacker,
      third,
      stranger: (n) => {
        const made = strangers.get(n) ?? newStranger(n);
        strangers.set(n, made);
        return made;
      },
      settle: async (ms = quietMs) => {
        await sleep(ms);
        const seen = { agent: [...agent.heard], third: third.since(thirdMark) };
        agent.forget();
        thirdMark = third.mark();
        return seen;
      },
      alive: async () => {
        for (let tried = 0; tried < 4; tried++) {
          const options = carrier.make({ method: "OPTIONS", uri: `sip:${edgeAt.address}` });
          const got = await carrier.ask(options, 500).catch(() => "");
          if (got.startsWith("SIP/2.0 200 ")) return true;
        }
        return false;
      },
      close: async () => {
        await agent.close();
        await edge.stop();
        await lab.close();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}
