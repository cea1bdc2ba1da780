// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the dialplan are written so
/** The configuration of a lab Asterisk: nothing from /etc, only the modules that calls need. */
import { join } from "node:path";
import type { Tools } from "../../src/phone/process.ts";

export interface AsteriskTrunk {
  /** Where its calls go, and whose requests are taken to be its own. */
  readonly address: string;
  readonly port?: number;
  readonly transport?: "udp" | "tcp" | "tls";
  /** Answers challenges with these. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Challenges the trunk's own requests with these, and lets it register under the trunk's name. */
  readonly challenge?: { readonly username: string; readonly password: string };
  /** Registers there, with `auth`. */
  readonly register?: boolean;
  /** Asterisk's names in order; default ulaw, alaw. */
  readonly codecs?: readonly string[];
  readonly mediaEncryption?: "sdes" | "dtls";
  /** From's user and host; default the caller's number and Asterisk's address. */
  readonly fromUser?: string;
  readonly fromDomain?: string;
  /** Further lines of the endpoint. */
  readonly endpoint?: readonly string[];
}

export interface AsteriskSettings {
  readonly address: string;
  /** UDP and TCP; TLS on the next one. Default 5060. */
  readonly port?: number;
  readonly trunks: Readonly<Record<string, AsteriskTrunk>>;
  /** What it does with calls that it gets: echo, a tone of so many hertz, or a hang-up with this Q.850 cause. */
  readonly agent?: "echo" | { readonly hz: number } | { readonly cause: number };
  /** Rings so long before it answers. */
  readonly ringMs?: number;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca?: string };
  readonly rtpPorts?: readonly [number, number];
}

/** Loaded in this order; autoload would take seconds and complain of all that is not configured. */
const modules = [
  "res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_sorcery_memory_cache",
  "res_rtp_asterisk res_srtp res_crypto res_tonedetect format_wav format_sln format_pcm",
  "codec_ulaw codec_alaw codec_a_mu codec_g722 codec_resample codec_opus_open_source res_format_attr_opus",
  "bridge_simple bridge_native_rtp bridge_softmix bridge_builtin_features",
  "pbx_config pbx_spool func_callerid func_channel func_logic func_strings func_global func_hangupcause func_cut func_groupcount func_uri",
  "app_dial app_echo app_playtones app_verbose app_stack app_exec app_senddtmf app_read app_chanspy",
  "func_periodic_hook app_mixmonitor func_volume",
  "res_pjproject res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_nat res_pjsip_pubsub",
  "res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration",
  "res_pjsip_registrar res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_header_funcs",
  "res_pjsip_dtmf_info res_pjsip_diversion res_pjsip_path res_pjsip_rfc3326 res_pjsip_acl res_pjsip_logger",
  "res_pjsip_dlg_options res_pjsip_refer func_pjsip_aor func_pjsip_contact func_pjsip_endpoint chan_pjsip",
]
  .join(" ")
  .split(" ");

type Section = readonly [name: string, ...lines: string[]];

const ini = (...sections: readonly Section[]): string =>
  `${sections.map(([name, ...lines]) => [`[${name}]`, ...lines].join("\n")).join("\n\n")}\n`;

const value = (v: string): string => v.replaceAll(";", "\\;");

function asteriskConf(dir: string, tools: Tools): string {
  const places = {
    astetcdir: join(dir, "etc"),
    astmoddir: join(tools.libraries, "asterisk/modules"),
    astvarlibdir: join(dir, "var"),
    astdbdir: join(dir, "var"),
    astkeydir: join(dir, "var"),
    astdatadir: join(tools.root, "usr/share/asterisk"),
    astagidir: join(dir, "var"),
    astspooldir: join(dir, "spool"),
    astrundir: join(dir, "run"),
    astlogdir: join(dir, "var"),
    astcachedir: join(dir, "var"),
    astsbindir: join(tools.root, "usr/sbin"),
  };
  const lines = Object.entries(places).map(([k, v]) => `${k} => ${v}`);
  return ini(["directories", ...lines], ["options", "documentation_language = en_US"]);
}

function trunkSections(name: string, t: AsteriskTrunk): Section[] {
  const transport = t.transport ?? "udp";
  const parameter = transport === "udp" ? "" : `\\;transport=${transport}`;
  const server = `sip:${t.address}:${t.port ?? 5060}${parameter}`;
  const credentials = (kind: string, c: { username: string; password: string }): Section => [
    `${name}-${kind}`,
    "type=auth",
    "auth_type=digest",
    `username=${value(c.username)}`,
    `password=${value(c.password)}`,
  ];
  return [
    ...(t.auth ? [credentials("out", t.auth)] : []),
    ...(t.challenge ? [credentials("in", t.challenge)] : []),
    [name, "type=aor", `contact=${server}`, ...(t.challenge ? ["max_contacts=5"] : [])],
    [
      name,
      "type=endpoint",
      `transport=${transport}`,
      "context=incoming",
      "disallow=all",
      `allow=${(t.codecs ?? ["ulaw", "alaw"]).join(",")}`,
      `aors=${name}`,
      "direct_media=no",
      "trust_id_inbound=yes",
      "trust_id_outbound=yes",
      "send_pai=yes",
      "dtmf_mode=rfc4733",
      ...(t.auth ? [`outbound_auth=${name}-out`] : []),
      ...(t.challenge ? [`auth=${name}-in`] : []),
      ...(t.mediaEncryption ? [`media_encryption=${t.mediaEncryption}`] : []),
      ...(t.fromUser ? [`from_user=${t.fromUser}`] : []),
      ...(t.fromDomain ? [`from_domain=${t.fromDomain}`] : []),
      ...(t.endpoint ?? []),
    ],
    [name, "type=identify", `endpoint=${name}`, `match=${t.address}`],
    ...(t.register && t.auth
      ? [
          [
            `${name}-reg`,
            "type=registration",
            `transport=${transport}`,
            `outbound_auth=${name}-out`,
            `server_uri=${server}`,
            `client_uri=sip:${t.auth.username}@${t.fromDomain ?? t.address}`,
            `contact_user=${t.auth.username}`,
            "retry_interval=5",
            "expiration=120",
          ] as Section,
        ]
      : []),
  ];
}

