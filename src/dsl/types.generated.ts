/** The config as types. Generated from src/model/schema by 'npm run gen'; do not edit. */

export interface WeightedUri {
  /** SIP URI, for example `sip:10.0.4.10:5080`. */
  readonly uri: string;
  /**
   * Lower numbers are tried first; equal ones share the load.
   *
   * @default 1
   */
  readonly priority?: number | undefined;
  /**
   * Share of the load among URIs of the same priority.
   *
   * @default 1
   */
  readonly weight?: number | undefined;
}

/** Reference to a secret that is bound at deployment and never enters an artifact. */
export interface SecretRef {
  /** Name of the environment variable, or of the entry in the secrets file, that holds the value at deployment. */
  readonly secret: string;
}

export interface AgentDigest {
  /** The peer is known by a user name and password (RFC 3261 section 22, RFC 8760). */
  readonly type: "digest";
  /** User name that the other end sends; unique on an edge. */
  readonly username: string;
  /** Password: `secret("NAME")`. */
  readonly password: SecretRef | string;
  /**
   * Realm of the challenge.
   *
   * @default the edge's `hostname`, else `crew`
   */
  readonly realm?: string | undefined;
  /**
   * Digest algorithm. `SHA-256` only where the peer can (Asterisk 22 can).
   *
   * @default `MD5`
   */
  readonly algorithm?: "MD5" | "SHA-256" | undefined;
}

/** A voice agent reachable by SIP. */
export interface Agent {
  /** Where the agent listens. Several URIs share the load and stand in for each other. */
  readonly uri: string | readonly (string | WeightedUri)[];
  /**
   * Codecs that the agent speaks, in its order, in calls to it and from it. Beside opus it needs telephone-event/48000 for digits (RFC 4733).
   *
   * @default those of the trunk
   */
  readonly codecs?: readonly ("PCMU" | "PCMA" | "opus" | "G722")[] | undefined;
  /**
   * The agent is behind NAT: its media address is learned from the first packets instead of taken from SDP, and requests within a call go to where its messages come from instead of to its Contact.
   *
   * @default true with `auth`, else false
   */
  readonly nat?: boolean | undefined;
  /**
   * SRTP towards the agent, with keys in SDP (SDES, RFC 4568): `disabled` offers plain RTP, `allowed` SRTP over TLS and plain RTP else, `required` SRTP alone, so that an address without TLS gets no calls unless the trunk has `keys_over_clear_signalling`. Of calls that the agent places, `disabled` refuses offers of SRTP with 488, `allowed` takes what is offered, `required` refuses plain RTP.
   *
   * @default `disabled`
   */
  readonly media_encryption?: "disabled" | "allowed" | "required" | undefined;
  /**
   * Addresses and networks (CIDR) from which this agent may place calls, beside those in `uri`. Who sits anywhere in a network may call as this agent, so name small ones.
   *
   * @default none
   */
  readonly allowed_ips?: readonly string[] | undefined;
  /** User name and password with which this agent may place calls from any address; the agent side then answers strangers with a challenge. Requests within the call have to come from the address that the agent proved itself at. */
  readonly auth?: AgentDigest | undefined;
}

export interface LimitPair {
  /**
   * Calls of this direction at the same time, ringing ones included.
   *
   * @default no limit
   */
  readonly calls?: number | undefined;
  /**
   * New calls of this direction in a second.
   *
   * @default no limit
   */
  readonly calls_per_second?: number | undefined;
}

export interface Refusal {
  /** SIP status code of the refusal (RFC 3261 section 21). */
  readonly code: number;
  /**
   * Reason phrase.
   *
   * @default the usual one of the code
   */
  readonly reason?: string | undefined;
}

/** What the trunk may use. */
export interface Limits {
  /**
   * Calls at the same time, of both directions, ringing ones included; a forwarded call counts on both of its trunks, and what a route refuses needs no place.
   *
   * @default no limit
   */
  readonly calls?: number | undefined;
  /**
   * New calls in a second, of both directions; those of agents wait as under `outbound`. Those that find the trunk full count too; those that no route takes or that a route refuses do not.
   *
   * @default no limit
   */
  readonly calls_per_second?: number | undefined;
  /**
   * What calls from the carrier side may use of it.
   *
   * @default all
   */
  readonly inbound?: LimitPair | undefined;
  /**
   * What calls to the carrier side may use of it; beyond it, a call goes to the outbound route's next trunk. Where there is none, an agent's call that is over `calls_per_second` waits for its turn, two seconds at most, and does not count meanwhile; any other is refused at once.
   *
   * @default all
   */
  readonly outbound?: LimitPair | undefined;
  /**
   * Minutes after its INVITE at which a call is ended, with a BYE to both sides; for a forwarded call the shorter one of its trunks counts. Calls whose media relay has crashed are not ended.
   *
   * @default no limit
   */
  readonly call_minutes?: number | undefined;
  /**
   * Seconds in which neither side sends a packet, after which a call is ended, with a BYE to both; one side that still sends keeps the call, since the other may be silent for good reasons (mute with DTX); a side that is gone while the other sends is what `session_timer` finds. On hold, where a side has said that it does not send, it is 58 minutes.
   *
   * @default 60 where `call_minutes` is set; else such a call is not ended, but has no media ports any more after 60 seconds, or after the edge's largest `media_timeout` and 30 seconds where that is longer
   */
  readonly media_timeout?: number | undefined;
  /**
   * What a full trunk answers.
   *
   * @default 503 Service Unavailable
   */
  readonly response?: Refusal | undefined;
}

