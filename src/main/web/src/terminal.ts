// The terminal: what the program prints, as a terminal shows it, and a line that is typed right there. The program has no terminal
// of its own (its streams are pipes), so what is typed is edited here and sent line by line, as a real terminal does.
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal as Xterm } from '@xterm/xterm';
import { t } from './texts';
import type { Stream } from './transcript';

const SCROLLBACK_LINES = 20_000;
/** Handed to the terminal at once; it is asked for the next when it has drawn these. */
const CHUNK_CHARS = 64 * 1024;
const MOST_HISTORY = 100;

const STDERR = '\x1b[31m';
const TYPED = '\x1b[36m';
const PLAIN = '\x1b[39m';

const INTERRUPT = '\x03';
const END_OF_INPUT = '\x04';
const ERASE_LINE = '\x15';
const UP = '\x1b[A';
const DOWN = '\x1b[B';

export interface Typist {
  /** A line, its end included. */
  line(text: string): void;
  endOfInput(): void;
  interrupt(): void;
}

export class Terminal {
  private readonly xterm: Xterm;
  private readonly fit = new FitAddon();
  private queue: string[] = [];
  private writing = false;
  private clearing = false;
  /** What is being typed, and what of it is on the screen, behind `start`. */
  private line = '';
  private drawn = '';
  private start: { marker: { line: number }; column: number } | undefined;
  /** Typed here and shown at once, and not yet come back as input that the program was given. */
  private echoed = '';
  private history: string[] = [];
  private recalled = 0;
  private open = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly typist: Typist,
  ) {
    Xterm.strings.promptLabel = t.terminalInput;
    this.xterm = new Xterm({
      convertEol: true,
      cursorBlink: false,
      cursorInactiveStyle: 'none',
      cursorStyle: 'bar',
      fontFamily: style(host, '--mono'),
      fontSize: 14,
      lineHeight: 1.2,
      // A program's links lead nowhere: what they show and where they go may be two things.
      linkHandler: { activate: () => {} },
      minimumContrastRatio: 4.5,
      scrollback: SCROLLBACK_LINES,
      theme: theme(host),
    });
    this.xterm.loadAddon(this.fit);
    this.xterm.open(host);
    // Screen readers have the transcript.
    host.querySelector('.xterm-rows')?.setAttribute('aria-hidden', 'true');
    this.xterm.attachCustomKeyEventHandler((event) => this.isOurs(event));
    this.xterm.onData((data) => this.typed(data));
    new ResizeObserver(() => this.resize()).observe(host);
    this.accepts(false);
  }

  /** Whether what is typed goes anywhere. */
  accepts(open: boolean): void {
    this.open = open;
    this.xterm.options.disableStdin = !open;
    this.xterm.write(open ? '\x1b[?25h' : '\x1b[?25l');
    if (!open && this.line !== '') {
      this.line = '';
      this.pump();
    }
  }

  append(stream: Stream, text: string): void {
    const left = stream === 'in' ? this.notEchoed(text) : text;
    if (left !== '') this.show(stream, left);
  }

  private show(stream: Stream, text: string): void {
    const colour = stream === 'err' ? STDERR : stream === 'in' ? TYPED : '';
    for (let from = 0; from < text.length; from += CHUNK_CHARS) {
      const chunk = text.slice(from, from + CHUNK_CHARS);
      this.queue.push(colour === '' ? chunk : `${colour}${chunk}${PLAIN}`);
    }
    this.pump();
  }

  /** The program was given this: shows what was not typed here. */
  private notEchoed(text: string): string {
    if (this.echoed.startsWith(text)) {
      this.echoed = this.echoed.slice(text.length);
      return '';
    }
    if (this.echoed !== '' && text.startsWith(this.echoed)) {
      const left = text.slice(this.echoed.length);
      this.echoed = '';
      return left;
    }
    return text;
  }

  clear(): void {
    this.queue = [];
    this.line = '';
    this.drawn = '';
    this.start = undefined;
    this.echoed = '';
    this.clearing = true;
    this.pump();
  }

  focus(): void {
    this.xterm.focus();
  }

  /** Takes the page's colours again, after they have changed. */
  repaint(): void {
    this.xterm.options.theme = theme(this.host);
  }

  /** Enters a line as if it had been typed here. */
  enter(line: string): void {
    if (!this.open) return;
    const text = `${line}\n`;
    if (line !== '' && this.history.at(-1) !== line) this.history = [...this.history, line].slice(-MOST_HISTORY);
    this.recalled = this.history.length;
    this.line = '';
    this.echoed += text;
    this.show('in', text);
    this.typist.line(text);
  }

  private resize(): void {
    // While it is hidden there is nothing to fit.
    if (this.host.clientWidth > 0 && this.host.clientHeight > 0) this.fit.fit();
  }

  /** False leaves a key to the browser. */
  private isOurs(event: KeyboardEvent): boolean {
    if (event.key === 'Tab') return false;
    const copies = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'c' && this.xterm.hasSelection();
    const pastes = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'v';
    return !copies && !pastes;
  }

  private typed(data: string): void {
    if (!this.open) return;
    if (data === UP || data === DOWN) {
      this.recall(data === UP ? -1 : 1);
    } else if (data === INTERRUPT) {
      this.line = '';
      this.typist.interrupt();
    } else if (data === END_OF_INPUT) {
      if (this.line === '') this.typist.endOfInput();
    } else if (data === ERASE_LINE) {
      this.line = '';
    } else if (data === '\x7f' || data === '\b') {
      this.line = Array.from(this.line).slice(0, -1).join('');
    } else if (!data.startsWith('\x1b')) {
      const lines = data.split(/\r\n|\r|\n/);
      const last = lines.pop() ?? '';
      for (const each of lines) this.enter(this.line + printable(each));
      this.line += printable(last);
    }
    this.xterm.scrollToBottom();
    this.pump();
  }

  private recall(step: number): void {
    this.recalled = Math.min(this.history.length, Math.max(0, this.recalled + step));
    this.line = this.history[this.recalled] ?? '';
  }

  /** Brings the screen up to date, one write after the other: where the cursor is can only be told in between. */
  private pump(): void {
    if (this.writing) return;
    if (this.clearing) {
      this.clearing = false;
      this.xterm.reset();
      this.accepts(this.open);
    }
    const next = this.queue.shift();
    if (next !== undefined) {
      const erase = this.erase();
      this.drawn = '';
      this.write(erase + next);
    } else if (this.line !== this.drawn) {
      const erase = this.erase();
      if (this.drawn === '') this.markStart();
      this.drawn = this.line;
      this.write(`${erase}${TYPED}${this.line}${PLAIN}`);
    }
  }

  private write(text: string): void {
    this.writing = true;
    this.xterm.write(text, () => {
      this.writing = false;
      this.pump();
    });
  }

  private markStart(): void {
    const marker = this.xterm.registerMarker(0);
    this.start = marker && { marker, column: this.xterm.buffer.active.cursorX + 1 };
  }

  /** What takes the drawn line off the screen again. */
  private erase(): string {
    if (this.drawn === '' || !this.start || this.start.marker.line < 0) return '';
    const buffer = this.xterm.buffer.active;
    const up = buffer.baseY + buffer.cursorY - this.start.marker.line;
    return `${up > 0 ? `\x1b[${up}A` : ''}\x1b[${this.start.column}G\x1b[0J`;
  }
}

/** Without what a terminal would act on. */
function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '');
}

function style(element: HTMLElement, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

function theme(host: HTMLElement): ITheme {
  const colour = (name: string) => style(host, `--${name}`);
  return {
    background: colour('surface'),
    foreground: colour('text'),
    cursor: colour('focus'),
    cursorAccent: colour('surface'),
    selectionBackground: colour('selection'),
    black: colour('ansi-black'),
    red: colour('ansi-red'),
    green: colour('ansi-green'),
    yellow: colour('ansi-yellow'),
    blue: colour('ansi-blue'),
    magenta: colour('ansi-magenta'),
    cyan: colour('ansi-cyan'),
    white: colour('ansi-white'),
    brightBlack: colour('ansi-bright-black'),
    brightRed: colour('ansi-red'),
    brightGreen: colour('ansi-green'),
    brightYellow: colour('ansi-yellow'),
    brightBlue: colour('ansi-blue'),
    brightMagenta: colour('ansi-magenta'),
    brightCyan: colour('ansi-cyan'),
    brightWhite: colour('text'),
  };
}