function pjsipConf(o: AsteriskSettings): string {
  const port = o.port ?? 5060;
  const transport = (protocol: string, at: number, ...more: string[]): Section => [
    protocol,
    "type=transport",
    `protocol=${protocol}`,
    `bind=${o.address}:${at}`,
    ...more,
  ];
  const tls = o.tls;
  return ini(
    ["global", "type=global", "endpoint_identifier_order=ip,username,auth_username", "debug=yes"],
    transport("udp", port),
    transport("tcp", port),
    ...(tls
      ? [
          transport(
            "tls",
            port + 1,
            "method=tlsv1_2",
            `cert_file=${tls.certificate}`,
            `priv_key_file=${tls.key}`,
            ...(tls.ca ? [`ca_list_file=${tls.ca}`, "verify_server=yes"] : []),
          ),
        ]
      : []),
    ...Object.entries(o.trunks).flatMap(([name, t]) => trunkSections(name, t)),
  );
}

/** Events are lines `CREW <event> id=<id> key=value…` of the console. */
function extensionsConf(o: AsteriskSettings, recordings: string): string {
  const record = (file: string): string =>
    `MixMonitor(${recordings}/${file}.mix.wav,r(${recordings}/${file}.wav))`;
  const agent = o.agent ?? "echo";
  const steps = (first: string, ...next: string[]): string[] => [
    first,
    ...next.map((s) => ` same => n,${s}`),
  ];
  const arrival =
    "CREW in id=${UNIQUEID} to=${EXTEN} from=${CALLERID(num)} trunk=${CHANNEL(endpoint)} codecs=${CHANNEL(audionativeformat)}";
  const answer =
    typeof agent === "object" && "cause" in agent
      ? [`Hangup(${agent.cause})`]
      : [
          "Answer()",
          record("${UNIQUEID}"),
          ...(agent === "echo" ? ["Echo()"] : [`Playtones(${agent.hz})`, "Wait(3600)"]),
        ];
  const ring = o.ringMs === undefined ? [] : ["Ringing()", `Wait(${o.ringMs / 1000})`];
  const numbered = [1, 2, 3, 4, 5];
  return ini(
    ["incoming", ...steps(`exten => _[+0-9a-zA-Z]!,1,Verbose(0,${arrival})`, ...ring, ...answer)],
    [
      "outgoing",
      ...steps(
        "exten => _[+0-9a-zA-Z]!,1,Verbose(0,CREW dial id=${CREW_ID})",
        "Set(CALLERID(num)=${CREW_FROM})",
        "Dial(PJSIP/${EXTEN}@${CREW_TRUNK},${CREW_RING},b(headers^s^1))",
      ),
      ...steps(
        "exten => h,1,Set(key=${HANGUPCAUSE_KEYS()})",
        'Verbose(0,CREW out id=${CREW_ID} status=${DIALSTATUS} seconds=${ANSWEREDTIME} sip="${HANGUPCAUSE(${key},tech)}")',
      ),
    ],
    [
      "headers",
      ...steps(
        "exten => s,1,NoOp()",
        ...numbered.map(
          (n) => `ExecIf($["\${CREW_N${n}}"!=""]?Set(PJSIP_HEADER(add,\${CREW_N${n}})=\${CREW_V${n}}))`,
        ),
        "Return()",
      ),
    ],
    [
      "talk",
      ...steps(
        "exten => s,1,Verbose(0,CREW up id=${CREW_ID})",
        record("${CREW_ID}"),
        'ExecIf($["${CREW_HZ}"!=""]?Playtones(${CREW_HZ}))',
        'ExecIf($["${CREW_DIGITS}"!=""]?SendDTMF(${CREW_DIGITS}))',
        "Wait(${CREW_TALK})",
        "Hangup()",
      ),
    ],
  );
}

/** The files of `etc` by name, and `asterisk.conf`. */
export function asteriskFiles(
  o: AsteriskSettings,
  dir: string,
  tools: Tools,
): Readonly<Record<string, string>> {
  const [low, high] = o.rtpPorts ?? [22000, 22998];
  const none = Object.fromEntries(
    ["stasis", "ccss", "cdr", "cel", "features", "acl", "manager", "udptl", "pjproject"].map((f) => [
      `${f}.conf`,
      "[general]\n",
    ]),
  );
  return {
    ...none,
    "asterisk.conf": asteriskConf(dir, tools),
    "modules.conf": ini(["modules", "autoload=no", ...modules.map((m) => `load=${m}.so`)]),
    "logger.conf": ini(["general"], ["logfiles", "console => notice,warning,error,verbose"]),
    "rtp.conf": ini(["general", `rtpstart=${low}`, `rtpend=${high}`, "strictrtp=yes"]),
    // Without a zone no tone is played at all.
    "indications.conf": ini(
      ["general", "country=us"],
      ["us", "description=United States", "ringcadence=2000,4000", "ring=440+480/2000,0/4000"],
    ),
    "pjsip.conf": pjsipConf(o),
    "extensions.conf": extensionsConf(o, join(dir, "recordings")),
  };
}