export interface IpAllowlist {
  /** The trunk is known by the source address of its requests. */
  readonly type: "ip_allowlist";
  /** Addresses and networks (CIDR) that belong to the trunk. An empty list would refuse every call and is an error. */
  readonly allowed_ips: readonly string[];
}

export interface Digest {
  /** The peer is known by a user name and password (RFC 3261 section 22, RFC 8760). */
  readonly type: "digest";
  /** User name that the other end sends; unique on an edge. */
  readonly username: string;
  /** Password: `secret("NAME")`. */
  readonly password: SecretRef | string;
  /**
   * Realm of the challenge.
   *
   * @default the edge's `hostname`, else `crew`
   */
  readonly realm?: string | undefined;
  /**
   * Digest algorithm. `SHA-256` only where the peer can (Asterisk 22 can).
   *
   * @default `MD5`
   */
  readonly algorithm?: "MD5" | "SHA-256" | undefined;
  /**
   * The other end, such as a PBX behind NAT, may register where it takes calls, for 60 to 3600 seconds: one contact in a REGISTER, and of several the newest five are kept; `forward` and calls of agents to a trunk without `outbound` go there, with the number or extension as it was dialled: what may be called, the PBX decides.
   *
   * @default true
   */
  readonly register?: boolean | undefined;
}

export interface ClientCertificate {
  /** The trunk is known by its TLS certificate; needs TLS on the carrier side and `network.tls.ca`. */
  readonly type: "client_certificate";
  /** Host name that the peer's certificate carries (subject alternative name); unique on an edge. */
  readonly name: string;
}

/** Credentials that answer the provider's challenge. */
export interface OutboundAuth {
  /** User name at the provider. */
  readonly username: string;
  /** Password at the provider: `secret("NAME")`. */
  readonly password: SecretRef | string;
  /**
   * Realm of the provider's challenge; challenges of other realms are not answered.
   *
   * @default any realm
   */
  readonly realm?: string | undefined;
}

export interface Registration {
  /**
   * Where to register, as a SIP URI.
   *
   * @default the first `uri`
   */
  readonly registrar?: string | undefined;
  /**
   * Seconds that a registration is asked to last.
   *
   * @default 300
   */
  readonly expires?: number | undefined;
  /**
   * User part of the address that the provider shall call.
   *
   * @default the trunk's `crew_id`
   */
  readonly contact_user?: string | undefined;
}

/** Calls from agents to the carrier side. An agent names the trunk of its call, by `crew_id`, in the header `X-Crew-Trunk` of its INVITE; without it the edge's `outbound_routes` decide, else the agent's only trunk carries it. */
export interface Outbound {
  /** Where the provider takes calls. Several URIs share the load and stand in for each other. */
  readonly uri: string | readonly (string | WeightedUri)[];
  /** Transport towards the provider where a URI does not say `;transport=…`. Over `tls` nothing is sent before the provider has answered an OPTIONS with a certificate for the host of its URI. Default: `udp`, with `sips:` `tls`. */
  readonly transport?: "udp" | "tcp" | "tls" | undefined;
  /** Credentials that answer the provider's challenge. */
  readonly auth?: OutboundAuth | undefined;
  /**
   * Caller's number of outbound calls, completed by the trunk's `country` where it is not a short number; takes the place of the agent's own.
   *
   * @default the agent's own
   */
  readonly caller_id?: string | undefined;
  /**
   * Numbers that an agent may choose as the caller; every other one gives way to `caller_id`.
   *
   * @default none
   */
  readonly caller_ids?: readonly string[] | undefined;
  /**
   * How numbers are written towards the provider: `e164` +14155551111, `digits` 14155551111, `national` as dialled inside of the trunk's `country` (other countries as `international`), `international` with 00 or the country's own prefix.
   *
   * @default `e164`
   */
  readonly number_format?: "e164" | "digits" | "national" | "international" | undefined;
  /**
   * Mark URIs that hold a number with `;user=phone` (RFC 3261 section 19.1.1).
   *
   * @default false
   */
  readonly user_phone?: boolean | undefined;
  /**
   * Starts of the numbers in E.164 that may be called, for example `+49`; all others are refused with 403. `+1` is all of North America and the Caribbean, `+` every number. A short number, of fewer than 7 digits such as `911`, is called as it is where it is an entry itself or `+` is one: name those of emergency services.
   *
   * @default the trunk's `country`, without one every number
   */
  readonly allowed_destinations?: readonly string[] | undefined;
  /**
   * Starts of numbers in E.164 that are never called, for example `+1900`; they win over `allowed_destinations`.
   *
   * @default none
   */
  readonly denied_destinations?: readonly string[] | undefined;
  /**
   * Register with the provider (RFC 3261 section 10), with the user name and password of `auth`. Calls to the registered address are taken from the registrar and from the hosts of `uri`.
   *
   * @default no registration
   */
  readonly register?: true | Registration | undefined;
}

export interface HeaderEquals {
  /** Name of the header, in any case; the short form of a name counts too. */
  readonly name: string;
  /** The whole value, compared letter by letter. */
  readonly equals: string;
}

export interface HeaderContains {
  /** Name of the header, in any case; the short form of a name counts too. */
  readonly name: string;
  /** Part of the value, compared letter by letter. */
  readonly contains: string;
}

export interface HeaderPresent {
  /** Name of the header, in any case; the short form of a name counts too. */
  readonly name: string;
  /** The header is there, whatever its value. */
  readonly present: true;
}

export type HeaderCondition = HeaderEquals | HeaderContains | HeaderPresent;

