/**
 * Makes a fresh clone ready, then runs a program of the project: `node src/dev/bootstrap.mjs FILE.ts [arguments]`.
 * Plain JavaScript without dependencies, since nothing may be installed yet.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const minimumNode = [20, 19];

refuseOtherMachines();
if (!installed())
  step("Installing the packages of package-lock.json", "npm", [
    "ci",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
// For those whose npm runs no scripts.
await import("./link.mjs");
const tsx = join(root, "node_modules", "tsx", "dist", "cli.mjs");
if (!built()) step("Building crew", process.execPath, [tsx, join("src", "dev", "build.ts")]);
const [file, ...rest] = process.argv.slice(2);
// Ctrl-C is the program's to answer; this one ends with it.
process.on("SIGINT", () => {});
if (file !== undefined) {
  const { status, signal } = spawnSync(process.execPath, [tsx, file, ...rest], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = status ?? (signal === "SIGINT" ? 130 : 70);
}

function refuseOtherMachines() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (process.platform !== "linux") refuse(`The edge runs on Linux only, and this is ${process.platform}.`);
  if (major < minimumNode[0] || (major === minimumNode[0] && minor < minimumNode[1]))
    refuse(`crew needs Node ${minimumNode.join(".")} or newer, and this is ${process.versions.node}.`);
}

/** @param {string} sentence */
function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

/** Whether node_modules holds what the lock file names, but for packages that belong to other platforms. */
function installed() {
  const wanted = packages(join(root, "package-lock.json"));
  const present = packages(join(root, "node_modules", ".package-lock.json"));
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || entry.optional === true || present[path]?.version === entry.version,
  );
}

/** @param {string} file @returns {Record<string, { version?: string, optional?: boolean }>} */
function packages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : {};
}

/** Whether `lib/` is newer than everything that it is made of. */
function built() {
  const program = join(root, "lib", "cli.js");
  if (!existsSync(program)) return false;
  const since = statSync(program).mtimeMs;
  const sources = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"].map((name) =>
    join(root, name),
  );
  return [...sources, ...filesBelow(join(root, "src"))].every((path) => statSync(path).mtimeMs <= since);
}

/** @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string} title @param {string} command @param {string[]} args */
function step(title, command, args) {
  process.stderr.write(`${title} ...\n`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  process.stderr.write(`${title} failed.\n`);
  process.exit(1);
}
