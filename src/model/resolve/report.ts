/** Where the resolvers put what they find. */
import type { Diagnostic } from "../../core/diagnostic.ts";

export type Report = (diagnostic: Diagnostic) => void;
