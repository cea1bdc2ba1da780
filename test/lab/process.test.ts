import { describe, expect, test } from "vitest";
import { headerValues, messagesOf, tracedMessages } from "../../src/phone/message.ts";
import { here } from "../../src/phone/process.ts";

const sh = (script: string) => ({ file: "/bin/sh", args: ["-c", script], env: { PATH: "/usr/bin:/bin" } });

describe("a program on this host", () => {
  test("gives its lines and its exit code, and gets only the environment it is given", async () => {
    const p = await here.spawn("env", sh("echo $HOME,$ONE; read x; echo $x >&2; exit 4"), {
      env: { ONE: "1" },
    });
    await p.waitFor(/^,1$/, 2000);
    p.write("two\n");
    await p.waitFor(/^two$/, 2000);
    expect(await p.exited).toBe(4);
  });

  test("takes what it forked along when stopped", async () => {
    const p = await here.spawn("fork", sh("sleep 300 & echo $!; trap '' TERM; wait; sleep 300"));
    const child = Number(await p.waitFor(/^\d+$/, 2000));
    process.kill(child, 0);
    await p.stop(100);
    await expect
      .poll(
        () => {
          try {
            return process.kill(child, 0);
          } catch {
            return false;
          }
        },
        { timeout: 5000 },
      )
      .toBe(false);
  });

  test("that does not exist is an error, one that falls silent names its last lines", async () => {
    await expect(here.spawn("none", { file: "/nonexistent", args: [], env: {} })).rejects.toThrow(/ENOENT/);
    const p = await here.spawn("silent", sh("echo last words; exec sleep 60"));
    await expect(p.waitFor(/never/, 200)).rejects.toThrow(/silent: 200 ms passed[\s\S]*last words/);
    await p.stop();
  });
});

describe("messages in a trace", () => {
  const lines = [
    "noise",
    "UDP 10.0.0.1:5060 -> 10.0.0.2:5060",
    "INVITE sip:a@b SIP/2.0",
    "Via: one",
    "VIA : two,",
    "  three",
    "Content-Length: 5",
    "",
    "v=0",
    "s=-",
    "\u001b[;m",
    "UDP 10.0.0.2:5060 -> 10.0.0.1:5060",
    "SIP/2.0 100 Trying",
    "Content-Length: 0",
    "",
    "call: something",
  ];
  const messages = tracedMessages(lines, /^UDP (\S+) -> \S+$/, "10.0.0.1:5060");

  test("are told apart, with direction and body, and without what stands between", () => {
    expect(messages.map((m) => m.direction)).toEqual(["sent", "received"]);
    expect(messages[0]?.text).toMatch(/\n\nv=0\ns=-\n$/);
    expect(messages[1]?.text).toBe("SIP/2.0 100 Trying\nContent-Length: 0\n\n");
    expect(messagesOf(messages, 100)).toEqual([messages[1]]);
    expect(messagesOf(messages, "INVITE")).toEqual([messages[0]]);
  });

  test("give header values in any spelling, unfolded, and none from the body", () => {
    expect(headerValues(messages[0]?.text ?? "", "via")).toEqual(["one", "two, three"]);
    expect(headerValues(messages[0]?.text ?? "", "v")).toEqual([]);
  });
});
