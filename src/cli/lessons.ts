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
function config(lines: {
  readonly auth?: string;
  readonly route?: string;
  readonly agent?: string;
  readonly top?: string;
}): string {
  const {
    agent = 'agents: { agent_sarah: { uri: "sip:10.0.4.10:5080" } },',
    top = "",
    auth = 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.10"] },',
    route = 'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],',
  } = lines;
  return [
    'import { defineEdge, defineTrunk } from "crew";',
    ...(top === "" ? [] : [top]),
    "",
    "const trunk = defineTrunk({",
    `  ${agent}`,
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

const shortRingOnTest =
  'inbound_routes: [{ match: {}, agent_id: "agent_sarah", ring_timeout: env.CREW_TEST ? 5 : 20 }],';

export const lessons: Readonly<Record<string, Lesson>> = {
  CREW1005: {
    summary:
      "The config is no TypeScript: a quote, a comma or a bracket is missing, or stands where none may.",
    why:
      "The mark is where reading stopped, and the fault is there or just before it. Text stands in quotes, numbers of telephones\n" +
      "and addresses too; properties are separated by commas. An editor shows such places while one writes.",
    bad: config({
      route: 'inbound_routes: [{ match: { to_uri: +1415 5551111 }, agent_id: "agent_sarah" }],',
    }),
    good: config({
      route: 'inbound_routes: [{ match: { to_uri: "+1415 5551111" }, agent_id: "agent_sarah" }],',
    }),
  },
  CREW1006: {
    summary: "The config imports a file or a package that is not there, or a name that it does not have.",
    why:
      "Paths of own files begin with './' or '../' and count from the folder of the importing file. A name without them is that\n" +
      "of a package, which has to be installed where the config lies. Names are as the other file exports them.",
    bad: config({ top: 'import { env } from "proces";', route: shortRingOnTest }),
    good: config({ top: 'import { env } from "node:process";', route: shortRingOnTest }),
  },
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
  CREW2101: {
    summary: "A route sends calls to an agent that the trunk does not have.",
    why:
      "Agents have their names in 'agents' of the trunk, and routes, 'on_failure' and the like refer to them by these names. A\n" +
      "call for a name that nobody has could only be refused. TypeScript shows such a name in the editor already.",
    bad: config({
      route: 'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sara" }],',
    }),
    good: config({
      route: 'inbound_routes: [{ match: { to_uri: "+14155551111" }, agent_id: "agent_sarah" }],',
    }),
  },
  CREW2107: {
    summary: "A list of source addresses is empty.",
    why:
      "With 'ip_allowlist' a peer is known by where its requests come from, and nothing else: an empty list could be read as\n" +
      "'nobody' or as 'everybody', and the second reading would let strangers place calls. A peer without fixed addresses\n" +
      "signs in with a password ('digest').",
    bad: config({ auth: 'auth: { type: "ip_allowlist", allowed_ips: [] },' }),
    good: config({ auth: 'auth: { type: "ip_allowlist", allowed_ips: ["203.0.113.0/28"] },' }),
  },
  CREW2108: {
    summary: "A SIP URI of an agent or a provider cannot be called as it is written.",
    why:
      "It has the form sip:[user@]host[:port][;transport=udp|tcp|tls]. The host is an IPv4 address, an IPv6 address in\n" +
      "brackets, or a name that DNS knows; without a port it is 5060, with TLS 5061. 'sips:' is TLS. Passwords and other\n" +
      "parameters have no place in it.",
    bad: config({ agent: 'agents: { agent_sarah: { uri: "sip:2001:db8::10:5080" } },' }).replace(
      'address: "10.0.4.1"',
      'address: "2001:db8::1"',
    ),
    good: config({ agent: 'agents: { agent_sarah: { uri: "sip:[2001:db8::10]:5080" } },' }).replace(
      'address: "10.0.4.1"',
      'address: "2001:db8::1"',
    ),
  },
  CREW2119: {
    summary:
      "A pattern for called numbers is not written in the part of regular expressions that crew takes.",
    why:
      "It is compared with the whole called user part: characters, '.', classes such as [2-4], (a|b), and ? * + {n} {n,m} behind\n" +
      "one of them. What is not there, such as \\d, [^…] and a repeated group, means different things to different programs,\n" +
      "or takes long over a number that somebody sends on purpose.",
    bad: config({
      route: 'inbound_routes: [{ match: { to_pattern: "(2[0-9])+" }, agent_id: "agent_sarah" }],',
    }),
    good: config({
      route: 'inbound_routes: [{ match: { to_pattern: "20[0-9]{2}" }, agent_id: "agent_sarah" }],',
    }),
  },
};
