import { mergeConfig } from "vitest/config";
import base from "../vitest.config.ts";

/** Tests that take too long for every change: `npm run test:long`. */
const merged = mergeConfig(base, {});
export default { ...merged, test: { ...merged.test, include: ["test/**/*.long.ts"] } };
