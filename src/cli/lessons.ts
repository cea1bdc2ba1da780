/**
 * What `crew explain` teaches about the codes that beginners meet first, beside what the sources say. The samples are
 * complete configs: the wrong one gives exactly the code, once, and the right one nothing.
 */

export interface Lesson {
  /** One sentence: what it finds. */
  readonly summary: string;
  /** Why it matters, for somebody who does not know SIP. */
  readonly why: string;
  readonly bad: string;
  readonly good: string;
}

/** A small edge whose trunk has a line of its own. */
function config(lines: { readonly auth?: string; readonly route?: string }): string {
  const {
    auth = 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },',
    route = 'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],',
  } = lines;
  return [
    'import { defineEdge, defineTrunk } from "crew";',
    "",
    "const trunk = defineTrunk({",
    '  agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },',
    "  sip: {",
    `    ${auth}`,
    `    ${route}`,
    "  },",
    "});",
    "",
    "export default defineEdge({",
    "  trunks: [trunk],",
    '  network: { public_ip: "198.51.100.7", agents: { address: "10.0.4.1" } },',
    "});",
    "",
  ].join("\n");
}

export const lessons: Readonly<Record<string, Lesson>> = {
  CREW1007: {
    summary: "The config is a program, and it stopped with an error before it had a value to export.",
    why:
      "crew runs the config on every build and takes what it exports. Mostly a name is at fault that nothing declares: text\n" +
      "without quotes, or a value of another file that was not imported. Else the marked line reads something that is not\n" +
      "there, such as a file or an environment variable; the message is the one of the program itself.",
    bad: config({ route: 'inbound_routes: [{ match: { to_user: main }, agent_id: "agent_sarah" }],' }),
    good: config({ route: 'inbound_routes: [{ match: { to_user: "main" }, agent_id: "agent_sarah" }],' }),
  },
  CREW2001: {
    summary: "A property has a name that crew does not know at this place.",
    why:
      "A misspelt property would otherwise be left out without a word: an allowlist that does not allow, a limit that does\n" +
      "not limit. Mostly it is a typo, or a property that belongs one level higher or lower: what concerns SIP stands in\n" +
      "'sip', addresses and ports of the edge in 'network'.",
    bad: config({
      route:
        'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah", ring_timout: 20 }],',
    }),
    good: config({
      route:
        'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah", ring_timeout: 20 }],',
    }),
  },
  CREW2002: {
    summary: "A property is missing that has no sensible default.",
    why:
      "crew guesses nothing that decides who may call or where a call goes. The place that is marked is the object that lacks\n" +
      "the property. A property that is there but whose value is undefined counts as missing: look at where it comes from.",
    bad: config({ auth: 'auth: { type: "ip_allowlist" },' }),
    good: config({ auth: 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },' }),
  },
  CREW2003: {
    summary: "A value is of another kind than the property takes: a number for text, an object for a list.",
    why:
      "Kinds are never turned into each other, since that loses what was meant: +14155551111 without quotes is a number, and\n" +
      "a number has no '+' and no leading zeros. Where a name stands at the property, the place where its value is written\n" +
      "is shown as well.",
    bad: config({
      route: 'inbound_routes: [{ match: { to_uri: +14155551111 }, agent_id: "agent_sarah" }],',
    }),
    good: config({}),
  },
  CREW2004: {
    summary: "A value is of the right kind, but not one that the property takes.",
    why:
      "Some properties take one of a few words, others have bounds: a port up to 65535, a list with at least one entry. What\n" +
      "the edge would make of anything else would show only when a call fails.",
    bad: config({ auth: 'auth: { type: "ip_list", allowed_ips: ["203.0.113.10"] },' }),
    good: config({ auth: 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },' }),
  },
};
