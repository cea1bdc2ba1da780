/** How peers prove who they are. */
import type { z } from "zod";
import { type JsonPointer, join } from "../../core/pointer.ts";
import type { DigestModel, SecretSource, TrunkAuth } from "../model.ts";
import type { agentDigest, auth as authSchema } from "../schema/auth.ts";
import { resolveAllowlist } from "./allowlist.ts";
import type { Report } from "./report.ts";

/** `realm`: that of challenges where the config names none. */
export function resolveAuth(
  draft: z.output<typeof authSchema> | undefined,
  at: JsonPointer,
  realm: string,
  report: Report,
): TrunkAuth {
  switch (draft?.type) {
    case undefined:
      return { type: "none" };
    case "ip_allowlist": {
      const list = join(at, "allowed_ips");
      const networks = resolveAllowlist(draft.allowed_ips, list, "the PBX or provider", report);
      return { type: "ip_allowlist", at, networks };
    }
    case "digest":
      return { type: "digest", ...resolveDigest(draft, at, realm), register: draft.register ?? true };
    case "client_certificate":
      return { type: "client_certificate", at, name: draft.name.toLowerCase().replace(/\.$/, "") };
  }
}

export function resolveDigest(
  draft: z.output<typeof agentDigest>,
  at: JsonPointer,
  realm: string,
): DigestModel {
  return {
    at,
    username: draft.username,
    password: secretSource(draft.password, join(at, "password")),
    realm: draft.realm ?? realm,
    algorithm: draft.algorithm ?? "MD5",
  };
}

/** A literal secret is known from here on only by its place in the config. */
export function secretSource(value: string | { readonly secret: string }, at: JsonPointer): SecretSource {
  return typeof value === "string" ? { pointer: at } : { name: value.secret };
}
