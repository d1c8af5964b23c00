/** Does some work as a user that permissions apply to: as root, everything may be read and written. */
export async function unprivileged<Result>(work: () => Promise<Result>): Promise<Result> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Whether permissions mean anything here. */
export const hasPermissions = process.platform !== "win32";

const NOBODY = 65534;
