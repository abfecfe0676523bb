// The hand-over sheet: for each who goes on with a protected file, on the page, to print, as JSON, and as the kit for Windows.
// No key stands anywhere but in the part for the licence server.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { handOver, windowsKit } from '../../www/engine/handover.js';
import { ERRORS } from '../../www/engine/handover/facts.js';
import { handOverPage } from '../../www/ui/handover-page.js';
import { inEachBrowser } from './browser.mjs';
import { missing } from './programs.mjs';
import {
  choose,
  fillForm,
  goTo,
  LA_URL,
  LONG,
  openFile,
  pageTests,
  protect,
  protectedSample,
  SAMPLE,
  waitPlan,
  withoutPicker,
  workFolder,
} from './support.mjs';
import { windowsDoc, written } from './windows-doc.mjs';

const folder = workFolder();
const KEY = '00112233445566778899aabbccddeeff';
const KID = '6f651ae1-dbe4-4434-bcb4-690d1564c41c';
const KEY2 = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const KID2 = '20000000-2000-2000-2000-200000000002';
const READERS = ['licence-server', 'host', 'app', 'web'];

const noPython = missing('python3', '--version');

/** A key sheet of two keys, with whatever names and addresses may have in them. */
function sheet(more = {}) {
  const key = (kid, hex) => ({
    kid: { uuid: kid, hex: kid.replaceAll('-', ''), guidBase64: 'guid==', guidHex: 'gg' },
    key: { hex, base64: Buffer.from(hex, 'hex').toString('base64') },
    checksum: 'c2hvcnQ=',
    source: 'typed',
    forTests: false,
  });
  const keys = [
    { ...key(KID, KEY), class: 'sd' },
    { ...key(KID2, KEY2), class: 'audio', period: 1 },
  ];
  return {
    boxlock: '2',
    fileName: `a "quoted" film's \\ name – ünï 🎬.mp4`,
    fileSize: 1234,
    sha256: null,
    scheme: 'cenc',
    form: 'hybrid',
    algorithm: 'AESCTR',
    keys,
    kid: keys[0].kid,
    key: keys[0].key,
    checksum: 'c2hvcnQ=',
    laUrl: `https://licence.example/rm.asmx?a='1'&b="2"`,
    tracks: [
      { id: 1, kind: 'video', codecName: 'H.264', protect: true, share: 1, kid: KID, key: KEY },
      { id: 2, kind: 'text', codecName: 'TTML', protect: false, share: 0 },
    ],
    playreadyObject: 'cHJv',
    pssh: [
      { system: 'PlayReady', base64: 'cHNzaA==' },
      { system: 'Widevine', base64: 'd2lkZQ==' },
    ],
    forTests: false,
    ...more,
  };
}

const OFFLINE = [
  { id: 'one-file', title: 'One file', state: 'ok', found: 'It is one.', advice: '' },
  { id: 'persistent', title: 'Persistent licence', state: 'doubtful', found: 'Who knows.', advice: 'Ask.' },
];

/** All forms that keys have. */
const SECRETS = [KEY, KEY2].flatMap((hex) => [
  hex,
  hex.toUpperCase(),
  Buffer.from(hex, 'hex').toString('base64'),
  Buffer.from(hex, 'hex').toString('base64url'),
]);

function assertNoKey(text, what) {
  for (const secret of SECRETS) assert.ok(!text.includes(secret), `${what} has a key in it`);
}

const files = [
  { name: 'init.mp4', size: 10, sha256: 'ab' },
  { name: 'film_1.m4s', size: 20, sha256: null },
];

test('the sheet has a part for each, and only one has keys', () => {
  const made = handOver(sheet(), { offline: OFFLINE, files, sources: ['a.mp4', 'b.m4a'] });
  assert.deepEqual(
    made.parts.map((part) => [part.for, part.secret]),
    [
      ['licence-server', true],
      ['host', false],
      ['app', false],
      ['web', false],
    ],
  );
  const [server, ...others] = made.parts;
  for (const secret of [KEY, KEY2]) assert.ok(JSON.stringify(server).includes(secret));
  assert.match(JSON.stringify(server), /0x8004110E/);
  for (const kid of [KID, KID.replaceAll('-', ''), 'guid==', 'gg'])
    assert.ok(JSON.stringify(server).includes(kid), kid);
  for (const part of others) {
    assertNoKey(JSON.stringify(part), part.for);
    assertNoKey(handOverPage(made.fileName, part), `the page for ${part.for}`);
  }
  for (const [name, one] of [
    ['kit', windowsKit(sheet(), { offline: OFFLINE })],
    ['kit of one', windowsKit(sheet({ keys: sheet().keys.slice(0, 1) }))],
  ])
    for (const { name: file, text } of one) assertNoKey(text, `${name}: ${file}`);
  const [, host, app, web] = made.parts;
  assert.deepEqual(host.items.find((item) => item.files).files, [
    { name: 'init.mp4', type: 'video/mp4', size: 10, sha256: 'ab' },
    { name: 'film_1.m4s', type: 'video/iso.segment', size: 20, sha256: null },
  ]);
  assert.match(JSON.stringify(host), /Track 2 of it is open/);
  assert.match(JSON.stringify(host), /a\.mp4, b\.m4a/);
  assert.match(JSON.stringify(host), /206/);
  const told = JSON.stringify(app);
  for (const { code } of ERRORS) assert.ok(told.includes(code), code);
  assert.match(told, /WinUI 3/);
  assert.ok(told.includes(KID) && told.includes(KID2));
  assert.match(JSON.stringify(web), /com\.widevine\.alpha/);
  assert.doesNotMatch(
    JSON.stringify(handOver(sheet({ pssh: [] })).parts[3]),
    /widevine/i,
    'what is not in the file is not asked for',
  );
});

