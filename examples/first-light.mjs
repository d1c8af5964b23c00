/**
 * The main job on a bundled sample: load a recording, show the frame, filter it, and see what the
 * report says. Run by `npm run example`.
 */
import { fileURLToPath } from "node:url";
import { formatReport, loadEvents, reportOf } from "evarrow";
import pl from "nodejs-polars";

const sample = (name) => fileURLToPath(new URL(`../data-samples/${name}`, import.meta.url));

const events = await loadEvents(sample("moving-bar.evt2.raw"));
console.log("A bar crosses the view. The recording as a Polars DataFrame:");
console.log(events.head(5).toString());

const report = reportOf(events);
const { width, height } = report.geometry;
console.log(
  `\n${report.events} events of a ${width} x ${height} sensor, ${report.triggers} triggers`,
);

const right = events.filter(pl.col("x").gtEq(160).and(pl.col("polarity").gt(0)));
console.log(`\nON events in the right half: ${right.height}. By time in steps of 50 ms:`);
console.log(
  right
    .withColumn(pl.col("t").div(50_000).floor().mul(50).cast(pl.Int64).alias("from_ms"))
    .groupBy("from_ms")
    .agg(pl.col("x").count().alias("events"), pl.col("x").mean().alias("mean_x"))
    .sort("from_ms")
    .toString(),
);

console.log("\nA damaged recording loads too, and the report says what is missing:");
const damaged = await loadEvents(sample("damaged.evt2.raw"));
for (const line of formatReport(reportOf(damaged))) console.log(`  ${line}`);
