/** The pages of `crew explain`. Generated from the sources by 'npm run gen'; do not edit. */
import type { DiagnosticPage } from "./page.ts";

export const pages: Readonly<Record<string, DiagnosticPage>> = {
  "CREW1001": {
    "severity": "error",
    "messages": [
      "There is no … in this folder.",
      "There is no file '…'."
    ],
    "help": [
      "Name the config ('crew build path/to/crew.config.ts'), or make one with 'crew init'.",
      "Check the path; it counts from the current folder."
    ]
  },
  "CREW1002": {
    "severity": "error",
    "messages": [
      "'…' cannot be read: ….",
      "'…' is …, not a config."
    ],
    "help": [
      "Name the file in it, for example '…/crew.config.ts'.",
      "Name a regular file."
    ]
  },
  "CREW1003": {
    "severity": "error",
    "messages": [
      "'…' has … bytes; at most … are read."
    ],
    "help": [
      "Split the config over several edges."
    ]
  },
  "CREW1004": {
    "severity": "error",
    "messages": [
      "'…' is neither a TypeScript nor a JSON file."
    ],
    "help": [
      "A config ends in .ts, .mts, .js, .mjs or .json."
    ]
  },
  "CREW1005": {
    "severity": "error",
    "messages": [
      "The config cannot be read: …."
    ],
    "help": []
  },
  "CREW1006": {
    "severity": "error",
    "messages": [
      "The import '…' cannot be found.",
      "'…' exports no '…'."
    ],
    "help": [
      "Check the path; it counts from the folder of the importing file.",
      "Install the package ('npm install …'), or write './…' for a file of your own."
    ]
  },
  "CREW1007": {
    "severity": "error",
    "messages": [
      "The config fails while it runs: …."
    ],
    "help": []
  },
  "CREW1008": {
    "severity": "error",
    "messages": [
      "The config has no default export."
    ],
    "help": [
      "Write 'export default defineEdge({ … })'…."
    ]
  },
  "CREW1009": {
    "severity": "error",
    "messages": [
      "The value is …, which is no number of a config.",
      "The value is undefined.",
      "The value is a function….",
      "The value is a bigint.",
      "The value is a symbol.",
      "The value is …."
    ],
    "help": [
      "Leave the entry out, or give it a value.",
      "A config is data: call the function and use its result.",
      "Write a plain number, without the 'n'.",
      "Write text instead.",
      "Write 'await' before it.",
      "Write plain objects, lists, text, numbers, true and false."
    ]
  },
  "CREW1010": {
    "severity": "error",
    "messages": [
      "The value contains itself."
    ],
    "help": [
      "A config is a tree: remove the reference back."
    ]
  },
  "CREW1011": {
    "severity": "error",
    "messages": [
      "The value is nested deeper than … levels."
    ],
    "help": []
  },
  "CREW1012": {
    "severity": "error",
    "messages": [
      "The config holds more than … values."
    ],
    "help": []
  },
  "CREW1013": {
    "severity": "error",
    "messages": [
      "The config ran for more than … s and was stopped."
    ],
    "why": "A config is run on every build, so it should only put values together.",
    "help": [
      "Look for a loop without end, or for an 'await' on something that never comes."
    ]
  },
  "CREW1014": {
    "severity": "error",
    "messages": [
      "The config ends the process."
    ],
    "help": [
      "Remove process.exit(); throw an error where the config cannot go on."
    ]
  },
  "CREW1015": {
    "severity": "error",
    "messages": [
      "'…' is not UTF-8."
    ],
    "help": [
      "Save the file as UTF-8."
    ]
  },
  "CREW1016": {
    "severity": "error",
    "messages": [
      "The file is no JSON: what is wrong, and where."
    ],
    "help": []
  },
  "CREW1017": {
    "severity": "error",
    "messages": [
      "The property … is given twice in one object."
    ],
    "why": "JavaScript takes the last one and forgets the others without a word.",
    "help": [
      "Remove one of them."
    ]
  },
  "CREW1018": {
    "severity": "error",
    "messages": [
      "The value does not follow the schema of the config: it …."
    ],
    "help": [
      "Compare it with schemas/crew.config.schema.json."
    ]
  },
  "CREW1019": {
    "severity": "info",
    "messages": [
      "'…' is undefined, as if it were not there."
    ],
    "help": [
      "If that is not meant, look where its value comes from; a variable of the environment may not be set."
    ]
  },
  "CREW1301": {
    "severity": "error",
    "messages": [
      "The file … is already in the output folder and was not written by crew."
    ],
    "why": "A build replaces its own files only, so that a wrong --out cannot destroy somebody else's.",
    "help": [
      "Choose an empty folder with --out, or move that file away."
    ]
  },
  "CREW1302": {
    "severity": "error",
    "messages": [
      "There is no bundle in …."
    ],
    "why": "A bundle is a folder with a manifest.json that crew build wrote.",
    "help": [
      "Run crew build first, or name the folder that it wrote to with --out."
    ]
  },
  "CREW1303": {
    "severity": "error",
    "messages": [
      "The bundle in … was changed after it was built: …."
    ],
    "why": "Only what was compiled and checked may run; files that were edited by hand are neither.",
    "help": [
      "Change the config instead and run crew build again."
    ]
  },
  "CREW1304": {
    "severity": "error",
    "messages": [
      "… is stale: … would change."
    ],
    "why": "What is reviewed and deployed must be what the config compiles to.",
    "help": [
      "Run 'crew build' and commit the result."
    ]
  },
  "CREW1305": {
    "severity": "error",
    "messages": [
      "There is already a …."
    ],
    "help": [
      "Name another folder, as in 'crew init edge', or edit the config that is there."
    ]
  },
  "CREW1306": {
    "severity": "error",
    "messages": [
      "The output folder … cannot be written: …."
    ],
    "help": [
      "Name another folder with --out, or make room for this one."
    ]
  },
  "CREW1307": {
    "severity": "error",
    "messages": [
      "The folder … cannot be written: …."
    ],
    "help": [
      "Name another folder, as in 'crew init edge'."
    ]
  },
  "CREW1900": {
    "severity": "error",
    "messages": [
      "The command line is wrong: an unknown verb, option or value."
    ],
    "help": []
  },
  "CREW2001": {
    "severity": "error",
    "messages": [
      "… cannot stand beside the other properties of ….",
      "… is not a property of …."
    ],
    "help": [
      "Give only one of those that exclude each other.",
      "Known: ….",
      "Did you mean '…'?"
    ]
  },
  "CREW2002": {
    "severity": "error",
    "messages": [
      "… has none of ….",
      "… has no '…'."
    ],
    "help": [
      "Add one of them: ….",
      "Give secret() the name of the variable that holds it, as text: secret(\"TRUNK_PASSWORD\"). What it got is undefined.",
      "Add '…'."
    ]
  },
  "CREW2003": {
    "severity": "error",
    "messages": [
      "… …must be ….",
      "… is …, but must be …."
    ],
    "help": []
  },
  "CREW2004": {
    "severity": "error",
    "messages": [
      "… is no valid name: ….",
      "… …….",
      "… is …, but must be …."
    ],
    "help": [
      "Use 1 to 32 letters, digits, '_' or '-', starting with a letter."
    ]
  },
  "CREW2005": {
    "severity": "error",
    "messages": [
      "The config exports no edge and no trunk."
    ],
    "help": [
      "Export what defineTrunk(), defineEdge() or a list of trunks gives: 'export default defineTrunk({ sip: { … } })'."
    ]
  },
  "CREW2101": {
    "severity": "error",
    "messages": [
      "Trunk '…' has no agent '…'."
    ],
    "help": [
      "Known: …….",
      "Did you mean '…'?"
    ]
  },
  "CREW2102": {
    "severity": "warning",
    "messages": [
      "Trunk '…' has routes to agents, but says nowhere where agents are: their calls are refused with 480."
    ],
    "help": [
      "Add 'agents: { agent_sarah: { uri: \"sip:10.0.4.10:5080\" } }' or 'agent_gateway' to the trunk."
    ]
  },
  "CREW2103": {
    "severity": "error",
    "messages": [
      "'…' is not a number in E.164."
    ],
    "why": "Numbers are compared in E.164, the form that is the same everywhere; a national form is read only with the trunk's country.",
    "help": [
      "Write '+', country code and number, for example '+14155551111', or set 'country' on the trunk."
    ]
  },
  "CREW2104": {
    "severity": "error",
    "messages": [
      "Two trunks of the edge have the crew_id '…'."
    ],
    "why": "The crew_id names the trunk in logs, limits and headers, and callers may dial it.",
    "help": [
      "Give each trunk its own 'crew_id'; without one it is 'crew'. A trunk that stands in the list twice goes out once."
    ]
  },
  "CREW2105": {
    "severity": "error",
    "messages": [
      "'…' is not an IP address or network.",
      "'…' has a network length that does not exist: ….",
      "'…' is not an … address.",
      "No address is given.",
      "'…' is not an IP address."
    ],
    "why": "Forms with leading zeros, with fewer than four parts or in hexadecimal mean different addresses to different programs.",
    "help": [
      "Write four decimal numbers such as 203.0.113.10, or an IPv6 address, with /length for a network.",
      "Write the address in its plain form, for example 198.51.100.7.",
      "Give 'v4', 'v6' or both.",
      "Write the address in its plain form, for example 10.0.4.1."
    ]
  },
  "CREW2106": {
    "severity": "error",
    "messages": [
      "'…' is an address inside a network, not a network."
    ],
    "why": "It is unclear whether the one address or the whole network is meant.",
    "help": [
      "Write '…/…' for the network or '…' for the address."
    ]
  },
  "CREW2107": {
    "severity": "error",
    "messages": [
      "The allowlist is empty."
    ],
    "why": "An empty list could be read as 'allow nobody' or as 'allow everybody'; crew does not guess.",
    "help": [
      "Name the addresses of …."
    ]
  },
  "CREW2108": {
    "severity": "error",
    "messages": [
      "'…' …."
    ],
    "help": []
  },
  "CREW2109": {
    "severity": "error",
    "messages": [
      "There is no country '…'."
    ],
    "help": [
      "Write the ISO 3166-1 code of two letters, for example 'US' or 'DE'."
    ]
  },
  "CREW2110": {
    "severity": "error",
    "messages": [
      "The route says nothing of where the call goes.",
      "The route names more than one of an agent, a number and a refusal."
    ],
    "help": [
      "Give exactly one of 'agent_id', 'forward' and 'refuse'; what comes after a failure belongs in 'on_failure'."
    ]
  },
  "CREW2111": {
    "severity": "error",
    "messages": [
      "Codec … stands in the list twice."
    ],
    "help": [
      "Remove one of them."
    ]
  },
  "CREW2112": {
    "severity": "error",
    "messages": [
      "Priority … is given to … and to …."
    ],
    "help": [
      "Give each codec its own number; the lowest is offered first."
    ]
  },
  "CREW2113": {
    "severity": "error",
    "messages": [
      "The RTP range … to … has room for no call."
    ],
    "why": "A call takes four ports: RTP and RTCP on both sides.",
    "help": [
      "Give a first port and a last port at least three above it."
    ]
  },
  "CREW2114": {
    "severity": "error",
    "messages": [
      "'bind_ip' and 'public_ip' are not of the same address families."
    ],
    "help": [
      "Give a bind address for each public address, IPv4 for IPv4 and IPv6 for IPv6."
    ]
  },
  "CREW2115": {
    "severity": "error",
    "messages": [
      "All transports of the … side are off."
    ],
    "help": [
      "Leave at least one port on."
    ]
  },
  "CREW2116": {
    "severity": "warning",
    "messages": [
      "'…' stands in the list twice."
    ],
    "help": []
  },
  "CREW2117": {
    "severity": "error",
    "messages": [
      "… has one fixed sample rate; only opus takes 'sample_rate'."
    ],
    "help": [
      "Remove 'sample_rate'."
    ]
  },
  "CREW2118": {
    "severity": "error",
    "messages": [
      "The edge has no trunk '…'."
    ],
    "why": "'via' names the trunk that carries a call by its crew_id.",
    "help": [
      "Known: …….",
      "Did you mean '…'?"
    ]
  },
  "CREW2119": {
    "severity": "error",
    "messages": [
      "The pattern '…' …."
    ],
    "why": "The called number comes from outside, so a pattern must mean the same to every program and never take long to compare.",
    "help": []
  },
  "CREW2120": {
    "severity": "error",
    "messages": [
      "There is no time zone '…'."
    ],
    "why": "Hours count on the clocks of a place, with its daylight saving time; places have names in the IANA time zone database.",
    "help": [
      "Write a name such as 'Europe/Berlin' or 'America/New_York'.",
      "Did you mean '…'?"
    ]
  },
  "CREW2121": {
    "severity": "error",
    "messages": [
      "'…' asks for …, 'transport' for …."
    ],
    "help": [
      "Remove one of the two."
    ]
  },
  "CREW2122": {
    "severity": "warning",
    "messages": [
      "The user part '…' is not used: the called number stands there."
    ],
    "help": [
      "Leave it out; the user name at the provider belongs in 'auth'."
    ]
  },
  "CREW2123": {
    "severity": "error",
    "messages": [
      "No trunk of the edge has an agent '…'."
    ],
    "help": [
      "Name an agent from the 'agents' of a trunk.",
      "Did you mean '…'?"
    ]
  },
  "CREW4003": {
    "severity": "warning",
    "messages": [
      "'custom_headers.outbound' of trunk '…' has no effect: no calls go to it, since it has no 'outbound' and its other end does not register."
    ],
    "help": [
      "Add 'outbound' with the address of the other end, or remove these headers."
    ]
  },
  "CREW4007": {
    "severity": "warning",
    "messages": [
      "'pbx' is not acted on yet: no configuration for a PBX is generated."
    ],
    "help": [
      "Configure the PBX by hand to call the edge's public address."
    ]
  },
  "CREW4008": {
    "severity": "warning",
    "messages": [
      "'auth' of agent '…' has no effect: no trunk of its carries calls, since none has 'outbound' or a PBX that registers."
    ],
    "help": [
      "Add 'outbound' to a trunk that has the agent, or remove 'auth'."
    ]
  },
  "CREW4026": {
    "severity": "warning",
    "messages": [
      "Calls over the registration of trunk '…' are taken only from addresses at which '…' answers to REGISTER."
    ],
    "help": [
      "Where the provider calls from other addresses too, write them in an 'ip_allowlist' of the trunk."
    ]
  },
  "CREW4027": {
    "severity": "warning",
    "messages": [
      "Trunk '…' cannot register with '…': the carrier side has no … socket…."
    ],
    "help": [
      "Set 'network.carrier.…' and an address of that family, or name another registrar."
    ]
  },
  "CREW4028": {
    "severity": "warning",
    "messages": [
      "Trunk '…' cannot register: its user name and '…' together make a URI of more than … characters."
    ],
    "help": [
      "Name the registrar by a shorter name or by its address."
    ]
  },
  "CREW4101": {
    "severity": "warning",
    "messages": [
      "The firewall leaves the carrier side open, since trunk '…' signs in by password from any address."
    ],
    "help": [
      "Where the other end has fixed addresses, use 'ip_allowlist'."
    ]
  },
  "CREW4102": {
    "severity": "warning",
    "messages": [
      "The firewall leaves the agent side open, since the addresses behind '…' of agent '…' are not known."
    ],
    "help": [
      "Give the agent's IP address, or keep the agent side on a private network."
    ]
  },
  "CREW4103": {
    "severity": "warning",
    "messages": [
      "The firewall leaves the carrier side's TLS port open, since trunk '…' is known by its certificate at any address."
    ],
    "why": "Anybody can open … connections a second to it; without a certificate of yours they get no answer.",
    "help": [
      "Where the other end has fixed addresses, let only those through in a firewall before the edge."
    ]
  },
  "CREW4104": {
    "severity": "warning",
    "messages": [
      "The firewall leaves the carrier side open, since the addresses behind '…' of trunk '…' are not known."
    ],
    "help": [
      "Where the carrier names its addresses, write them in 'outbound' instead of the host name."
    ]
  },
  "CREW4105": {
    "severity": "warning",
    "messages": [
      "The firewall leaves the agent side open, since agent '…' places calls with a password from any address."
    ],
    "help": [
      "Where the agent has fixed addresses or a network of its own, use 'allowed_ips', or keep the agent side on a private network."
    ]
  },
  "CREW5001": {
    "severity": "error",
    "messages": [
      "This host does not let crew make the namespaces that verify runs in: …"
    ],
    "why": "The native programs read untrusted text, so they run where they reach neither the network nor the host.",
    "help": [
      "Allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1 or user.max_user_namespaces; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0; in a container a seccomp profile with unshare), install util-linux, or verify on another host."
    ]
  },
  "CREW5002": {
    "severity": "error",
    "messages": [
      "… could not be run: …."
    ],
    "help": [
      "See crew engine status, and crew engine install for a fresh engine."
    ]
  },
  "CREW5003": {
    "severity": "error",
    "messages": [
      "… did not end in … s."
    ],
    "why": "What takes so long here keeps a deployment waiting, too.",
    "help": [
      "Try again when the host is less busy."
    ]
  },
  "CREW5004": {
    "severity": "error",
    "messages": [
      "The verification was interrupted; nothing of it is left running."
    ],
    "help": []
  },
  "CREW5006": {
    "severity": "error",
    "messages": [
      "The addresses of the edge could not be made in the namespace: …."
    ],
    "help": []
  },
  "CREW5101": {
    "severity": "error",
    "messages": [
      "kamailio -c ended with exit code …: …",
      "Kamailio refuses the config: …."
    ],
    "help": [
      "This config was compiled from yours, so the fault is likely crew's: report it with the line below."
    ]
  },
  "CREW5102": {
    "severity": "error",
    "messages": [
      "The script uses …[…], which it does not define."
    ],
    "why": "kamailio -c takes this; a start refuses it, or the route is skipped without a word.",
    "help": []
  },
  "CREW5103": {
    "severity": "error",
    "messages": [
      "The regular expression \"…\" does not compile."
    ],
    "why": "kamailio -c takes this; a start refuses it.",
    "help": []
  },
  "CREW5104": {
    "severity": "error",
    "messages": [
      "The same socket is listed twice, first on line …."
    ],
    "why": "Kamailio drops the second one in silence, with its name and its advertised address.",
    "help": []
  },
  "CREW5105": {
    "severity": "error",
    "messages": [
      "Kamailio does not start: …."
    ],
    "help": []
  },
  "CREW5106": {
    "severity": "error",
    "messages": [
      "Kamailio starts but logs an error: …."
    ],
    "help": []
  },
  "CREW5107": {
    "severity": "error",
    "messages": [
      "Kamailio starts but does not answer RPC on its control socket."
    ],
    "help": []
  },
  "CREW5108": {
    "severity": "error",
    "messages": [
      "The edge does not answer OPTIONS of trunk … from … at … port …."
    ],
    "why": "The daemons started, so either the trunk's addresses did not reach them or the route script drops its requests.",
    "help": []
  },
  "CREW5109": {
    "severity": "error",
    "messages": [
      "The edge answers … to an address that belongs to no trunk."
    ],
    "why": "An edge whose trunks are all known by their addresses owes strangers silence.",
    "help": []
  },
  "CREW5110": {
    "severity": "error",
    "messages": [
      "What Kamailio loaded is not what was compiled: …."
    ],
    "help": []
  },
  "CREW5111": {
    "severity": "error",
    "messages": [
      "Two sockets of the edge are bound to …."
    ],
    "why": "The kernel allows it and gives every packet to the later one, so one of the two programs hears nothing.",
    "help": [
      "Give one of them another port."
    ]
  },
  "CREW5120": {
    "severity": "error",
    "messages": [
      "… cannot be read here: …."
    ],
    "why": "Without its certificate, key and CAs the edge does not start. The paths are those of the edge.",
    "help": [
      "Put the file there and let the user who deploys read it.",
      "Nothing needs to change where the edge is another host; there a deployment looks again."
    ]
  },
  "CREW5121": {
    "severity": "error",
    "messages": [
      "… holds no …."
    ],
    "help": [
      "Give a PEM file: text that begins with -----BEGIN."
    ]
  },
  "CREW5122": {
    "severity": "error",
    "messages": [
      "The private key is not that of the certificate."
    ],
    "why": "With another key no handshake succeeds.",
    "help": [
      "Give certificate and key of the same issue; a renewal often makes a new key."
    ]
  },
  "CREW5123": {
    "severity": "error",
    "messages": [
      "The certificate has expired: it was good until …."
    ],
    "why": "Peers that check it refuse every connection.",
    "help": [
      "Renew it."
    ]
  },
  "CREW5124": {
    "severity": "error",
    "messages": [
      "The certificate is not good before …."
    ],
    "help": [
      "Wait until then, or look whether the clock of this host is right."
    ]
  },
  "CREW5125": {
    "severity": "warning",
    "messages": [
      "The certificate expires in … days, on …."
    ],
    "help": [
      "Renew it; a running edge takes the new files by itself."
    ]
  },
  "CREW5126": {
    "severity": "error",
    "messages": [
      "The certificate is not for …: it is for …."
    ],
    "why": "Peers that check names, as they should, refuse the connection. Only subject alternative names count (RFC 9525).",
    "help": [
      "Get one with that name, or correct 'network.hostname'."
    ]
  },
  "CREW5201": {
    "severity": "error",
    "messages": [
      "nft refuses the ruleset: …."
    ],
    "help": []
  },
  "CREW5202": {
    "severity": "error",
    "messages": [
      "The firewall that the kernel holds is not what was compiled: …."
    ],
    "help": []
  },
  "CREW5301": {
    "severity": "error",
    "messages": [
      "In rtpengine.conf …."
    ],
    "why": "rtpengine ignores some faults of its file in silence and ends without a reason on others.",
    "help": []
  },
  "CREW5302": {
    "severity": "error",
    "messages": [
      "rtpengine does not start: …."
    ],
    "help": []
  },
  "CREW5303": {
    "severity": "error",
    "messages": [
      "rtpengine starts but does not serve: …."
    ],
    "help": []
  },
  "CREW5304": {
    "severity": "error",
    "messages": [
      "rtpengine starts but does not open media ports: …."
    ],
    "why": "rtpengine takes interfaces whose address the host does not have; calls would fail with 503.",
    "help": []
  },
  "CREW5305": {
    "severity": "error",
    "messages": [
      "rtpengine runs but logs an error: …."
    ],
    "help": []
  },
  "CREW6001": {
    "severity": "error",
    "messages": [
      "No value for …."
    ],
    "why": "Secrets are bound when an edge is deployed; the build never sees them.",
    "help": [
      "Set them in the environment of crew deploy, or in a file of NAME=value lines given with --secrets."
    ]
  },
  "CREW6002": {
    "severity": "error",
    "messages": [
      "The secrets file … cannot be used: …."
    ],
    "help": [
      "It holds one NAME=value per line; empty lines and lines that begin with # are skipped."
    ]
  },
  "CREW6003": {
    "severity": "error",
    "messages": [
      "The state folder … cannot be used: …."
    ],
    "why": "Generations, keys and the supervision of the edge live there.",
    "help": [
      "Name another folder with --state, or give this user the right to write there."
    ]
  },
  "CREW6004": {
    "severity": "error",
    "messages": [
      "Another command is changing this edge…: a deployment, a rollback or a down."
    ],
    "why": "Two at once would prove one configuration and commit another.",
    "help": [
      "Wait for it to end, then look at the plan again: it was made against another generation."
    ]
  },
  "CREW6005": {
    "severity": "error",
    "messages": [
      "Nobody can be asked to confirm, since this is no terminal."
    ],
    "help": [
      "Run it with --yes."
    ]
  },
  "CREW6006": {
    "severity": "error",
    "messages": [
      "… is taken by ….",
      "…, where rtpengine takes its orders, is taken by …."
    ],
    "why": "A TCP port belongs to one program. Two can bind the same UDP port without an error, and the one that started last gets all packets.",
    "help": [
      "Stop that program, or choose another port in network.",
      "Stop that program; 'crew status' and 'crew down' know the edges of this host."
    ]
  },
  "CREW6007": {
    "severity": "error",
    "messages": [
      "This host has no address …."
    ],
    "why": "The edge binds to it; behind a translating router, public_ip and what the host has differ.",
    "help": [
      "Set network.bind_ip or network.agents.address to one of …."
    ]
  },
  "CREW6008": {
    "severity": "error",
    "messages": [
      "The path … is too long for a socket (107 bytes, unix(7))."
    ],
    "help": [
      "Name a shorter state folder with --state."
    ]
  },
  "CREW6010": {
    "severity": "error",
    "messages": [
      "… did not start: …."
    ],
    "help": [
      "The whole log is in …."
    ]
  },
  "CREW6012": {
    "severity": "error",
    "messages": [
      "The proof call did not get through the new generation in … attempt…: …."
    ],
    "why": "It goes from the edge's own address through the public listener and rtpengine to a built-in echo and back.",
    "help": [
      "Look at log/kamailio.log and log/rtpengine.log in the state folder."
    ]
  },
  "CREW6013": {
    "severity": "error",
    "messages": [
      "The firewall could not be loaded: …."
    ],
    "help": []
  },
  "CREW6014": {
    "severity": "error",
    "messages": [
      "The guard took the deployment back: …."
    ],
    "help": []
  },
  "CREW6015": {
    "severity": "error",
    "messages": [
      "Going back failed too: …."
    ],
    "help": [
      "Look at crew status; crew down and crew deploy start the edge afresh."
    ]
  },
  "CREW6016": {
    "severity": "info",
    "messages": [
      "Nothing runs, as before this deployment.",
      "Generation … carries the calls, as before this deployment."
    ],
    "help": []
  },
  "CREW6017": {
    "severity": "warning",
    "messages": [
      "The firewall was not loaded: this process lacks CAP_NET_ADMIN."
    ],
    "why": "Kamailio refuses unknown sources by itself, but without the firewall every packet reaches it.",
    "help": [
      "Deploy as root, or load nftables/edge.nft.json of the bundle yourself."
    ]
  },
  "CREW6018": {
    "severity": "error",
    "messages": [
      "Nothing was ever deployed with the state folder …."
    ],
    "help": [
      "Name the folder with --state where it is not the default, or run crew deploy."
    ]
  },
  "CREW6019": {
    "severity": "error",
    "messages": [
      "There is no earlier generation that ran.",
      "Generation … is the current one.",
      "There is no generation … to go back to."
    ],
    "help": [
      "It carries the calls, or carried them last: crew deploy starts an edge that was stopped.",
      "Generations that ran before: ….",
      "Only a generation that carried calls can be gone back to: see crew generations."
    ]
  },
  "CREW6020": {
    "severity": "info",
    "messages": [
      "An earlier deployment died while it activated generation …; …."
    ],
    "help": []
  },
  "CREW6021": {
    "severity": "error",
    "messages": [
      "Not everything could be stopped: …."
    ],
    "help": [
      "A process in uninterruptible sleep, or of another user: look at crew status."
    ]
  },
  "CREW6022": {
    "severity": "error",
    "messages": [
      "The deployment was interrupted."
    ],
    "help": []
  },
  "CREW6023": {
    "severity": "error",
    "messages": [
      "The bundle in … is missing or does not have the hash that it states."
    ],
    "help": []
  },
  "CREW6024": {
    "severity": "warning",
    "messages": [
      "rtpengine restarts, because its configuration changed: calls in progress… lose their audio."
    ],
    "help": []
  },
  "CREW6025": {
    "severity": "error",
    "messages": [
      "The firewall's table is still loaded: …."
    ],
    "help": [
      "Run crew down as root."
    ]
  },
  "CREW6026": {
    "severity": "error",
    "messages": [
      "No edge was ever deployed below ….",
      "There are several edges below …: …."
    ],
    "help": [
      "Name the config, or the state folder with --state."
    ]
  },
  "CREW6027": {
    "severity": "error",
    "messages": [
      "\"…\" is no number of a generation."
    ],
    "help": [
      "crew generations lists them."
    ]
  },
  "CREW6028": {
    "severity": "error",
    "messages": [
      "… is privileged on this host: only root may bind to ports below …."
    ],
    "why": "This process lacks CAP_NET_BIND_SERVICE, and so would Kamailio.",
    "help": [
      "Choose another port in network, deploy as root, or lower the limit with sysctl net.ipv4.ip_unprivileged_port_start."
    ]
  },
  "CREW6029": {
    "severity": "warning",
    "messages": [
      "Kamailio and rtpengine run as root, since user … cannot …: …."
    ],
    "why": "Whoever finds a hole in them would then have the whole host.",
    "help": [
      "Keep state folder and engine where others may pass: chmod o+x on every folder above, or name other folders with --state and CREW_ENGINE_DIR."
    ]
  },
  "CREW6031": {
    "severity": "warning",
    "messages": [
      "… did not run, and … started again."
    ],
    "why": "Each is started again by itself when it dies, but not where its supervisor and the guard die with it.",
    "help": [
      "Look in the log of the host for what ended them, such as a lack of memory."
    ]
  },
  "CREW6032": {
    "severity": "warning",
    "messages": [
      "The quotes around … in … are part of the value."
    ],
    "why": "A secrets file is read as it stands, as docker --env-file does: no shell takes the quotes away.",
    "help": [
      "Write NAME=value without quotes, unless the password has them."
    ]
  },
  "CREW6033": {
    "severity": "warning",
    "messages": [
      "Every user of this host may read the secrets file …."
    ],
    "help": [
      "chmod o-r …"
    ]
  },
  "CREW6900": {
    "severity": "error",
    "messages": [
      "Private roots need Linux on amd64 or arm64; this is … on …."
    ],
    "help": [
      "check, build, plan and trace work here; verify and deploy need a Linux host."
    ]
  },
  "CREW6901": {
    "severity": "error",
    "messages": [
      "Cannot make a private root: apt-get cannot be started on this host."
    ],
    "why": "The packages are fetched and their signatures checked by apt (…).",
    "help": [
      "Use a Debian or Ubuntu host, or install the packages apt, dpkg and debian-archive-keyring."
    ]
  },
  "CREW6902": {
    "severity": "error",
    "messages": [
      "Engines cannot be kept in …: white space, quotes, colons and semicolons end a path for the loader and for apt."
    ],
    "help": [
      "Name another folder with CREW_ENGINE_DIR."
    ]
  },
  "CREW6903": {
    "severity": "error",
    "messages": [
      "The package index of \"…\" is not signed by …: …",
      "This host has no keys of the Debian archive, so nothing from \"…\" can be trusted."
    ],
    "why": "Packages from an index without a good signature are never unpacked; anybody on the way could have changed them.",
    "help": [
      "Compare the key with the one that the project states for this repository, and name the file of that one with --key.",
      "Update the package debian-archive-keyring, or name a newer key file with CREW_DEBIAN_KEYRING.",
      "Install the package debian-archive-keyring (Debian and Ubuntu have it), or name a key file with CREW_DEBIAN_KEYRING."
    ]
  },
  "CREW6904": {
    "severity": "error",
    "messages": [
      "The package index of \"…\" is out of date: …"
    ],
    "why": "An old index would hide security updates, so apt refuses it.",
    "help": [
      "Check the clock of this host…."
    ]
  },
  "CREW6905": {
    "severity": "error",
    "messages": [
      "No package … in … for this architecture.",
      "No package …… in … for this architecture.",
      "Nothing is taken from \"…\": it has none of … for this architecture, and nothing that they need."
    ],
    "why": "Kamailio loads only modules of its own build, so all its packages must come from one place in one version.",
    "help": [
      "Check the spelling at https://packages.debian.org and that the suite holds the package.",
      "Check address, suite and component of the repository; the projects' own repositories have all packages.",
      "Check its address, suite and component, or leave it out."
    ]
  },
  "CREW6906": {
    "severity": "error",
    "messages": [
      "The mirror cannot be reached: …"
    ],
    "help": [
      "Check the network and the proxy of this host (apt's own settings and http_proxy are used). …"
    ]
  },
  "CREW6907": {
    "severity": "error",
    "messages": [
      "A file from the mirror is not the one that the signed index names: …",
      "Downloaded twice and still not what the signed index names: ……"
    ],
    "why": "It was damaged or changed on the way, or the mirror is being updated; it has not been unpacked.",
    "help": [
      "Wait some minutes…. …",
      "Check the disk and who else writes to the engine folder, then run the same command again."
    ]
  },
  "CREW6908": {
    "severity": "error",
    "messages": [
      "The disk is full: …"
    ],
    "help": [
      "Free about 1 GB, or name a folder on another disk with CREW_ENGINE_DIR. …"
    ]
  },
  "CREW6909": {
    "severity": "error",
    "messages": [
      "apt failed (…): …"
    ],
    "help": []
  },
  "CREW6910": {
    "severity": "error",
    "messages": [
      "There is no such suite on the mirror: …"
    ],
    "help": [
      "Check the name of the suite and the address of the repository."
    ]
  },
  "CREW6911": {
    "severity": "error",
    "messages": [
      "The installation was interrupted."
    ],
    "help": []
  },
  "CREW6912": {
    "severity": "error",
    "messages": [
      "Package … cannot be unpacked: …"
    ],
    "help": [
      "Check that the disk has room (about 1 GB) and that dpkg-deb and tar are there, then run the same command again."
    ]
  },
  "CREW6913": {
    "severity": "error",
    "messages": [
      "The key file … cannot be used: …."
    ],
    "why": "A package index is believed only with a good signature by a key that was named for it.",
    "help": [
      "Fetch the public key from the project that signs the repository, compare its fingerprint (gpg --show-keys FILE) with the one that the project states, and name that file. From a keyring: gpg --export FINGERPRINT > FILE."
    ]
  },
  "CREW6914": {
    "severity": "error",
    "messages": [
      "Engine line … needs … …x, and the sources have …."
    ],
    "why": "What crew compiles for a line uses modules, parameters and flags of that series; on another one it may not start, or do something else.",
    "help": [
      "Name the repository of that series (the projects keep one for each), or another line with --engine."
    ]
  },
  "CREW6915": {
    "severity": "error",
    "messages": [
      "… … of \"…\" is not safe: …."
    ],
    "why": "The packages of Debian's own suite for line … do not have these holes.",
    "help": [
      "Name a repository with a newer …, or install the line from Debian: crew engine install --engine … --suite …."
    ]
  },
  "CREW6916": {
    "severity": "error",
    "messages": [
      "… names no repository: …."
    ],
    "help": [
      "Write it as in sources.list(5): --repository \"deb https://deb.kamailio.org/kamailio61 trixie main\" --key kamailio.asc"
    ]
  },
  "CREW6917": {
    "severity": "error",
    "messages": [
      "Packages of the sources do not fit together: …"
    ],
    "why": "A repository's packages are built for one Debian suite and want that suite's libraries.",
    "help": [
      "Name the suite that the repository's packages are built for with --suite."
    ]
  },
  "CREW6918": {
    "severity": "error",
    "messages": [],
    "why": "Every source of an engine is named with the key that signs it; nothing unsigned is unpacked.",
    "help": []
  },
  "CREW6919": {
    "severity": "error",
    "messages": [
      "Engines cannot be written to … (…)."
    ],
    "help": [
      "Name a folder of this user's with CREW_ENGINE_DIR, or run the command as the owner of this one."
    ]
  },
  "CREW6920": {
    "severity": "error",
    "messages": [
      "The engine of line … is not installed on this host."
    ],
    "why": "It is to come from …, as somebody has named for this host, and its private root is gone.",
    "help": [
      "Run \"npx crew engine install --engine …\": about 100 MB to fetch, no root needed, the host's packages stay as they are."
    ]
  },
  "CREW6921": {
    "severity": "warning",
    "messages": [
      "The host's Kamailio … and rtpengine … are not used: …."
    ],
    "help": [
      "Update or complete the host's packages from its security archive, or use the private root."
    ]
  },
  "CREW6922": {
    "severity": "warning",
    "messages": [
      "The installed private engine has known holes that newer packages close: …."
    ],
    "help": [
      "Run \"npx crew engine install --engine … --refresh\", then deploy again."
    ]
  },
  "CREW6930": {
    "severity": "error",
    "messages": [
      "'crew engine' was called with an action or line that it does not know."
    ],
    "help": [
      "Known are ….",
      "Did you mean \"…\"? Known are …."
    ]
  },
  "CREW9001": {
    "severity": "error",
    "messages": [
      "crew itself failed: …"
    ],
    "why": "This is a bug of crew, not of your config.",
    "help": []
  }
};
