/** Marks code that the types say cannot be reached; reaching it is a bug of crew. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}

/** Narrows away `undefined` where the surrounding code guarantees a value; failing is a bug of crew. */
export function must<T>(value: T | undefined | null, what: string): T {
  if (value === undefined || value === null) throw new Error(`missing ${what}`);
  return value;
}
