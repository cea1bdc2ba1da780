/** What rtpengine says of its sessions, as each engine line writes it. */
import { describe, expect, it } from "vitest";
import { countedBy, sessionsIn } from "../../src/deploy/sessions.ts";

describe("the list of sessions", () => {
  it.each([
    [
      "before 12.5",
      "callid:                         1-166@99faf12f85ab8473 | deletionmark:  no | created:  1795649759 | proxy:127.0.0.1:56878 | redis_keyspace:0 | foreign:no\n",
    ],
    [
      "since 12.5",
      "ID:                         1-166@99faf12f85ab8473 | del:n | creat:  1795649768 | prx:127.0.0.1:44771 | redis:-1 | frgn:n | rec:n\n",
    ],
  ])("%s has one on a line", (_, line) => {
    const created = Number(/17956497\d\d/.exec(line)?.[0]);
    expect(sessionsIn(line + line.replace("1-166", "2-166"))).toEqual([
      { id: "1-166@99faf12f85ab8473", created },
      { id: "2-166@99faf12f85ab8473", created },
    ]);
  });

  it("is empty where there is none", () => {
    expect(sessionsIn("No sessions on this media relay.\n")).toEqual([]);
  });
});

describe("a label", () => {
  it.each([
    ["acme.inbound/tag1", { key: "id|tag1", scope: "acme.inbound" }],
    ["acme.outbound/a%2Fb%25", { key: "id|a/b%", scope: "acme.outbound" }],
    ["acme.inbound/100%", { key: "id|100%", scope: "acme.inbound" }],
    ["acme.inbound/tag1,60/0,claim,v,-,m", { key: "id|tag1", scope: "acme.inbound" }],
    ["office.inbound+acme.outbound/t", { key: "id|t", scope: "office.inbound+acme.outbound" }],
  ])("%s says what its call counts for", (label, counted) => {
    expect(countedBy("id", label)).toEqual(counted);
  });

  it.each([
    "",
    "-",
    "<null>",
    "acme/tag",
    "acme.sideways/tag",
    "acme.inbound",
    "acme.inbound/a%0Ab",
    "acme.inbound/a%20b",
  ])("%j counts for nothing", (label) => {
    expect(countedBy("id", label)).toBeNull();
  });
});
