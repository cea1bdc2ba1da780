/** What is read from native programs: binrpc packets, logs, scripts and settings. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeReply, encodeRequest } from "../../src/verify/binrpc.ts";
import { kamailioProblems } from "../../src/verify/kamailio-log.ts";
import { regexLiterals, repeatedSockets, tokens, undefinedRoutes } from "../../src/verify/kamailio-script.ts";
import { propertyAt, redact } from "../../src/verify/locate.ts";
import { nftProblems } from "../../src/verify/nft-errors.ts";
import { confProblems, helpOptions, readConf, rtpengineProblems } from "../../src/verify/rtpengine-conf.ts";

describe("binrpc", () => {
  const values = fc.array(
    fc.oneof(
      fc.integer(),
      fc.string({ unit: "grapheme" }).map((s) => s.replaceAll("\0", "")),
    ),
  );

  it("reads back what it writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x7fffffff }), values, (cookie, sent) => {
        expect(decodeReply(encodeRequest(cookie, sent), cookie)).toEqual({ ok: true, values: sent });
      }),
    );
  });

  it("waits while bytes are missing and refuses the answer to another question", () => {
    const packet = encodeRequest(7, ["htable.dump", "acl", 70_000]);
    for (let size = 0; size < packet.length; size++)
      expect(decodeReply(packet.subarray(0, size), 7)).toBeUndefined();
    expect(decodeReply(packet, 8)).toMatchObject({ ok: false, code: 0 });
  });

  it("never throws on what is no packet", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const size = Math.min(255, bytes.length);
        decodeReply(Buffer.concat([Buffer.from([0xa1, 0, size, 7]), bytes]), 7);
      }),
    );
  });

  it("reads a list within a struct, whose values have no names there", () => {
    const name = (text: string): number[] => [((text.length + 1) << 4) | 5, ...Buffer.from(`${text}\0`)];
    const item = (value: number): number[] => [0x03, ...name("n"), 0x10, value, 0x83];
    const body = Buffer.from([0x03, ...name("slot"), 0x03, ...item(1), ...item(2), 0x83, 0x83]);
    expect(decodeReply(Buffer.concat([Buffer.from([0xa1, 0x10, body.length, 7]), body]), 7)).toEqual({
      ok: true,
      values: [{ slot: [{ n: 1 }, { n: 2 }] }],
    });
  });

  it("gathers fields that occur more than once, and faults", () => {
    const avp = (name: string, value: number): number[] => [
      ((name.length + 1) << 4) | 5,
      ...Buffer.from(`${name}\0`),
      0x10,
      value,
    ];
    const body = Buffer.from([0x03, ...avp("uri", 1), ...avp("uri", 2), ...avp("n", 3), 0x83]);
    const head = (type: number, size: number): Buffer => Buffer.from([0xa1, type << 4, size, 7]);
    expect(decodeReply(Buffer.concat([head(1, body.length), body]), 7)).toEqual({
      ok: true,
      values: [{ uri: [1, 2], n: 3 }],
    });
    const fault = Buffer.from([0x20, 0x01, 0xf4, 0x41, ...Buffer.from("no!\0")]);
    expect(decodeReply(Buffer.concat([head(3, fault.length), fault]), 7)).toEqual({
      ok: false,
      code: 500,
      reason: "no!",
    });
  });
});

describe("Kamailio's log", () => {
  it("gives a syntax error once, where 5.6 repeats it with its consequences", () => {
    const log = [
      " 0(20125) CRITICAL: <core> [core/cfg.y:3787]: yyerror_at(): parse error in config file /b/kamailio/kamailio.cfg, line 12, column 29-32: syntax error",
      " 0(20125) CRITICAL: <core> [core/cfg.y:3787]: yyerror_at(): parse error in config file /b/kamailio/kamailio.cfg, line 12, column 29-32: bad command: missing ';'?",
      " 0(20125) CRITICAL: <core> [core/cfg.y:3790]: yyerror_at(): parse error in config file /b/kamailio/kamailio.cfg, line 13, column 1: bad command",
      "ERROR: bad config file (3 errors) (parsing code: 0)",
      " 0(20125) INFO: <core> [core/sctp_core.c:53]: sctp_core_destroy(): SCTP API not initialized",
    ];
    const place = { file: "/b/kamailio/kamailio.cfg", line: 12, column: 29, endColumn: 32 };
    expect(kamailioProblems(log)).toMatchObject([{ text: "syntax error", place }]);
  });

  it("takes the first words of a failed fix-up as its cause, and the most exact place", () => {
    const log = [
      ' 0(1) ERROR: <core> [core/rvalue.c:2988]: fix_match_rve(): Bad regular expression "^+49(30"(12,14-12,22)',
      " 0(1) ERROR: <core> [core/rvalue.c:3816]: fix_rval_expr(): failure in cfg at line: 12 col: 11",
      " 0(1) ERROR: <core> [core/route.c:1195]: fix_actions(): fixing failed (code=-1) at cfg:/b/kamailio/kamailio.cfg:13",
      "error -1 while trying to fix configuration",
    ];
    expect(kamailioProblems(log)).toMatchObject([
      {
        text: 'Bad regular expression "^+49(30"',
        place: { file: "/b/kamailio/kamailio.cfg", line: 12, column: 14, endLine: 12, endColumn: 22 },
      },
    ]);
  });

  it("does not take call records for errors", () => {
    expect(kamailioProblems([' 4(12) ERROR: crew-0123456789abcdef: {"event":"refused","code":404}'])).toEqual(
      [],
    );
  });
});

describe("a script", () => {
  const script = tokens(
    [
      "# route(IN_A_COMMENT);",
      '#!define X "route(IN_A_DIRECTIVE) \\',
      '  route(CONTINUED)"',
      "/* route(IN_A_BLOCK);",
      "*/ request_route {",
      '  xlog("a \\" route(IN_A_STRING)',
      '  on two lines"); route(THERE); route(MISSING);',
      "  t_on_failure('GONE'); route($var(x));",
      '  if ($rU =~ "^\\+1(415|628)$") exit;',
      '  $var(n) = $(var(c){re.subst,/^.*nonce="([^"]+)".*$/\\1/}); route(AFTER);',
      "}",
      "route[AFTER] { exit; }",
      "route[THERE] { exit; }",
      "event_route[dispatcher:dst-up] { exit; }",
      'listen=udp:[2001:db8::1]:5060 name "a"',
      'listen=udp:[2001:db8::2]:5060 name "b"',
      'listen=udp:[2001:db8::1]:5060 name "c"',
    ].join("\n"),
  );

  it("names the routes that it lacks, with their places", () => {
    expect(undefinedRoutes(script).map(({ block, name, at }) => [block, name, at.line, at.column])).toEqual([
      ["route", "MISSING", 7, 39],
      ["failure_route", "GONE", 8, 16],
    ]);
  });

  it("gives its regular expressions as the C library sees them", () => {
    expect(regexLiterals(script).map((t) => t.text)).toEqual(["^\\+1(415|628)$"]);
  });

  it("tells sockets apart by address", () => {
    expect(repeatedSockets(script).map(({ at, first }) => [at.line, first.line])).toEqual([[17, 15]]);
  });
});