export type TimeZone = 
  | "Africa/Abidjan"
  | "Africa/Accra"
  | "Africa/Addis_Ababa"
  | "Africa/Algiers"
  | "Africa/Asmera"
  | "Africa/Bamako"
  | "Africa/Bangui"
  | "Africa/Banjul"
  | "Africa/Bissau"
  | "Africa/Blantyre"
  | "Africa/Brazzaville"
  | "Africa/Bujumbura"
  | "Africa/Cairo"
  | "Africa/Casablanca"
  | "Africa/Ceuta"
  | "Africa/Conakry"
  | "Africa/Dakar"
  | "Africa/Dar_es_Salaam"
  | "Africa/Djibouti"
  | "Africa/Douala"
  | "Africa/El_Aaiun"
  | "Africa/Freetown"
  | "Africa/Gaborone"
  | "Africa/Harare"
  | "Africa/Johannesburg"
  | "Africa/Juba"
  | "Africa/Kampala"
  | "Africa/Khartoum"
  | "Africa/Kigali"
  | "Africa/Kinshasa"
  | "Africa/Lagos"
  | "Africa/Libreville"
  | "Africa/Lome"
  | "Africa/Luanda"
  | "Africa/Lubumbashi"
  | "Africa/Lusaka"
  | "Africa/Malabo"
  | "Africa/Maputo"
  | "Africa/Maseru"
  | "Africa/Mbabane"
  | "Africa/Mogadishu"
  | "Africa/Monrovia"
  | "Africa/Nairobi"
  | "Africa/Ndjamena"
  | "Africa/Niamey"
  | "Africa/Nouakchott"
  | "Africa/Ouagadougou"
  | "Africa/Porto-Novo"
  | "Africa/Sao_Tome"
  | "Africa/Tripoli"
  | "Africa/Tunis"
  | "Africa/Windhoek"
  | "America/Adak"
  | "America/Anchorage"
  | "America/Anguilla"
  | "America/Antigua"
  | "America/Araguaina"
  | "America/Argentina/La_Rioja"
  | "America/Argentina/Rio_Gallegos"
  | "America/Argentina/Salta"
  | "America/Argentina/San_Juan"
  | "America/Argentina/San_Luis"
  | "America/Argentina/Tucuman"
  | "America/Argentina/Ushuaia"
  | "America/Aruba"
  | "America/Asuncion"
  | "America/Bahia"
  | "America/Bahia_Banderas"
  | "America/Barbados"
  | "America/Belem"
  | "America/Belize"
  | "America/Blanc-Sablon"
  | "America/Boa_Vista"
  | "America/Bogota"
  | "America/Boise"
  | "America/Buenos_Aires"
  | "America/Cambridge_Bay"
  | "America/Campo_Grande"
  | "America/Cancun"
  | "America/Caracas"
  | "America/Catamarca"
  | "America/Cayenne"
  | "America/Cayman"
  | "America/Chicago"
  | "America/Chihuahua"
  | "America/Ciudad_Juarez"
  | "America/Coral_Harbour"
  | "America/Cordoba"
  | "America/Costa_Rica"
  | "America/Coyhaique"
  | "America/Creston"
  | "America/Cuiaba"
  | "America/Curacao"
  | "America/Danmarkshavn"
  | "America/Dawson"
  | "America/Dawson_Creek"
  | "America/Denver"
  | "America/Detroit"
  | "America/Dominica"
  | "America/Edmonton"
  | "America/Eirunepe"
  | "America/El_Salvador"
  | "America/Fort_Nelson"
  | "America/Fortaleza"
  | "America/Glace_Bay"
  | "America/Godthab"
  | "America/Goose_Bay"
  | "America/Grand_Turk"
  | "America/Grenada"
  | "America/Guadeloupe"
  | "America/Guatemala"
  | "America/Guayaquil"
  | "America/Guyana"
  | "America/Halifax"
  | "America/Havana"
  | "America/Hermosillo"
  | "America/Indiana/Knox"
  | "America/Indiana/Marengo"
  | "America/Indiana/Petersburg"
  | "America/Indiana/Tell_City"
  | "America/Indiana/Vevay"
  | "America/Indiana/Vincennes"
  | "America/Indiana/Winamac"
  | "America/Indianapolis"
  | "America/Inuvik"
  | "America/Iqaluit"
  | "America/Jamaica"
  | "America/Jujuy"
  | "America/Juneau"
  | "America/Kentucky/Monticello"
  | "America/Kralendijk"
  | "America/La_Paz"
  | "America/Lima"
  | "America/Los_Angeles"
  | "America/Louisville"
  | "America/Lower_Princes"
  | "America/Maceio"
  | "America/Managua"
  | "America/Manaus"
  | "America/Marigot"
  | "America/Martinique"
  | "America/Matamoros"
  | "America/Mazatlan"
  | "America/Mendoza"
  | "America/Menominee"
  | "America/Merida"
  | "America/Metlakatla"
  | "America/Mexico_City"
  | "America/Miquelon"
  | "America/Moncton"
  | "America/Monterrey"
  | "America/Montevideo"
  | "America/Montserrat"
  | "America/Nassau"
  | "America/New_York"
  | "America/Nome"
  | "America/Noronha"
  | "America/North_Dakota/Beulah"
  | "America/North_Dakota/Center"
  | "America/North_Dakota/New_Salem"
  | "America/Ojinaga"
  | "America/Panama"
  | "America/Paramaribo"
  | "America/Phoenix"
  | "America/Port-au-Prince"
  | "America/Port_of_Spain"
  | "America/Porto_Velho"
  | "America/Puerto_Rico"
  | "America/Punta_Arenas"
  | "America/Rankin_Inlet"
  | "America/Recife"
  | "America/Regina"
  | "America/Resolute"
  | "America/Rio_Branco"
  | "America/Santarem"
  | "America/Santiago"
  | "America/Santo_Domingo"
  | "America/Sao_Paulo"
  | "America/Scoresbysund"
  | "America/Sitka"
  | "America/St_Barthelemy"
  | "America/St_Johns"
  | "America/St_Kitts"
  | "America/St_Lucia"
  | "America/St_Thomas"
  | "America/St_Vincent"
  | "America/Swift_Current"
  | "America/Tegucigalpa"
  | "America/Thule"
  | "America/Tijuana"
  | "America/Toronto"
  | "America/Tortola"
  | "America/Vancouver"
  | "America/Whitehorse"
  | "America/Winnipeg"
  | "America/Yakutat"
  | "Antarctica/Casey"
  | "Antarctica/Davis"
  | "Antarctica/DumontDUrville"
  | "Antarctica/Macquarie"
  | "Antarctica/Mawson"
  | "Antarctica/McMurdo"
  | "Antarctica/Palmer"
  | "Antarctica/Rothera"
  | "Antarctica/Syowa"
  | "Antarctica/Troll"
  | "Antarctica/Vostok"
  | "Arctic/Longyearbyen"
  | "Asia/Aden"
  | "Asia/Almaty"
  | "Asia/Amman"
  | "Asia/Anadyr"
  | "Asia/Aqtau"
  | "Asia/Aqtobe"
  | "Asia/Ashgabat"
  | "Asia/Atyrau"
  | "Asia/Baghdad"
  | "Asia/Bahrain"
  | "Asia/Baku"
  | "Asia/Bangkok"
  | "Asia/Barnaul"
  | "Asia/Beirut"
  | "Asia/Bishkek"
  | "Asia/Brunei"
  | "Asia/Calcutta"
  | "Asia/Chita"
  | "Asia/Colombo"
  | "Asia/Damascus"
  | "Asia/Dhaka"
  | "Asia/Dili"
  | "Asia/Dubai"
  | "Asia/Dushanbe"
  | "Asia/Famagusta"
  | "Asia/Gaza"
  | "Asia/Hebron"
  | "Asia/Hong_Kong"
  | "Asia/Hovd"
  | "Asia/Irkutsk"
  | "Asia/Jakarta"
  | "Asia/Jayapura"
  | "Asia/Jerusalem"
  | "Asia/Kabul"
  | "Asia/Kamchatka"
  | "Asia/Karachi"
  | "Asia/Katmandu"
  | "Asia/Khandyga"
  | "Asia/Krasnoyarsk"
  | "Asia/Kuala_Lumpur"
  | "Asia/Kuching"
  | "Asia/Kuwait"
  | "Asia/Macau"
  | "Asia/Magadan"
  | "Asia/Makassar"
  | "Asia/Manila"
  | "Asia/Muscat"
  | "Asia/Nicosia"
  | "Asia/Novokuznetsk"
  | "Asia/Novosibirsk"
  | "Asia/Omsk"
  | "Asia/Oral"
  | "Asia/Phnom_Penh"
  | "Asia/Pontianak"
  | "Asia/Pyongyang"
  | "Asia/Qatar"
  | "Asia/Qostanay"
  | "Asia/Qyzylorda"
  | "Asia/Rangoon"
  | "Asia/Riyadh"
  | "Asia/Saigon"
  | "Asia/Sakhalin"
  | "Asia/Samarkand"
  | "Asia/Seoul"
  | "Asia/Shanghai"
  | "Asia/Singapore"
  | "Asia/Srednekolymsk"
  | "Asia/Taipei"
  | "Asia/Tashkent"
  | "Asia/Tbilisi"
  | "Asia/Tehran"
  | "Asia/Thimphu"
  | "Asia/Tokyo"
  | "Asia/Tomsk"
  | "Asia/Ulaanbaatar"
  | "Asia/Urumqi"
  | "Asia/Ust-Nera"
  | "Asia/Vientiane"
  | "Asia/Vladivostok"
  | "Asia/Yakutsk"
  | "Asia/Yekaterinburg"
  | "Asia/Yerevan"
  | "Atlantic/Azores"
  | "Atlantic/Bermuda"
  | "Atlantic/Canary"
  | "Atlantic/Cape_Verde"
  | "Atlantic/Faeroe"
  | "Atlantic/Madeira"
  | "Atlantic/Reykjavik"
  | "Atlantic/South_Georgia"
  | "Atlantic/St_Helena"
  | "Atlantic/Stanley"
  | "Australia/Adelaide"
  | "Australia/Brisbane"
  | "Australia/Broken_Hill"
  | "Australia/Darwin"
  | "Australia/Eucla"
  | "Australia/Hobart"
  | "Australia/Lindeman"
  | "Australia/Lord_Howe"
  | "Australia/Melbourne"
  | "Australia/Perth"
  | "Australia/Sydney"
  | "Europe/Amsterdam"
  | "Europe/Andorra"
  | "Europe/Astrakhan"
  | "Europe/Athens"
  | "Europe/Belgrade"
  | "Europe/Berlin"
  | "Europe/Bratislava"
  | "Europe/Brussels"
  | "Europe/Bucharest"
  | "Europe/Budapest"
  | "Europe/Busingen"
  | "Europe/Chisinau"
  | "Europe/Copenhagen"
  | "Europe/Dublin"
  | "Europe/Gibraltar"
  | "Europe/Guernsey"
  | "Europe/Helsinki"
  | "Europe/Isle_of_Man"
  | "Europe/Istanbul"
  | "Europe/Jersey"
  | "Europe/Kaliningrad"
  | "Europe/Kiev"
  | "Europe/Kirov"
  | "Europe/Lisbon"
  | "Europe/Ljubljana"
  | "Europe/London"
  | "Europe/Luxembourg"
  | "Europe/Madrid"
  | "Europe/Malta"
  | "Europe/Mariehamn"
  | "Europe/Minsk"
  | "Europe/Monaco"
  | "Europe/Moscow"
  | "Europe/Oslo"
  | "Europe/Paris"
  | "Europe/Podgorica"
  | "Europe/Prague"
  | "Europe/Riga"
  | "Europe/Rome"
  | "Europe/Samara"
  | "Europe/San_Marino"
  | "Europe/Sarajevo"
  | "Europe/Saratov"
  | "Europe/Simferopol"
  | "Europe/Skopje"
  | "Europe/Sofia"
  | "Europe/Stockholm"
  | "Europe/Tallinn"
  | "Europe/Tirane"
  | "Europe/Ulyanovsk"
  | "Europe/Vaduz"
  | "Europe/Vatican"
  | "Europe/Vienna"
  | "Europe/Vilnius"
  | "Europe/Volgograd"
  | "Europe/Warsaw"
  | "Europe/Zagreb"
  | "Europe/Zurich"
  | "Indian/Antananarivo"
  | "Indian/Chagos"
  | "Indian/Christmas"
  | "Indian/Cocos"
  | "Indian/Comoro"
  | "Indian/Kerguelen"
  | "Indian/Mahe"
  | "Indian/Maldives"
  | "Indian/Mauritius"
  | "Indian/Mayotte"
  | "Indian/Reunion"
  | "Pacific/Apia"
  | "Pacific/Auckland"
  | "Pacific/Bougainville"
  | "Pacific/Chatham"
  | "Pacific/Easter"
  | "Pacific/Efate"
  | "Pacific/Enderbury"
  | "Pacific/Fakaofo"
  | "Pacific/Fiji"
  | "Pacific/Funafuti"
  | "Pacific/Galapagos"
  | "Pacific/Gambier"
  | "Pacific/Guadalcanal"
  | "Pacific/Guam"
  | "Pacific/Honolulu"
  | "Pacific/Kiritimati"
  | "Pacific/Kosrae"
  | "Pacific/Kwajalein"
  | "Pacific/Majuro"
  | "Pacific/Marquesas"
  | "Pacific/Midway"
  | "Pacific/Nauru"
  | "Pacific/Niue"
  | "Pacific/Norfolk"
  | "Pacific/Noumea"
  | "Pacific/Pago_Pago"
  | "Pacific/Palau"
  | "Pacific/Pitcairn"
  | "Pacific/Ponape"
  | "Pacific/Port_Moresby"
  | "Pacific/Rarotonga"
  | "Pacific/Saipan"
  | "Pacific/Tahiti"
  | "Pacific/Tarawa"
  | "Pacific/Tongatapu"
  | "Pacific/Truk"
  | "Pacific/Wake"
  | "Pacific/Wallis"
  | "UTC"
  | (string & {});

