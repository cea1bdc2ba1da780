/** Custom headers as tables: what becomes a variable of the agent's, and what calls to the carrier side carry. */
import type { TrunkModel } from "../../../model/model.ts";
import { readTemplate } from "../../../model/template.ts";
import type { Row } from "../doc.ts";
import { carrying } from "./registrar.ts";
import { separator } from "./separator.ts";

/** `<trunk>` → header ^ variable, as often as there are some. */
export function variableRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(({ id, inbound_headers: headers }): Row[] => {
    const [first] = headers;
    if (first === undefined) return [];
    return [{ key: id, value: headers.flatMap((h) => [h.header, h.variable]).join(separator), at: first.at }];
  });
}

/** `<trunk>:<n>` → header ^ text, then ^ variable ^ text for each variable of the template. */
export function templateRows(trunks: readonly TrunkModel[]): Row[] {
  return trunks.flatMap(carrying).flatMap(({ id, outbound_headers: headers }): Row[] =>
    headers.map(({ at, header, value }, n) => {
      const { texts, variables } = readTemplate(value);
      const fields = texts.flatMap((text, i) => [variables[i - 1] ?? header, percentEncoded(text)]);
      return { key: `${id}:${n}`, value: fields.join(separator), at };
    }),
  );
}

/** The script decodes it again: a text may hold the separator, and blanks at its ends count. */
function percentEncoded(text: string): string {
  return text.replace(/[%^]|^ | $/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
