/** The `{{variable}}` places of a header value. */

export interface TemplateParts {
  readonly variables: readonly string[];
  /** What is wrong with the braces. */
  readonly problem?: string;
}

export function readTemplate(text: string): TemplateParts {
  const variables: string[] = [];
  const rest = text.replace(/\{\{([^{}]*)\}\}/g, (_, name: string) => {
    variables.push(name.trim());
    return "";
  });
  const wrong = variables.find((name) => !/^[a-z][a-z0-9_]{0,39}$/.test(name));
  if (/\{\{|\}\}/.test(rest)) return { variables, problem: "its braces do not close" };
  if (wrong !== undefined) return { variables, problem: `'${wrong}' is no name of a variable` };
  return { variables };
}