export interface Hours {
  /** IANA name of the time zone whose clocks count, for example `Europe/Berlin`, with daylight saving time as it is known when the config is built. */
  readonly time_zone: TimeZone;
  /**
   * Days of the week on which the hours begin.
   *
   * @default every day
   */
  readonly days?: readonly ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[] | undefined;
  /** First minute, as `09:00`. */
  readonly from: string;
  /** First minute that no longer belongs, as `17:30`; one before `from` is on the next day, `24:00` is midnight. */
  readonly to: string;
}

/** Conditions that must all hold. An empty match takes every call. */
export interface Match {
  /** Called user part, compared literally and case-sensitively. */
  readonly to_user?: string | undefined;
  /** Called number, compared in E.164; `country` on the trunk completes national forms. A short number, of fewer than 7 digits such as `911`, is compared as it is. */
  readonly to_uri?: string | undefined;
  /** Start of the called number in E.164, for example `+1415`. Without `+` it is the start of a national number of the trunk's `country`. */
  readonly to_prefix?: string | undefined;
  /** Regular expression (POSIX extended) that the whole called user part must match, as dialled and case-sensitively, for example `[2-4][0-9]{3}`; at most 128 characters, no backslash, no repeated group. */
  readonly to_pattern?: string | undefined;
  /** Caller's number, compared in E.164. */
  readonly caller?: string | undefined;
  /** Start of the caller's number in E.164, for example `+49`. Without `+` it is the start of a national number of the trunk's `country`. */
  readonly caller_prefix?: string | undefined;
  /** What a header of the INVITE must be; of several, all. Where the INVITE has several of a name, one that fits is enough. */
  readonly header?: HeaderCondition | readonly HeaderCondition[] | undefined;
  /** Day and time at which the rule holds; of several, any. */
  readonly hours?: Hours | readonly Hours[] | undefined;
  /** Day and time at which the rule does not hold; of several, any. */
  readonly not_hours?: Hours | readonly Hours[] | undefined;
}

