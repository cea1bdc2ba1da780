/** How artifacts and logs name an inbound route. */
import { expect, it } from "vitest";
import { parseConfig } from "../../src/model/parse.ts";

const hours = { time_zone: "UTC", days: ["mon"], from: "09:00", to: "17:00" };

it.each<[object, string]>([
  [{}, "any call"],
  [{ to_uri: "+14155551111" }, "+14155551111"],
  [{ to_user: "support" }, "support"],
  [{ to_prefix: "+1415", caller: "+4930123456" }, "+1415* from +4930123456"],
  [{ to_pattern: "[2-4][0-9]{3}", caller_prefix: "+49" }, "~[2-4][0-9]{3} from +49*"],
  [
    {
      to_user: "support",
      header: [
        { name: "X-Queue", present: true },
        { name: "X-Tag", equals: "a" },
      ],
      hours,
    },
    "support with X-Queue with X-Tag in hours",
  ],
  [{ not_hours: hours }, "out of hours"],
])("names a route with %j '%s'", (match, name) => {
  const agents = { agent_sarah: { uri: "sip:10.0.4.10:5080" } };
  const { value } = parseConfig({
    agents,
    sip: { inbound_routes: [{ match, agent_id: "agent_sarah" }] },
  });
  expect(value?.trunks[0]?.routes[0]?.label).toBe(`inbound_routes › ${name}`);
});
