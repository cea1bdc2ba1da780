/** The script that times lookups: the compiled route[FIND] in a loop, and the same loop without it. */
export const lookupPort = 5099;

/** How the called numbers lie: blocks of a trunk, or anywhere in the numbering plan. */
export const spreads = {
  "numbers in a row": {
    numbers: (count: number) => Array.from({ length: count }, (_, i) => `+1415${1_000_000 + i}`),
    draw: (count: number) => `$var(n) = 1000000 + ($RANDOM mod ${count});
    $rU = "+1415" + $var(n);`,
  },
  "numbers at random": {
    numbers: (count: number) => Array.from({ length: count }, (_, i) => `+${scattered(i + 1)}`),
    draw: (count: number) => `$var(n) = 1 + ($RANDOM mod ${count});
    $var(q) = $var(n) * $var(n);
    $var(q) = $var(q) mod ${prime};
    $var(q) = $var(q) * $var(q);
    $var(q) = $var(q) mod ${prime};
    $var(q) = $var(q) * $var(n);
    $var(q) = $var(q) mod ${prime};
    $var(q) = $var(q) * 997;
    $var(q) = $var(q) + 1000000000;
    $rU = "+" + $var(q);`,
  },
} as const;

export type Spread = keyof typeof spreads;

// The fifth power permutes the residues of this prime, since 5 does not divide one less: every n has a number of its own, and
// the script can work it out instead of reading it from memory that the lookup would then miss.
const prime = 2_147_483_647;

function scattered(n: number): bigint {
  const [p, b] = [BigInt(prime), BigInt(n)];
  const square = (b * b) % p;
  return ((((square * square) % p) * b) % p) * 997n + 1_000_000_000n;
}

export interface LookupScript {
  readonly folder: string;
  /** Settings of the tables that are asked, as compiled. */
  readonly tables: readonly string[];
  readonly find: string;
  readonly spread: Spread;
  readonly numbers: number;
  /** Lookups for each request. */
  readonly lookups: number;
}

/** OPTIONS for `find` runs the loop with the lookup, any other without; the answer says what was missed, and who ran it. */
export function lookupScript({ folder, tables, find, spread, numbers, lookups }: LookupScript): string {
  const loop = (body: string) => `$var(i) = 0;
  while ($var(i) < ${lookups}) {
    ${spreads[spread].draw(numbers)}
    ${body}
    $var(i) = $var(i) + 1;
  }`;
  const modules = ["db_text", "pv", "xlog", "sl", "cfgutils", "textops", "textopsx", "ctl", "htable"];
  return `#!KAMAILIO
debug=-1
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
max_while_loops=${lookups + 1}
listen=udp:127.0.0.1:${lookupPort}
${modules.map((name) => `loadmodule "${name}.so"`).join("\n")}
modparam("ctl", "binrpc", "unixs:${folder}/ctl.sock")
modparam("db_text", "db_mode", 1)
modparam("db_text", "db_delim", "|")
modparam("db_text", "max_result_rows", 2000000)
modparam("htable", "fetch_rows", 2000000)
modparam("htable", "db_url", "text://${folder}/out/kamailio/data")
${tables.map((table) => `modparam("htable", "htable", "${table}")`).join("\n")}
request_route {
  $vn(trunk) = "acme";
  $var(missed) = 0;
  if ($rU == "find") {
    ${loop("route(FIND);")}
  } else {
    ${loop("$var(x) = $rU;")}
  }
  sl_send_reply("200", "worker $pp missed $var(missed)");
  exit;
}
route[REFUSE] {
  $var(missed) = $var(missed) + 1;
}
${find}`;
}
