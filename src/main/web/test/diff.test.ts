import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff } from '../src/diff';
import { cells } from '../src/grid';

const lines = (first: string[], second: string[]) =>
  diff(first, second, (a, b) => a === b).map((line) => ({ both: ' ', first: '-', second: '+' })[line.in] + line.text);

test('what is only in one text is told in its place', () => {
  assert.deepEqual(lines(['a', 'b', 'c', 'd'], ['a', 'x', 'c', 'd', 'e']), [' a', '-b', '+x', ' c', ' d', '+e']);
  assert.deepEqual(lines([], ['a']), ['+a']);
  assert.deepEqual(lines(['a'], []), ['-a']);
  assert.deepEqual(lines(['a', 'b'], ['b']), ['-a', ' b']);
});

test('lines that count as the same are shown as the second text has them', () => {
  const found = diff(['1.0'], ['1'], (a, b) => Number(a) === Number(b));
  assert.deepEqual(found, [{ in: 'both', text: '1' }]);
});

test('cells come as a spreadsheet copies them', () => {
  assert.deepEqual(cells('1\t2\r\n3\t4\r\n'), [
    ['1', '2'],
    ['3', '4'],
  ]);
  assert.deepEqual(cells('"a\nb"\t"say ""hi"""\n\tx'), [
    ['a\nb', 'say "hi"'],
    ['', 'x'],
  ]);
  assert.deepEqual(cells('a "b" c\t"open'), [['a "b" c', '"open']]);
});
