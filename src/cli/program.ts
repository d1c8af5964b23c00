import { createRequire } from "node:module";
import { Command, Option } from "commander";
import {
  addFileOptions,
  addRecordingOptions,
  CHECKSUM_NAMES,
  CODECS,
  type ConvertCommandOptions,
  type DigestOptions,
  type ExportCommandOptions,
  type HeadOptions,
  type InfoOptions,
  PRESETS,
  parseBytes,
  parseContainer,
  parseCount,
  parseDuration,
  parseNames,
  parseTarget,
  type QueryCommandOptions,
  type RepairCommandOptions,
  type StatsOptions,
  type VerifyCommandOptions,
} from "./args.ts";
import { addFilterOptions } from "./filters.ts";
import type { Output } from "./output.ts";

/** Windows of time of `evarrow stats`, unless it is told otherwise. */
const DEFAULT_WINDOW_US = 1_000_000;

/** What a command is given beside its arguments. */
export interface CommandContext {
  readonly output: Output;
  readonly signal: AbortSignal | undefined;
}

/** What commander has to say; it is printed when the arguments are parsed. */
export interface ProgramTexts {
  out: string;
  error: string;
}

/**
 * Describes every command to commander. A command's own code is loaded when it runs.
 *
 * @param texts - where help and complaints are put
 * @param widths - of the terminals that they are for, in characters
 */
