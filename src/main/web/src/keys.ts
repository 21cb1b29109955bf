// The row of keys that a phone's keyboard hides: it types into the editor without taking the focus from it.
import type { Editor } from './editor';

const KEYS: readonly (readonly [label: string, text: string])[] = [
  ['Tab', '    '],
  ['(', '('],
  [')', ')'],
  ['[', '['],
  [']', ']'],
  ['{', '{'],
  ['}', '}'],
  [':', ':'],
  ['"', '"'],
  ["'", "'"],
  ['_', '_'],
  ['=', '='],
  ['#', '#'],
];

export function fillKeys(row: HTMLElement, editor: Editor): void {
  row.replaceChildren(
    ...KEYS.map(([label, text]) => {
      const key = document.createElement('button');
      key.type = 'button';
      key.textContent = label;
      key.tabIndex = -1;
      // Else the press would close the phone's keyboard.
      key.addEventListener('pointerdown', (event) => event.preventDefault());
      key.addEventListener('click', () => {
        editor.insert(text);
        editor.focus();
      });
      return key;
    }),
  );
}
