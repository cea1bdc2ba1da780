/** A lab in which a server by hand is called by an Asterisk, a SIPp and a client by hand. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type SippResult, sippCall } from "../../../src/phone/sipp.ts";
import { type Caller, caller } from "../../../src/phone/sipp-caller.ts";
import { type Asterisk, type AsteriskTrunk, startAsterisk } from "../../lab/asterisk.ts";
import { type Lab, openLab } from "../../lab/netns.ts";
import { type Party, party } from "./party.ts";
import { type Behaviour, type Server, sipServer } from "./server.ts";

/** Where the server is. */
export const at = { address: "203.0.113.60", port: 5060 };
export const pbxAt = "198.51.100.20";
const clientAt = "198.51.100.21";

/** What the callers know. */
export const auth = { username: "acme", password: "s3;cret" };
export const users = { acme: auth.password };
export const realm = "provider.example.com";

export interface ServerLab {
  readonly lab: Lab;
  /** Has the trunks `provider`, `timed` (session timers) and `reliable` (100rel), all with `auth`. */
  readonly pbx: Asterisk;
  readonly client: Party;
  /** A server with these behaviours until the test ends. */
  server(...behaviours: readonly Behaviour[]): Promise<Server>;
  /** A call by a SIPp. */
  sipp(o?: Partial<Caller>): Promise<SippResult>;
}

export async function serverLab(): Promise<ServerLab> {
  const lab = await openLab({ addresses: [at.address, clientAt] });
  const trunk: AsteriskTrunk = { ...at, auth };
  const timers = ["timers=always", "timers_min_se=90", "timers_sess_expires=120"];
  const trunks = {
    provider: trunk,
    timed: { ...trunk, endpoint: timers },
    reliable: { ...trunk, endpoint: ["100rel=yes"] },
  };
  const pbx = await startAsterisk(lab, "pbx", { address: pbxAt, trunks }, await lab.host(pbxAt));
  let runs = 0;
  return {
    lab,
    pbx,
    client: await party(lab, clientAt, 5060, at),
    server: async (...behaviours) => {
      const made = await sipServer(lab, at.address, at.port, ...behaviours);
      onTestFinished(() => made.close());
      return made;
    },
    sipp: (o = {}) => {
      const run = { launcher: lab, tools: lab.tools, dir: join(lab.dir, "sipp"), name: `sipp-${++runs}` };
      const to = { address: clientAt, port: 5070, remote: `${at.address}:${at.port}`, receiveMs: 5000 };
      return sippCall({ ...run, ...to }, caller({ to: "+14155550001", talkMs: 50, ...o }));
    },
  };
}
