import type { ContainerMetadata } from "./metadata.ts";

/** What a user says of a recording. */
export type SaidMetadata = Pick<ContainerMetadata, "description" | "tags" | "custom">;

/** What several recordings say of the container that they become. */
export interface JoinedMetadata {
  /** What those that say it agree on, and the tags of all of them. */
  readonly said: SaidMetadata;
  /** What they do not agree on: `description`, `custom.KEY`. */
  readonly differing: readonly string[];
}

/** Puts together what recordings say, in the order in which they are joined. */
export function joinMetadata(parts: readonly SaidMetadata[]): JoinedMetadata {
  const descriptions = new Set(parts.flatMap(({ description }) => description ?? []));
  const tags = new Set(parts.flatMap((part) => part.tags ?? []));
  const values = new Map<string, Set<string>>();
  for (const { custom = {} } of parts) {
    for (const [key, value] of Object.entries(custom)) {
      values.set(key, (values.get(key) ?? new Set()).add(value));
    }
  }
  const keys = [...values].map(([key, found]) => ({ key, found: [...found] }));
  const agreed = keys.flatMap(({ key, found: [value, ...others] }): [string, string][] =>
    value !== undefined && others.length === 0 ? [[key, value]] : [],
  );
  const [description] = descriptions;
  return {
    said: {
      ...(descriptions.size === 1 && { description }),
      ...(tags.size > 0 && { tags: [...tags] }),
      ...(agreed.length > 0 && { custom: Object.fromEntries(agreed) }),
    },
    differing: [
      ...(descriptions.size > 1 ? ["description"] : []),
      ...keys.filter(({ found }) => found.length > 1).map(({ key }) => `custom.${key}`),
    ],
  };
}
