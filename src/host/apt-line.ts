/** Repositories as people write them: one-line entries of sources.list(5). */
import type { Diagnostic } from "../core/diagnostic.ts";
import { failed, ok, type Result } from "../core/result.ts";

/** What a line says. The key may be named beside it instead. */
export interface RepositoryLine {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** Path as written. */
  readonly signedBy?: string;
}

const form = "deb [signed-by=FILE] URL SUITE COMPONENT…";

/** Reads `deb [signed-by=FILE] URL SUITE COMPONENT…`, for this architecture; CREW6916 says what is wrong with it. */
export function parseRepositoryLine(line: string, architecture: string): Result<RepositoryLine> {
  const bad = (reason: string): Result<RepositoryLine> => failed(badLine(line, reason));
  const match = /^\s*(\S+)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*$/.exec(line);
  const [, type, options = "", uri = "", suite = "", rest = ""] = match ?? [];
  const components = rest.split(/\s+/).filter(Boolean);
  if (match === null || type !== "deb") return bad(`it does not have the form "${form}"`);
  const where = addressProblem(uri);
  if (where !== undefined) return bad(where);
  if (![suite, ...components].every((word) => /^[A-Za-z0-9.][A-Za-z0-9._~+/-]*$/.test(word)))
    return bad("suite and components are plain words");
  if (suite.endsWith("/") !== (components.length === 0))
    return bad("a suite has components, a path that ends in / has none");
  let signedBy: string | undefined;
  for (const option of options.split(/\s+/).filter(Boolean)) {
    const [, name = "", value = ""] = /^([a-z-]+)=(.+)$/.exec(option) ?? [];
    if (name === "signed-by") signedBy = value;
    else if (name !== "arch") return bad(`the option ${option} is not known here; signed-by and arch are`);
    else if (!value.split(",").includes(architecture))
      return bad(`it is not for ${architecture}, the architecture of this host`);
  }
  return ok({ uri, suite, components, ...(signedBy === undefined ? {} : { signedBy }) });
}

function addressProblem(uri: string): string | undefined {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url === undefined || !["http:", "https:", "file:", "copy:"].includes(url.protocol))
    return `${JSON.stringify(uri)} is no address that begins with http:, https: or file:`;
  if (url.username !== "" || url.password !== "")
    return "its address holds a user or a password: they belong into /etc/apt/auth.conf (apt_auth.conf(5)), which is read";
  return undefined;
}

/** The line is not repeated in full: it may hold a password. */
function badLine(line: string, reason: string): Diagnostic {
  const shown = line.replace(/\/\/[^/\s]*@/, "//…@");
  return {
    code: "CREW6916",
    severity: "error",
    message: `${JSON.stringify(shown)} names no repository: ${reason}.`,
    help: 'Write it as in sources.list(5): --repository "deb https://deb.kamailio.org/kamailio61 trixie main" --key kamailio.asc',
  };
}
