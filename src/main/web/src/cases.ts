// The table of cases: inputs and what the program should print for each. They are run together and compared by the server. Loaded when it is
// opened first; what it shares with the rest of the page is handed to it, so that it stays a file of its own.
import type { BatchCase, BatchEntry } from './batch';
import { diff } from './diff';
import { cells } from './grid';
import type { Job, Spec } from './job';
import type { Texts } from './texts/en';

export interface Around {
  t: Texts;
  /** The program on show; a sentence when it cannot be sent. */
  program(): Spec | string;
  create(program: Spec, cases: BatchCase[]): Promise<{ id: string; jobs: BatchEntry[] }>;
  follow(id: string, tell: (entry: BatchEntry) => void): Promise<void>;
  cancel(id: string): Promise<void>;
  job(id: string): Promise<Job>;
  /** A finished job in a few words. */
  words(job: Job): string;
  time(ms: number): string;
  /** Goes back to the terminal. */
  back(): void;
}

const KEY = 'onpyrunner.cases';
const MOST_CASES = 1_000;
const MOST_STORED_CHARS = 500_000;
const MOST_LINES = 400;
const SAVE_AFTER_MS = 300;
const COMPARE = ['tokens', 'exact', 'numbers'] as const;

interface Row {
  element: HTMLTableRowElement;
  number: HTMLElement;
  input: HTMLTextAreaElement;
  expected: HTMLTextAreaElement;
  verdict: HTMLButtonElement;
  remove: HTMLButtonElement;
  detail: HTMLTableRowElement;
  entry: BatchEntry | undefined;
  /** Grows with each change of it, so that what came of it as it was is not shown. */
  version: number;
}

