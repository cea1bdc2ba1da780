/** The configuration of a lab Asterisk that speaks SIP by PJSIP. */
import { join } from "node:path";
import { bracketed } from "../../src/core/host.ts";
import type { Tools } from "../../src/phone/process.ts";
import {
  type Extension,
  incomingContext,
  pjsipOutgoing,
  type Treatment,
  talkContext,
} from "./asterisk-dialplan.ts";
import { commonFiles, ini, type Section, value } from "./asterisk-files.ts";

export type { Extension, Treatment } from "./asterisk-dialplan.ts";

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

/** A customer of a provider: known by name and password wherever it calls or registers from. */
export interface AsteriskUser {
  readonly password: string;
  /** Asterisk's names in order; default ulaw, alaw. */
  readonly codecs?: readonly string[];
  readonly mediaEncryption?: "sdes" | "dtls";
  /** Further lines of the endpoint. */
  readonly endpoint?: readonly string[];
}

export interface AsteriskSettings {
  readonly address: string;
  /** UDP and TCP; TLS on the next one. Default 5060. */
  readonly port?: number;
  readonly trunks: Readonly<Record<string, AsteriskTrunk>>;
  /** By name. Each may register one contact, which the name of the user stands for where calls are placed. */
  readonly users?: Readonly<Record<string, AsteriskUser>>;
  /** Of its challenges; default Asterisk's own. */
  readonly realm?: string;
  /** Of its challenges, in the order of the challenges; default MD5. */
  readonly algorithms?: readonly ("MD5" | "SHA-256")[];
  /** What it does with calls that it gets; default echo. */
  readonly agent?: Treatment;
  /** Rings so long before it answers. */
  readonly ringMs?: number;
  /** Numbers with a treatment of their own. */
  readonly numbers?: Readonly<Record<string, Extension>>;
  readonly tls?: {
    readonly certificate: string;
    readonly key: string;
    readonly ca?: string;
    /** Serves only those who show a certificate of that CA. */
    readonly clients?: boolean;
  };
  readonly rtpPorts?: readonly [number, number];
}

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

function credentials(id: string, c: { username: string; password: string }): Section {
  const { username, password } = c;
  return [
    id,
    "type=auth",
    "auth_type=digest",
    `username=${value(username)}`,
    `password=${value(password)}`,
    "supported_algorithms_uac=SHA-256,MD5",
  ];
}

/** Who may ask: the challenged side of credentials. */
function challenge(
  id: string,
  c: { username: string; password: string },
  o: Pick<AsteriskSettings, "realm" | "algorithms">,
): Section {
  return [
    ...credentials(id, c),
    ...(o.realm === undefined ? [] : [`realm=${o.realm}`]),
    `supported_algorithms_uas=${(o.algorithms ?? ["MD5"]).join(",")}`,
  ];
}

/** The lines that all endpoints share. */
const endpointLines = (
  name: string,
  o: Pick<AsteriskTrunk, "codecs" | "mediaEncryption" | "endpoint">,
): string[] => [
  "context=incoming",
  "disallow=all",
  `allow=${(o.codecs ?? ["ulaw", "alaw"]).join(",")}`,
  `aors=${name}`,
  "direct_media=no",
  "trust_id_inbound=yes",
  "trust_id_outbound=yes",
  "send_pai=yes",
  "dtmf_mode=rfc4733",
  ...(o.mediaEncryption ? [`media_encryption=${o.mediaEncryption}`] : []),
  ...(o.endpoint ?? []),
];

function trunkSections(name: string, t: AsteriskTrunk, o: AsteriskSettings): Section[] {
  const transport = t.transport ?? "udp";
  const parameter = transport === "udp" ? "" : `\\;transport=${transport}`;
  const server = `sip:${bracketed(t.address)}:${t.port ?? 5060}${parameter}`;
  return [
    ...(t.auth ? [credentials(`${name}-out`, t.auth)] : []),
    ...(t.challenge ? [challenge(`${name}-in`, t.challenge, o)] : []),
    [name, "type=aor", `contact=${server}`, ...(t.challenge ? ["max_contacts=5"] : [])],
    [
      name,
      "type=endpoint",
      `transport=${transport}`,
      ...endpointLines(name, t),
      ...(t.auth ? [`outbound_auth=${name}-out`] : []),
      ...(t.challenge ? [`auth=${name}-in`] : []),
      ...(t.fromUser ? [`from_user=${t.fromUser}`] : []),
      ...(t.fromDomain ? [`from_domain=${t.fromDomain}`] : []),
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
            `client_uri=sip:${t.auth.username}@${t.fromDomain ?? bracketed(t.address)}`,
            `contact_user=${t.auth.username}`,
            "max_random_initial_delay=0",
            "retry_interval=5",
            "expiration=120",
          ] as Section,
        ]
      : []),
  ];
}

function userSections(name: string, u: AsteriskUser, o: AsteriskSettings): Section[] {
  return [
    challenge(`${name}-in`, { username: name, password: u.password }, o),
    [name, "type=aor", "max_contacts=1", "remove_existing=yes", "minimum_expiration=10"],
    [name, "type=endpoint", ...endpointLines(name, u), `auth=${name}-in`],
  ];
}

function pjsipConf(o: AsteriskSettings): string {
  const port = o.port ?? 5060;
  const transport = (protocol: string, at: number, ...more: string[]): Section => [
    protocol,
    "type=transport",
    `protocol=${protocol}`,
    `bind=${bracketed(o.address)}:${at}`,
    ...more,
  ];
  const tls = o.tls;
  return ini(
    [
      "global",
      "type=global",
      // The name in the credentials before that in From, which a provider's customer fills with a caller's number.
      "endpoint_identifier_order=ip,auth_username,username",
      "debug=yes",
      // Strangers are challenged too, with these; their credentials then say who they are.
      ...(o.realm === undefined ? [] : [`default_realm=${o.realm}`]),
      `default_auth_algorithms_uas=${(o.algorithms ?? ["MD5"]).join(",")}`,
    ],
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
            ...(tls.clients ? ["verify_client=yes", "require_client_cert=yes"] : []),
          ),
        ]
      : []),
    ...Object.entries(o.trunks).flatMap(([name, t]) => trunkSections(name, t, o)),
    ...Object.entries(o.users ?? {}).flatMap(([name, u]) => userSections(name, u, o)),
  );
}

function extensionsConf(o: AsteriskSettings, recordings: string): string {
  const others = { does: o.agent ?? "echo", ...(o.ringMs === undefined ? {} : { ringMs: o.ringMs }) };
  return ini(
    incomingContext(o.numbers ?? {}, others, recordings),
    ...pjsipOutgoing(),
    talkContext(recordings),
  );
}

/** The files of `etc` by name, and `asterisk.conf`. */
export function asteriskFiles(
  o: AsteriskSettings,
  dir: string,
  tools: Tools,
): Readonly<Record<string, string>> {
  const moduleFolder = join(tools.libraries, "asterisk/modules");
  const empty = ["stasis", "ccss", "cdr", "cel", "features", "acl", "manager", "udptl", "pjproject"];
  const ports = o.rtpPorts === undefined ? {} : { rtpPorts: o.rtpPorts };
  return {
    ...commonFiles({ modules, moduleFolder, empty, ...ports }, dir, tools),
    "pjsip.conf": pjsipConf(o),
    "extensions.conf": extensionsConf(o, join(dir, "recordings")),
  };
}
