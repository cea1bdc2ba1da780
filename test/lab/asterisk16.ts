/** Asterisk 16 with chan_sip and the documented example configuration: a PBX as many still run it. */
import {
  type AsteriskCall,
  type AsteriskOutcome,
  type AsteriskPhone,
  asteriskFolder,
  runAsterisk,
} from "./asterisk.ts";
import { type Asterisk16Settings, asterisk16Files } from "./asterisk16-config.ts";
import type { Lab } from "./netns.ts";
import { asterisk16Tools } from "./tools.ts";

export type { Asterisk16Settings } from "./asterisk16-config.ts";

export interface Asterisk16 extends Pick<AsteriskPhone, "running" | "messages" | "cli" | "stop"> {
  /** Places a call as somebody behind the PBX would: through context `from-external`, which takes digits only. */
  call(call: Omit<AsteriskCall, "trunk" | "asRegistered" | "headers">): Promise<AsteriskOutcome>;
  /** The state of a peer as chan_sip sees it, such as `OK (1 ms)`, `UNREACHABLE` or, for unknown ones, empty. */
  peer(name: string): Promise<string>;
}

/** Starts an Asterisk 16 on the host of its address and waits until it is ready. */
export async function startAsterisk16(lab: Lab, name: string, o: Asterisk16Settings): Promise<Asterisk16> {
  const tools = await asterisk16Tools();
  const files = asterisk16Files(o, asteriskFolder(lab, name), tools);
  const mark = /^(?:<--- )?(?:SIP read from|(?:Reliably |Re)?[Tt](ransmitting))\b/;
  const program = { files, tools, trace: { mark, sentIf: "ransmitting" } };
  const pbx = await runAsterisk(lab, name, program, await lab.host(o.address));
  return {
    running: pbx.running,
    messages: pbx.messages,
    cli: pbx.cli,
    stop: pbx.stop,
    call: (call) => pbx.call({ ...call, trunk: "crew-trunk" }),
    peer: async (of) => {
      const shown = await pbx.cli(`sip show peer ${of}`);
      return /^\s*Status\s*:\s*(.*?)\s*$/m.exec(shown)?.[1] ?? "";
    },
  };
}
