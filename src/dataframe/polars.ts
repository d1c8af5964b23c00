import type pl from "nodejs-polars";
import type { DataFrame } from "nodejs-polars";
import { platform } from "#platform";
import type { ColumnName, EventColumns } from "../events/columns.ts";
import { ColumnBuffer } from "../events/columns.ts";

/** Frames that are put together at once. */
const GROUP_FRAMES = 32;

/** Puts batches together into one Polars DataFrame. Polars copies each batch once. */
export class FrameBuilder {
  readonly #polars: typeof pl;
  readonly #names: readonly ColumnName[];
  readonly #frames: DataFrame[] = [];

  private constructor(polars: typeof pl, names: readonly ColumnName[]) {
    this.#polars = polars;
    this.#names = names;
  }

  /**
   * Loads Polars for a frame of the given columns.
   *
   * @throws EventError `polars-unavailable`
   */
  static async create(names: readonly ColumnName[]): Promise<FrameBuilder> {
    return new FrameBuilder(await platform.importPolars(), names);
  }

  /** Adds a batch; its arrays may be overwritten afterwards. */
  append(columns: EventColumns): void {
    // Typed arrays are taken as they are, a fact that the declarations of Polars leave out.
    const series = this.#names.map((name) => this.#polars.Series(name, columns[name] as never));
    this.#frames.push(this.#polars.DataFrame(series));
  }

  /** The frame of all batches, which are not copied again. */
  finish(): DataFrame {
    if (this.#frames.length === 0) this.append(new ColumnBuffer(0, this.#names).finish());
    // Polars looks at all earlier pieces for each that it adds, so they are added in groups.
    let frames = this.#frames;
    while (frames.length > 1) {
      const groups: DataFrame[] = [];
      for (let at = 0; at < frames.length; at += GROUP_FRAMES) {
        const group = frames.slice(at, at + GROUP_FRAMES);
        groups.push(this.#polars.concat(group, { how: "vertical", rechunk: false }));
      }
      frames = groups;
    }
    return frames[0] as DataFrame;
  }
}
