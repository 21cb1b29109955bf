// The code editor: CodeMirror with Python, four spaces, and colours that are CSS variables, so light and dark are the style
// sheet's business.
import { indentWithTab } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import { HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';

const ESCAPE_HOLDS_MS = 5_000;

export interface Editor {
  text(): string;
  /** Replaces everything, undo history included: another program is another document. */
  show(text: string): void;
  focus(): void;
}

/** @param describedBy the id of the element that says how to leave the editor with the keyboard */
export function createEditor(parent: HTMLElement, describedBy: string, onEdit: () => void): Editor {
  const extensions = [
    ESCAPE,
    basicSetup,
    keymap.of([indentWithTab]),
    python(),
    indentUnit.of('    '),
    EditorState.tabSize.of(4),
    syntaxHighlighting(COLOURS),
    THEME,
    EditorView.contentAttributes.of({ 'aria-label': 'Python program', 'aria-describedby': describedBy }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onEdit();
    }),
  ];
  const view = new EditorView({ parent, extensions });
  return {
    text: () => view.state.doc.toString(),
    show: (text) => view.setState(EditorState.create({ doc: text, extensions })),
    focus: () => view.focus(),
  };
}

/** Escape makes the next Tab leave the editor, as the page promises, also when it closes a list of completions on the way. */
const ESCAPE = Prec.highest(
  keymap.of([
    {
      key: 'Escape',
      run: (view) => {
        view.setTabFocusMode(ESCAPE_HOLDS_MS);
        return false;
      },
    },
  ]),
);

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.character], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.definition(tags.variableName), tags.function(tags.definition(tags.variableName))], color: 'var(--code-definition)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-call)' },
  { tag: [tags.className, tags.definition(tags.className)], color: 'var(--code-definition)', fontWeight: '600' },
  { tag: [tags.meta, tags.escape], color: 'var(--code-meta)' },
  { tag: tags.invalid, textDecoration: 'underline wavy var(--bad)' },
]);

const THEME = EditorView.theme({
  '&': { color: 'var(--text)', backgroundColor: 'var(--surface)', height: '100%', fontSize: 'var(--code-size)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--text)', padding: '10px 0' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--selection)',
  },
  '.cm-gutters': { backgroundColor: 'var(--surface)', color: 'var(--muted)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { paddingLeft: '12px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--active-line)' },
  '.cm-activeLineGutter': { color: 'var(--text)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--match)', outline: '1px solid var(--field-line)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent', textDecoration: 'underline wavy var(--bad)' },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'var(--match)' },
  '.cm-searchMatch': { outline: '1px solid var(--field-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--selection)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--match)', border: 'none', color: 'var(--muted)', padding: '0 4px' },
  '.cm-panels, .cm-tooltip': { backgroundColor: 'var(--ground)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-panels.cm-panels-bottom': { borderWidth: '1px 0 0' },
  '.cm-panel.cm-search': { padding: '8px 28px 8px 10px', fontFamily: 'var(--sans)' },
  '.cm-panel.cm-search label': { fontSize: '13px' },
  '.cm-textfield': { backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--field-line)', borderRadius: '4px' },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--field-line)',
    borderRadius: '4px',
  },
  '.cm-panel.cm-search [name=close]': { color: 'var(--text)', fontSize: '18px', right: '8px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
});
