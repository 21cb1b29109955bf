// The right-hand side of the page: the state, the output, and what is left of a job when it has ended. It shows what it is told;
// job-view.ts decides.
import type { Problem } from './api';
import { element } from './dom';
import { Gallery } from './gallery';
import type { CollectedFile, Job, Status } from './job';
import { Output } from './output';
import { StateLine } from './state-line';
import type { Typist } from './terminal';
import { locale, t } from './texts';
import { missing, size, type Words } from './words';

const IDLE: Words = { tone: 'idle', title: t.ready, detail: '' };

export class ResultPanel {
  readonly output: Output;
  private readonly gallery = new Gallery(element('gallery'));
  private readonly stateLine = new StateLine(element('state'), element('state-title'), element('state-clock'), element('state-detail'));

  constructor(typist: Typist) {
    this.output = new Output(element('terminal'), element('output'), element('announced'), typist);
  }

  /** Whether the program can be typed to. */
  acceptsInput(open: boolean): void {
    this.output.terminal.accepts(open);
    element('typing').hidden = !open;
    element('terminal-help').hidden = !open;
  }

  /** Whether the program waits for a line. */
  waits(waiting: boolean): void {
    element('result').classList.toggle('waits', waiting);
    // Who has pressed Run and does nothing else is taken to where the program asks; on a phone that would open the keyboard.
    const idle = [document.body, element('run'), element('again')].includes(document.activeElement as HTMLElement);
    if (waiting && idle && matchMedia('(hover: hover)').matches) this.output.terminal.focus();
  }

  /** The look before any run. */
  idle(): void {
    this.state('', IDLE);
  }

  /** A program is on its way to the server; what is shown below still belongs to the run before. */
  sending(): void {
    this.problem(undefined);
    this.state('', { tone: 'waiting', title: t.sending, detail: '' });
  }

  /** Back to the look before any run, empty. */
  reset(): void {
    this.output.clear();
    this.quiet(t.outputQuiet);
    this.acceptsInput(false);
    this.waits(false);
    element('reuse').hidden = true;
    this.problem(undefined);
    this.connection('');
    this.idle();
    this.leftovers(undefined);
    element('again').hidden = true;
    element('address').hidden = true;
  }

  state(status: Status | '', words: Words, elapsedMs?: () => number): void {
    this.stateLine.show(status, words, elapsedMs);
    element('again').hidden = status !== 'ERROR';
    document.title = status === '' ? 'OnPyRunner' : t.title(words.title);
  }

  /** What the empty output area says. */
  quiet(text: string): void {
    element('quiet').textContent = text;
  }

  connection(text: string): void {
    element('connection').textContent = text;
  }

  problem(problem: Problem | string | undefined): void {
    const text = typeof problem === 'string' ? problem : (problem?.message ?? '');
    const fields = typeof problem === 'object' ? problem.fields : [];
    const wait = typeof problem === 'object' ? problem.retryAfterS : undefined;
    element('problem-text').textContent = wait === undefined ? text : `${text} ${t.tryAgain(wait)}`;
    element('problem-fields').replaceChildren(...fields.map(item));
    element('problem').hidden = text === '';
  }

  /** The Python stack at a limit, collected files, a runtime that would do better, and how long the job is kept. */
  leftovers(job: Job | undefined): void {
    const better = job && missing(job)?.runtime;
    const runWith = element<HTMLButtonElement>('run-with');
    runWith.hidden = !better;
    runWith.value = better ?? '';
    runWith.textContent = better ? t.runWith(better) : '';
    const stack = job?.stack ?? '';
    element('stack').textContent = typeof stack === 'string' ? stack : JSON.stringify(stack, null, 2);
    element('stack-box').hidden = stack === '';
    const files = (job?.files ?? []).filter((file) => file.url.startsWith('/') && !file.url.startsWith('//'));
    element('files').replaceChildren(...files.map(link));
    element('files-box').hidden = files.length === 0;
    this.gallery.show(files);
    const until = job?.expires_at ? new Date(job.expires_at) : undefined;
    element('address-text').textContent = job ? t.addressOfEnded : t.address;
    element('kept').textContent = until && !Number.isNaN(until.getTime()) ? t.kept(moment(until)) : '';
  }

  /** What was typed can be used again. */
  typedShown(): void {
    element('reuse').hidden = this.output.input() === '';
  }

  /** The Python stack that is shown, the innermost call first. */
  get stack(): string {
    return element('stack').textContent;
  }

  addressShown(): void {
    element('address').hidden = false;
  }
}

function item(text: string): HTMLElement {
  const li = document.createElement('li');
  li.textContent = text;
  return li;
}

function link(file: CollectedFile): HTMLElement {
  const li = document.createElement('li');
  const a = document.createElement('a');
  a.href = file.url;
  a.download = '';
  a.textContent = file.path;
  const bytes = document.createElement('span');
  bytes.textContent = size(file.size_bytes);
  li.append(a, bytes);
  return li;
}

function moment(date: Date): string {
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(locale, { ...(!today && { dateStyle: 'medium' }), timeStyle: 'short' });
}
