/** Registrations on every engine line: what a registrar sees, what `crew status` tells, and what a generation that makes room does. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { registrations, stopRegistering } from "../../src/deploy/registrations.ts";
import { headerValues } from "../../src/phone/message.ts";
import { startEdge } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { accepts, registrar } from "./kit/behaviours.ts";
import { challenges } from "./kit/challenges.ts";
import { sipServer } from "./kit/server.ts";

const patience = { timeout: 20_000, interval: 50 } as const;
const providerAt = "203.0.113.50";
const modernAt = "203.0.113.51";
const outbound = (username: string, at: string) => ({
  uri: `sip:${at}:5060`,
  register: true,
  auth: { username, password: { secret: "P" } },
});
const trunk = (crew_id: string, at = providerAt) => ({
  crew_id,
  country: "US",
  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },
  sip: { outbound: outbound(crew_id, at) },
});

describe.each(["6.1", "6.0", "5.6"] as const)("engine line %s", (engine) => {
  test("registers, is asked how, and leaves the registration to the next generation", async () => {
    await withLab({ addresses: ["198.51.100.7", "10.0.4.1", providerAt, modernAt] }, async (lab) => {
      const kept = registrar({ minExpires: 400, grants: 400 });
      const short = registrar({ grants: 10 });
      const provider = await sipServer(
        lab,
        providerAt,
        5060,
        challenges({ realm: "provider.example", users: { acme: "right", sales: "right" } }),
        kept,
        accepts(),
      );
      const modern = await sipServer(
        lab,
        modernAt,
        5060,
        challenges({ realm: "modern.example", users: { modern: "right" }, algorithms: ["SHA-256"] }),
        registrar({ grants: 400 }),
        accepts(),
      );
      const edge = await startEdge(
        lab,
        {
          engine,
          network: {
            public_ip: "198.51.100.7",
            agents: { address: "10.0.4.1", ...(engine === "5.6" ? { tcp: false } : {}) },
            rtp: [30000, 30999],
          },
          trunks: [trunk("acme"), trunk("sales"), trunk("modern", modernAt)],
        },
        {
          passwords: [
            { trunk: "acme", password: "right" },
            { trunk: "sales", password: "wrong" },
            { trunk: "modern", password: "right" },
          ],
        },
      );
      const socket = join(edge.folder, "private/ctl.sock");
      await expect
        .poll(() => registrations(socket), patience)
        .toMatchObject([
          { trunk: "acme", state: "registered", code: 200 },
          { trunk: "modern", state: "registered", code: 200 },
          { trunk: "sales", state: "not registered", code: 401 },
        ]);
      // 300 seconds were too few for this registrar.
      expect(kept.contacts("acme")).toEqual(["sip:acme@198.51.100.7:5060"]);
      expect((await registrations(socket))[0]?.seconds).toBeGreaterThan(300);
      const asked = provider
        .requests("REGISTER")
        .filter((r) => /sip:acme@/.test(headerValues(r, "To")[0] ?? ""));
      expect(asked.map((r) => headerValues(r, "Expires")[0])).toEqual(["300", "300", "400", "400"]);
      expect([...provider.problems(), ...modern.problems()]).toEqual([]);

      // The other trunk gets its turn again; with the generation stopped nobody does, and nobody signs off.
      provider.answerWith(short);
      await expect
        .poll(() => edge.records("registered").filter((r) => r.trunk === "sales").length, patience)
        .toBe(1);
      await stopRegistering(socket);
      const before = provider.requests("REGISTER").length;
      await new Promise((resolve) => setTimeout(resolve, 7000));
      await edge.stop();
      expect(provider.requests("REGISTER").length).toBe(before);
      await Promise.all([provider.close(), modern.close()]);
    });
  }, 90_000);
});
