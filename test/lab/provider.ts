/** A SIP provider played by Asterisk: customers register and call with a password, and its numbers do what tests need. */
import type { Asterisk } from "./asterisk.ts";
import { startAsterisk } from "./asterisk.ts";
import type { AsteriskSettings, AsteriskUser, Extension } from "./asterisk-config.ts";
import type { Lab } from "./netns.ts";

/** The tone of the provider's number that plays one. */
export const providerHz = 1300;

/** What the provider's numbers do. Any other echoes too. */
export const providerNumbers = {
  "+14155550001": { does: "echo" },
  "+14155550002": { does: { hz: providerHz } },
  /** Rings for two seconds, then plays the tone. */
  "+14155550003": { does: { hz: providerHz }, ringMs: 2000 },
  /** Rings longer than any test waits. */
  "+14155550004": { does: "echo", ringMs: 300_000 },
  /** Q.850 causes that become 486, 404, 503 and 403. */
  "+14155550017": { does: { cause: 17 } },
  "+14155550018": { does: { cause: 1 } },
  "+14155550034": { does: { cause: 34 } },
  "+14155550021": { does: { cause: 21 } },
} as const satisfies Record<string, Extension>;

export interface ProviderSettings {
  readonly address: string;
  /** UDP and TCP; TLS on the next one where there is a certificate. Default 5060. */
  readonly port?: number;
  readonly users: Readonly<Record<string, AsteriskUser>>;
  readonly realm?: string;
  readonly algorithms?: readonly ("MD5" | "SHA-256")[];
  readonly tls?: NonNullable<AsteriskSettings["tls"]>;
  readonly numbers?: Readonly<Record<string, Extension>>;
  readonly rtpPorts?: readonly [number, number];
}

/**
 * Starts a provider on the host of its address. Its calls to a customer go to the contact that the customer registered:
 * `call({ trunk: "USER", to: "+1…" })` with the number as the Request-URI's user, with `asRegistered` the bare contact.
 */
export async function startProvider(lab: Lab, name: string, o: ProviderSettings): Promise<Asterisk> {
  const settings = { realm: "provider.example.com", trunks: {}, ...o };
  const numbers = { ...providerNumbers, ...o.numbers };
  return startAsterisk(lab, name, { ...settings, numbers }, await lab.host(o.address));
}
