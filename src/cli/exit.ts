/** The exit codes of every verb. */
export const exitCodes = {
  done: 0,
  configWrong: 1,
  usage: 2,
  planHasChanges: 3,
  drift: 4,
  verifyFailed: 5,
  rolledBack: 6,
  notRolledBack: 7,
  staleOrLocked: 8,
  internalError: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