export interface ForwardVia {
  /** The number, in E.164 or completed by the trunk's `country`. */
  readonly number: string;
  /**
   * The `crew_id` of the trunk that carries the call.
   *
   * @default this trunk
   */
  readonly via?: string | undefined;
}

export interface ForwardToExtension {
  /** An extension of a PBX that registers here, or any other user name there, called as it stands; the trunk's own `crew_id` calls the registered address unchanged, as a single telephone wants it. */
  readonly extension: string;
  /**
   * The `crew_id` of the PBX's trunk.
   *
   * @default this trunk
   */
  readonly via?: string | undefined;
}

/** Forward the call to a number over this trunk's `outbound`, or `via` another trunk; Diversion (RFC 5806) is added. Without `outbound` the call goes where the trunk's PBX has registered, which has the number, or the `extension`, in the Request-URI. */
export type Forward = string | ForwardVia | ForwardToExtension;

export interface ToAgent<AgentId extends string = string> {
  /** Id of one of the trunk's agents. */
  readonly agent_id: AgentId;
}

export interface ToNumber {
  /** Forward the call to a number over this trunk's `outbound`, or `via` another trunk; Diversion (RFC 5806) is added. Without `outbound` the call goes where the trunk's PBX has registered, which has the number, or the `extension`, in the Request-URI. */
  readonly forward: Forward;
}

