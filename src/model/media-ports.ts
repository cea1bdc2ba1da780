/** How many calls a range of media ports is enough for. */

/** RTP and RTCP, on the carrier side and on the agent side. */
export const portsPerCall = 4;

export const roomIn = ([first, last]: readonly [number, number]): number =>
  Math.floor((last - first + 1) / portsPerCall);
