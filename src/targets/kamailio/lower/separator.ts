/** Fields of a row are separated by `^`, which no user part, number, id or reason phrase of the schema contains. */
export const separator = "^";
