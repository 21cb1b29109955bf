// The page: puts the editor, the buttons, the address and the job on show together.
import { createJob, getJob, getSpec, Problem } from './api';
import { element } from './dom';
import { type Draft, forgetDraft, readDraft, sameDraft, saveDraft } from './drafts';
import { createEditor } from './editor';
import { EXAMPLES, type Example } from './examples';
import { Transports } from './feed';
import { cancelBatch, createBatch, followBatch } from './batch';
import { loadCaps, tooMuch } from './caps';
import type { Cases } from './cases';
import { Files } from './files';
import { entries, forgetAll, noteStatus, recall, remember } from './history';
import type { Job, Spec, Status } from './job';
import { JobView } from './job-view';
import { askForSecret } from './key-dialog';
import { fillKeys } from './keys';
import { currentPlace, enterPlace, onPlaceChange } from './place';
import { Program } from './program';
import { ResultPanel } from './result-panel';
import { Runtimes } from './runtimes';
import { connectSocket } from './socket';
import { connectSse } from './sse';
import { choose, fillIn, language, locale, t } from './texts';
import { askWith, endTicket } from './ticket';
import { acceptFiles, read } from './uploads';
import { describe, duration } from './words';

fillIn();

const SAVE_AFTER_MS = 300;
/** Late, so that nothing moves under a finger that has just moved the focus. */
const TYPES_AFTER_MS = 250;
const FIRST: Program = Program.of(EXAMPLES[0].draft);

const run = element<HTMLButtonElement>('run');
const stop = element<HTMLButtonElement>('stop');
const again = element<HTMLButtonElement>('again');
const runWith = element<HTMLButtonElement>('run-with');
const input = element<HTMLTextAreaElement>('input');
const line = element<HTMLInputElement>('line');
const panel = new ResultPanel({
  line: (text) => view?.type(text),
  endOfInput: () => view?.endInput(),
  interrupt: () => view?.interrupt(),
});
const transports = new Transports(connectSocket, connectSse);
const editor = createEditor(element('editor'), 'editor-help', edited);
const files = new Files(editor, edited);
const runtimes = new Runtimes();

/** What the editor was last filled with. */
let program = FIRST;
/** Where we are; behind `location` while a change of place is being handled. */
let place = currentPlace();
let view: JobView | undefined;
let cases: Cases | undefined;
let busy = false;
let saveTimer: ReturnType<typeof setTimeout> | undefined;
let typesTimer: ReturnType<typeof setTimeout> | undefined;

function current(): Draft {
  return { source: files.source(), stdin: input.value, files: files.others(), attached: files.attached() };
}

function isEdited(): boolean {
  return !sameDraft(current(), program.draft);
}

// ---- Editing ----

function edited(): void {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, SAVE_AFTER_MS);
  showWhetherEdited();
}

function save(): void {
  clearTimeout(saveTimer);
  saveTimer = undefined;
  if (isEdited()) saveDraft(place, current());
  else forgetDraft(place);
}

function saveIfTyped(): void {
  if (saveTimer !== undefined) save();
}

function showWhetherEdited(): void {
  element('edited').hidden = place === '' || !isEdited();
}

/** Fills the editor with a program, or with what was made of it here before and not run. */
function fill(next: Program): void {
  program = next;
  const draft = readDraft(place) ?? next.draft;
  files.show(draft, next.entry);
  input.value = draft.stdin;
  element('along').textContent = next.note;
  runtimes.show(next.runtime);
  showWhetherEdited();
}

