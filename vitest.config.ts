import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { type Row, tables } from "./test/acceptance/rows.ts";

/** Tests name what they show by these. */
const tags = tables.flatMap(({ rows }) =>
  Object.entries(rows).map(([name, description]) => ({ name: name as Row, description })),
);

export default defineConfig({
  resolve: { alias: { crew: fileURLToPath(new URL("src/dsl/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup.ts"],
    tags,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 300_000,
  },
});
