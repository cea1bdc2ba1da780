/** SIP URIs that share the load and stand in for each other. */
import { z } from "zod";
import { sipUri } from "./text.ts";

export const weightedUri = z
  .strictObject({
    uri: sipUri.describe("SIP URI, for example `sip:10.0.4.10:5080`."),
    priority: z
      .int()
      .min(1)
      .max(100)
      .describe("Lower numbers are tried first; equal ones share the load. Default: 1.")
      .optional(),
    weight: z
      .int()
      .min(1)
      .max(100)
      .describe("Share of the load among URIs of the same priority. Default: 1.")
      .optional(),
  })
  .meta({ title: "WeightedUri" });
