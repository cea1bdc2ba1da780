/** Fields of a row are separated by it: no user part, number, id, pattern, header value or reason phrase of the schema has it. */
export const separator = "^";
