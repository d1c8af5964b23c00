// Starts a case in a process of its own and tells it what to do.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../run-case.mjs", import.meta.url));

/**
 * @typedef {object} Child
 * @property {(step: string, asked?: object) => Promise<any>} ask does a step and gives its answer
 * @property {() => Promise<void>} close
 */

/**
 * @param {object} context what the process gets of a {@link import("../cases.mjs").Context}
 * @returns {Promise<Child>}
 */
export async function startCase(context) {
  // Nothing of how this process was started: a debugger or flags would slow the others down.
  const child = fork(SCRIPT, { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors = (errors + text).slice(-4000);
  });
  const ended = new Promise((resolve) => child.once("close", (...how) => resolve(how)));

  const ask = (step, asked = {}) =>
    new Promise((resolve, reject) => {
      const answer = ({ answer, failure }) => {
        child.off("close", gone);
        if (failure === undefined) resolve(answer);
        else reject(new Error(failure));
      };
      const gone = (code, signal) => {
        child.off("message", answer);
        reject(new Error(`the process ended (${signal ?? code}) while it did ${step}\n${errors}`));
      };
      child.once("message", answer);
      child.once("close", gone);
      child.send({ step, ...asked });
    });
  const close = async () => {
    if (child.connected) {
      await ask("close").catch(() => {});
      const forced = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(forced);
    }
  };
  try {
    await ask("open", context);
  } catch (error) {
    await close();
    throw error;
  }
  return { ask, close };
}

/**
 * Starts, uses and closes.
 *
 * @template T
 * @param {object} context
 * @param {(child: Child) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withCase(context, use) {
  const child = await startCase(context);
  try {
    return await use(child);
  } finally {
    await child.close();
  }
}
