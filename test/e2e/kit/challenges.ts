/** Digest from the server's side (RFC 7616, RFC 8760): challenges, and a strict look at how a client answers them. */
import { headerValues } from "../../../src/phone/message.ts";
import { ha1Of, hash, parameter } from "./digest.ts";
import { unique, uriOf } from "./message.ts";
import type { Behaviour, Turn } from "./server.ts";

export interface ChallengeOptions {
  readonly realm: string;
  /** Passwords by name. Without any nobody is let in, however often they try. */
  readonly users: Readonly<Record<string, string>>;
  /** One challenge for each, in this order (RFC 8760 section 2.4); default MD5. */
  readonly algorithms?: readonly ("MD5" | "SHA-256")[];
  /** Default 401. */
  readonly status?: 401 | 407;
  /** Which requests need credentials; default INVITE and REGISTER. */
  readonly methods?: readonly string[];
  /** Default `auth`; `none` is a challenge as of RFC 2069. */
  readonly qop?: "auth" | "none";
  /** A nonce is good for so many requests, the next one is told that it is stale; default any number. */
  readonly nonceUses?: number;
  /** To wrong credentials; default the challenge again. */
  readonly wrong?: string;
}

/** What the server knows of a nonce that it gave out. */
interface Issued {
  readonly algorithm: "MD5" | "SHA-256";
  readonly opaque: string;
  readonly callId: string;
  readonly cseq: number;
  uses: number;
  /** The highest nonce count so far. */
  nc: number;
}

const cseqOf = (text: string): number => Number.parseInt(headerValues(text, "CSeq")[0] ?? "", 10);

/** Where credentials are not as RFC 7616 section 3.4 wants them; the response itself is another matter. */
function flaws(turn: Turn, credentials: string, issued: Issued, qop: "auth" | "none"): string[] {
  const p = (name: string): string | undefined => parameter(credentials, name);
  const found: string[] = [];
  const want = (name: string, value: string | undefined): void => {
    if (p(name) !== value) found.push(`${name} is ${p(name) ?? "missing"}, not ${value ?? "left out"}`);
  };
  want("uri", uriOf(turn.request));
  want("opaque", issued.opaque);
  if ((p("algorithm") ?? "MD5") !== issued.algorithm) want("algorithm", issued.algorithm);
  if (qop === "auth") {
    want("qop", "auth");
    // qop, algorithm and nc are tokens (RFC 7616 section 3.4), and clients that quote them are refused by some.
    if (/\b(?:qop|nc|algorithm)\s*=\s*"/.test(credentials)) found.push("qop, nc or algorithm is quoted");
    if (!/^[0-9a-f]{8}$/.test(p("nc") ?? "")) found.push(`nc is ${p("nc") ?? "missing"}, not eight digits`);
    else want("nc", (issued.nc + 1).toString(16).padStart(8, "0"));
    if (!p("cnonce")) found.push("cnonce is missing");
  } else for (const name of ["qop", "nc", "cnonce"]) want(name, undefined);
  const names = [...credentials.matchAll(/([a-z]+)\s*=\s*(?:"[^"]*"|[^",\s]+)/gi)].map((m) =>
    m[1]?.toLowerCase(),
  );
  if (new Set(names).size < names.length) found.push("a parameter comes twice");
  // RFC 3261 section 22.2. A nonce of another call is not answered by the next CSeq of this one.
  if (turn.callId === issued.callId && cseqOf(turn.request) <= issued.cseq) found.push("CSeq was not raised");
  return found;
}

function responseOf(turn: Turn, credentials: string, issued: Issued, password: string): string {
  const p = (name: string): string => parameter(credentials, name) ?? "";
  const { algorithm } = issued;
  const a1 = ha1Of(p("username"), p("realm"), password, algorithm);
  const a2 = hash(algorithm, `${turn.method}:${p("uri")}`);
  const middle = p("qop") === "" ? p("nonce") : `${p("nonce")}:${p("nc")}:${p("cnonce")}:${p("qop")}`;
  return hash(algorithm, `${a1}:${middle}:${a2}`);
}

/**
 * Lets a request pass only with credentials of a user. What is wrong about credentials that are right, such as a nonce
 * count that was not raised, becomes a problem of the server.
 */
export function challenges(o: ChallengeOptions): Behaviour {
  const nonces = new Map<string, Issued>();
  const methods = o.methods ?? ["INVITE", "REGISTER"];
  const qop = o.qop ?? "auth";
  const status = o.status ?? 401;
  const [header, answer] =
    status === 401 ? ["WWW-Authenticate", "Authorization"] : ["Proxy-Authenticate", "Proxy-Authorization"];
  const challenge = (turn: Turn, stale = false): string => {
    const headers = (o.algorithms ?? ["MD5"]).map((algorithm) => {
      const nonce = unique("nonce");
      const opaque = unique("opaque");
      const { callId } = turn;
      nonces.set(nonce, { algorithm, opaque, callId, cseq: cseqOf(turn.request), uses: 0, nc: 0 });
      const parameters = [
        `realm="${o.realm}"`,
        `nonce="${nonce}"`,
        `opaque="${opaque}"`,
        `algorithm=${algorithm}`,
        ...(qop === "auth" ? ['qop="auth"'] : []),
        ...(stale ? ["stale=true"] : []),
      ];
      return `${header}: Digest ${parameters.join(", ")}`;
    });
    return turn.reply(status === 401 ? "401 Unauthorized" : "407 Proxy Authentication Required", { headers });
  };
  return (turn, next) => {
    if (!methods.includes(turn.method)) return next();
    const mine = headerValues(turn.request, answer ?? "").filter((v) => parameter(v, "realm") === o.realm);
    const [credentials] = mine;
    if (credentials === undefined) return [challenge(turn)];
    if (mine.length > 1) turn.complain(`${mine.length} credentials for one realm`);
    const issued = nonces.get(parameter(credentials, "nonce") ?? "");
    if (issued === undefined) {
      turn.complain("the nonce is not one of ours");
      return [challenge(turn)];
    }
    if (o.nonceUses !== undefined && issued.uses >= o.nonceUses) return [challenge(turn, true)];
    const password = o.users[parameter(credentials, "username") ?? ""];
    if (
      password === undefined ||
      parameter(credentials, "response") !== responseOf(turn, credentials, issued, password)
    )
      return [o.wrong === undefined ? challenge(turn) : turn.reply(o.wrong)];
    for (const flaw of flaws(turn, credentials, issued, qop)) turn.complain(flaw);
    issued.uses++;
    issued.nc = Number.parseInt(parameter(credentials, "nc") ?? "", 16) || issued.nc;
    return next();
  };
}