test('whatever a name has in it, and where no licence server is named, each part is made', async () => {
  const odd = sheet({ fileName: 'half \ud800 sign.mp4', laUrl: '' });
  const { parts } = handOver(odd);
  const [, host, app, web] = parts;
  assert.match(JSON.stringify(host), /half%20%EF%BF%BD%20sign\.mp4/);
  const code = (part, name) => part.items.find((item) => item.code?.name === name).code.text;
  // An empty address is none: the app would end with it.
  assert.match(code(app, 'OfflinePlayback.cs'), /new Uri\("https:\/\/licence\.example\.com\//);
  assert.match(code(web, 'shaka.js'), /'com\.microsoft\.playready': 'https:\/\/licence\.example\.com\//);
  assert.match(JSON.stringify(web), /that of the licence server stand as examples/);
  // Each track has its key.
  const elements = code(web, 'content-protection.xml');
  for (const kid of [KID, KID2]) assert.match(elements, new RegExp(`default_KID="${kid}"`));
});

test('pages escape what names have in them, and hold the key only where it belongs', () => {
  const evil = sheet({ fileName: '<script>alert(1)</script>.mp4', laUrl: 'https://x.example/?<b>&"' });
  for (const part of handOver(evil, { offline: OFFLINE }).parts) {
    const page = handOverPage(evil.fileName, part);
    assert.doesNotMatch(page, /<script|<b>/);
    assert.equal(page.includes('holds the key'), part.secret);
    assert.match(page, /^<!doctype html>/);
  }
});

test('Python takes the script of the kit, whatever stands in it', { skip: noPython }, () => {
  for (const [number, more] of [
    {},
    { fileName: '"""\\\n\u2028\ud800.mp4', laUrl: 'https://x.example/"""\\' },
    { algorithm: 'AESCBC', keys: sheet().keys.slice(0, 1) },
  ].entries()) {
    const script = windowsKit(sheet(more)).find(({ name }) => name === 'play_offline.py').text;
    const path = folder.path(`play_offline_${number}.py`);
    writeFileSync(path, script);
    execFileSync('python3', ['-m', 'py_compile', path]);
    const said = execFileSync(
      'python3',
      [
        '-c',
        `import ast, json, sys
tree = ast.parse(open(sys.argv[1], encoding='utf-8').read())
found = {}
for node in ast.walk(tree):
    if isinstance(node, ast.Call) and getattr(node.func, 'attr', '') == 'with_name': found['file'] = node.args[0].value
    if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == 'LICENCE_URL': found['url'] = node.value.value
    if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'UUID' and node.args: found.setdefault('kids', []).append(node.args[0].value)
print(json.dumps(found))`,
        path,
      ],
      { encoding: 'utf8' },
    );
    const { file, url, kids } = JSON.parse(said);
    const wanted = sheet(more);
    assert.equal(url, wanted.laUrl);
    assert.equal(file, wanted.fileName.toWellFormed());
    assert.deepEqual(
      kids,
      wanted.keys.map(({ kid }) => kid.uuid),
    );
  }
  console.log('# no compiler of C# is here: OfflinePlayback.cs was not compiled');
});

test('snippets for pages are JavaScript, with the values in them', async () => {
  const { items } = handOver(sheet(), { offline: OFFLINE }).parts[3];
  const snippets = items.filter((item) => item.code?.language === 'javascript');
  assert.equal(snippets.length, 3);
  for (const { code } of snippets) {
    const { code: minified } = await transform(code.text, { format: 'esm', minify: true });
    assert.ok(minified.includes('com.microsoft.playready'), code.name);
    // As the literals that the parser read.
    const plain = minified.replace(/\\(.)/g, '$1');
    assert.ok(plain.includes(sheet().laUrl), `${code.name}: ${minified}`);
  }
  const { text } = items.find((item) => item.code?.language === 'xml').code;
  assert.match(text, new RegExp(`cenc:default_KID="${KID}"`));
  assert.match(text, /<cenc:pssh>cHNzaA==<\/cenc:pssh>\n {2}<mspr:pro>cHJv<\/mspr:pro>/);
});

test('docs/windows.md says what the page says', () => {
  const path = fileURLToPath(new URL('windows-doc.mjs', import.meta.url));
  assert.equal(written(), windowsDoc(), `docs/windows.md is out of date: node ${path} writes it`);
});

/** Opens a fold by the keyboard. */
async function unfold(page, reader) {
  await page.evaluate(
    (name) => document.querySelector(`#handover [data-for="${name}"] summary`).focus(),
    reader,
  );
  await page.press('Enter');
  await page.waitFor(`#handover [data-for="${reader}"] .handover-item`, { timeout: LONG });
}

const shown = (page, reader) =>
  page.evaluate((name) => document.querySelector(`#handover [data-for="${name}"]`).innerText, reader);

/** Saves by the button with this text, by keyboard. */
async function save(page, reader, text) {
  await page.evaluate(
    (name, label) =>
      [...document.querySelectorAll(`#handover [data-for="${name}"] .save-line button`)]
        .find((button) => button.innerText.trim() === label)
        .focus(),
    reader,
    text,
  );
  await page.press('Enter');
  const { name, bytes } = await page.waitDownload({ timeout: LONG });
  return { name, bytes, text: bytes.toString('utf8') };
}

const READ_ZIP = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    bad = archive.testzip()
    print(json.dumps([bad, {name: archive.read(name).decode('utf-8') for name in archive.namelist()}]))
`;

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('each reader gets a sheet: by keyboard, as a page, as JSON, and the kit', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page, { key: KEY, kid: KID });
    const plan = await waitPlan(page);
    assert.ok(plan);
    assert.match(
      await page.text('.plan-body .offline-more summary'),
      /Nothing in the file speaks against it/,
    );
    await protect(page);
    await page.waitDownload({ timeout: LONG });
    await page.waitFor('#handover');
    for (const reader of READERS) await unfold(page, reader);
    const texts = {};
    for (const reader of READERS) texts[reader] = await shown(page, reader);
    // Keys are not shown here either, but copied.
    for (const [reader, text] of Object.entries(texts)) assertNoKey(text, reader);
    assert.match(texts['licence-server'], new RegExp(KID));
    assert.match(texts['licence-server'], /persistent/);
    assert.match(texts.host, /sample\.mp4\s+video\/mp4/);
    assert.match(texts.app, /PlayReadyContentResolver/);
    assert.match(texts.app, /persistent/i);
    assert.match(texts.web, /licence\.example\.com/);
    const points = await page.evaluate(() =>
      [...document.querySelectorAll('#handover [data-check]')].map((point) => [
        point.dataset.check,
        point.className,
        point.innerText.includes(point.querySelector('.offline-state').innerText),
      ]),
    );
    assert.equal(points.length, 12);
    assert.ok(points.every(([, , told]) => told));

    const server = await save(page, 'licence-server', 'as JSON');
    assert.equal(server.name, 'sample.mp4.licence-server.json');
    assert.ok(server.text.includes(KEY));
    await page.waitFor(() => document.querySelector('.key-text').innerText.includes('for whoever runs'));
    const paper = await save(page, 'licence-server', 'Save the page');
    assert.equal(paper.name, 'sample.mp4.licence-server.html');
    assert.ok(paper.text.includes(KEY) && paper.text.includes('holds the key'));
    const cpix = await save(page, 'licence-server', 'as CPIX');
    assert.match(cpix.text, /<ContentKey kid="6f651ae1-/);
    for (const reader of READERS.slice(1)) {
      const json = await save(page, reader, 'as JSON');
      assertNoKey(json.text, `${reader}.json`);
      assert.equal(JSON.parse(json.text).for, reader);
      const html = await save(page, reader, 'Save the page');
      assertNoKey(html.text, `${reader}.html`);
      assert.match(html.text, /^<!doctype html>/);
    }

    const kit = await save(page, 'app', 'Save the Windows kit');
    assert.equal(kit.name, 'sample.mp4.windows-kit.zip');
    if (!noPython) {
      const path = folder.path(`${browser.name}.zip`);
      writeFileSync(path, kit.bytes);
      const read = execFileSync('python3', ['-c', READ_ZIP, path], { encoding: 'utf8' });
      const [bad, inside] = JSON.parse(read);
      assert.equal(bad, null);
      assert.deepEqual(Object.keys(inside), [
        'README.txt',
        'checks.txt',
        'play_offline.py',
        'requirements.txt',
        'OfflinePlayback.cs',
        'media-foundation.txt',
        'log.txt',
        'errors.txt',
        'form.txt',
      ]);
      for (const [name, text] of Object.entries(inside)) assertNoKey(text, name);
      for (const name of ['play_offline.py', 'OfflinePlayback.cs'])
        assert.ok(inside[name].includes(KID) && inside[name].includes(LA_URL), name);
      assert.match(inside['checks.txt'], /\[ok\] +One file/);
    }

    // The sum, when it is asked for.
    await page.click('#handover-sums');
    await page.waitFor(() => document.querySelector('#handover .handover-files code'), { timeout: LONG });
    const sum = await page.text('#handover .handover-files code');
    assert.match(sum, /^[0-9a-f]{64}$/);
    // What is folded in again holds nothing.
    await page.evaluate(() =>
      document.querySelector('#handover [data-for="licence-server"] summary').focus(),
    );
    await page.press('Enter');
    await page.waitFor(() => !document.querySelector('#handover [data-for="licence-server"] .handover-item'));
  });

  check('segments are listed, each with its size and its sum', async (page) => {
    await withoutPicker(page);
    await page.evaluate(() => void (window.showDirectoryPicker = undefined));
    await openFile(page, SAMPLE);
    await fillForm(page, { key: KEY, kid: KID });
    await page.evaluate(() => (document.querySelector('#more-file').open = true));
    await choose(page, 'segments', 'segments');
    await waitPlan(page);
    assert.match(
      await page.text('.plan-body .offline-more summary'),
      /^Will it play offline on Windows\? No:/,
    );
    await protect(page);
    const archive = await page.waitDownload({ timeout: LONG });
    await unfold(page, 'host');
    const list = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('#handover .handover-files tbody tr')].map((row) =>
          [...row.cells].map((cell) => cell.innerText.trim()),
        ),
      );
    const before = await list();
    assert.ok(
      before.length > 2 && before.every(([, type, , sum]) => type && sum === '–'),
      JSON.stringify(before),
    );
    await page.click('#handover-sums');
    await page.waitFor(() => document.querySelector('#handover .handover-files code'), { timeout: LONG });
    const after = await list();
    assert.equal(after.length, before.length);
    if (noPython) return;
    const path = folder.path(`${browser.name}-segments.zip`);
    writeFileSync(path, archive.bytes);
    const read = execFileSync(
      'python3',
      [
        '-c',
        'import hashlib, json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as a: print(json.dumps([[i.filename, i.file_size, hashlib.sha256(a.read(i)).hexdigest()] for i in a.infolist()]))',
        path,
      ],
      { encoding: 'utf8' },
    );
    assert.deepEqual(
      after.map(([name, , size, sum]) => [name, Number(size.replace(/\D/g, '')), sum]),
      JSON.parse(read),
    );
  });

  check('an open protected file is looked at, too', async (page) => {
    const bytes = await protectedSample(page, { laUrl: LA_URL, key: KEY, kid: KID, form: 'plain' });
    const path = folder.path(`${browser.name}-open.mp4`);
    writeFileSync(path, bytes);
    await openFile(page, path);
    await goTo(page, 'result');
    await page.waitFor('#offline-card [data-check]', { timeout: LONG });
    const states = await page.evaluate(() =>
      Object.fromEntries(
        [...document.querySelectorAll('#offline-card [data-check]')].map((one) => [
          one.dataset.check,
          one.className,
        ]),
      ),
    );
    assert.equal(states.boxes, 'doubtful');
    assert.equal(states['header-kid'], 'ok');
    assert.match(await page.text('#offline-card'), /Not everywhere: 2 points of 12 are doubtful/);
    const told = await page.evaluate(async () => {
      const { open } = await import('/boxlock.js');
      const media = await open('/samples/sample.ismv');
      const clear = await media.offline();
      const result = await media.protect({ laUrl: 'https://x.example/' });
      const list = await result.listFiles({ sums: true });
      const sum = await result.sha256();
      media.close();
      return { clear, planned: result.offline.length, list, sum };
    });
    assert.deepEqual(
      told.clear.map(({ id, state }) => [id, state]),
      [['encryption', 'fails']],
    );
    assert.equal(told.planned, 12);
    assert.deepEqual(
      told.list.map(({ name, sha256 }) => [name, sha256]),
      [['sample.mp4', told.sum]],
    );
    assert.equal(createHash('sha256').update('').digest('hex').length, told.sum.length);
  });
});
