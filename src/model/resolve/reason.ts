/** Reason phrases of SIP status codes (RFC 3261 section 21 and the IANA registry). */
const phrases: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  408: "Request Timeout",
  410: "Gone",
  480: "Temporarily Unavailable",
  484: "Address Incomplete",
  486: "Busy Here",
  488: "Not Acceptable Here",
  500: "Server Internal Error",
  503: "Service Unavailable",
  600: "Busy Everywhere",
  603: "Decline",
  604: "Does Not Exist Anywhere",
  607: "Unwanted",
};

function defaultReason(code: number): string {
  return phrases[code] ?? (code < 500 ? "Request Failure" : code < 600 ? "Server Failure" : "Global Failure");
}

/** A refusal with its phrase. */
export function withReason(draft: { readonly code: number; readonly reason?: string | undefined }): {
  readonly code: number;
  readonly reason: string;
} {
  return { code: draft.code, reason: draft.reason ?? defaultReason(draft.code) };
}
