#!/usr/bin/env node
/** `npx crew` in a clone: the program from its sources (see link.mjs). */
import { register } from "tsx/esm/api";

register();
await import("../cli/main.ts");
