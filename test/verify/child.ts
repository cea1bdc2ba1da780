/** A verification in a process of its own, to be killed or to be run where namespaces are forbidden: prints its result as JSON. */
import { verifyBundle } from "../../src/verify/verify.ts";
import { bundleOnDisk, engine } from "./fixture.ts";

const bundle = bundleOnDisk();
const runtime = await engine("6.1");
try {
  const result = await verifyBundle({
    ...bundle,
    runtime,
    level: "boot",
    onProgress: (step) => process.stdout.write(`${JSON.stringify({ step })}\n`),
  });
  process.stdout.write(`${JSON.stringify({ result })}\n`);
} finally {
  bundle.remove();
}
