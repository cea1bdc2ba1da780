/** JSON text in pieces, so that a Model of a million routes never has to be one string. */

/** Containers are spread over lines down to this depth; what lies deeper takes one line each. */
const spreadDepth = 4;
const pieceSize = 1 << 16;

/**
 * Readable JSON that ends in a newline, handed to `write` piece by piece; equal values give equal text. Keys keep
 * the order of the value.
 */
export function printJson(value: unknown, write: (piece: string) => void): void {
  let piece = "";
  const add = (text: string): void => {
    piece += text;
    if (piece.length < pieceSize) return;
    write(piece);
    piece = "";
  };
  print(value, 0, add);
  write(`${piece}\n`);
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

/** Few scalars only: one line reads better. */
function isFlat(value: object): boolean {
  if (Array.isArray(value) && value.length > 3) return false;
  const children = Object.values(value);
  return children.length <= 3 && children.every((c) => typeof c !== "object" || c === null);
}
