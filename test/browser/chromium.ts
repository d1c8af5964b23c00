/** Headless Chromium: found, started with a profile of its own, and surely ended. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const KEPT_STDERR = 4000;

/** The browser that $CHROMIUM names, else the first one on the PATH; null where there is none. */
export function findChromium(): string | null {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

/** A running browser. */
export class Chromium {
  /** Fulfilled when the browser ends, with what is known of the reason. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #profile: string;
  #stderr = "";

  private constructor(executable: string, profile: string, url: string) {
    this.#profile = profile;
    this.#process = spawn(executable, [...FLAGS, `--user-data-dir=${profile}`, url], {
      detached: true, // a process group, to be ended as a whole
      env: { ...process.env, HOME: profile, TMPDIR: profile }, // what it leaves goes with the profile
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    this.ended = new Promise((resolve) => {
      this.#process.once("error", (error) => resolve(`the browser did not start: ${error}`));
      this.#process.once("exit", (code, signal) => {
        resolve(`the browser ended (${signal ?? code})\n${this.#stderr}`);
      });
    });
    process.once("exit", this.#kill);
  }

  /** Opens a page in a new browser; `close` must follow. */
  static async start(executable: string, url: string): Promise<Chromium> {
    return new Chromium(executable, await mkdtemp(join(tmpdir(), "evarrow-chromium-")), url);
  }

  /** The end of what the browser printed. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Ends the browser with all its processes and removes its profile. */
  async close(): Promise<void> {
    this.#kill();
    await this.ended;
    process.removeListener("exit", this.#kill);
    // The last processes of the group may still be writing.
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  readonly #kill = (): void => {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ended already
    }
  };
}