export interface ToRefusal {
  /** Refuse the call. */
  readonly refuse: Refusal;
}

export type NextChoice<AgentId extends string = string> = ToAgent<AgentId> | ToNumber | ToRefusal;

/** A rule that sends an inbound call to an agent or a number, or refuses it. The first rule that matches wins. */
export interface Route<AgentId extends string = string> {
  /** Conditions that must all hold. An empty match takes every call. */
  readonly match: Match;
  /** The agent that takes the call. */
  readonly agent_id?: AgentId | undefined;
  /** Forward the call to a number over this trunk's `outbound`, or `via` another trunk; Diversion (RFC 5806) is added. Without `outbound` the call goes where the trunk's PBX has registered, which has the number, or the `extension`, in the Request-URI. */
  readonly forward?: Forward | undefined;
  /** Refuse the call instead of giving it to anybody. */
  readonly refuse?: Refusal | undefined;
  /**
   * Seconds that an agent or number may ring before the next choice is tried.
   *
   * @default 180, after which the edge cancels the call
   */
  readonly ring_timeout?: number | undefined;
  /** What comes next, in order, where an agent or number cannot be reached or answers that it cannot take the call. */
  readonly on_failure?: readonly NextChoice<AgentId>[] | undefined;
}

export interface Codec {
  /** Codec by its RTP name (RFC 3551, RFC 7587): `PCMU` is G.711 μ-law, `PCMA` is G.711 A-law. */
  readonly name: "PCMU" | "PCMA" | "opus" | "G722";
  /**
   * Order of preference: the lowest number is offered first.
   *
   * @default place in the list
   */
  readonly priority?: number | undefined;
  /** Audio bandwidth asked of Opus where the edge transcodes to it, in Hz (RFC 7587 maxplaybackrate and sprop-maxcapturerate); Opus that passes keeps what its two ends say. SDP always says opus/48000/2, and beside G.711 the audio has 8 kHz whatever stands here. */
  readonly sample_rate?: 8000 | 12000 | 16000 | 24000 | 48000 | undefined;
}

export interface InboundHeader {
  /** Header of the INVITE from the carrier side. */
  readonly header: string;
  /** Variable that it becomes: the agent gets its first value as `X-Crew-Var-<variable>`, on one line and at most 256 bytes long; no header where it is missing. */
  readonly variable: string;
}

export interface OutboundHeader {
  /** Header of the INVITE towards the carrier side. */
  readonly header: string;
  /** Its value; `{{name}}` is filled from `X-Crew-Var-<name>` of the agent's INVITE. Where that is missing, the header is left out. */
  readonly value: string;
}

/** Headers that cross the edge, beyond the protocol's own. */
export interface CustomHeaders {
  /** Headers of the carrier side that agents get. */
  readonly inbound?: readonly InboundHeader[] | undefined;
  /** Headers that calls to the carrier side carry. */
  readonly outbound?: readonly OutboundHeader[] | undefined;
}

/**
 * Where the caller's number comes from: P-Asserted-Identity (`pai`), Remote-Party-ID (`rpid`), P-Preferred-Identity (`ppi`) or From. The agent gets it in From and P-Asserted-Identity, in E.164 where the trunk has a `country`; of a caller who asks for privacy it gets an anonymous From and `Privacy: id`.
 *
 * @default From as it stands
 */
export interface CallerId {
  /** Header of inbound calls that the caller's number is read from, and that carries it on outbound calls. */
  readonly source: "pai" | "rpid" | "ppi" | "from";
  /**
   * Header of inbound calls that is read where the first is missing. Where both are, the agent gets From, but no P-Asserted-Identity.
   *
   * @default `from`
   */
  readonly fallback?: "pai" | "rpid" | "ppi" | "from" | undefined;
}

export interface SessionTimer {
  /**
   * Seconds without a refresh after which a call counts as dead (Session-Expires).
   *
   * @default 1800
   */
  readonly expires?: number | undefined;
  /**
   * The shortest such time, in seconds (Min-SE). Less is refused with 422, or made so long where the caller does not know session timers.
   *
   * @default 90
   */
  readonly min?: number | undefined;
}

export interface Failover {
  /**
   * SIP codes of an agent's answer after which the next choice is tried, beside the usual ones.
   *
   * @default none
   */
  readonly continue_on?: readonly number[] | undefined;
  /**
   * SIP codes of an agent's answer that end the attempt, of those after which it usually goes on; 503 reaches the other end as 500 (RFC 3261 section 16.7).
   *
   * @default none
   */
  readonly stop_on?: readonly number[] | undefined;
}