export class Cases {
  private readonly t: Texts;
  private readonly rows: Row[] = [];
  private readonly body = document.createElement('tbody');
  private readonly run: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  private readonly summary = make('p', { id: 'cases-summary', role: 'status' });
  private readonly problem = make('p', { id: 'cases-problem', className: 'notice', role: 'alert', hidden: true });
  private readonly compare = make('select', { id: 'cases-compare' });
  /** The id of the one that runs. */
  private batch: string | undefined;
  private saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    element: HTMLElement,
    private readonly around: Around,
  ) {
    const t = (this.t = around.t);
    this.run = button(t.casesRun, 'primary', () => void this.start());
    this.run.id = 'cases-run';
    this.stop = button(t.stop, '', () => void this.cancel());
    this.stop.hidden = true;
    this.compare.append(...COMPARE.map((value) => new Option(t.casesCompare[value], value)));
    this.compare.addEventListener('change', () => this.edited());
    const label = make('label', { className: 'hint', htmlFor: 'cases-compare' }, t.casesCompareBy);
    const heading = make('div', { className: 'heading' });
    heading.append(make('h2', { id: 'cases-label' }, t.cases), button(t.terminal, 'quiet', () => around.back()));
    const actions = make('div', { className: 'actions' });
    actions.append(this.run, this.stop, label, this.compare);
    const table = document.createElement('table');
    table.setAttribute('aria-labelledby', 'cases-label');
    const head = table.createTHead().insertRow();
    head.append(...['#', t.casesInput, t.casesExpected, t.casesVerdict].map((text) => make('th', { scope: 'col' }, text)));
    table.append(this.body);
    const more = make('div', { className: 'actions' });
    more.append(
      button(t.casesAdd, 'quiet', () => this.add('', '').input.focus()),
      button(t.casesClear, 'quiet', () => this.clear()),
    );
    element.setAttribute('aria-labelledby', 'cases-label');
    element.replaceChildren(heading, make('p', { className: 'hint' }, t.casesHelp), actions, this.summary, this.problem, table, more);
    this.body.addEventListener('paste', (event) => this.pasted(event));
    addEventListener('pagehide', () => this.save());
    this.restore();
  }

  focus(): void {
    this.rows[0]?.input.focus();
  }

  // ---- The cases ----

  private add(input: string, expected: string): Row {
    const row: Row = {
      element: document.createElement('tr'),
      number: make('th', { scope: 'row' }),
      input: make('textarea', { value: input, rows: 1, spellcheck: false }),
      expected: make('textarea', { value: expected, rows: 1, spellcheck: false }),
      verdict: button('', 'quiet verdict', () => void this.toggle(row)),
      remove: button('✕', 'quiet', () => this.drop(row)),
      detail: make('tr', { className: 'detail', hidden: true }),
      entry: undefined,
      version: 0,
    };
    row.verdict.hidden = true;
    const verdict = make('div', { className: 'actions' });
    verdict.append(row.verdict, row.remove);
    row.element.append(row.number, ...[row.input, row.expected, verdict].map((each) => cell(each)));
    for (const field of [row.input, row.expected]) {
      field.autocapitalize = 'off';
      field.addEventListener('input', () => {
        this.changed(row);
        this.edited();
      });
    }
    this.rows.push(row);
    this.body.append(row.element, row.detail);
    this.number();
    return row;
  }

  private drop(row: Row): void {
    const at = this.rows.indexOf(row);
    this.rows.splice(at, 1);
    row.element.remove();
    row.detail.remove();
    if (this.rows.length === 0) this.add('', '');
    this.number();
    this.edited();
    (this.rows[at] ?? this.rows[at - 1] ?? this.rows[0])?.remove.focus();
  }

  private clear(): void {
    for (const row of this.rows.splice(0)) {
      row.element.remove();
      row.detail.remove();
    }
    this.add('', '').input.focus();
    this.edited();
  }

  private number(): void {
    this.rows.forEach((row, n) => {
      const name = String(n + 1);
      row.number.textContent = name;
      row.input.setAttribute('aria-label', this.t.casesInputOf(name));
      row.expected.setAttribute('aria-label', this.t.casesExpectedOf(name));
      row.remove.setAttribute('aria-label', this.t.casesRemove(name));
    });
  }

  /** Cells of a spreadsheet fill the table from the one that they are pasted into. */
  private pasted(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    const first = this.rows.findIndex((row) => row.input === event.target || row.expected === event.target);
    if (first < 0 || !text.includes('\t')) return;
    event.preventDefault();
    const left = this.rows[first]?.input === event.target ? 0 : 1;
    cells(text)
      .slice(0, MOST_CASES - first)
      .forEach((line, n) => {
        const row = this.rows[first + n] ?? this.add('', '');
        line.slice(0, 2 - left).forEach((value, column) => {
          (left + column === 0 ? row.input : row.expected).value = value;
        });
        this.changed(row);
      });
    this.edited();
  }

  private changed(row: Row): void {
    row.version++;
    this.judge(row, undefined);
  }

  private edited(): void {
    this.summarize();
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  private save(): void {
    const text = JSON.stringify({ compare: this.compare.value, cases: this.rows.map((row) => [row.input.value, row.expected.value]) });
    try {
      if (text.length <= MOST_STORED_CHARS) localStorage.setItem(KEY, text);
      else localStorage.removeItem(KEY);
    } catch {
      // Full or switched off.
    }
  }

  private restore(): void {
    try {
      const { compare, cases } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as { compare?: string; cases?: [unknown, unknown][] };
      this.compare.value = COMPARE.find((name) => name === compare) ?? COMPARE[0];
      for (const [input, expected] of cases ?? []) this.add(String(input), String(expected));
    } catch {
      // Switched off, or nonsense.
    }
    if (this.rows.length === 0) this.add('', '');
  }

  // ---- Running them ----

  async start(): Promise<void> {
    if (this.run.hasAttribute('aria-disabled')) return;
    const program = this.around.program();
    if (typeof program === 'string') {
      this.tell(program);
      return;
    }
    this.tell('');
    const rows = [...this.rows];
    for (const row of rows) this.changed(row);
    const sent = rows.map((row) => row.version);
    const tell = (entry: BatchEntry) => {
      const row = rows[entry.index];
      if (row && row.version === sent[entry.index]) this.judge(row, entry);
    };
    this.run.setAttribute('aria-disabled', 'true');
    try {
      const compare = this.compare.value;
      const made = await this.around.create(
        program,
        rows.map(({ input, expected }) => ({
          stdin: input.value,
          ...(expected.value !== '' && { expect: { stdout: expected.value, compare } }),
        })),
      );
      this.batch = made.id;
      this.stop.hidden = false;
      made.jobs.forEach(tell);
      this.summarize();
      await this.around.follow(
        made.id,
        (entry) => {
          tell(entry);
          this.summarize();
        },
      );
    } catch (error) {
      const { message, fields } = error as Error & { fields?: readonly string[] };
      this.tell([message, ...(fields ?? [])].join(' '));
    } finally {
      if (document.activeElement === this.stop) this.run.focus();
      this.batch = undefined;
      this.stop.hidden = true;
      this.run.removeAttribute('aria-disabled');
      this.summarize();
    }
  }

  private async cancel(): Promise<void> {
    try {
      if (this.batch !== undefined) await this.around.cancel(this.batch);
    } catch (error) {
      this.tell((error as Error).message);
    }
  }

  private tell(problem: string): void {
    this.problem.textContent = problem;
    this.problem.hidden = problem === '';
  }

  // ---- What came of them ----

  /** Shows what came of a case; nothing when it has not been run as it is now. */
  private judge(row: Row, entry: BatchEntry | undefined): void {
    row.entry = entry;
    row.verdict.hidden = entry === undefined;
    row.detail.hidden = true;
    row.detail.replaceChildren();
    row.verdict.setAttribute('aria-expanded', 'false');
    if (!entry) return;
    const [tone, text] = this.verdict(entry, row.expected.value !== '');
    row.verdict.dataset.tone = tone;
    const time = isOver(entry) && entry.usage?.wall_ms !== undefined ? ` · ${this.around.time(entry.usage.wall_ms)}` : '';
    row.verdict.textContent = text + time;
  }

  private verdict(entry: BatchEntry, expects: boolean): [tone: string, text: string] {
    const t = this.t;
    if (entry.problem) return ['bad', t.casesRefused];
    if (!isOver(entry)) return ['waiting', t.casesPending];
    if (entry.status !== 'DONE' || entry.outcome !== 'OK') return ['bad', `✗ ${this.around.words({ ...(entry as Job), usage: null })}`];
    if (!expects) return ['idle', t.ended];
    return entry.matched ? ['good', `✓ ${t.casesGood}`] : ['bad', `✗ ${t.casesBad}`];
  }

  private summarize(): void {
    const run = this.rows.filter((row) => row.entry !== undefined);
    const ended = run.filter((row) => row.entry && isOver(row.entry));
    const good = ended.filter((row) => row.verdict.dataset.tone === 'good').length;
    const bad = ended.filter((row) => row.verdict.dataset.tone === 'bad').length;
    const text =
      run.length === 0 ? '' : ended.length < run.length ? this.t.casesSoFar(ended.length, run.length) : this.t.casesResult(good, bad, run.length);
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }

  /** Opens or closes what a case has printed. */
  private async toggle(row: Row): Promise<void> {
    const entry = row.entry;
    if (!entry || !isOver(entry)) return;
    const open = row.detail.hidden;
    row.detail.hidden = !open;
    row.verdict.setAttribute('aria-expanded', String(open));
    if (!open || row.detail.childElementCount > 0) return;
    const shown = document.createElement('td');
    shown.colSpan = 4;
    row.detail.append(shown);
    if (entry.problem || entry.id === undefined) {
      shown.textContent = entry.problem?.detail ?? '';
      return;
    }
    try {
      const job = await this.around.job(entry.id);
      if (row.entry === entry) shown.append(...this.printed(row, job));
    } catch (error) {
      shown.textContent = (error as Error).message;
    }
  }

  private printed(row: Row, job: Job): HTMLElement[] {
    const t = this.t;
    const state = make('p', {}, this.around.words(job));
    const link = make('a', { href: `#${encodeURIComponent(job.id)}` }, t.casesOpen);
    state.append(' ', link);
    const parts: HTMLElement[] = [state];
    const name = row.number.textContent ?? '';
    const expected = row.expected.value;
    if (expected === '' || row.entry?.matched) parts.push(text(t.output, name, job.stdout || t.printedNothing));
    else parts.push(make('p', { className: 'hint' }, t.casesLegend), this.difference(name, expected, job.stdout ?? ''));
    if (job.stderr) parts.push(make('p', { className: 'hint' }, t.standardError), text(t.standardError, name, job.stderr));
    return parts;
  }

  private difference(name: string, expected: string, printed: string): HTMLElement {
    const strict = this.compare.value === 'exact';
    const plain = (line: string) => (strict ? line : line.trim().replace(/\s+/g, ' '));
    const lines = diff(linesOf(expected), linesOf(printed), (a, b) => plain(a) === plain(b));
    const box = text(this.t.output, name, '');
    for (const line of lines.slice(0, MOST_LINES)) {
      const tag = { both: 'span', first: 'del', second: 'ins' } as const;
      const sign = { both: '  ', first: '− ', second: '+ ' };
      box.append(make(tag[line.in], {}, `${sign[line.in]}${line.text}\n`));
    }
    return box;
  }
}

function isOver(entry: BatchEntry): boolean {
  return entry.problem !== undefined || (entry.status !== 'QUEUED' && entry.status !== 'RUNNING');
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n').slice(0, MOST_LINES);
}

/** A box of text that can be scrolled by keys. */
function text(label: string, name: string, content: string): HTMLElement {
  const box = make('pre', { tabIndex: 0, role: 'region', ariaLabel: `${label} (${name})` }, content);
  box.className = 'printed';
  return box;
}

function button(text: string, className: string, act: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', className }, text);
  made.addEventListener('click', act);
  return made;
}

function cell(content: HTMLElement): HTMLTableCellElement {
  const made = document.createElement('td');
  made.append(content);
  return made;
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, values: Partial<HTMLElementTagNameMap[K]>, text = ''): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), values);
  if (text !== '') made.textContent = text;
  return made;
}
