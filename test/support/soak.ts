/** How many times as long random tests run: `EVARROW_SOAK=n`. */
export const SOAK: number = Math.max(Number(process.env.EVARROW_SOAK ?? 1) || 1, 1);
