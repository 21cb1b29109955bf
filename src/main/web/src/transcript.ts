// What the terminal shows, as plain text for screen readers: its last part, never as markup. It stays quick with megabytes: text is
// collected, put on the page once a frame, and cut into blocks, so that the browser lays out the last block again and not all of it.
import { t } from './texts';

/** What the program printed, on either stream, and what was typed. */
export type Stream = 'out' | 'err' | 'in';

/** A block is closed at the first line end after so many characters. */
const BLOCK_CHARS = 8 * 1024;
/** A line without an end is cut here: a break that is not in the output is better than a page that hangs. */
const LONGEST_BLOCK_CHARS = 64 * 1024;
/** Put on the page in one frame; the rest waits for the next. */
const FRAME_CHARS = 256 * 1024;
/** Older output leaves the page. */
const SHOWN_CHARS = 128 * 1024;

export class Transcript {
  private waiting: { stream: Stream; text: string }[] = [];
  private frame: number | undefined;
  private block: HTMLElement | undefined;
  private blockChars = 0;
  private blocks: { element: HTMLElement; chars: number }[] = [];
  private shownChars = 0;
  /** The text node that grows, and the stream it belongs to. */
  private tail: { stream: Stream; node: Text } | undefined;
  /** The line end after stderr or input, held back: it belongs to the lines, not to the mark. */
  private heldNewline = false;

  constructor(private readonly element: HTMLElement) {}

  append(stream: Stream, text: string): void {
    if (text === '') return;
    const last = this.waiting.at(-1);
    if (last?.stream === stream && last.text.length < FRAME_CHARS) last.text += text;
    else this.waiting.push({ stream, text });
    this.frame ??= requestAnimationFrame(() => this.show());
  }

  clear(): void {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.frame = undefined;
    this.waiting = [];
    this.blocks = [];
    this.block = undefined;
    this.tail = undefined;
    this.shownChars = 0;
    this.heldNewline = false;
    this.element.replaceChildren();
  }

  private show(): void {
    this.frame = undefined;
    let budget = FRAME_CHARS;
    while (budget > 0) {
      const next = this.waiting[0];
      if (!next) break;
      const part = next.text.slice(0, budget);
      budget -= part.length;
      if (part.length === next.text.length) this.waiting.shift();
      else next.text = next.text.slice(part.length);
      this.write(next.stream, part);
    }
    this.dropOldest();
    if (this.waiting.length > 0) this.frame = requestAnimationFrame(() => this.show());
  }

  private write(stream: Stream, text: string): void {
    let from = 0;
    while (from < text.length) {
      const to = this.endOfPart(text, from);
      this.writePart(stream, text.slice(from, to));
      from = to;
    }
  }

  /** Where the text must be cut to keep the present block small: after a line end, or, in a very long line, anywhere. */
  private endOfPart(text: string, from: number): number {
    const newline = text.indexOf('\n', from + Math.max(0, BLOCK_CHARS - this.charsInBlock()));
    const longest = from + Math.max(1, LONGEST_BLOCK_CHARS - this.charsInBlock());
    let to = Math.min(newline < 0 ? text.length : newline + 1, longest, text.length);
    if (to < text.length && isHighSurrogate(text, to - 1)) to++;
    return to;
  }

  private charsInBlock(): number {
    return this.block ? this.blockChars : 0;
  }

  private writePart(stream: Stream, text: string): void {
    const held = this.heldNewline ? '\n' : '';
    this.heldNewline = false;
    const closes = this.charsInBlock() + text.length >= BLOCK_CHARS && text.endsWith('\n');
    if (stream === 'out') {
      this.grow('out', held + text);
    } else {
      const continues = this.tail?.stream === stream;
      if (held && !continues) this.grow('out', held);
      const body = text.endsWith('\n') ? text.slice(0, -1) : text;
      const inside = (continues ? held : '') + body;
      if (inside !== '') this.grow(stream, inside);
      this.heldNewline = body.length < text.length;
    }
    this.blockChars += text.length;
    this.shownChars += text.length;
    const open = this.blocks.at(-1);
    if (open) open.chars += text.length;
    if (closes || this.charsInBlock() >= LONGEST_BLOCK_CHARS) this.closeBlock();
  }

  private closeBlock(): void {
    if (this.heldNewline) this.grow('out', '\n');
    this.heldNewline = false;
    this.block = undefined;
    this.tail = undefined;
  }

  private grow(stream: Stream, text: string): void {
    if (this.tail?.stream === stream) {
      this.tail.node.appendData(text);
      return;
    }
    const node = document.createTextNode(text);
    this.tail = { stream, node };
    if (stream === 'out') {
      this.openBlock().append(node);
      return;
    }
    const span = document.createElement('span');
    span.className = stream;
    span.setAttribute('role', 'group');
    span.setAttribute('aria-label', stream === 'err' ? t.standardError : t.typedInput);
    span.append(node);
    this.openBlock().append(span);
  }

  private openBlock(): HTMLElement {
    if (!this.block) {
      this.block = document.createElement('div');
      this.blockChars = 0;
      this.blocks.push({ element: this.block, chars: 0 });
      this.element.append(this.block);
    }
    return this.block;
  }

  private dropOldest(): void {
    while (this.shownChars > SHOWN_CHARS && this.blocks.length > 1) {
      const oldest = this.blocks.shift();
      if (!oldest) return;
      oldest.element.remove();
      this.shownChars -= oldest.chars;
    }
  }
}

function isHighSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xd800 && code < 0xdc00;
}
