/** CREW3114: a password in the config. */
import type { Model, SecretSource } from "../model/model.ts";
import type { Check } from "./check.ts";
import { sampleTrunk } from "./sample.ts";

type Password = string | { readonly secret: string };

const sample = (password: Password) =>
  sampleTrunk({
    country: "US",
    sip: { outbound: { uri: "sip:provider.example", auth: { username: "acme", password } } },
  });

export const check = {
  code: "CREW3114",
  name: "noPlainSecret",
  severity: "warning",
  summary: "A password stands in the config as plain text.",
  why: "A config lives in version control, where everybody with access reads the password and its history keeps it for ever.",
  beside: "any",
  bad: sample("correct horse"),
  good: sample({ secret: "PROVIDER_PASSWORD" }),
  run(model, report) {
    for (const { whose, source } of secretsOf(model))
      if ("pointer" in source)
        report({
          pointer: source.pointer,
          message: `A password of ${whose} is plain text.`,
          help: 'Write secret("NAME") (in JSON { "secret": "NAME" }) and give the value at deployment in the environment or with --secrets. Change the password if the config was ever shared.',
        });
  },
} satisfies Check;

interface Secret {
  readonly whose: string;
  readonly source: SecretSource;
}

function secretsOf(model: Model): Secret[] {
  const ofTrunks = model.trunks.flatMap(({ id, auth, outbound }): Secret[] => [
    ...(auth.type === "digest" ? [{ whose: `trunk '${id}'`, source: auth.password }] : []),
    ...(outbound?.auth === undefined ? [] : [{ whose: `trunk '${id}'`, source: outbound.auth.password }]),
  ]);
  const ofAgents = model.agents.flatMap(({ id, auth }): Secret[] =>
    auth === undefined ? [] : [{ whose: `agent '${id}'`, source: auth.password }],
  );
  return [...ofTrunks, ...ofAgents];
}
