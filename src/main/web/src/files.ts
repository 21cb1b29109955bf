// The files of the program as tabs over the editor, and as a list below the tabs what is not edited here. The first tab is the one that is
// run; it is always there.
import type { EditorState } from '@codemirror/state';
import { element } from './dom';
import type { Attachment, Draft, TextFile } from './drafts';
import type { Editor } from './editor';
import { t } from './texts';
import type { Upload } from './uploads';
import { size } from './words';

const UNDO_SHOWN_MS = 15_000;

interface Tab {
  path: string;
  state: EditorState;
}

export class Files {
  private tabs: Tab[] = [];
  private attachments: Attachment[] = [];
  private shown = 0;
  /** What takes back the last change that can be taken back. */
  private takeBack: (() => void) | undefined;
  private undoTimer: ReturnType<typeof setTimeout> | undefined;
  private renames = false;

  constructor(
    private readonly editor: Editor,
    private readonly onEdit: () => void,
  ) {
    element('file-add').addEventListener('click', () => this.ask(false));
    element('file-rename').addEventListener('click', () => this.ask(true));
    element('file-delete').addEventListener('click', () => this.delete());
    element('file-undo-button').addEventListener('click', () => this.undo());
    const form = element<HTMLFormElement>('file-form');
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.named(element<HTMLInputElement>('file-name').value.trim());
    });
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
    element('tabs').addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.open((this.shown + step + this.tabs.length) % this.tabs.length);
      element('tab-current').focus();
    });
  }

  /** Shows another program. */
  show(draft: Draft, entry: string): void {
    const files = [{ path: entry, content: draft.source }, ...draft.files];
    this.tabs = files.map(({ path, content }) => ({ path, state: this.editor.open(content, path) }));
    this.attachments = draft.attached;
    this.shown = 0;
    this.close();
    this.forget();
    this.editor.show(this.at(0).state);
    this.draw();
  }

  source(): string {
    return this.text(0);
  }

  /** All but the one that is run. */
  others(): TextFile[] {
    return this.tabs.slice(1).map(({ path }, n) => ({ path, content: this.text(n + 1) }));
  }

  attached(): Attachment[] {
    return this.attachments;
  }

  /** Takes in files; one of the same name gives way. They can be taken out again all together. */
  add(uploads: Upload[]): void {
    const before = this.snapshot();
    for (const upload of uploads) {
      const path = 'text' in upload ? upload.text.path : upload.attachment.path;
      this.attachments = this.attachments.filter((file) => file.path !== path);
      const at = this.tabs.findIndex((tab) => tab.path === path);
      if ('text' in upload) {
        const tab = { path, state: this.editor.open(upload.text.content, path) };
        if (at < 0) this.tabs.push(tab);
        else this.tabs[at] = tab;
      } else {
        if (at > 0) this.tabs.splice(at, 1);
        this.attachments = [...this.attachments, upload.attachment];
      }
    }
    // On show is what came last, where one can see it.
    const last = uploads.at(-1);
    const at = last && 'text' in last ? this.tabs.findIndex((tab) => tab.path === last.text.path) : 0;
    this.shown = Math.max(0, at);
    this.editor.show(this.at(this.shown).state);
    this.changed(t.filesAdded(uploads.length), () => this.restore(before));
  }

  /** Whether a file is the program, and so cannot give way to one that is none. */
  isProgram(path: string): boolean {
    return this.tabs[0]?.path === path;
  }

  /** Marks a line of one of the files, and shows it. */
  mark(path: string, line: number): void {
    const at = this.tabs.findIndex((tab) => tab.path === path);
    if (at < 0) return;
    this.open(at);
    this.editor.mark(line);
  }

  private at(n: number): Tab {
    const tab = this.tabs[n];
    if (!tab) throw new Error(`there is no file ${n}`);
    return tab;
  }

  private text(n: number): string {
    return (n === this.shown ? this.editor.current() : this.at(n).state).doc.toString();
  }

  private open(n: number): void {
    if (n === this.shown) return;
    this.at(this.shown).state = this.editor.current();
    this.shown = n;
    this.editor.show(this.at(n).state);
    this.draw();
  }

  private ask(renames: boolean): void {
    this.renames = renames;
    const name = element<HTMLInputElement>('file-name');
    name.value = renames ? this.at(this.shown).path : '';
    name.placeholder = t.fileName;
    element('file-problem').textContent = '';
    element('file-form').hidden = false;
    name.focus();
    name.select();
  }

  private close(): void {
    element('file-form').hidden = true;
  }

  private named(path: string): void {
    const taken =
      this.attachments.some((file) => file.path === path) ||
      this.tabs.some((tab, n) => tab.path === path && !(this.renames && n === this.shown));
    const good = /^[\p{L}\p{N}_][\p{L}\p{N}._-]*(\/[\p{L}\p{N}_][\p{L}\p{N}._-]*)*$/u.test(path);
    element('file-problem').textContent = taken ? t.fileNameTaken : good ? '' : t.fileNameBad;
    if (taken || !good) return;
    if (this.renames) {
      // Its language may be another one now.
      this.at(this.shown).path = path;
      this.editor.show(this.editor.open(this.text(this.shown), path));
    } else {
      this.tabs.push({ path, state: this.editor.open('', path) });
      this.open(this.tabs.length - 1);
    }
    this.close();
    this.draw();
    this.onEdit();
    this.editor.focus();
  }

  private delete(): void {
    const at = this.shown;
    if (at === 0) return;
    this.open(0);
    const [tab] = this.tabs.splice(at, 1);
    if (!tab) return;
    this.changed(t.fileDeleted(tab.path), () => {
      this.tabs.splice(at, 0, tab);
      this.open(at);
    });
    element('file-undo-button').focus();
  }

  private remove(file: Attachment): void {
    const before = this.attachments;
    this.attachments = before.filter((each) => each !== file);
    this.changed(t.fileDeleted(file.path), () => (this.attachments = before));
    element('file-undo-button').focus();
  }

  /** Says what has changed, and offers for a while to take it back. */
  private changed(text: string, takeBack: () => void): void {
    this.takeBack = takeBack;
    element('file-undo-text').textContent = text;
    element('file-undo').hidden = false;
    clearTimeout(this.undoTimer);
    this.undoTimer = setTimeout(() => this.forget(), UNDO_SHOWN_MS);
    this.draw();
    this.onEdit();
  }

  private undo(): void {
    const takeBack = this.takeBack;
    if (!takeBack) return;
    this.forget();
    takeBack();
    this.draw();
    this.onEdit();
    this.editor.focus();
  }

  private snapshot(): { tabs: Tab[]; attachments: Attachment[]; shown: number } {
    this.at(this.shown).state = this.editor.current();
    return { tabs: [...this.tabs], attachments: this.attachments, shown: this.shown };
  }

  private restore(before: { tabs: Tab[]; attachments: Attachment[]; shown: number }): void {
    this.tabs = before.tabs;
    this.attachments = before.attachments;
    this.shown = before.shown;
    this.editor.show(this.at(this.shown).state);
  }

  private forget(): void {
    clearTimeout(this.undoTimer);
    this.takeBack = undefined;
    element('file-undo').hidden = true;
  }

  private draw(): void {
    element('tabs').replaceChildren(
      ...this.tabs.map(({ path }, n) => {
        const tab = document.createElement('button');
        tab.type = 'button';
        tab.textContent = path;
        tab.setAttribute('role', 'tab');
        tab.setAttribute('aria-controls', 'editor');
        tab.setAttribute('aria-selected', String(n === this.shown));
        tab.tabIndex = n === this.shown ? 0 : -1;
        if (n === this.shown) tab.id = 'tab-current';
        tab.addEventListener('click', () => {
          this.open(n);
          this.editor.focus();
        });
        return tab;
      }),
    );
    element('file-actions').hidden = this.shown === 0;
    element('attached').replaceChildren(...this.attachments.map((file) => this.item(file)));
    element('attached').hidden = this.attachments.length === 0;
  }

  private item(file: Attachment): HTMLElement {
    const item = document.createElement('li');
    const name = document.createElement('span');
    name.textContent = file.path;
    const bytes = document.createElement('small');
    bytes.textContent = size(file.size);
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.className = 'quiet';
    remove.textContent = '✕';
    remove.setAttribute('aria-label', t.fileRemove(file.path));
    remove.addEventListener('click', () => this.remove(file));
    item.append(name, bytes, remove);
    return item;
  }
}