export function createProgram(
  context: CommandContext,
  texts: ProgramTexts,
  widths: { readonly out: number | undefined; readonly error: number | undefined },
): Command {
  const program = new Command("evarrow")
    .description("Look into event-camera recordings, and convert them.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [COMMAND]", "print the help of a command")
    .usage("COMMAND [options] FILE...")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        texts.out += text;
      },
      writeErr: (text) => {
        texts.error += text;
      },
      // Commander writes a suggestion on a line of its own.
      outputError: (text, write) => write(`evarrow: ${text.trimEnd().replaceAll("\n", " ")}\n`),
      getOutHelpWidth: () => widths.out ?? 80,
      getErrHelpWidth: () => widths.error ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .configureHelp({
      optionTerm: ({ flags }) => flags.replace(" [=", "[="),
      subcommandTerm: (command) =>
        command.name() === "help" ? "help [COMMAND]" : `${command.name()} ${argumentsOf(command)}`,
    })
    .showHelpAfterError("Try `evarrow --help`.")
    .addHelpText(
      "after",
      `
Examples:
  evarrow info recording.raw
  evarrow head recording.raw -n 20
  evarrow stats recording.raw --json
  evarrow convert recording.raw copy.evt3.raw
  evarrow convert events.zip events.csv
  evarrow export recording.raw recording.evb
  evarrow convert --from 1s --to 2s --roi 100,50,64,64 in.raw part.csv
  evarrow query recording.raw "SELECT x, count(*) AS n FROM events GROUP BY x"

Data goes to stdout, messages to stderr.
Exit codes: 0 fine, 1 the input is bad, 2 the call is wrong.`,
    );

  const addCommand = (
    name: string,
    summary: string,
    details: string,
    examples: string,
    argument = "FILE",
    takes: "filters" | "recording" | "file" = "filters",
  ) => {
    const command = program.command(name).summary(summary).description(`${summary}.\n${details}`);
    command
      .showHelpAfterError(`Try \`evarrow ${name} --help\`.`)
      .addHelpText("after", `\nExamples:\n${examples.replaceAll(/^/gm, "  evarrow ")}`);
    if (takes === "file") addFileOptions(command, argument);
    else addRecordingOptions(command, argument);
    if (takes === "filters") addFilterOptions(command);
    return command.usage(`[options] ${argumentsOf(command)}`);
  };

  addCommand(
    "info",
    "Say what a recording is and what is in it",
    "A file of 64 MiB or more is answered from its header and a sample, unless --full is given.",
    "info recording.raw\ninfo --full --json recording.raw",
    "FILE",
    "recording",
  )
    .option("--full", "read everything; --strict does so too")
    .action(async (file: string, options: InfoOptions) => {
      const { info } = await import("./commands/info.ts");
      await info(file, options, context);
    });

  addCommand(
    "head",
    "Print the first events as a table",
    "The columns are x, y (pixels), t (microseconds) and polarity. Only what is needed is read.",
    "head recording.raw\nhead -n 1000 --polarity-encoding zero-one recording.raw\nhead --text-columns x,y,p,t --time-unit us events.txt\nhead --json events.zip",
  )
    .option("-n, --count <number>", "how many events", parseCount, 10)
    .action(async (file: string, options: HeadOptions) => {
      const { head } = await import("./commands/head.ts");
      await head(file, options, context);
    });

  addCommand(
    "digest",
    "Print the digest that identifies the events",
    "Two recordings with the same digest hold the same events in the same order, whatever their formats: the first 16 hexadecimal digits of the SHA-256 over all events.",
    "digest recording.raw\ndigest --json recording.raw",
  ).action(async (file: string, options: DigestOptions) => {
    const { digest } = await import("./commands/digest.ts");
    await digest(file, options, context);
  });

  addCommand(
    "stats",
    "Count the events of a recording",
    "Reads all of it for counts, time range, rate and extremes, events per window of time, and active and hot pixels. A pixel is hot when it has more than ten times as many events as the median active pixel and as most of its neighbours.",
    "stats recording.raw\nstats --window 100ms --json recording.raw\nstats - < recording.raw",
  )
    .addOption(
      new Option("--window <time>", "length of a window, for example 100ms or 500us")
        .argParser(parseDuration)
        .default(DEFAULT_WINDOW_US, "1s"),
    )
    .option("--hot-pixels <number>", "how many hot pixels are listed", parseCount, 10)
    .action(async (file: string, options: StatsOptions) => {
      const { stats } = await import("./commands/stats.ts");
      await stats(file, options, context);
    });

  const convert = addCommand(
    "convert",
    "Write a recording in another format",
    "The name of OUT says the format: .evt2.raw, .evt21.raw, .evt3.raw, .dat, .evb, .csv, .txt, .jsonl, .arrow, .parquet, .h5. OUT appears when it is complete, and replaces what had its name.",
    "convert in.raw out.evt3.raw\nconvert --verify in.raw out.dat\nconvert --format evt3 in.raw out.raw",
    "IN",
  )
    .argument("<OUT>", "the file to write", parseTarget)
    .option("--format <id>", "the format of OUT, where its name does not say it")
    .option("--verify", "read OUT again and compare it with IN before it gets its name")
    .option("--force", "leave out what the format cannot hold, instead of failing")
    .option("--rebase", "put the first event of the recording on time 0")
    .addOption(
      new Option(
        "--endianness <order>",
        "order of the bytes of a word of EVT 2.1 (default: little)",
      ).choices(["little", "legacy"]),
    )
    .action(async (file: string, out: string, options: ConvertCommandOptions) => {
      const { convert } = await import("./commands/convert.ts");
      await convert(file, out, options, context);
    });
  convert.usage(`[options] ${argumentsOf(convert)}`);

  const exported = addCommand(
    "export",
    "Write a recording as a compact container",
    "OUT ends in .evb, and appears when it is complete. Says what it was written with, its size per event and per column, and where the time went.",
    "export in.raw out.evb\nexport --preset size --from 1s --to 2s --roi 100,50,64,64 in.raw part.evb\nexport --compare in.raw out.evb",
    "IN",
  )
    .argument("<OUT>", "the container to write", parseContainer)
    .addOption(
      new Option("--preset <name>", "a set of options (default: balanced)").choices(PRESETS),
    )
    .addOption(
      new Option("--codec <name>", "what compresses, instead of what the preset has").choices(
        CODECS,
      ),
    )
    .option("--level <number>", "how hard it tries, as the codec counts", parseCount)
    .option("--chunk-events <number>", "events of a chunk, 1 to 1048576", parseCount)
    .addOption(new Option("--checksum <name>", "what damage is found by").choices(CHECKSUM_NAMES))
    .option("--columns <names>", "keep these of x, y, t, polarity alone, as in x,y,t", parseNames)
    .option("--rebase", "put the first event on time 0")
    .option("--overwrite", "replace OUT if it is there")
    .option("--describe <text>", "what the recording is, in words")
    .option(
      "--include-metadata <names>",
      "of what is said of the recording, write these alone, as in source.name,custom.lens*",
      parseNames,
    )
    .option("--exclude-metadata <names>", "leave these out", parseNames)
    .option(
      "--compare",
      "also write CSV, JSON lines, Arrow IPC and Parquet to a temporary folder, and compare sizes and reading times; all events are held in memory",
    )
    .action(async (file: string, out: string, options: ExportCommandOptions) => {
      const { exportContainer } = await import("./commands/export.ts");
      await exportContainer(file, out, options, context);
    });
  exported.usage(`[options] ${argumentsOf(exported)}`);

  addCommand(
    "verify",
    "Check a compact container",
    "Compares all that it says of itself with its bytes: checksums, digests, counts, places. Damage is listed with its place, and exits with 1.",
    "verify recording.evb\nverify --deep --json recording.evb",
    "FILE",
    "file",
  )
    .option("--deep", "decode all events, too")
    .action(async (file: string, options: VerifyCommandOptions) => {
      const { verify } = await import("./commands/verify.ts");
      await verify(file, options, context);
    });

  const repair = addCommand(
    "repair",
    "Write a sound compact container of a damaged one",
    "All chunks and triggers that are sound are kept as they are, in the order of their rows. What is lost is told, and is no error as long as something is kept; where nothing is, nothing is written.",
    "repair broken.evb sound.evb",
    "IN",
    "file",
  )
    .argument("<OUT>", "the container to write", parseContainer)
    .option("--overwrite", "replace OUT if it is there")
    .action(async (file: string, out: string, options: RepairCommandOptions) => {
      const { repair: run } = await import("./commands/repair.ts");
      await run(file, out, options, context);
    });
  repair.usage(`[options] ${argumentsOf(repair)}`);

  const query = addCommand(
    "query",
    "Run an SQL statement over the events",
    "The table is called events and has the columns x, y (pixels), t (microseconds) and polarity: -1 and 1, or 0 and 1, as the format has it. What the statement says of them is done while the events are read; the rows that pass are held in memory.",
    'query recording.raw "SELECT count(*) AS n FROM events WHERE polarity > 0"\nquery --from 1s --to 2s --output csv recording.raw "SELECT x, y, count(*) AS n FROM events GROUP BY x, y"',
  )
    .argument("<SQL>", "the statement: one SELECT over events")
    .addOption(
      new Option("--output <format>", "what is printed (default: table)")
        .choices(["table", "csv", "json", "arrow", "parquet"])
        .conflicts("json"),
    )
    .option(
      "--memory-limit <bytes>",
      "refuse to hold more rows than this, for example 500M",
      parseBytes,
    )
    .action(async (file: string, statement: string, options: QueryCommandOptions) => {
      const { query } = await import("./commands/query.ts");
      await query(file, statement, options, context);
    });
  query.usage(`[options] ${argumentsOf(query)}`);

  return program;
}

/** The arguments of a command, as its usage names them. */
function argumentsOf(command: Command): string {
  return command.registeredArguments.map((argument) => argument.name()).join(" ");
}

/** From package.json, which costs nothing; the library itself takes longer to load than Node. */
function packageVersion(): string {
  return createRequire(import.meta.url)("evarrow/package.json").version;
}