describe("rtpengine", () => {
  const options = helpOptions([
    "  -m, --port-min=INT                 Lowest port to use for RTP",
    "  -M, --port-max=INT                 Highest port to use for RTP",
    "  -n, --listen-ng=[IP46|HOSTNAME:]PORT ...  UDP ports to listen on, NG protocol",
    "  -f, --foreground                   Don't fork to background",
  ]);

  it("has faults in its file that it would not speak of", () => {
    const conf = readConf(
      "[rtpengine]\n# port-min = x\nport-min = 1e4\nforeground = yes\nnonsense\nlisten-mg = 1\n[other]\nz = 1\n",
    );
    expect(
      confProblems(conf, options).map(({ line, message }) => [
        line,
        message.replace(/[^"]*("[^"]*").*/, "$1"),
      ]),
    ).toEqual([
      [5, '"nonsense"'],
      [3, '"port-min"'],
      [4, '"foreground"'],
      [6, '"listen-mg"'],
    ]);
  });

  it("complains in two forms on two lines, which is one complaint", () => {
    const said = [
      "Fatal error: Invalid RTP port range (20001 > 20000)",
      "[1795444322.630864] CRIT: [core] Fatal error: Invalid RTP port range (20001 > 20000)",
      "[1795444322.630865] INFO: [core] Version 26.0.1.26 shutting down",
    ];
    expect(rtpengineProblems(said).map((p) => p.text)).toEqual(["Invalid RTP port range (20001 > 20000)"]);
  });
});

describe("places", () => {
  it("are read from nft's errors", () => {
    const said = [
      "/b/edge.nft:5:29-35: Error: No such file or directory; did you mean set 'trunk4'?",
      "    ip saddr @x",
      "^^^",
    ];
    expect(nftProblems(said)).toMatchObject([
      { place: { file: "/b/edge.nft", line: 5, column: 29, endColumn: 35 } },
    ]);
  });

  it("lead to the property of their line, or of those before it as far as allowed", () => {
    const map = { "a.cfg": ["/x", null, null, "/y"] };
    expect(propertyAt(map, { path: "a.cfg", line: 2 }, 0)).toBeUndefined();
    expect(propertyAt(map, { path: "a.cfg", line: 2 }, 1)).toBe("/x");
    expect(propertyAt(map, { path: "a.cfg", line: 2, endLine: 4 }, 0)).toBe("/y");
    expect(propertyAt(map, { path: "b.cfg", line: 1 }, 5)).toBeUndefined();
  });

  it("show no secret", () => {
    expect(redact("key 0123abcd in 0123abcd, not abc", ["0123abcd", "abc"])).toBe(
      "key <secret> in <secret>, not abc",
    );
  });
});
