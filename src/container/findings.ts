import { type EventError, isEventError } from "../errors.ts";

/** Something in a container that is not as it was written, or contradicts something else. */
export interface ContainerFinding {
  /** Where in the file it is. */
  readonly byteOffset: number;
  /** What it is, for people. */
  readonly problem: string;
  /** What should be there. */
  readonly expected?: string | undefined;
  /** What is there. */
  readonly found?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

/** Findings that are listed; more of them say nothing new. */
const MOST_FINDINGS = 10_000;

/** Findings that are collected. */
export class Findings {
  readonly list: ContainerFinding[] = [];
  /** Those that are not in the list because it is full. */
  leftOut = 0;

  add(finding: ContainerFinding): void {
    if (this.list.length < MOST_FINDINGS) this.list.push(finding);
    else this.leftOut++;
  }

  /** Takes what some work throws as a finding; null when it has thrown one. */
  async take<Result>(
    byteOffset: number,
    work: () => Result | Promise<Result>,
  ): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.add(findingOf(error, byteOffset));
      return null;
    }
  }
}

/** Whether an error is about the bytes, and not about getting at them. */
export function isDamage(error: unknown): error is EventError {
  return ["damaged-data", "invalid-header", "unsupported-format"].some((code) =>
    isEventError(error, code as EventError["code"]),
  );
}

/** What an error says, as a finding. */
export function findingOf(error: EventError, byteOffset: number): ContainerFinding {
  const { path, expected, found, hint } = error;
  const start = path === undefined ? 0 : path.length + 2;
  const end = error.message.indexOf(" (at byte ", start);
  const problem = error.message.slice(start, end < 0 ? undefined : end);
  return { byteOffset: error.byteOffset ?? byteOffset, problem, expected, found, hint };
}