/** The SIP side of the trunk. */
export interface Sip<AgentId extends string = string> {
  /** How the other end proves who it is. Without it the trunk refuses every inbound call. */
  readonly auth?: IpAllowlist | Digest | ClientCertificate | undefined;
  /** Calls from agents to the carrier side. An agent names the trunk of its call, by `crew_id`, in the header `X-Crew-Trunk` of its INVITE; without it the edge's `outbound_routes` decide, else the agent's only trunk carries it. */
  readonly outbound?: Outbound | undefined;
  /** Where inbound calls go, first match wins. No match: 404. */
  readonly inbound_routes?: readonly Route<AgentId>[] | undefined;
  /**
   * Codecs of the trunk, for audio: of an offer, video and data streams are refused; fax (T.38) and real-time text pass as they come.
   *
   * @default PCMU, PCMA, opus
   */
  readonly codecs?: readonly Codec[] | undefined;
  /** Headers that cross the edge, beyond the protocol's own. */
  readonly custom_headers?: CustomHeaders | undefined;
  /**
   * Where the caller's number comes from: P-Asserted-Identity (`pai`), Remote-Party-ID (`rpid`), P-Preferred-Identity (`ppi`) or From. The agent gets it in From and P-Asserted-Identity, in E.164 where the trunk has a `country`; of a caller who asks for privacy it gets an anonymous From and `Privacy: id`.
   *
   * @default From as it stands
   */
  readonly caller_id?: CallerId | undefined;
  /**
   * SRTP with the carrier side, with keys in SDP (SDES, RFC 4568): `disabled` refuses offers of SRTP with 488, `allowed` takes what is offered, `required` refuses plain RTP. Where the edge offers, `allowed` is SRTP over TLS and plain RTP else.
   *
   * @default `disabled`
   */
  readonly media_encryption?: "disabled" | "allowed" | "required" | undefined;
  /**
   * Let the keys of SRTP travel in SDP (SDES, RFC 4568) over UDP or TCP too, where whoever sees the messages can decrypt the audio. Goes for the agents of the trunk's calls too. Without it SRTP over UDP or TCP is refused, and not offered.
   *
   * @default false
   */
  readonly keys_over_clear_signalling?: boolean | undefined;
  /**
   * Turn one codec into another: `auto` only where an offer has none that the other side speaks, `always` so that each side gets the first codec of its list, `never`.
   *
   * @default `auto`
   */
  readonly transcode?: "auto" | "always" | "never" | undefined;
  /**
   * How digits cross: `rfc4733` as telephone events in the audio stream, also those that come as SIP INFO (`application/dtmf-relay` or `application/dtmf`), and `info` as SIP INFO to and from the other end, while agents send and get telephone events; for both the edge decodes the audio of the trunk's calls. `auto` as they come, and so in calls that the edge forwards to the trunk.
   *
   * @default `auto`
   */
  readonly dtmf?: "rfc4733" | "info" | "auto" | undefined;
  /**
   * Session timer (RFC 4028): Session-Expires, which the edge adds where an INVITE has none, and the shortest that it takes. The two ends refresh, the edge never does. `false` leaves all that to them.
   *
   * @default 1800 seconds
   */
  readonly session_timer?: false | SessionTimer | undefined;
  /**
   * Call transfer by REFER within a call: `off` refuses it with 405, `pass` hands it to the other side, which then calls by itself; whom it may name says `refer_to`. In calls that the edge forwards it is refused with 405 in any case. Where the other side asks for a password, the edge has one only for the carrier of a call that an agent placed; else the REFER is answered 500.
   *
   * @default `off`
   */
  readonly refer?: "off" | "pass" | undefined;
  /**
   * Whom a REFER may name, from either side: starts of numbers in E.164, for example `+1415`, and extensions or names as they stand, for example `2003`; anybody else is refused with 403, and so is what `outbound` denies.
   *
   * @default what `outbound` allows; without `outbound` nobody
   */
  readonly refer_to?: readonly string[] | undefined;
  /** Which answers lead to the next choice. Usually: 408, 430, 480, 500, 502, 503, 504 and 580. Silence, a failed connection and ringing for too long always do. */
  readonly failover?: Failover | undefined;
  /**
   * The other end is behind NAT: its media address is learned from the first packets instead of taken from SDP, and requests within a call go to where its messages come from instead of to its Contact.
   *
   * @default true with digest, else false
   */
  readonly nat?: boolean | undefined;
}

export interface Pbx {
  /** Kind of PBX, for example `asterisk`. */
  readonly type: string;
  readonly [other: string]: unknown;
}

/** One relationship with a PBX or provider. */
export interface Trunk<AgentId extends string = string> {
  /**
   * Name of the trunk, unique on an edge; callers may dial `sip:{crew_id}@…`.
   *
   * @default `crew`
   */
  readonly crew_id?: string | undefined;
  /** The agents of this trunk by their id: what `agent_id` may name. */
  readonly agents?: { readonly [name: string]: Agent } | undefined;
  /** One SIP application that serves all agents and takes the agent's id as the user part; then any `agent_id` is good. */
  readonly agent_gateway?: string | undefined;
  /** Country of the trunk's numbers (ISO 3166-1 alpha-2): completes national forms to E.164. Fewer than 7 digits, such as `911`, are a short number and stay as they are. */
  readonly country?: string | undefined;
  /** What the trunk may use. */
  readonly limits?: Limits | undefined;
  /** The SIP side of the trunk. */
  readonly sip: Sip<AgentId>;
  /** PBXs at the other end whose configuration is generated too. */
  readonly pbx?: readonly Pbx[] | undefined;
}

