/** What parts the fields of a row. */

/** No user part, number, id, pattern, header value or reason phrase of the schema contains it. */
export const separator = "^";
