/** Counters of the report by the kind of loss. */
const COUNTERS = {
  eventBeforeTimeBase: "eventsBeforeTimeBase",
  triggerBeforeTimeBase: "triggersBeforeTimeBase",
  eventWithoutAddress: "eventsWithoutAddress",
  outsideGeometry: "eventsOutsideGeometry",
  backwardStep: "backwardSteps",
  malformedLine: "malformedLines",
  truncated: "truncatedBytes",
};

/**
 * A recording that is put together piece by piece, with what each piece must give: events and
 * triggers, or a loss, the place of which is noted.
 */
export class DamagedRecording {
  #pieces = [];
  #bytes = 0;
  #events = [];
  #triggers = [];
  #report;
  #firstAt = {};

  /**
   * @param {Buffer} header
   * @param {object} [report] what differs from the defaults beside the losses
   */
  constructor(header, report = {}) {
    this.#append(header);
    this.#report = { ...report };
  }

  /** A piece that is read as it stands. */
  add(bytes, { events = [], triggers = [] } = {}) {
    this.#append(bytes);
    this.#events.push(...events);
    this.#triggers.push(...triggers);
    return this;
  }

  /** A piece that begins with a loss; it may hold events that are kept, too. */
  lose(kind, bytes, { count = 1, events = [] } = {}) {
    const counter = COUNTERS[kind];
    this.#report[counter] = (this.#report[counter] ?? 0) + count;
    this.#firstAt[kind] ??= this.#bytes;
    return this.add(bytes, { events });
  }

  /** A word of a type that the format does not define. */
  unknown(type, bytes) {
    this.#count("unknownWords", type);
    this.#firstAt.unknownWord ??= this.#bytes;
    return this.add(bytes);
  }

  /** A vendor word without events, by name, and by subtype where it has one. */
  skip(name, bytes, subtype) {
    this.#count("skippedWords", name);
    if (subtype !== undefined) this.#count("otherSubtypes", `0x${subtype.toString(16)}`);
    return this.add(bytes);
  }

  /** Bytes at the end that fill no word. */
  cut(bytes) {
    return this.lose("truncated", bytes, { count: bytes.length });
  }

  /** The recording as a sample. */
  finish({ format, geometry }) {
    return {
      format,
      geometry,
      bytes: Buffer.concat(this.#pieces),
      events: this.#events,
      triggers: this.#triggers,
      report: { ...this.#report, firstAt: this.#firstAt },
    };
  }

  #append(bytes) {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
  }

  #count(field, key) {
    this.#report[field] ??= {};
    this.#report[field][key] = (this.#report[field][key] ?? 0) + 1;
  }
}
