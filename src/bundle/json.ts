/** JSON text in pieces, so that a Model of a million routes never has to be one string. */

/** Containers are spread over lines down to this depth; what lies deeper takes one line each. */
const spreadDepth = 4;

/** Longer lists are for programs: they get this many entries on a line, which is several times faster to print. */
const batch = 100;

/**
 * Readable JSON that ends in a newline, handed to `write` in pieces of any size; equal values give equal text. Keys keep
 * the order of the value.
 */
export function printJson(value: unknown, write: (piece: string) => void): void {
  print(value, 0, write);
  write("\n");
}

/** The same as one string. */
export function jsonText(value: unknown): string {
  const pieces: string[] = [];
  printJson(value, (piece) => pieces.push(piece));
  return pieces.join("");
}

function print(value: unknown, depth: number, add: (text: string) => void): void {
  if (typeof value !== "object" || value === null || depth >= spreadDepth || isFlat(value)) {
    add(JSON.stringify(value) ?? "null");
    return;
  }
  const indent = `\n${"  ".repeat(depth + 1)}`;
  const close = `\n${"  ".repeat(depth)}`;
  let separator = "";
  if (Array.isArray(value)) {
    add("[");
    if (value.length > batch) printBatches(value, indent, add);
    else
      for (const child of value) {
        add(separator + indent);
        print(child, depth + 1, add);
        separator = ",";
      }
    add(`${close}]`);
    return;
  }
  add("{");
  for (const [key, child] of Object.entries(value)) {
    if (child === undefined) continue;
    add(`${separator}${indent}${JSON.stringify(key)}: `);
    print(child, depth + 1, add);
    separator = ",";
  }
  add(`${close}}`);
}

function printBatches(items: readonly unknown[], indent: string, add: (text: string) => void): void {
  for (let start = 0; start < items.length; start += batch) {
    const line = JSON.stringify(items.slice(start, start + batch));
    add(start === 0 ? indent : `,${indent}`);
    add(line.slice(1, -1));
  }
}

/** Few scalars only: one line reads better. */
function isFlat(value: object): boolean {
  if (Array.isArray(value) && value.length > 3) return false;
  const children = Object.values(value);
  return children.length <= 3 && children.every((c) => typeof c !== "object" || c === null);
}
