// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the dialplan are written so
/** The configuration of an Asterisk 16 with chan_sip: the documented example, and the least that it needs around it. */
import { join } from "node:path";
import type { Tools } from "../../src/phone/process.ts";
import { outgoingThrough, talkContext } from "./asterisk-dialplan.ts";
import { commonFiles, ini, type Section, value } from "./asterisk-files.ts";

export interface Asterisk16Settings {
  readonly address: string;
  /** UDP. Default 5060. */
  readonly port?: number;
  /** Of the example's `[crew-trunk]`: a name or an address, which stands for sip.usecrew.ai also in `fromdomain`. */
  readonly host: string;
  readonly secret: string;
  /** Default `your_crew_id`, as in the example. */
  readonly username?: string;
  /** Telephones behind the PBX, by number: they register with this password, and their calls go to the trunk. */
  readonly phones?: Readonly<Record<string, string>>;
  /** Further lines of sip.conf's `[general]`. */
  readonly general?: readonly string[];
  readonly rtpPorts?: readonly [number, number];
}

const modules = [
  "res_timing_timerfd res_sorcery_config res_pjproject res_rtp_asterisk format_wav format_sln format_pcm",
  "codec_ulaw codec_alaw codec_a_mu codec_resample",
  "bridge_simple bridge_native_rtp bridge_softmix bridge_builtin_features",
  "pbx_config pbx_spool func_callerid func_channel func_logic func_strings func_global func_hangupcause",
  "app_dial app_echo app_playtones app_verbose app_stack app_exec app_senddtmf app_chanspy",
  "func_cut func_groupcount func_uri func_periodic_hook app_mixmonitor func_volume chan_sip",
]
  .join(" ")
  .split(" ");

/** The example's sip.conf, with host, secret and user name put in. */
function exampleTrunk(o: Asterisk16Settings): Section {
  return [
    "crew-trunk",
    "type=friend",
    `host=${o.host}`,
    `username=${value(o.username ?? "your_crew_id")}`,
    `secret=${value(o.secret)}`,
    `fromdomain=${o.host}`,
    "insecure=port,invite",
    "qualify=yes",
    "context=from-crew",
  ];
}

/** The example's extensions.conf. */
const exampleContexts: readonly Section[] = [
  ["from-external", "exten => _X.,1,Dial(SIP/${EXTEN}@crew-trunk)"],
  ["from-crew", "exten => _X.,1,Dial(SIP/${EXTEN})"],
];

function sipConf(o: Asterisk16Settings): string {
  const phones = Object.entries(o.phones ?? {}).map(
    ([number, secret]): Section => [
      number,
      "type=friend",
      "host=dynamic",
      `secret=${value(secret)}`,
      "context=from-external",
    ],
  );
  const bind = `udpbindaddr=${o.address}:${o.port ?? 5060}`;
  return ini(["general", bind, "sipdebug=yes", ...(o.general ?? [])], exampleTrunk(o), ...phones);
}

/** The files of `etc` by name. */
export function asterisk16Files(
  o: Asterisk16Settings,
  dir: string,
  tools: Tools,
): Readonly<Record<string, string>> {
  const empty = [
    "stasis",
    "ccss",
    "cdr",
    "cel",
    "features",
    "acl",
    "manager",
    "udptl",
    "dnsmgr",
    "pjproject",
  ];
  const moduleFolder = join(tools.root, "usr/lib/asterisk/modules");
  const ports = o.rtpPorts === undefined ? {} : { rtpPorts: o.rtpPorts };
  return {
    ...commonFiles({ modules, moduleFolder, empty, ...ports }, dir, tools),
    "sip.conf": sipConf(o),
    "extensions.conf": ini(
      ...exampleContexts,
      ...outgoingThrough("from-external"),
      talkContext(join(dir, "recordings")),
    ),
  };
}
