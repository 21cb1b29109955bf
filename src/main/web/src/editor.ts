// The code editor: CodeMirror with Python, four spaces, and colours that are CSS variables, so light and dark are the style
// sheet's business.
import { closeBrackets, closeBracketsKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { pythonLanguage } from '@codemirror/lang-python';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { t } from './texts';

const ESCAPE_HOLDS_MS = 5_000;

export interface Editor {
  /** A file with an undo history of its own, to be shown with {@link show}. */
  open(text: string, path: string): EditorState;
  show(state: EditorState): void;
  /** The file on show as it is now. */
  current(): EditorState;
  /** Marks a line of the file on show, from 1 on, until it is edited, and brings it into sight. */
  mark(line: number): void;
  insert(text: string): void;
  focus(): void;
}

/** @param describedBy the id of the element that says how to leave the editor with the keyboard */
export function createEditor(parent: HTMLElement, describedBy: string, onEdit: () => void): Editor {
  const always = [
    ESCAPE,
    lineNumbers(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, indentWithTab]),
    indentUnit.of('    '),
    EditorState.tabSize.of(4),
    EditorState.phrases.of(t.editorPhrases),
    syntaxHighlighting(COLOURS),
    MARKED,
    THEME,
    // The tabindex is the default of what is edited; said for tools that do not know it.
    EditorView.contentAttributes.of({ 'aria-label': t.editor, 'aria-describedby': describedBy, tabindex: '0' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onEdit();
    }),
  ];
  const python = new LanguageSupport(pythonLanguage);
  const open = (text: string, path: string) =>
    EditorState.create({ doc: text, extensions: path.endsWith('.py') ? [always, python] : always });
  const view = new EditorView({ parent, state: open('', 'main.py') });
  return {
    open,
    show: (state) => view.setState(state),
    current: () => view.state,
    mark(line) {
      if (line < 1 || line > view.state.doc.lines) return;
      const at = view.state.doc.line(line).from;
      view.dispatch({ effects: [MARK.of(at), EditorView.scrollIntoView(at, { y: 'center' })] });
    },
    insert: (text) => view.dispatch(view.state.replaceSelection(text), { userEvent: 'input.type' }),
    focus: () => view.focus(),
  };
}

const MARK = StateEffect.define<number>();
const MARKED_LINE = Decoration.line({ class: 'marked-line' });

/** The line that an error names. */
const MARKED = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marked, transaction) {
    for (const effect of transaction.effects) if (effect.is(MARK)) return Decoration.set(MARKED_LINE.range(effect.value));
    return transaction.docChanged ? Decoration.none : marked;
  },
  provide: (field) => EditorView.decorations.from(field),
});

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
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 8px 0 12px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--active-line)' },
  '.cm-activeLineGutter': { color: 'var(--text)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--match)', outline: '1px solid var(--field-line)' },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent', textDecoration: 'underline wavy var(--bad)' },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'var(--match)' },
  '.marked-line': { backgroundColor: 'var(--err-ground) !important', boxShadow: 'inset 3px 0 var(--err)' },
  '.cm-searchMatch': { outline: '1px solid var(--field-line)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--selection)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--match)', border: 'none', color: 'var(--muted)', padding: '0 4px' },
  '.cm-panels, .cm-tooltip': { backgroundColor: 'var(--ground)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-panels.cm-panels-bottom': { borderWidth: '1px 0 0' },
  '.cm-panel.cm-search': { padding: '8px 28px 8px 10px', fontFamily: 'var(--sans)' },
  '.cm-panel.cm-search label, .cm-panel.cm-search input, .cm-panel.cm-search button': { fontSize: '13px' },
  '.cm-textfield': { backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--field-line)', borderRadius: '4px' },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--field-line)',
    borderRadius: '4px',
  },
  '.cm-panel.cm-search [name=close]': { color: 'var(--text)', fontSize: '18px', right: '8px' },
});
