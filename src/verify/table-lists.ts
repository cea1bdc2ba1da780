/** Compares the list files of the bundle, agents' destinations and trunks' networks, with what Kamailio holds. */
import { type Artifacts, readLines } from "./locate.ts";
import type { StepResult } from "./report.ts";
import { type Ask, different, fieldOf, recordsIn, valuesNamed } from "./table-rpc.ts";

interface ListLine {
  readonly line: number;
  readonly fields: readonly string[];
}

function listLines(artifacts: Artifacts, path: string): readonly ListLine[] {
  return readLines(artifacts.directory, path).flatMap((text, i) =>
    /^\s*\d/.test(text) ? [{ line: i + 1, fields: text.trim().split(/\s+/) }] : [],
  );
}

/** Every destination of dispatcher.list must be there, by its URI. */
export async function compareDispatcher(artifacts: Artifacts, ask: Ask): Promise<StepResult> {
  const path = "kamailio/dispatcher.list";
  const wanted = listLines(artifacts, path);
  if (wanted.length === 0) return { diagnostics: [] };
  const loaded = valuesNamed(await ask("dispatcher.list"), "URI");
  const missing = wanted.filter(
    ({ fields: [, uri = ""] }) => !loaded.some((have) => have === uri || have.startsWith(`${uri};`)),
  );
  return {
    detail: `${loaded.length} destinations`,
    diagnostics: missing.map(({ line, fields }) =>
      different(artifacts, { path, line }, `the destination ${fields[1]} was not loaded`),
    ),
  };
}

/** Every network of address.list must be there with its trunk, and no other. */
export async function compareAddresses(artifacts: Artifacts, ask: Ask): Promise<StepResult> {
  const path = "kamailio/address.list";
  const wanted = listLines(artifacts, path).map(({ line, fields: [group, ip, mask, , tag] }) => ({
    line,
    ip,
    mask,
    key: [group, ip, tag].join(" "),
  }));
  if (wanted.length === 0) return { diagnostics: [] };
  const dumps = [
    ...recordsIn(await ask("permissions.subnetDump")),
    ...recordsIn(await ask("permissions.addressDump")),
  ];
  const loaded = dumps.map((record) => {
    const { item = "" } = record;
    return [record.group, fieldOf(item, "ip"), fieldOf(item, "tag")].join(" ");
  });
  const missing = wanted.filter(({ key }) => !loaded.includes(key));
  const foreign = loaded.length > wanted.length ? loaded.length - wanted.length : 0;
  return {
    detail: `${loaded.length} networks`,
    diagnostics: [
      ...missing.map(({ line, ip, mask }) =>
        different(artifacts, { path, line }, `the network ${ip}/${mask} was not loaded for its trunk`),
      ),
      ...(foreign > 0
        ? [different(artifacts, { path, line: 1 }, `${foreign} networks too many were loaded`)]
        : []),
    ],
  };
}
