/** Asks the rtpengine on the default control port of this namespace, then a port where nobody is, and prints what came. */
import { ngClient } from "../../src/host/ng.ts";

const client = ngClient({ address: "127.0.0.1", port: 2223 });
const replies = await Promise.all([
  client.request({ command: "ping" }),
  client.request({ command: "query", "call-id": "nobody's" }),
  client.request({ command: "ping" }),
]);
client.close();
const nobody = ngClient({ address: "127.0.0.1", port: 9, timeoutMs: 300 });
const refused = await nobody.request({ command: "ping" }).catch((e: Error) => e.message);
nobody.close();
console.log(JSON.stringify({ replies, refused }));
