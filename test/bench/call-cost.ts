/**
 * CPU a call: the compiled edge beside the hand-written ones. Both run at once, each in a lab of its own, and get their calls in
 * turns, so that the machine's moods hit them alike; what counts is all that either used from its first turn to the end, since
 * some work comes seconds after a call.
 */
import { labEngine } from "../lab/edge.ts";
import { type Lab, withLab } from "../lab/netns.ts";
import { burst, startCallee } from "./calls.ts";
import { compiled } from "./compiled.ts";
import { cpuMicroseconds, median } from "./cpu.ts";
import { baseline, type RunningVariant, type Variant } from "./variants.ts";

const rounds = 5;
const turns = 5;
const turn = { rate: 200, calls: 400 };
/** Until the transactions of the last calls are gone, and the media relay's timers. */
const lateWork = 7000;

export async function benchCalls(print: (line: string) => void): Promise<void> {
  const pairs: readonly (readonly [Variant, Variant, number])[] = [
    [baseline("min"), compiled({ media: false }), 2.0],
    [baseline("full"), compiled({ media: true }), 1.15],
  ];
  for (const [reference, measured, bar] of pairs) {
    const results: (readonly [number, number])[] = [];
    for (let round = 0; round < rounds; round++) results.push(await compare(reference, measured));
    for (const [i, variant] of [reference, measured].entries()) {
      const costs = results.map((costs) => costs[i] ?? Number.NaN);
      print(
        `${variant.name.padEnd(20)} ${median(costs).toFixed(0).padStart(6)} µs CPU a call   [${costs.map((r) => r.toFixed(0)).join(" ")}]`,
      );
    }
    const ratios = results.map(([of, by]) => by / of);
    print(
      `${measured.name} / ${reference.name} = ${median(ratios).toFixed(2)}   [${ratios.map((r) => r.toFixed(2)).join(" ")}]   bar ${bar}`,
    );
  }
}

/** Microseconds a call of both, started anew. */
async function compare(a: Variant, b: Variant): Promise<readonly [number, number]> {
  const runtime = await labEngine();
  const life = { lifeMs: 5 * 60_000 };
  return withLab(life, (one) =>
    withLab(life, async (other) => {
      const sides: (readonly [Lab, RunningVariant])[] = [
        [one, await a.start(one, runtime)],
        [other, await b.start(other, runtime)],
      ];
      for (const [lab] of sides) await startCallee(lab);
      try {
        // The first calls pay for pages and tables that all others find.
        for (const [lab] of sides) await burst(lab, turn);
        const used = () => sides.map(([, { marker }]) => cpuMicroseconds(marker));
        const before = used();
        for (let i = 0; i < turns; i++)
          for (const [lab] of i % 2 === 0 ? sides : sides.toReversed()) await burst(lab, turn);
        await new Promise((resolve) => setTimeout(resolve, lateWork));
        const [of = Number.NaN, by = Number.NaN] = used().map(
          (after, i) => (after - (before[i] ?? Number.NaN)) / (turns * turn.calls),
        );
        return [of, by] as const;
      } finally {
        for (const [, running] of sides) await running.stop();
      }
    }),
  );
}
