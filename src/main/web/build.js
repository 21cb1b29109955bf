// Builds the pages into ../resources/web: scripts and styles under names that have a hash of their content, so that browsers may keep
// them for ever, each also compressed. With --check it builds into a temporary folder instead, compares that with what is committed, and
// prints each file that differs. The same sources and lock file give the same bytes on every machine; only compressors differ, so what
// they made is compared unpacked.
import { build } from 'esbuild';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const committed = join(here, '..', 'resources', 'web');
const unpack = { '.gz': gunzipSync, '.br': brotliDecompressSync };

const PAGES = {
  'index.html': [
    { in: 'src/main.ts', out: 'app' },
    { in: 'src/theme.ts', out: 'theme' },
    { in: 'src/app.css', out: 'app' },
  ],
  'admin.html': [
    { in: 'src/admin.ts', out: 'admin' },
    { in: 'src/theme.ts', out: 'theme' },
    { in: 'src/admin.css', out: 'admin' },
  ],
  'docs.html': [
    { in: 'src/docs.ts', out: 'docs' },
    { in: 'src/docs.css', out: 'docs' },
  ],
};

async function buildInto(folder) {
  await mkdir(folder, { recursive: true });
  const inputs = [];
  // One after the other, so that no page has to load what another one has.
  for (const [page, entryPoints] of Object.entries(PAGES)) inputs.push(...(await buildPage(folder, page, entryPoints)));
  await copyFile(join(here, 'src', 'favicon.svg'), join(folder, 'favicon.svg'));
  await writeFile(join(folder, 'third-party.txt'), await licences(inputs));
}

/** Builds one page with its scripts and styles; returns the files that are in it. */
async function buildPage(folder, page, entryPoints) {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints,
    outdir: join(folder, 'assets'),
    entryNames: '[name]-[hash]',
    // What the page loads only when it needs it.
    chunkNames: '[name]-[hash]',
    splitting: true,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  let html = await readFile(join(here, 'src', page), 'utf8');
  for (const path of Object.keys(metafile.outputs)) {
    const name = basename(path);
    html = html.replaceAll(`"/${name.replace(/-[A-Z0-9]+\./, '.')}"`, `"/assets/${name}"`);
    await compress(join(folder, 'assets', name));
  }
  await writeFile(join(folder, page), html);
  await compress(join(folder, page));
  return Object.keys(metafile.inputs);
}

async function compress(path) {
  const bytes = await readFile(path);
  await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  await writeFile(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
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
    const entries = await readdir(folder);
    // Some packages have others within, whose licences are beside the file that is in the bundle.
    const within = inputs.filter((input) => input.startsWith(`node_modules/${name}/`)).map((input) => `${basename(input)}.LICENSE.txt`);
    const files = entries.filter((entry) => /^(licen[cs]e|notice)/i.test(entry) || within.includes(entry)).sort();
    if (!files.some((entry) => /^licen[cs]e/i.test(entry))) throw new Error(`${name} is in the bundle and has no licence file`);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const text = texts.map((each) => each.replaceAll('\r\n', '\n').trim()).join('\n\n');
    parts.push(`${name} ${version}\n\n${text}\n`);
  }
  return `The pages' scripts contain these packages.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}

/** The files that are not the same in both folders, one sentence each. */
async function differences(fresh, old) {
  const found = [];
  const names = async (folder) => (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) => name !== 'assets');
  const [freshNames, oldNames] = await Promise.all([names(fresh), names(old)]);
  for (const name of [...new Set([...freshNames, ...oldNames])].sort()) {
    if (!oldNames.includes(name)) found.push(`${name}: not committed`);
    else if (!freshNames.includes(name)) found.push(`${name}: committed, but the build does not make it`);
    else {
      const content = async (folder) => (unpack[name.slice(-3)] ?? ((bytes) => bytes))(await readFile(join(folder, name)));
      const [a, b] = await Promise.all([content(fresh), content(old)]);
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
  for (const entry of (await readdir(committed, { recursive: true, withFileTypes: true })).filter((each) => each.isFile())) {
    const bytes = await readFile(join(entry.parentPath ?? entry.path, entry.name));
    console.log(`${entry.name.padEnd(28)} ${String(bytes.length).padStart(8)} bytes`);
  }
}

await (process.argv.includes('--check') ? check() : rebuild());
