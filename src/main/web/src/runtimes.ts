// The choice of a runtime beside Run; there is none where the server has one runtime only. A new program has the one chosen here last,
// a job that is opened again its own.
import { getRuntimes, type Runtime } from './api';
import { element } from './dom';
import { t } from './texts';

const KEY = 'onpyrunner.runtime';

export class Runtimes {
  private readonly select = element<HTMLSelectElement>('runtime');
  private all: Runtime[] = [];
  private standard = '';
  /** The runtime of the program on show; undefined for the one chosen here last, or the server's default. */
  private own: string | undefined;

  constructor() {
    this.select.addEventListener('change', () => {
      this.own = this.select.value;
      keep(this.own);
      this.describe();
    });
  }

  /** Asks the server which there are; without an answer there is nothing to choose. */
  async load(): Promise<void> {
    try {
      const { default: standard, runtimes } = await getRuntimes();
      this.standard = standard;
      this.all = runtimes.sort((a, b) => Number(b.name === standard) - Number(a.name === standard));
    } catch {
      return; // a program can be run all the same
    }
    this.draw();
  }

  /** The name to ask for; undefined for the server's default. */
  get chosen(): string | undefined {
    if (this.own !== undefined) return this.own;
    const kept = readKept();
    // It may be one that the server no longer has.
    return this.has(kept) ? kept : undefined;
  }

  /** @param runtime the one of the program on show; undefined for a new one */
  show(runtime: string | undefined): void {
    this.own = runtime;
    this.draw();
  }

  private has(name: string): boolean {
    return this.all.some((runtime) => runtime.name === name);
  }

  private draw(): void {
    if (this.all.length < 2) return;
    const names = this.all.map((runtime) => runtime.name);
    if (this.own !== undefined && !this.has(this.own)) names.push(this.own);
    element('runtime-box').hidden = false;
    this.select.replaceChildren(...names.map((name) => new Option(name, name)));
    this.select.value = this.chosen ?? this.standard;
    this.describe();
  }

  private describe(): void {
    const chosen = this.all.find((runtime) => runtime.name === this.select.value);
    this.select.title = chosen ? [chosen.description, packages(chosen).join(', ')].filter(Boolean).join('\n') : '';
    element('runtime-list').replaceChildren(...this.all.flatMap(described));
  }
}

function described(runtime: Runtime): HTMLElement[] {
  const name = document.createElement('dt');
  name.textContent = runtime.name;
  const about = document.createElement('dd');
  about.textContent = [`${runtime.implementation} ${runtime.version}.`, runtime.description].join(' ');
  const list = document.createElement('dd');
  list.textContent = packages(runtime).join(', ') || t.noPackages;
  list.className = 'hint';
  return [name, about, list];
}

function packages(runtime: Runtime): string[] {
  return Object.entries(runtime.packages).map(([name, version]) => `${name} ${version}`);
}

function readKept(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return ''; // storage is switched off
  }
}

function keep(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // Full or switched off.
  }
}
