/** `npm run bench [calls|builds|lookup|transcoding]`: what calls and builds cost, as ratios from one run. Prints; asserts nothing. */
import { benchBuilds } from "./builds.ts";
import { benchCalls } from "./call-cost.ts";
import { benchLookup } from "./lookup.ts";
import { benchTranscoding } from "./transcoding.ts";

const wanted = new Set(process.argv.slice(2));
const all = wanted.size === 0;
const print = (line: string) => process.stdout.write(`${line}\n`);

if (all || wanted.has("calls")) await benchCalls(print);
if (all || wanted.has("transcoding")) await benchTranscoding(print);
if (all || wanted.has("lookup")) await benchLookup(print);
if (all || wanted.has("builds")) benchBuilds(print);
