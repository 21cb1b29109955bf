// The page: puts the editor, the buttons, the address and the job on show together.
import { createJob, getSpec, Problem } from './api';
import { element } from './dom';
import { type Draft, forgetDraft, readDraft, saveDraft } from './drafts';
import { createEditor } from './editor';
import { EXAMPLE } from './example';
import { Transports } from './feed';
import type { Job, Status } from './job';
import { JobView } from './job-view';
import { currentPlace, enterPlace, onPlaceChange } from './place';
import { Program } from './program';
import { ResultPanel } from './result-panel';
import { connectSocket } from './socket';
import { connectSse } from './sse';

const SAVE_AFTER_MS = 300;

const run = element<HTMLButtonElement>('run');
const stop = element<HTMLButtonElement>('stop');
const again = element<HTMLButtonElement>('again');
const input = element<HTMLTextAreaElement>('input');
const panel = new ResultPanel();
const transports = new Transports(connectSocket, connectSse);
const editor = createEditor(element('editor'), 'editor-help', edited);

/** What the editor was last filled with. */
let program = Program.of(EXAMPLE);
/** Where we are; behind `location` while a change of place is being handled. */
let place = currentPlace();
let view: JobView | undefined;
let busy = false;
let saveTimer: ReturnType<typeof setTimeout> | undefined;

function current(): Draft {
  return { source: editor.text(), stdin: input.value };
}

function isEdited(): boolean {
  const { source, stdin } = current();
  return source !== program.draft.source || stdin !== program.draft.stdin;
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
  editor.show(draft.source);
  input.value = draft.stdin;
  element('along').textContent = next.note;
  showWhetherEdited();
}

// ---- Running ----

async function start(): Promise<void> {
  if (busy) return;
  const sent = current();
  setBusy(true);
  if (document.activeElement === again) run.focus();
  panel.sending();
  const from = place;
  try {
    const job = await createJob(program.spec(sent));
    // Gone elsewhere meanwhile: the job runs, but must not take over the page.
    if (place !== from) return;
    saveIfTyped();
    if (from !== '') forgetDraft(from);
    enterPlace(job.id);
    place = job.id;
    program = program.ranAs(sent);
    showWhetherEdited();
    show(job.id, job, 0);
    bringIntoSight(element('result'));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (place !== from) return;
    setBusy(false);
    if (view) view.show();
    else panel.idle();
    panel.problem(error);
    bringIntoSight(element('result'));
  }
}

function show(id: string, job: Job | undefined, clockAheadMs: number): void {
  view?.close();
  panel.reset();
  view = new JobView(id, job, clockAheadMs, transports, panel, statusChanged);
}

function statusChanged(status: Status | ''): void {
  const live = status === 'QUEUED' || status === 'RUNNING';
  setBusy(live);
  if (stop.hidden === !live) return;
  if (!live && document.activeElement === stop) run.focus();
  stop.hidden = !live;
  stop.textContent = 'Stop';
  stop.removeAttribute('aria-disabled');
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
  stop.textContent = 'Stopping…';
  if (await view.stop()) return;
  stop.removeAttribute('aria-disabled');
  stop.textContent = 'Stop';
}

// ---- Places ----

async function placeChanged(): Promise<void> {
  if (currentPlace() === place) return;
  saveIfTyped();
  place = currentPlace();
  await visit();
}

async function visit(): Promise<void> {
  view?.close();
  view = undefined;
  statusChanged('');
  panel.reset();
  if (place === '') {
    fill(Program.of(EXAMPLE));
    return;
  }
  const id = place;
  panel.state('', { tone: 'waiting', title: 'Loading…', detail: '' });
  try {
    const { spec, clockAheadMs } = await getSpec(id);
    if (place !== id) return;
    fill(Program.fromSpec(spec));
    show(id, undefined, clockAheadMs);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (place !== id) return;
    fill(Program.of(readDraft('') ?? EXAMPLE));
    panel.reset();
    panel.problem(notShown(error));
  }
}

function notShown(problem: Problem): Problem | string {
  const keep = 'You can still write and run a program here.';
  if (problem.status === 404) return `There is no job at this address. Check that it was copied whole. ${keep}`;
  if (problem.status === 410) return `This job is no longer kept: its time on the server has passed. ${keep}`;
  return problem;
}

/** On a narrow screen the result is below the editor: shows it to who has pressed Run. */
function bringIntoSight(target: HTMLElement): void {
  if (target.getBoundingClientRect().top < innerHeight * 0.5) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  target.scrollIntoView({ block: 'start', behavior: calm ? 'auto' : 'smooth' });
}

// ---- Wiring ----

/** A button that copies text and says so; hidden where the browser has no clipboard for pages (plain HTTP). */
function copies(button: HTMLElement, text: () => string): void {
  const label = button.textContent;
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = label), 1500);
  });
}

run.addEventListener('click', () => void start());
again.addEventListener('click', () => void start());
stop.addEventListener('click', () => void stopRunning());
input.addEventListener('input', edited);
copies(element('copy-output'), () => panel.output.text());
copies(element('copy-address'), () => location.href);
addEventListener('pagehide', saveIfTyped);
addEventListener(
  'keydown',
  (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) void start();
  },
  { capture: true },
);
if (/^(Mac|iP)/.test(navigator.platform)) element('shortcut').textContent = '⌘ Enter';
onPlaceChange(() => void placeChanged());
void visit();
