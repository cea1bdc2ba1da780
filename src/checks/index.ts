/** All checks, sorted by file name; a test compares this list with the folder. */
import type { Diagnostic } from "../core/diagnostic.ts";
import type { Model } from "../model/model.ts";
import type { Incomplete } from "../model/parse.ts";
import type { Check } from "./check.ts";
import { check as noAgentAtEdge } from "./no-agent-at-edge.ts";
import { check as noBrokenTemplate } from "./no-broken-template.ts";
import { check as noChoiceAfterRefusal } from "./no-choice-after-refusal.ts";
import { check as noClearKeys } from "./no-clear-keys.ts";
import { check as noContradictingFailover } from "./no-contradicting-failover.ts";
import { check as noDeadDestination } from "./no-dead-destination.ts";
import { check as noDuplicateHeader } from "./no-duplicate-header.ts";
import { check as noDuplicateRoute } from "./no-duplicate-route.ts";
import { check as noDuplicateTarget } from "./no-duplicate-target.ts";
import { check as noForbiddenForward } from "./no-forbidden-forward.ts";
import { check as noHostNameAgent } from "./no-host-name-agent.ts";
import { check as noIdleHours } from "./no-idle-hours.ts";
import { check as noIdleLimit } from "./no-idle-limit.ts";
import { check as noIdleRefer } from "./no-idle-refer.ts";
import { check as noIdleRingTimeout } from "./no-idle-ring-timeout.ts";
import { check as noImpossibleHours } from "./no-impossible-hours.ts";
import { check as noImpossibleRoute } from "./no-impossible-route.ts";
import { check as noImpossibleSource } from "./no-impossible-source.ts";
import { check as noInternalPublicIp } from "./no-internal-public-ip.ts";
import { check as noInternalSource } from "./no-internal-source.ts";
import { check as noLearnedMedia } from "./no-learned-media.ts";
import { check as noLostExtension } from "./no-lost-extension.ts";
import { check as noMissingCapability } from "./no-missing-capability.ts";
import { check as noNestedSource } from "./no-nested-source.ts";
import { check as noOpenAllowlist } from "./no-open-allowlist.ts";
import { check as noPlainSecret } from "./no-plain-secret.ts";
import { check as noPortCollision } from "./no-port-collision.ts";
import { check as noRedundantSource } from "./no-redundant-source.ts";
import { check as noRepeatedChoice } from "./no-repeated-choice.ts";
import { check as noReservedCondition } from "./no-reserved-condition.ts";
import { check as noReservedHeader } from "./no-reserved-header.ts";
import { check as noShadowedOutboundRoute } from "./no-shadowed-outbound-route.ts";
import { check as noShadowedRoute } from "./no-shadowed-route.ts";
import { check as noSharedCertificate } from "./no-shared-certificate.ts";
import { check as noSharedCredentials } from "./no-shared-credentials.ts";
import { check as noSharedRegistration } from "./no-shared-registration.ts";
import { check as noSharedSource } from "./no-shared-source.ts";
import { check as noSipPortInRtp } from "./no-sip-port-in-rtp.ts";
import { check as noTranscodedCall } from "./no-transcoded-call.ts";
import { check as noUncarriedCall } from "./no-uncarried-call.ts";
import { check as noUnheardSource } from "./no-unheard-source.ts";
import { check as noUnreachableAgent } from "./no-unreachable-agent.ts";
import { check as noUnreachableCarrier } from "./no-unreachable-carrier.ts";
import { check as noUnsafeEngine } from "./no-unsafe-engine.ts";
import { check as noUnsetVariable } from "./no-unset-variable.ts";
import { check as noUnusedAgent } from "./no-unused-agent.ts";
import { check as noWideAllowlist } from "./no-wide-allowlist.ts";
import { check as noWrongSessionTimer } from "./no-wrong-session-timer.ts";
import { check as useAuth } from "./use-auth.ts";
import { check as useCallerId } from "./use-caller-id.ts";
import { check as useCertificate } from "./use-certificate.ts";
import { check as useClientCa } from "./use-client-ca.ts";
import { check as useCommonCodec } from "./use-common-codec.ts";
import { check as useCountry } from "./use-country.ts";
import { check as useDestinationGuard } from "./use-destination-guard.ts";
import { check as useEdge } from "./use-edge.ts";
import { check as useEnoughRtpPorts } from "./use-enough-rtp-ports.ts";
import { check as useNumberMatch } from "./use-number-match.ts";
import { check as useOwnCertificate } from "./use-own-certificate.ts";
import { check as usePrivateCa } from "./use-private-ca.ts";
import { check as useRegistrationAuth } from "./use-registration-auth.ts";
import { check as useRoutes } from "./use-routes.ts";

export const checks: readonly Check[] = [
  noAgentAtEdge,
  noBrokenTemplate,
  noChoiceAfterRefusal,
  noClearKeys,
  noContradictingFailover,
  noDeadDestination,
  noDuplicateHeader,
  noDuplicateRoute,
  noDuplicateTarget,
  noForbiddenForward,
  noHostNameAgent,
  noIdleHours,
  noIdleLimit,
  noIdleRefer,
  noIdleRingTimeout,
  noImpossibleHours,
  noImpossibleRoute,
  noImpossibleSource,
  noInternalPublicIp,
  noInternalSource,
  noLearnedMedia,
  noLostExtension,
  noMissingCapability,
  noNestedSource,
  noOpenAllowlist,
  noPlainSecret,
  noPortCollision,
  noRedundantSource,
  noRepeatedChoice,
  noReservedCondition,
  noReservedHeader,
  noShadowedOutboundRoute,
  noShadowedRoute,
  noSharedCertificate,
  noSharedCredentials,
  noSharedRegistration,
  noSharedSource,
  noSipPortInRtp,
  noTranscodedCall,
  noUncarriedCall,
  noUnheardSource,
  noUnreachableAgent,
  noUnreachableCarrier,
  noUnsafeEngine,
  noUnsetVariable,
  noUnusedAgent,
  noWideAllowlist,
  noWrongSessionTimer,
  useAuth,
  useCallerId,
  useCertificate,
  useClientCa,
  useCommonCodec,
  useCountry,
  useDestinationGuard,
  useEdge,
  useEnoughRtpPorts,
  useNumberMatch,
  useOwnCertificate,
  usePrivateCa,
  useRegistrationAuth,
  useRoutes,
];

/** Runs every check on a Model. Linear in the size of the Model. */
export function runChecks(model: Model): Diagnostic[] {
  return run(checks, model);
}

/** What can be said for sure of a config with errors, so that one run names all problems. */
export function runChecksBeside({ model, faults, place }: Incomplete): Diagnostic[] {
  const network = faults.some((fault) => /^\/network(?:\/|$)/.test(fault));
  const sure = checks.filter((check) => check.beside === "any" || (check.beside === "network" && !network));
  return run(sure, model)
    .map(place)
    .filter(({ pointer: at = "" }) => !faults.some((fault) => fault === at || fault.startsWith(`${at}/`)));
}

function run(some: readonly Check[], model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const check of some)
    check.run(model, (finding) => {
      found.push({ code: check.code, severity: check.severity, why: check.why, ...finding });
    });
  return found;
}
