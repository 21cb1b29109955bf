// Builds the page into ../resources/web. With --check it builds into a temporary folder instead, compares that with what is
// committed, and prints each file that differs. The same sources and lock file give the same bytes on every machine.
import { build } from 'esbuild';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const committed = join(here, '..', 'resources', 'web');
const copied = ['index.html', 'favicon.svg'];

async function buildInto(folder) {
  await mkdir(folder, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: [
      { in: 'src/main.ts', out: 'app' },
      { in: 'src/theme.ts', out: 'theme' },
      { in: 'src/app.css', out: 'app' },
    ],
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  for (const name of copied) {
    await copyFile(join(here, 'src', name), join(folder, name));
  }
  await writeFile(join(folder, 'third-party.txt'), await licences(Object.keys(metafile.inputs)));
}

/** The licence of every package that is in the bundle, as its authors ask of whoever hands it on. */
async function licences(inputs) {
  const names = new Set();
  for (const input of inputs) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) names.add(match[1]);
  }
  const parts = [];
  for (const name of [...names].sort()) {
    const folder = join(here, 'node_modules', name);
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} is in the bundle and has no licence file`);
    const text = (await readFile(join(folder, file), 'utf8')).replaceAll('\r\n', '\n').trim();
    parts.push(`${name} ${version}\n\n${text}\n`);
  }
  return `The page's script contains these packages.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}

/** The files that are not the same in both folders, one sentence each. */
async function differences(fresh, old) {
  const found = [];
  const [freshNames, oldNames] = await Promise.all([readdir(fresh), readdir(old).catch(() => [])]);
  for (const name of [...new Set([...freshNames, ...oldNames])].sort()) {
    if (!oldNames.includes(name)) found.push(`${name}: not committed`);
    else if (!freshNames.includes(name)) found.push(`${name}: committed, but the build does not make it`);
    else {
      const [a, b] = await Promise.all([readFile(join(fresh, name)), readFile(join(old, name))]);
      if (a.equals(b)) continue;
      let at = 0;
      while (at < a.length && a[at] === b[at]) at++;
      found.push(`${name}: differs from byte ${at} (the build makes ${a.length} bytes, committed are ${b.length})`);
    }
  }
  return found;
}

async function check() {
  const fresh = await mkdtemp(join(tmpdir(), 'onpyrunner-web-'));
  try {
    await buildInto(fresh);
    const found = await differences(fresh, committed);
    if (found.length === 0) {
      console.log('The committed page is what the sources build.');
      return;
    }
    console.error('The committed page is not what the sources build; run `npm ci && npm run build` and commit the result:');
    for (const line of found) console.error(`  ${line}`);
    process.exitCode = 1;
  } finally {
    await rm(fresh, { recursive: true });
  }
}

async function rebuild() {
  await rm(committed, { recursive: true, force: true });
  await buildInto(committed);
  for (const name of (await readdir(committed)).sort()) {
    const bytes = await readFile(join(committed, name));
    console.log(`${name.padEnd(16)} ${String(bytes.length).padStart(8)} bytes, gzipped ${gzipSync(bytes).length}`);
  }
}

await (process.argv.includes('--check') ? check() : rebuild());
