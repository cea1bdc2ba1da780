/** From the settings of rtpengine to rtpengine.conf. */
import { bracketed } from "../../core/host.ts";
import type { EngineLine } from "../../model/model.ts";
import { type Escaped, EscapeError } from "../escape/escaped.ts";
import {
  type GKeyFile,
  gkeyBoolean,
  gkeyComment,
  gkeyInteger,
  gkeyList,
  gkeyName,
  gkeyString,
} from "../escape/gkeyfile.ts";
import { render } from "../escape/render.ts";
import type { Artifact } from "../target.ts";
import type { Endpoint, MediaInterface, RtpengineDoc, Setting } from "./doc.ts";
import { type Option, options } from "./options.ts";

export function emit(doc: RtpengineDoc): readonly Artifact[] {
  const { text, lines } = render<GKeyFile>("rtpengine/rtpengine.conf", {
    edge: gkeyComment(doc.edge),
    engine: gkeyComment(doc.engine),
    groups: doc.groups.map((group) => ({
      title: gkeyComment(group.title),
      settings: group.settings.map((setting) => ({
        at: setting.at === undefined ? undefined : { origin: setting.at },
        option: gkeyName(setting.option),
        value: valueText(setting, doc.engine),
      })),
    })),
  });
  return [{ path: "rtpengine/rtpengine.conf", mode: 0o644, text, lines, reload: "restart" }];
}

/** The escaped value; throws where the table of options does not allow it, which is a bug of crew. */
function valueText({ option, value }: Setting, engine: EngineLine): Escaped<"gkeyfile.value"> {
  const rule: Option | undefined = Object.hasOwn(options, option) ? options[option] : undefined;
  const wrong = (): never => {
    throw new EscapeError("rtpengine.conf", `${option} = ${JSON.stringify(value)} on ${engine}`);
  };
  if (rule === undefined || !rule.lines.includes(engine)) return wrong();
  switch (rule.kind) {
    case "integer":
      if (typeof value !== "number" || !(value >= rule.min && value <= rule.max)) return wrong();
      return gkeyInteger(value);
    case "boolean":
      return typeof value === "boolean" ? gkeyBoolean(value) : wrong();
    case "choice":
      return typeof value === "string" && rule.values.includes(value) ? gkeyString(value) : wrong();
    case "endpoint":
      return isEndpoint(value) ? gkeyString(`${bracketed(plain(value.address))}:${value.port}`) : wrong();
    case "interfaces":
      return isInterfaces(value) ? gkeyList(value.map(interfaceText)) : wrong();
  }
}

/** `[NAME/]IP[!IP]`; IPv6 stands without brackets here (rtpengine(8), `--interface`). */
function interfaceText({ name, address, advertised }: MediaInterface): string {
  return `${name}/${plain(address)}${advertised === undefined ? "" : `!${plain(advertised)}`}`;
}

function plain(address: string): string {
  if (!/^[0-9a-f:.]{2,45}$/.test(address)) throw new EscapeError("rtpengine.conf", JSON.stringify(address));
  return address;
}

function isEndpoint(value: Setting["value"]): value is Endpoint {
  return typeof value === "object" && "port" in value;
}

function isInterfaces(value: Setting["value"]): value is readonly MediaInterface[] {
  return Array.isArray(value);
}
