// What differs between two texts, line by line: the longest common subsequence of their lines.

export interface DiffLine {
  /** In both, only in the first, or only in the second text. */
  in: 'both' | 'first' | 'second';
  text: string;
}

/** @param alike whether two lines count as the same */
export function diff(first: string[], second: string[], alike: (a: string, b: string) => boolean): DiffLine[] {
  const width = second.length + 1;
  /** How many lines the rests from (i, j) have in common. */
  const common = new Uint32Array((first.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  const same = (i: number, j: number) => alike(first[i] ?? '', second[j] ?? '');
  for (let i = first.length - 1; i >= 0; i--) {
    for (let j = second.length - 1; j >= 0; j--) {
      common[i * width + j] = same(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && same(i, j)) {
      lines.push({ in: 'both', text: second[j++] ?? '' });
      i++;
    } else if (j >= second.length || (i < first.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ in: 'first', text: first[i++] ?? '' });
    } else {
      lines.push({ in: 'second', text: second[j++] ?? '' });
    }
  }
  return lines;
}
