// All words of the page, in English. Each language has one such file; the compiler sees to it that none lacks a word.

const number = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

export const en = {
  // ---- Around ----
  tagline: 'Run Python and watch it print.',
  needsScript: 'This page needs JavaScript. Without it, programs can be run through the API: /openapi.yaml',
  more: 'More',
  examples: 'Examples',
  history: 'History',
  historyEmpty: 'What you run in this browser is listed here.',
  historyClear: 'Forget all',
  language: 'Language',
  theme: 'Colours',
  themeSystem: 'Auto',
  themeLight: 'Light',
  themeDark: 'Dark',

  // ---- The program ----
  program: 'Program',
  editor: 'Python program',
  editorHelp: 'Tab indents. Esc, then Tab leaves the editor.',
  input: 'Prepared input',
  inputHelp: 'Empty: you type in the terminal while the program runs.',
  run: 'Run',
  runtime: 'Python to run it with',
  aboutRuntimes: 'What each Python has',
  noPackages: 'The standard library alone',
  runWith: (runtime: string) => `Run with ${runtime}`,
  moduleIsIn: (module: string, runtime: string) => `The module ${module} is in the runtime ${runtime}.`,
  stop: 'Stop',
  stopping: 'Stopping…',
  changed: 'Changed since this run',
  along: (parts: string[]) => `Goes along when you run it: ${parts.join('; ')}.`,
  alongFiles: (names: string) => `the files ${names}`,
  alongArgs: (args: string) => `the arguments ${args}`,
  alongEnv: (names: string) => `the variables ${names}`,
  alongCollect: (globs: string) => `the patterns of files to hand back ${globs}`,
  files: 'Files of the program',
  fileAdd: 'Add a file',
  fileName: 'Name of the file, such as data.txt',
  fileRename: 'Rename',
  fileDelete: 'Delete',
  fileDeleted: (name: string) => `${name} is deleted.`,
  undo: 'Undo',
  fileNameBad: 'A name is letters, digits, dots, - and _, with / between folders.',
  fileNameTaken: 'There is a file of that name already.',
  keys: 'Keys that a phone hides',
  code: 'Code',
  terminal: 'Terminal',

  /** What CodeMirror says itself, by its English words. */
  editorPhrases: {} as Record<string, string>,

  // ---- The terminal ----
  result: 'Result',
  output: 'Output',
  outputQuiet: 'Output appears here while the program runs.',
  printedNothing: 'The program printed nothing.',
  noOutput: 'There is no output.',
  standardError: 'standard error',
  typedInput: 'typed input',
  terminalInput: 'Terminal. Type a line and press Enter. Tab leaves the terminal.',
  terminalHelp: 'Ctrl+C interrupts, Ctrl+D ends the input, Tab leaves.',
  typeLine: 'Input for the program',
  send: 'Send',
  endInput: 'End of input',
  reuse: 'Use what was typed as prepared input',
  copy: 'Copy',
  copied: 'Copied',
  save: 'Download',
  clear: 'Clear',
  stack: 'Where the program was',
  filesBack: 'Files',
  again: 'Run again',
  address: 'Anyone who has this page’s address can see this run, type into it and stop it.',
  addressOfEnded: 'Anyone who has this page’s address can see this run.',
  kept: (until: string) => ` It is kept until ${until}.`,
  copyAddress: 'Copy address',

  // ---- States ----
  ready: 'Ready',
  sending: 'Sending…',
  loading: 'Loading…',
  queued: 'Queued',
  queuedAt: (place: number) => `Queued (place ${place})`,
  startsIn: (time: string) => `Starts in about ${time}.`,
  running: 'Running',
  waitingForInput: 'Waiting for input',
  waitingHint: 'Type in the terminal and press Enter.',
  cancelled: 'Cancelled',
  ended: 'Ended',
  systemFailed: 'The system failed, not your program',
  systemFailedDetail: (detail: string, code: string) => [detail, code && `(${code})`].filter(Boolean).join(' '),
  finished: (measured: string) => `Finished${measured}`,
  exitCode: (code: string, measured: string) => `Exit code ${code}${measured}`,
  signaled: (signal: string) => `Died of ${signal}`,
  limit: {
    CPU_LIMIT: 'Stopped at the CPU time limit',
    WALL_LIMIT: 'Stopped at the time limit',
    MEMORY_LIMIT: 'Stopped at the memory limit',
    OUTPUT_LIMIT: 'Stopped at the output limit',
    IDLE_LIMIT: 'Stopped: nobody answered its question in time',
  } as Record<string, string>,
  /** Whether the server's own English sentences are shown; they know more, such as the figure of a limit. */
  showsServerSentences: true,
  inTime: (time: string) => ` in ${time}`,
  afterTime: (time: string) => ` after ${time}`,
  ofMemory: (size: string) => ` (${size})`,
  ran: (time: string, uses: string[]) => `Ran ${time}${uses.length ? `, used ${uses.join(' and ')}` : ''}.`,
  cpuTime: (time: string) => `${time} of CPU time`,
  notAvailable: 'Not available',
  title: (state: string) => `${state} – OnPyRunner`,

  // ---- Trouble ----
  connectionLost: 'Connection lost. The program goes on running; reconnecting…',
  requeued: 'The machine that ran the program was lost. It is started again on another one.',
  unreachable: 'The server cannot be reached. Check your connection and try again.',
  serverStatus: (status: number) => `The server answered with status ${status}.`,
  tryAgain: (seconds: number) =>
    seconds <= 1
      ? 'Try again in a second.'
      : seconds < 120
        ? `Try again in ${seconds} seconds.`
        : `Try again in ${number(Math.ceil(seconds / 60), 'minute', 'minutes')}.`,
  unknownJob: 'There is no job at this address. Check that it was copied whole.',
  expiredJob: 'This job is no longer kept: its time on the server has passed.',
  expiredKept: 'Its program is still in this browser.',
  canStillRun: 'You can still write and run a program here.',
  goneNow: 'This job is no longer on the server: its time there has passed, or it was removed.',
  mayNotFollow: 'The server does not let this page follow the job.',

  // ---- Units ----
  ms: (n: string) => `${n} ms`,
  seconds: (n: string) => `${n} s`,
  minutes: (m: number, s: number) => `${m} min ${s} s`,
};

export type Texts = typeof en;
