/** Header values with `{{variable}}` places. */

export interface TemplateParts {
  /** What stands before, between and after the variables: one more than there are variables. */
  readonly texts: readonly string[];
  readonly variables: readonly string[];
  /** What is wrong with the braces. */
  readonly problem?: string;
}

export function readTemplate(text: string): TemplateParts {
  // A pattern with a group: every second piece is what the group held.
  const pieces = text.split(/\{\{([^{}]*)\}\}/);
  const texts = pieces.filter((_, i) => i % 2 === 0);
  const variables = pieces.filter((_, i) => i % 2 === 1).map((name) => name.trim());
  const wrong = variables.find((name) => !/^[a-z][a-z0-9_]{0,39}$/.test(name));
  if (texts.some((piece) => /\{\{|\}\}/.test(piece)))
    return { texts, variables, problem: "its braces do not close" };
  if (wrong !== undefined) return { texts, variables, problem: `'${wrong}' is no name of a variable` };
  return { texts, variables };
}
