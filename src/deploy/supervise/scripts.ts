/** The `run` and `finish` scripts of a supervised process (s6 service directories). */

/** A program to keep running. */
export interface Service {
  readonly name: string;
  /** Program and arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** stdout and stderr are appended here. */
  readonly log: string;
  /** Milliseconds between SIGTERM and SIGKILL when it is stopped. */
  readonly patience: number;
}

/** One word of a POSIX shell, whatever its characters. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_/.:,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

// Field 22 of stat, counted behind the command's name, which may hold anything.
const startedFunction = `started() {
  value=
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 0
  set -- \${line##*) }
  [ "$1" = Z ] || value=\${20}
}
space="$(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid)"`;

/**
 * Starts the program in place of the shell and records it as `pid start space` in `process`. Where the recorded one still
 * runs, because only its supervisor was killed, the script stands in for it instead of starting a second one, until its own
 * supervisor is gone too; what a killed one left behind in its process group is killed before a new one starts.
 */
export function runScript(service: Service): string {
  const env = Object.entries(service.env).map(([k, v]) => shellWord(`${k}=${v}`));
  return `#!/bin/sh
umask 027
exec >> ${shellWord(service.log)} 2>&1 < /dev/null
${startedFunction}
stop=
started "$PPID"
born=$value
if { read -r pid since theirs < process; } 2>/dev/null && [ "$theirs" = "$space" ]; then
  trap 'stop=1; kill -s TERM "$pid"' TERM
  started "$pid"
  while [ "$value" = "$since" ]; do
    sleep 0.2 &
    wait $!
    started "$PPID"
    [ -n "$value" ] && [ "$value" = "$born" ] || exit 0
    started "$pid"
  done
  [ -n "$value" ] || kill -s KILL -- "-$pid" 2>/dev/null
  [ -z "$stop" ] || exit 0
  trap - TERM
fi
started $$
echo "$$ $value $space" > process
ulimit -c 0
ulimit -n 1048576 2>/dev/null || ulimit -n "$(ulimit -H -n)"
cd ${shellWord(service.directory)} || exit 111
exec env -i ${[...env, ...service.argv.map(shellWord)].join(" ")}
`;
}

/**
 * Kills what the program left behind in its process group, so that no orphan keeps a port. `nudge` is the command that asks
 * the supervisor to start it: without it the next start comes after a second, which stays so for a program that
 * dies as soon as it is started.
 */
export function finishScript(nudge: readonly string[]): string {
  return `#!/bin/sh
exec 2>/dev/null
${startedFunction}
if read -r pid since theirs < process && [ "$theirs" = "$space" ]; then
  started "$pid"
  [ -n "$value" ] && [ "$value" != "$since" ] || kill -s KILL -- "-$pid"
  read -r up idle < /proc/uptime
  if [ ! -e down ] && [ $((\${up%.*} - since / 100)) -ge 3 ]; then
    for pause in 0.03 0.1 0.2; do
      sleep $pause
      [ -e down ] || ${nudge.map(shellWord).join(" ")}
    done &
  fi
fi
echo "$1 $2" > ended
exit 0
`;
}
