/** Looks at the certificate files of an edge: what would keep peers from connecting, or soon will. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Diagnostic } from "../core/diagnostic.ts";
import { type JsonPointer, join } from "../core/pointer.ts";
import type { NetworkModel } from "../model/model.ts";
import type { StepResult } from "./report.ts";

const day = 86_400_000;
/** Time enough to renew one by hand. */
const soon = 30 * day;

export interface CertificateOptions {
  /** Whether this host is the edge, so that files that are not here are a fault. */
  readonly onEdge: boolean;
  readonly now?: number;
}

/** CREW5120 to CREW5126. The files are read here and go nowhere else. */
export function checkCertificates(network: NetworkModel, options: CertificateOptions): StepResult {
  const { tls, hostname } = network;
  if (tls === undefined) return { diagnostics: [], detail: "none" };
  const at = (name: "certificate" | "private_key" | "ca"): JsonPointer => join(tls.at, name);
  const found: Diagnostic[] = [];
  const text = (name: "certificate" | "private_key" | "ca", path: string): string | undefined => {
    const read = readText(path);
    if ("text" in read) return read.text;
    found.push(unreadable(at(name), path, read.reason, options.onEdge));
    return undefined;
  };
  const chain = text("certificate", tls.certificate);
  const secret = text("private_key", tls.private_key);
  const cas = tls.ca === undefined ? undefined : text("ca", tls.ca);
  const leaf = chain === undefined ? undefined : certificatesOf(chain)?.[0];
  if (chain !== undefined && leaf === undefined)
    found.push(malformed(at("certificate"), tls.certificate, "PEM certificate"));
  if (cas !== undefined && tls.ca !== undefined && certificatesOf(cas) === undefined)
    found.push(malformed(at("ca"), tls.ca, "PEM certificate"));
  const key = secret === undefined ? undefined : keyOf(secret);
  if (secret !== undefined && key === undefined)
    found.push(malformed(at("private_key"), tls.private_key, "PEM private key without a password"));
  if (leaf !== undefined) {
    if (key !== undefined && !leaf.checkPrivateKey(key)) found.push(otherKey(at("private_key")));
    found.push(...validity(leaf, at("certificate"), options.now ?? Date.now()));
    if (hostname !== undefined && leaf.checkHost(hostname, { subject: "never" }) === undefined)
      found.push(otherName(leaf, hostname, at("certificate")));
  }
  return {
    diagnostics: found,
    ...(leaf === undefined ? {} : { detail: `good until ${dateOf(leaf.validTo)}` }),
  };
}

function readText(path: string): { readonly text: string } | { readonly reason: string } {
  try {
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return {
      reason: code === "ENOENT" ? "it does not exist" : code === "EACCES" ? "permission denied" : `${code}`,
    };
  }
}

/** All certificates of a PEM file; nothing where there is none or one of them is damaged. */
function certificatesOf(text: string): readonly X509Certificate[] | undefined {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  try {
    return blocks?.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function keyOf(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

function unreadable(pointer: JsonPointer, path: string, reason: string, onEdge: boolean): Diagnostic {
  return {
    code: "CREW5120",
    severity: onEdge ? "error" : "warning",
    pointer,
    message: `${path} cannot be read here: ${reason}.`,
    why: "Without its certificate, key and CAs the edge does not start. The paths are those of the edge.",
    help: onEdge
      ? "Put the file there and let the user who deploys read it."
      : "Nothing needs to change where the edge is another host; there a deployment looks again.",
  };
}

function malformed(pointer: JsonPointer, path: string, wanted: string): Diagnostic {
  return {
    code: "CREW5121",
    severity: "error",
    pointer,
    message: `${path} holds no ${wanted}.`,
    help: "Give a PEM file: text that begins with -----BEGIN.",
  };
}

function otherKey(pointer: JsonPointer): Diagnostic {
  return {
    code: "CREW5122",
    severity: "error",
    pointer,
    message: "The private key is not that of the certificate.",
    why: "With another key no handshake succeeds.",
    help: "Give certificate and key of the same issue; a renewal often makes a new key.",
  };
}

function validity(leaf: X509Certificate, pointer: JsonPointer, now: number): Diagnostic[] {
  const from = Date.parse(leaf.validFrom);
  const until = Date.parse(leaf.validTo);
  if (now > until)
    return [
      {
        code: "CREW5123",
        severity: "error",
        pointer,
        message: `The certificate has expired: it was good until ${dateOf(leaf.validTo)}.`,
        why: "Peers that check it refuse every connection.",
        help: "Renew it.",
      },
    ];
  if (now < from)
    return [
      {
        code: "CREW5124",
        severity: "error",
        pointer,
        message: `The certificate is not good before ${dateOf(leaf.validFrom)}.`,
        help: "Wait until then, or look whether the clock of this host is right.",
      },
    ];
  if (until - now > soon) return [];
  return [
    {
      code: "CREW5125",
      severity: "warning",
      pointer,
      message: `The certificate expires in ${Math.floor((until - now) / day)} days, on ${dateOf(leaf.validTo)}.`,
      help: "Renew it; a running edge takes the new files by itself.",
    },
  ];
}

function otherName(leaf: X509Certificate, hostname: string, pointer: JsonPointer): Diagnostic {
  const names = (leaf.subjectAltName ?? "").replaceAll(/\b(?:DNS|IP Address):/g, "");
  return {
    code: "CREW5126",
    severity: "error",
    pointer,
    message: `The certificate is not for ${hostname}: it is for ${names === "" ? "no name at all" : names}.`,
    why: "Peers that check names, as they should, refuse the connection. Only subject alternative names count (RFC 9525).",
    help: "Get one with that name, or correct 'network.hostname'.",
  };
}

function dateOf(text: string): string {
  return new Date(text).toISOString().slice(0, 10);
}