/** Conditions that must all hold. An empty match takes every call. */
export interface OutboundMatch {
  /** Called number in E.164, or a short one, of fewer than 7 digits such as `911`, as it is. */
  readonly to_uri?: string | undefined;
  /** Start of the called number in E.164, for example `+49`. */
  readonly to_prefix?: string | undefined;
  /** Id of the agent that places the call. */
  readonly agent_id?: string | undefined;
}

/** A rule that says over which trunk an agent's call goes. The first rule that matches wins. */
export interface OutboundRoute {
  /** Conditions that must all hold. An empty match takes every call. */
  readonly match: OutboundMatch;
  /** The `crew_id` of the trunk that carries the call; several are tried in order. */
  readonly via: string | readonly string[];
}

export interface Addresses {
  /** IPv4 address. */
  readonly v4?: string | undefined;
  /** IPv6 address. */
  readonly v6?: string | undefined;
}

/** Ports of the carrier side. */
export interface CarrierPorts {
  /**
   * UDP port for carriers and PBXs, or false.
   *
   * @default 5060
   */
  readonly udp?: number | false | undefined;
  /**
   * TCP port for carriers and PBXs, or false.
   *
   * @default 5060, on engine 5.6 none
   */
  readonly tcp?: number | false | undefined;
  /**
   * TLS port for carriers and PBXs; needs `tls`.
   *
   * @default 5061 where there is a certificate
   */
  readonly tls?: number | false | undefined;
}

/** Address and ports of the agent side. */
export interface AgentPorts {
  /**
   * Address of the interface towards the agents.
   *
   * @default `bind_ip`
   */
  readonly address?: string | undefined;
  /**
   * UDP port for agents, or false.
   *
   * @default 5080
   */
  readonly udp?: number | false | undefined;
  /**
   * TCP port for agents, or false.
   *
   * @default 5080, on engine 5.6 none
   */
  readonly tcp?: number | false | undefined;
  /**
   * TLS port for agents; needs `tls`.
   *
   * @default 5081 where there is a certificate
   */
  readonly tls?: number | false | undefined;
}

/**
 * Calls of a direction whose media ports those of the other one cannot take; a forwarded call is inbound. With it calls are counted on the whole edge, and one for which no port is left gets a plain 503 before the media relay runs out. Without it the first calls to come take the ports, and where limits bound all trunks their sum must fit the range.
 *
 * @default no reserve
 */
export interface RtpReserve {
  /**
   * Calls from the carrier side that keep ports, however many agents dial out.
   *
   * @default none
   */
  readonly inbound?: number | undefined;
  /**
   * Calls of agents that keep ports, however many come in.
   *
   * @default none
   */
  readonly outbound?: number | undefined;
}

/**
 * Certificate of the edge; the files stay on the edge.
 *
 * @default `/etc/crew/edge.pem` and `/etc/crew/edge.key` where some agent or provider is reached over TLS, else no TLS; nor is there any for a trunk alone, without `defineEdge`
 */
export interface TlsFiles {
  /** Path of the certificate chain (PEM) on the edge. */
  readonly certificate: string;
  /** Path of the private key (PEM) on the edge. */
  readonly private_key: string;
  /**
   * Path of the CAs (PEM) that peers' certificates must come from.
   *
   * @default those of the system, and no client is asked for a certificate
   */
  readonly ca?: string | undefined;
}

/** Addresses and ports of the edge. */
export interface Network {
  /** Public host name of the edge. */
  readonly hostname?: string | undefined;
  /**
   * Address that peers see.
   *
   * @default 127.0.0.1
   */
  readonly public_ip?: string | Addresses | undefined;
  /**
   * Address of the interface, where it is not the public one (1:1 NAT).
   *
   * @default `public_ip`
   */
  readonly bind_ip?: string | Addresses | undefined;
  /** Ports of the carrier side. */
  readonly carrier?: CarrierPorts | undefined;
  /** Address and ports of the agent side. */
  readonly agents?: AgentPorts | undefined;
  /**
   * First and last UDP port for media; a call takes four.
   *
   * @default [10000, 20000]
   */
  readonly rtp?: readonly [number, number] | undefined;
  /**
   * Calls of a direction whose media ports those of the other one cannot take; a forwarded call is inbound. With it calls are counted on the whole edge, and one for which no port is left gets a plain 503 before the media relay runs out. Without it the first calls to come take the ports, and where limits bound all trunks their sum must fit the range.
   *
   * @default no reserve
   */
  readonly rtp_reserve?: RtpReserve | undefined;
  /**
   * Certificate of the edge; the files stay on the edge.
   *
   * @default `/etc/crew/edge.pem` and `/etc/crew/edge.key` where some agent or provider is reached over TLS, else no TLS; nor is there any for a trunk alone, without `defineEdge`
   */
  readonly tls?: TlsFiles | undefined;
}

/** The host, or several alike, that runs the trunks. */
export interface Edge<AgentId extends string = string> {
  /**
   * Name of the edge.
   *
   * @default `edge`
   */
  readonly name?: string | undefined;
  /**
   * Engine line by its Kamailio version: `6.1` (current), `6.0` (Debian 13), `5.6` (Debian 12).
   *
   * @default `6.1`
   */
  readonly engine?: "6.1" | "6.0" | "5.6" | undefined;
  /** The trunks that this edge serves. */
  readonly trunks: readonly Trunk<AgentId>[];
  /**
   * Over which trunk an agent's call goes, first match wins.
   *
   * @default the trunk that the agent names, or the only one that it belongs to
   */
  readonly outbound_routes?: readonly OutboundRoute[] | undefined;
  /** Addresses and ports of the edge. */
  readonly network?: Network | undefined;
}