/** Takes in files of the reader's own machine, all of them or none. */
async function upload(given: File[]): Promise<void> {
  if (given.length === 0) return;
  const note = element('upload-problem');
  note.textContent = '';
  try {
    // Before they are read: they may be larger than the memory that there is.
    const now = current();
    const sizes = given.map((file) => ({ path: file.name, size: file.size }));
    const kept = <F extends { path: string }>(all: F[]) => all.filter((each) => !sizes.some((file) => file.path === each.path));
    const source = sizes.some((file) => files.isProgram(file.path)) ? '' : now.source;
    const problem = tooMuch({ ...now, source, files: kept(now.files), attached: [...kept(now.attached), ...sizes] });
    if (problem !== undefined) throw new Error(problem);
    const read_ = await Promise.all(given.map(read));
    const odd = read_.find((file) => 'attachment' in file && files.isProgram(file.attachment.path));
    if (odd) throw new Error(t.uploadNoProgram(program.entry));
    files.add(read_);
    showPane('code');
  } catch (error) {
    note.textContent = (error as Error).message;
    showPane('code');
  }
}

function openExample(example: Example): void {
  saveIfTyped();
  if (place !== '') {
    enterPlace('');
    place = '';
    leave();
  }
  forgetDraft('');
  fill(Program.of(example.draft, example.collect));
  showPane('code');
  editor.focus();
}

// ---- Running ----

async function start(): Promise<void> {
  if (busy) return;
  const sent = current();
  const runtime = runtimes.chosen;
  const problem = tooMuch(sent);
  if (problem !== undefined) {
    showPane('terminal');
    panel.problem(problem);
    return;
  }
  showSide('result');
  setBusy(true);
  if (document.activeElement === again || document.activeElement === runWith) run.focus();
  panel.sending();
  showPane('terminal');
  const from = place;
  try {
    const job = await createJob(program.spec(sent, runtime));
    remember(job.id, sent);
    // Gone elsewhere meanwhile: the job runs, but must not take over the page.
    if (place !== from) return;
    saveIfTyped();
    if (from !== '') forgetDraft(from);
    enterPlace(job.id);
    place = job.id;
    program = program.ranAs(sent, runtime);
    showWhetherEdited();
    show(job.id, job, sent.stdin === '', 0);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (place !== from) return;
    setBusy(false);
    if (view) view.show();
    else panel.idle();
    panel.problem(error);
  }
}

function show(id: string, job: Job | undefined, interactive: boolean, clockAheadMs: number): void {
  view?.close();
  panel.reset();
  view = new JobView(id, job, interactive, clockAheadMs, transports, panel, (status) => statusChanged(id, status));
}

function statusChanged(id: string, status: Status | ''): void {
  const live = status === 'QUEUED' || status === 'RUNNING';
  setBusy(live);
  if (status !== '') noteStatus(id, status);
  if (status === 'DONE') markError();
  if (stop.hidden === !live) return;
  if (!live && document.activeElement === stop) run.focus();
  stop.hidden = !live;
  stop.textContent = t.stop;
  stop.removeAttribute('aria-disabled');
}

/** Marks the line of the user's own files at which the program was: stopped by a limit, or ended by an exception. */
function markError(): void {
  if (isEdited()) return;
  const stack = ownLines(panel.stack);
  const [, path, number] = stack[0] ?? ownLines(panel.output.text()).at(-1) ?? [];
  if (path !== undefined) files.mark(path, Number(number));
}

/** Where the text, a stack of Python, names a line of the user's own files. */
function ownLines(text: string): RegExpMatchArray[] {
  const named = [...text.matchAll(/^ {2}File "(?:\/work\/)?([^"/<][^"]*)", line (\d+)/gm)];
  return named.filter(([, path]) => path === program.entry || files.others().some((file) => file.path === path));
}

function setBusy(now: boolean): void {
  busy = now;
  // Not `disabled`: that would take the focus away from who has just pressed it.
  if (now) run.setAttribute('aria-disabled', 'true');
  else run.removeAttribute('aria-disabled');
}

async function stopRunning(): Promise<void> {
  if (!view || stop.hidden || stop.hasAttribute('aria-disabled')) return;
  stop.setAttribute('aria-disabled', 'true');
  stop.textContent = t.stopping;
  if (await view.stop()) return;
  stop.removeAttribute('aria-disabled');
  stop.textContent = t.stop;
}

