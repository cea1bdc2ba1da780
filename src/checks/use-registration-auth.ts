/** CREW3127: a registration without credentials. */
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

const outbound = { uri: "sip:provider.example", register: true };
const auth = { username: "acme", password: { secret: "PROVIDER_PASSWORD" } };

export const check = {
  code: "CREW3127",
  name: "useRegistrationAuth",
  severity: "error",
  summary: "A trunk registers without a user name.",
  why: "A registration says for whom it is: its address is the user name, and registrars challenge it.",
  bad: sampleTrunk({ country: "US", sip: { outbound } }),
  good: sampleTrunk({ country: "US", sip: { outbound: { ...outbound, auth } } }),
  run(model, report) {
    for (const { id, outbound } of model.trunks)
      if (outbound?.register !== undefined && outbound.auth === undefined)
        report({
          pointer: outbound.register.at,
          message: `Trunk '${id}' registers with '${outbound.register.registrar.host}', but has no user name there.`,
          help: "Add 'auth: { username: \"acme\", password: secret(\"PROVIDER_PASSWORD\") }' to 'outbound'.",
        });
  },
} satisfies Check;
