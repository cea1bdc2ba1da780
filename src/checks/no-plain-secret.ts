/** CREW3114: a password in the config. */
import type { SecretSource, TrunkModel } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

type Password = string | { readonly secret: string };

const sample = (password: Password) =>
  sampleTrunk({
    sip: { outbound: { uri: "sip:provider.example", auth: { username: "acme", password } } },
  });

export const check = {
  code: "CREW3114",
  name: "noPlainSecret",
  severity: "warning",
  summary: "A password stands in the config as plain text.",
  why: "A config lives in version control, where everybody with access reads the password and its history keeps it for ever.",
  bad: sample("correct horse"),
  good: sample({ secret: "PROVIDER_PASSWORD" }),
  run(model, report) {
    for (const trunk of model.trunks)
      for (const source of secretsOf(trunk))
        if ("pointer" in source)
          report({
            pointer: source.pointer,
            message: `A password of trunk '${trunk.id}' is plain text.`,
            help: 'Write secret("NAME") (in JSON { "secret": "NAME" }) and give the value at deployment in the environment or with --secrets. Change the password if the config was ever shared.',
          });
  },
} satisfies Check;

function secretsOf(trunk: TrunkModel): SecretSource[] {
  return [
    ...(trunk.auth.type === "digest" ? [trunk.auth.password] : []),
    ...(trunk.outbound?.auth === undefined ? [] : [trunk.outbound.auth.password]),
  ];
}
