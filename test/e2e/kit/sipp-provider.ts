/** SIPp as a provider that does what providers do: asks for passwords, refreshes sessions, wants longer ones. */
import {
  act,
  forever,
  goTo,
  keep,
  label,
  log,
  pause,
  receive,
  type Step,
  same,
  scenario,
  sdp,
  send,
} from "../../../src/phone/sipp-xml.ts";

const tag = "[pid]s[call_number]";
const contact = "Contact: <sip:[local_ip]:[local_port];transport=[transport]>";
const named = ["[last_Via:]", "[last_From:]", `[last_To:];tag=${tag}`, "[last_Call-ID:]", "[last_CSeq:]"];
const retrans = { retrans: 500 };

/** A response to the request that came last; the tag is new in answers to what begins a call. */
const respond = (status: string, first: boolean, extra: readonly string[] = [], body = "", more = {}): Step =>
  send(
    `SIP/2.0 ${status}`,
    [...(first ? named : same), "[last_Record-Route:]", contact, ...extra],
    body,
    more,
  );

const challenge = (realm: string): string =>
  `WWW-Authenticate: Digest realm="${realm}", nonce="4d1a7f[pid][call_number]", algorithm=MD5, qop="auth"`;

/** 401 to every INVITE for ever. */
export function storm(realm: string): string {
  return scenario("storm", [
    label("again"),
    receive("INVITE"),
    respond("401 Unauthorized", true, [challenge(realm)], "", retrans),
    receive("ACK"),
    goTo("again"),
  ]);
}

/** A request that is challenged, comes again and then has a response to our challenge that SIPp reckons to be right. */
function asked(method: string, password: string, realm: string, first: boolean): Step[] {
  const refused = `${method}-refused`;
  const ack = method === "INVITE" ? [receive("ACK")] : [];
  const retransmits = method === "INVITE" ? retrans : {};
  return [
    receive(method, first ? { rrs: true } : {}),
    respond("401 Unauthorized", first, [challenge(realm)], "", retransmits),
    ...ack,
    receive(method, {}, [
      `<verifyauth assign_to="right" username="acme" password="${password}"/>`,
      keep(`CSeq: *([0-9]+) ${method}`, "cseq"),
    ]),
    `<nop test="right" next="${refused}-not"/>`,
    respond("403 Wrong Credentials", first, [], "", retransmits),
    ...ack,
    goTo("end"),
    label(`${refused}-not`),
    act(log(`right ${method} [$cseq]`)),
  ];
}

/** Challenges INVITE, re-INVITE and BYE of a call, or UPDATE in the place of the re-INVITE. */
export function challengesAll(o: {
  readonly password: string;
  readonly realm: string;
  readonly second: "INVITE" | "UPDATE";
}): string {
  const of = (method: string, first: boolean): Step[] => asked(method, o.password, o.realm, first);
  const second =
    o.second === "INVITE"
      ? [
          ...of("INVITE", false).map((s) => s.replaceAll("INVITE-refused", "again-refused")),
          respond("200 OK", false, [], sdp({ version: 2 }), retrans),
          receive("ACK"),
        ]
      : [...of("UPDATE", false), respond("200 OK", false)];
  return scenario(
    "challenges",
    [
      ...of("INVITE", true),
      respond("200 OK", true, [], sdp(), retrans),
      receive("ACK"),
      ...second,
      ...of("BYE", false),
      respond("200 OK", false),
      label("end"),
      pause(0),
    ],
    ["right", "cseq"],
  );
}

/** Answers, and refreshes the session itself twice, a second after the answer and a second later (RFC 4028). */
export function refreshes(o: { readonly method: "UPDATE" | "INVITE"; readonly expires: number }): string {
  const header = (name: string, into: string): string =>
    `<ereg regexp=".*" search_in="hdr" header="${name}:" check_it="true" assign_to="${into}"/>`;
  const timer = ["Supported: timer", `Session-Expires: ${o.expires};refresher=uac`];
  const within = (method: string, cseq: number, more: readonly string[], body = "", how = {}): Step =>
    send(
      `${method} [next_url] SIP/2.0`,
      [
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "[routes]",
        `From:[$to];tag=${tag}`,
        "To:[$from]",
        "Call-ID: [call_id]",
        `CSeq: ${cseq} ${method}`,
        "Max-Forwards: 70",
        contact,
        ...more,
      ],
      body,
      how,
    );
  const agreed = `<ereg regexp="Session-Expires: *${o.expires};refresher=uac" search_in="msg" check_it="true" assign_to="agreed"/>`;
  const refresh = (cseq: number): Step[] =>
    o.method === "UPDATE"
      ? [within("UPDATE", cseq, timer, "", retrans), receive(200, {}, [agreed])]
      : [
          within("INVITE", cseq, timer, sdp({ version: cseq + 1 }), retrans),
          receive(100, { optional: true }),
          receive(200, {}, [agreed]),
          within("ACK", cseq, []),
        ];
  return scenario(
    "refreshes",
    [
      receive("INVITE", { rrs: true }, [header("From", "from"), header("To", "to")]),
      respond(
        "200 OK",
        true,
        [
          "Supported: timer",
          `Session-Expires: ${o.expires};refresher=uas`,
          "Allow: INVITE, ACK, BYE, UPDATE",
        ],
        sdp(),
        retrans,
      ),
      receive("ACK"),
      ...[1, 2].flatMap((n) => [pause(1000), ...refresh(n), act(log(`refreshed ${n}`))]),
      receive("BYE", { timeout: forever }),
      send("SIP/2.0 200 OK", same),
    ],
    ["from", "to", "agreed"],
  );
}

/** 422 to the first INVITE (RFC 4028 section 9), 200 to the one that comes then, which must ask for `least` seconds. */
export function wantsLonger(least: number, refresher: "uac" | "uas"): string {
  return scenario(
    "longer",
    [
      receive("INVITE"),
      respond("422 Session Interval Too Small", true, [`Min-SE: ${least}`], "", retrans),
      receive("ACK"),
      receive("INVITE", {}, [
        `<ereg regexp="Session-Expires: *${least}" search_in="msg" check_it="true" assign_to="asked"/>`,
      ]),
      respond(
        "200 OK",
        true,
        [refresher === "uac" ? "Require: timer" : "", `Session-Expires: ${least};refresher=${refresher}`],
        sdp(),
        retrans,
      ),
      receive("ACK"),
      act(log("longer")),
      receive("BYE", { timeout: forever }),
      send("SIP/2.0 200 OK", same),
    ],
    ["asked"],
  );
}