/** What was typed into this run becomes the prepared input of the next. */
function reuse(): void {
  input.value = panel.output.input();
  edited();
  showPane('code');
  input.focus();
}

// ---- Cases ----

/** The terminal and the cases take turns. */
function showSide(side: 'result' | 'cases'): void {
  element('result').hidden = side !== 'result';
  element('cases').hidden = side !== 'cases';
}

async function openCases(): Promise<void> {
  if (!cases) {
    try {
      const { Cases } = await import('./cases');
      cases ??= new Cases(element('cases'), {
        t,
        program: programOfCases,
        create: createBatch,
        follow: followBatch,
        cancel: cancelBatch,
        job: getJob,
        words: (job) => describe(job).title,
        time: duration,
        back: () => {
          showSide('result');
          element('show-cases').focus();
        },
      });
    } catch {
      panel.problem(t.unreachable);
      return;
    }
  }
  showSide('cases');
  showPane('terminal');
  cases.focus();
}

/** The program without its prepared input: each case has its own. */
function programOfCases(): Spec | string {
  const draft = current();
  const { stdin: _stdin, interactive: _interactive, ...spec } = program.spec(draft, runtimes.chosen);
  return tooMuch(draft) ?? spec;
}

// ---- Places ----

async function placeChanged(): Promise<void> {
  if (currentPlace() === place) return;
  showSide('result');
  saveIfTyped();
  place = currentPlace();
  await visit();
}

function leave(): void {
  view?.close();
  view = undefined;
  statusChanged('', '');
  panel.reset();
}

async function visit(): Promise<void> {
  leave();
  if (place === '') {
    fill(FIRST);
    return;
  }
  const id = place;
  showPane('terminal');
  panel.state('', { tone: 'waiting', title: t.loading, detail: '' });
  try {
    const { spec, clockAheadMs } = await getSpec(id);
    if (place !== id) return;
    fill(Program.fromSpec(spec));
    show(id, undefined, spec.interactive === true, clockAheadMs);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (place !== id) return;
    const kept = recall(id);
    fill(kept ? Program.of(kept) : Program.of(readDraft('') ?? FIRST.draft));
    panel.reset();
    panel.problem(notShown(error, kept !== undefined));
  }
}

function notShown(problem: Problem, isKept: boolean): Problem | string {
  const then = isKept ? t.expiredKept : t.canStillRun;
  if (problem.status === 404) return `${t.unknownJob} ${then}`;
  if (problem.status === 410) return `${t.expiredJob} ${then}`;
  return problem;
}

/** On a narrow screen the program and the terminal take turns. */
function showPane(pane: 'code' | 'terminal'): void {
  document.body.dataset.pane = pane;
  element('pane-code').setAttribute('aria-pressed', String(pane === 'code'));
  element('pane-terminal').setAttribute('aria-pressed', String(pane === 'terminal'));
}

/** Says in what one types, so that it gets the room on a screen that is low. */
function noteTyping(): void {
  const at = document.activeElement;
  const types = at?.closest('.cm-content') ? 'editor' : at === input ? 'input' : at?.closest('#typing, #terminal') ? 'terminal' : '';
  if (types === '') delete document.body.dataset.types;
  else document.body.dataset.types = types;
}

// ---- Menus ----

function fillExamples(): void {
  element('examples-list').replaceChildren(
    ...EXAMPLES.map((example) => entry(example.title[language], '', () => openExample(example))),
  );
}

const STATUS: Record<Status, string> = {
  QUEUED: t.queued,
  RUNNING: t.running,
  DONE: t.ended,
  CANCELLED: t.cancelled,
  ERROR: t.systemFailed,
};

function fillHistory(): void {
  const all = entries();
  element('history-list').replaceChildren(
    ...all.map(({ id, at, status, title }) => {
      const when = new Date(at).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'short' });
      return entry(title, [when, status && STATUS[status]].filter(Boolean).join(' · '), () => (location.hash = encodeURIComponent(id)));
    }),
  );
  element('history-empty').hidden = all.length > 0;
  element('history-clear').hidden = all.length === 0;
}

