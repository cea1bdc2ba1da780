/** CPU a call: the compiled edge beside the hand-written ones, alternating in one run so that the machine's moods hit all alike. */
import { labEngine } from "../lab/edge.ts";
import { withLab } from "../lab/netns.ts";
import { burst } from "./calls.ts";
import { compiled } from "./compiled.ts";
import { median } from "./cpu.ts";
import { baseline, type Variant } from "./variants.ts";

const rounds = 5;
const load = { rate: 200, calls: 2000 };
const warmUp = { rate: 200, calls: 400 };

export async function benchCalls(print: (line: string) => void): Promise<void> {
  const runtime = await labEngine();
  const pairs: readonly (readonly [Variant, Variant, number])[] = [
    [baseline("min"), compiled({ media: false }), 2.0],
    [baseline("full"), compiled({ media: true }), 1.15],
  ];
  await withLab({ lifeMs: 30 * 60_000 }, async (lab) => {
    for (const [reference, measured, bar] of pairs) {
      const cost = new Map<Variant, number[]>([
        [reference, []],
        [measured, []],
      ]);
      for (let round = 0; round < rounds; round++) {
        for (const [variant, results] of cost) {
          const running = await variant.start(lab, runtime);
          try {
            // The first calls pay for pages and tables that all others find.
            await burst(lab, running.marker, warmUp);
            results.push(await burst(lab, running.marker, load));
          } finally {
            await running.stop();
          }
        }
      }
      const ratios = (cost.get(measured) ?? []).map(
        (value, i) => value / (cost.get(reference)?.[i] ?? Number.NaN),
      );
      for (const [variant, results] of cost)
        print(
          `${variant.name.padEnd(20)} ${median(results).toFixed(0).padStart(6)} µs CPU a call   [${results.map((r) => r.toFixed(0)).join(" ")}]`,
        );
      print(`${measured.name} / ${reference.name} = ${median(ratios).toFixed(2)}   bar ${bar}`);
    }
  });
}