function entry(text: string, detail: string, act: () => void): HTMLElement {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  if (detail) {
    const small = document.createElement('small');
    small.textContent = detail;
    button.append(small);
  }
  button.addEventListener('click', () => {
    closeMenus();
    act();
  });
  item.append(button);
  return item;
}

const menus = document.querySelectorAll<HTMLDetailsElement>('details.menu');

function closeMenus(but?: EventTarget | null): void {
  for (const menu of menus) if (!(but instanceof Node && menu.contains(but))) menu.open = false;
}

// ---- Wiring ----

/** A button that copies text and says so; hidden where the browser has no clipboard for pages (plain HTTP). */
function copies(button: HTMLElement, text: () => string): void {
  const label = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = t.copied;
    setTimeout(() => (button.textContent = label), 1500);
  });
}

function saveOutput(): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([panel.output.text()], { type: 'text/plain;charset=utf-8' }));
  link.download = 'output.txt';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

run.addEventListener('click', () => void start());
again.addEventListener('click', () => void start());
runWith.addEventListener('click', () => {
  runtimes.show(runWith.value);
  void start();
});
stop.addEventListener('click', () => void stopRunning());
input.addEventListener('input', edited);
element('typing').addEventListener('submit', (event) => {
  event.preventDefault();
  panel.output.terminal.enter(line.value);
  line.value = '';
});
element('eof').addEventListener('click', () => view?.endInput());
element('reuse-button').addEventListener('click', reuse);
copies(element('copy-output'), () => panel.output.text());
copies(element('copy-address'), () => location.href);
element('save-output').addEventListener('click', saveOutput);
element('clear-output').addEventListener('click', () => panel.output.clear());
element('show-cases').addEventListener('click', () => void openCases());
element('pane-code').addEventListener('click', () => showPane('code'));
element('pane-terminal').addEventListener('click', () => showPane('terminal'));
element('history-clear').addEventListener('click', () => {
  forgetAll();
  fillHistory();
});
element('history').addEventListener('toggle', fillHistory);
for (const menu of menus) {
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    menu.open = false;
    menu.querySelector('summary')?.focus();
  });
}
addEventListener('click', (event) => closeMenus(event.target));

const languages = element<HTMLSelectElement>('language');
languages.value = language;
languages.addEventListener('change', () => {
  saveIfTyped();
  choose(languages.value);
});
const themes = element<HTMLSelectElement>('theme');
themes.value = document.documentElement.dataset.themeChoice ?? 'system';
themes.addEventListener('change', () => dispatchEvent(new CustomEvent('onpyrunner-theme-choice', { detail: themes.value })));
addEventListener('onpyrunner-theme', () => panel.output.terminal.repaint());

for (const type of ['focusin', 'focusout']) {
  addEventListener(type, () => {
    clearTimeout(typesTimer);
    typesTimer = setTimeout(noteTyping, TYPES_AFTER_MS);
  });
}
addEventListener('pagehide', saveIfTyped);
addEventListener(
  'keydown',
  (event) => {
    if (!(event.ctrlKey || event.metaKey) || (event.key !== 'Enter' && event.key !== '.')) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return;
    if (event.key !== 'Enter') void stopRunning();
    else void (cases && !element('cases').hidden ? cases.start() : start());
  },
  { capture: true },
);
if (/^(Mac|iP)/.test(navigator.platform)) element('shortcut').textContent = '⌘ Enter';
fillKeys(element('keys'), editor);
fillExamples();
acceptFiles((given) => void upload(given));
askWith(askForSecret, (has) => (element('sign-out').hidden = !has));
element('sign-out').addEventListener('click', () => void endTicket().then(() => location.reload()));
void loadCaps();
void runtimes.load();
onPlaceChange(() => void placeChanged());
void visit();
