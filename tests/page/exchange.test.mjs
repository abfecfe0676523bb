// Keys in and out: the module's functions, what the page decodes and builds, keys that the form takes from lists, and those
// that a result gives to others. Encrypted documents are held against Node's own cryptography.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inEachBrowser } from './browser.mjs';
import {
  fetchedAhead,
  fillForm,
  goTo,
  keySheet,
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

const folder = workFolder();
const KID = '93f5fb58-1df7-4752-acb2-6cf1e75b4910';
const KID_OTHER = '58fbf593-f71d-5247-acb2-6cf1e75b4910';
const KID2 = 'e1f85ce6-5c99-442c-8cdf-5063550ca95b';
const KEY = '3a2a1b68dd2bd9b2eeb25e84c4776668';
const KEY2 = '9af3d2c1b0a998877665544332211000';

/** A certificate with its private key, as partners have them: by OpenSSL, or none where that is not. */
function partner() {
  const folder = mkdtempSync(join(tmpdir(), 'boxlock-cpix-'));
  const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => join(folder, name));
  const request = ['req', '-x509', '-newkey', 'rsa:3072', '-nodes', '-days', '2', '-subj', '/CN=licences'];
  try {
    execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  } catch {
    return null;
  }
  const old = join(folder, 'old.pem');
  execFileSync('openssl', ['rsa', '-in', key, '-traditional', '-out', old], { stdio: 'ignore' });
  const sealed = join(folder, 'sealed.pem');
  execFileSync('openssl', ['pkey', '-in', key, '-aes256', '-passout', 'pass:x', '-out', sealed]);
  const [pem, cert, pkcs1, encrypted] = [key, certificate, old, sealed].map((path) =>
    readFileSync(path, 'utf8'),
  );
  return {
    folder,
    key: pem,
    certificate: cert,
    certificatePath: certificate,
    keyPath: key,
    pkcs1,
    encrypted,
  };
}

const one = partner();
const other = partner();

/** What stands in the first element of this name. */
const inside = (xml, name) => xml.match(new RegExp(`<${name}[^>]*>([\\s\\S]*?)</${name}>`))?.[1] ?? '';
const cipher = (xml) => Buffer.from(inside(xml, 'enc:CipherValue'), 'base64');

/** The content key of a document, as a licence server gets it. */
function opened(xml, key) {
  const rsa = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
  const documentKey = privateDecrypt(rsa, cipher(inside(xml, 'DocumentKey')));
  const macKey = privateDecrypt(rsa, cipher(inside(xml, 'MACMethod')));
  const entry = inside(xml, 'ContentKey');
  const value = cipher(entry);
  const mac = createHmac('sha512', macKey).update(value).digest('base64');
  assert.equal(inside(entry, 'pskc:ValueMAC'), mac);
  const aes = createDecipheriv('aes-256-cbc', documentKey, value.subarray(0, 16));
  return Buffer.concat([aes.update(value.subarray(16)), aes.final()]).toString('hex');
}

/**
 * A document as other writers make them, by OpenSSL's cryptography: without an HMAC as google/cpix_cc, with its key below
 * `Key` as the first edition of CPIX has it, or below `pskc:MACKey`.
 */
function foreign(certificate, form) {
  const [documentKey, macKey, iv] = [32, 64, 16].map((length) => randomBytes(length));
  const seal = (bytes) => {
    const rsa = { key: certificate, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    return publicEncrypt(rsa, bytes).toString('base64');
  };
  const value = (algorithm, text) =>
    `<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#${algorithm}"/>` +
    `<enc:CipherData>\n  <enc:CipherValue>\n${text}\n</enc:CipherValue></enc:CipherData>`;
  const aes = createCipheriv('aes-256-cbc', documentKey, iv);
  const sealed = Buffer.concat([iv, aes.update(Buffer.from(KEY, 'hex')), aes.final()]);
  const sum = createHmac('sha512', macKey).update(sealed).digest('base64');
  const method = `<MACMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#hmac-sha512"><${form}>${value('rsa-oaep-mgf1p', seal(macKey))}</${form}></MACMethod>`;
  const der = certificate.replaceAll(/-----[^-]+-----|\s/g, '');
  return `<?xml version="1.0"?><CPIX xmlns="urn:dashif:org:cpix" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:enc="http://www.w3.org/2001/04/xmlenc#" xmlns:pskc="urn:ietf:params:xml:ns:keyprov:pskc">
<DeliveryDataList><DeliveryData><DeliveryKey><ds:X509Data><ds:X509Certificate>${der}</ds:X509Certificate></ds:X509Data></DeliveryKey>
<DocumentKey Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"><Data><pskc:Secret><pskc:EncryptedValue>${value('rsa-oaep-mgf1p', seal(documentKey))}</pskc:EncryptedValue></pskc:Secret></Data></DocumentKey>
${form ? method : ''}</DeliveryData></DeliveryDataList>
<ContentKeyList><ContentKey kid="${KID}"><Data><pskc:Secret><pskc:EncryptedValue>${value('aes256-cbc', sealed.toString('base64'))}</pskc:EncryptedValue>${form ? `<pskc:ValueMAC>${sum}</pskc:ValueMAC>` : ''}</pskc:Secret></Data></ContentKey></ContentKeyList></CPIX>`;
}

const call = (page, name, ...args) =>
  page.evaluate(
    async (method, given) => {
      const module = await import('/boxlock.js');
      try {
        return await module[method](...given);
      } catch ({ code, message, field }) {
        return { code, message, field };
      }
    },
    name,
    args,
  );

inEachBrowser((browser) => {
  const check = pageTests(browser);

  check('the module decodes, builds, reads and writes', async (page) => {
    await page.goto('/');
    const built = await call(page, 'build', { kid: KID, laUrl: 'https://example.com/rm.asmx' });
    const form = (found, id) => found.forms.find((each) => each.id === id)?.value;
    assert.equal(built.kind, 'pro');
    const found = await call(page, 'decode', form(built, 'pssh'), { knownKids: [KID_OTHER] });
    assert.equal(found.kind, 'pssh');
    const [header] = found.inside[0].inside;
    assert.match(header.problems.map(({ message }) => message).join(' '), /other byte order/);
    assert.equal(form(header, 'xml'), form(built, 'xml'));
    assert.equal((await call(page, 'decode', '')).kind, 'unknown');
    const refused = await call(page, 'build', { kid: 'x' });
    assert.deepEqual([refused.code, refused.field], ['bad-kid', 'kid']);

    const keys = {
      keys: [
        { kid: KID, key: KEY, class: 'sd' },
        { kid: KID2, key: KEY2, class: 'audio' },
      ],
    };
    const lines = await call(page, 'writeKeys', keys, 'lines');
    assert.equal(lines, `${KID.replaceAll('-', '')}:${KEY}\n${KID2.replaceAll('-', '')}:${KEY2}\n`);
    const xml = await call(page, 'writeKeys', { ...keys, contentId: 'film', scheme: 'cenc' }, 'cpix');
    const tracks = [
      { id: 1, kind: 'video', width: 640, height: 360 },
      { id: 2, kind: 'audio', channels: 2 },
    ];
    const read = await call(page, 'readKeys', xml, { tracks });
    assert.equal(read.form, 'cpix');
    assert.deepEqual(
      read.keys.map(({ kid, key }) => [kid.uuid, key]),
      [
        [KID, KEY],
        [KID2, KEY2],
      ],
    );
    assert.deepEqual(
      read.assigned.map(({ track, kid }) => [track, kid]),
      [
        [1, KID],
        [2, KID2],
      ],
    );
    const commands = await call(page, 'commandLines', {
      ...keys,
      fileName: 'a b.mp4',
      tracks: tracks.map((track, n) => ({ ...track, kid: [KID, KID2][n] })),
    });
    assert.deepEqual(
      commands.map(({ program }) => program),
      ['Bento4', 'Shaka Packager', 'FFmpeg'],
    );
    for (const { line } of commands) assert.match(line, /a b/);

    for (const [text, code] of [
      ['<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><CPIX>&a;</CPIX>', 'xml-doctype'],
      ['<MPD/>', 'not-cpix'],
      [`${KID}:${KEY.slice(2)}`, 'keys-line'],
      ['{"keys": 3}', 'no-keys'],
    ]) {
      const failed = await call(page, 'readKeys', text);
      assert.equal(failed.code, code, text);
      assert.doesNotMatch(failed.message, new RegExp(KEY.slice(2)));
    }
  });

  check('an encrypted document opens for its recipient alone', async (page) => {
    if (!one) {
      console.log('NOT RUN: OpenSSL is not here');
      return;
    }
    await page.goto('/');
    const keys = {
      keys: [
        { kid: KID, key: KEY },
        { kid: KID2, key: KEY2 },
      ],
    };
    const xml = await call(page, 'writeKeys', keys, 'cpix', { certificates: [one.certificate] });
    assert.equal(typeof xml, 'string', JSON.stringify(xml));
    assert.ok(!xml.includes('PlainValue') && !xml.includes(Buffer.from(KEY, 'hex').toString('base64')));
    assert.equal(opened(xml, one.key), KEY);
    const sealed = await call(page, 'readKeys', xml);
    assert.ok(sealed.keys.every(({ key, encrypted }) => key === null && encrypted));
    for (const privateKey of [one.key, one.pkcs1]) {
      const read = await call(page, 'readKeys', xml, { privateKey });
      assert.deepEqual(
        read.keys?.map(({ key }) => key),
        [KEY, KEY2],
        JSON.stringify(read),
      );
    }
    // For both of two recipients.
    const both = await call(page, 'writeKeys', keys, 'cpix', {
      certificates: [other.certificate, one.certificate],
    });
    assert.equal((await call(page, 'readKeys', both, { privateKey: one.key })).keys[0].key, KEY);

    const changed = xml.replace(
      /(<ContentKey [\s\S]*?CipherValue>)(.)/,
      (_, before, c) => before + (c === 'A' ? 'B' : 'A'),
    );
    const bare = xml.replaceAll(/<pskc:ValueMAC>[^<]*<\/pskc:ValueMAC>/g, '');
    const unknown = xml.replaceAll('xmlenc#rsa-oaep-mgf1p', 'xmlenc#rsa-1_5');
    for (const [text, privateKey, code] of [
      [xml, other.key, 'cpix-other-recipient'],
      [xml, one.certificate, 'bad-private-key'],
      [xml, one.encrypted, 'bad-private-key'],
      [xml, 'swordfish', 'bad-private-key'],
      [changed, one.key, 'cpix-mac'],
      [bare, one.key, 'cpix-mac'],
      [unknown, one.key, 'cpix-algorithm'],
    ]) {
      const failed = await call(page, 'readKeys', text, { privateKey });
      assert.equal(failed.code, code, failed.message);
      console.log(`# ${failed.message}`);
      assert.doesNotMatch(failed.message, new RegExp(`${KEY}|swordfish|MII`));
    }
    const noCertificate = await call(page, 'writeKeys', keys, 'cpix', { certificates: [one.key] });
    assert.equal(noCertificate.code, 'bad-certificate');
  });

  check('encrypted documents of other writers open, in each form that they have', async (page) => {
    if (!one) {
      console.log('NOT RUN: OpenSSL is not here');
      return;
    }
    await page.goto('/');
    for (const form of ['', 'Key', 'pskc:MACKey']) {
      const read = await call(page, 'readKeys', foreign(one.certificate, form), { privateKey: one.key });
      assert.equal(read.keys?.[0].key, KEY, `${form}: ${JSON.stringify(read)}`);
    }
    // Whoever changes one that has an HMAC is found out.
    const changed = foreign(one.certificate, 'Key').replace('<pskc:ValueMAC>', '<pskc:ValueMAC>AAAA');
    assert.equal((await call(page, 'readKeys', changed, { privateKey: one.key })).code, 'cpix-mac');
  });

  check('the page says what something is, without a file and beside one', async (page) => {
    await page.goto('/');
    await fetchedAhead(page);
    await page.click('#to-decode');
    await page.waitFor('.decode-text');
    await page.fill('.decode-text', KID);
    await page.waitFor('#decode-found .found');
    assert.match(await page.text('#decode-found'), /A key ID\./);
    assert.match(await page.text('#decode-found'), new RegExp(KID_OTHER));
    await page.fill('.decode-text', `${KID}:${KEY}`);
    await page.waitFor('[data-kind="keys"]');
    assert.doesNotMatch(
      await page.text('#decode-found'),
      new RegExp(KEY),
      'a key is shown when that is asked for',
    );
    await page.fill('.decode-text', 'hello, world!');
    await page.waitFor('[data-kind="unknown"]');
    assert.match(await page.text('#decode-found'), /neither base64 nor/);

    await page.fill('[name="buildKid"]', 'nonsense');
    await page.click('#build');
    await page.waitFor(() => document.querySelector('.build-form .field-fault:not([hidden])'));
    await page.fill('[name="buildKid"]', KID);
    await page.fill('[name="buildUrl"]', 'https://example.com/rm.asmx');
    await page.fill('[name="buildKey"]', KEY);
    await page.click('#build');
    await page.waitFor('#built .found');
    assert.match(await page.text('#built'), /example\.com/);
    const headings = await page.evaluate(() =>
      [...document.querySelectorAll('#built h2, #built h3')].map((one) => one.innerText),
    );
    assert.match(headings.join('\n'), /A PlayReady header, version 4\.0\.0\.0/);
    await page.click('#leave-decode');
    await page.waitFor('#open-button');
    assert.equal(await page.evaluate(() => document.getElementById('decode').hidden), true);
  });

  check(
    'a key is held against the checksums of a header, where it is decoded and where it stands in a file',
    async (page) => {
      await page.goto('/');
      await fetchedAhead(page);
      const built = await call(page, 'build', { kid: KID, key: KEY });
      const pssh = built.forms.find(({ id }) => id === 'pssh')?.value;
      assert.deepEqual(
        (await call(page, 'checkKey', pssh, KEY)).map(({ kid, right }) => [kid, right]),
        [[KID, true]],
      );
      assert.equal((await call(page, 'checkKey', pssh, 'x')).code, 'bad-key');

      const tried = async (key) => {
        await page.fill('[name="checkedKey"]', key);
        await page.waitFor(() =>
          document.querySelector('.key-checks:not([hidden]) li, .key-check .field-fault:not([hidden])'),
        );
        return page.text('.key-check');
      };
      await page.click('#to-decode');
      await page.waitFor('.decode-text');
      await page.fill('.decode-text', pssh);
      await page.waitFor('.key-check summary');
      await page.click('.key-check summary');
      assert.match(await tried(KEY), /Right: It is the key/);
      // What is folded away is forgotten.
      await page.click('.key-check summary');
      await page.waitFor(() => document.querySelector('.key-checks').hidden);
      assert.equal(await page.evaluate(() => document.querySelector('[name="checkedKey"]').value), '');
      await page.click('.key-check summary');
      assert.match(await tried(KEY2), new RegExp(`Wrong: .*${KID}`, 's'));
      await page.fill('.decode-text', '<WRMHEADER></WRMHEADER>');
      await page.waitFor(() => /cannot be read/.test(document.querySelector('#decode-found').innerText));
      await page.click('.key-check summary');
      assert.match(await tried(KEY), /No key ID can be read/);
      await page.click('#leave-decode');

      const file = folder.path('one.ismv');
      writeFileSync(file, await protectedSample(page, { kid: KID, key: KEY }));
      await openFile(page, file);
      await page.evaluate(() => {
        location.hash = '#inspect?box=moov/pssh';
      });
      await page.waitFor('.text-card .key-check summary');
      await page.click('.text-card .key-check summary');
      assert.match(await tried('nonsense'), /16 bytes/);
      await page.fill('[name="checkedKey"]', KEY);
      await page.waitFor('.key-checks .right');
      assert.match(await page.text('.key-check'), new RegExp(`Right: .*${KID}`, 's'));
    },
  );

  check('keys of a result go into a list, and from it into the form of another file', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page);
    await page.click('#key-import summary');
    await page.fill('[name="keyList"]', `${KID}:${KEY}`);
    await page.waitFor(
      () => document.querySelector('[name="kid"]')?.value === '93f5fb58-1df7-4752-acb2-6cf1e75b4910',
    );
    const plan = await waitPlan(page);
    assert.match(
      plan.header,
      new RegExp(
        Buffer.from('58fbf593f71d5247acb26cf1e75b4910', 'hex').toString('base64').replaceAll('+', '\\+'),
      ),
    );
    await page.fill('[name="keyList"]', `${KID}:${KEY.slice(1)}`);
    await page.waitFor(() => document.querySelector('#key-import .field-fault:not([hidden])'));
    await page.fill('[name="keyList"]', `${KID}:${KEY}`);
    await page.waitFor(() =>
      document.querySelector('#key-import [role="status"]').innerText.includes('One key was taken'),
    );
    await waitPlan(page);
    await protect(page);
    await page.waitDownload({ timeout: LONG });
    const { sheet } = await keySheet(page);
    assert.deepEqual([sheet.boxlock, sheet.kid.uuid, sheet.key.hex], ['2', KID, KEY]);
    assert.ok(sheet.playreadyObject && sheet.pssh.length > 0);
    for (const track of sheet.tracks.filter((each) => each.protect))
      assert.deepEqual(
        [track.scheme, track.ivForm, track.key],
        ['cenc', 'an 8-byte IV for each sample', KEY],
      );
    const again = await call(page, 'readKeys', JSON.stringify(sheet));
    assert.deepEqual(
      again.keys.map(({ kid, key }) => [kid.uuid, key]),
      [[KID, KEY]],
    );

    await page.click('#key-forms summary');
    await page.waitFor('.command-lines dd');
    const shown = await page.text('.command-lines');
    assert.match(shown, /mp4decrypt --key/);
    assert.ok(!shown.includes(KEY), 'keys in command lines are copied and not shown');
    await page.click('#save-lines');
    const lines = await page.waitDownload();
    assert.equal(lines.name, 'sample.mp4.keys.txt');
    assert.equal(lines.bytes.toString(), `${KID.replaceAll('-', '')}:${KEY}\n`);
    await page.click('#save-cpix');
    const cpix = await page.waitDownload();
    assert.equal(cpix.name, 'sample.mp4.cpix.xml');
    assert.match(cpix.bytes.toString(), /PlainValue>OiobaN0r2bLusl6ExHdmaA==</);
    if (!one) return;
    await page.setFile('#cpix-certificate', one.certificatePath);
    await page.click('#save-cpix');
    const sealed = await page.waitDownload();
    assert.equal(opened(sealed.bytes.toString(), one.key), KEY);

    // The encrypted document, with the private key, into a form.
    const path = join(one.folder, 'sealed.cpix.xml');
    writeFileSync(path, sealed.bytes);
    await goTo(page, 'protect');
    await page.fill('[name="key"]', '');
    await page.setFile('#key-list-file', path);
    await page.waitFor('#private-key');
    await page.setFile('#private-key', one.keyPath);
    await page.waitFor(
      () => document.querySelector('[name="key"]')?.value === '3a2a1b68dd2bd9b2eeb25e84c4776668',
    );
    assert.equal(await page.evaluate(() => document.querySelector('#private-key').value), '');
  });

  check('keys that change come from a document, all of them, and what is left over is said', async (page) => {
    await withoutPicker(page);
    await openFile(page, SAMPLE);
    await fillForm(page);
    await page.evaluate(() => (document.querySelector('#more-along').open = true));
    await page.fill('[name="keyRotation"]', '2');
    await waitPlan(page);
    await protect(page);
    await page.waitDownload({ timeout: LONG });
    const { sheet } = await keySheet(page);
    const times = new Set(sheet.keys.map(({ period }) => period)).size;
    assert.ok(times >= 3, `${times}`);
    const cpix = await call(page, 'writeKeys', sheet, 'cpix');
    assert.equal(cpix.match(/<ContentKeyPeriod /g).length, times);
    const told = ({ keys }) => keys.map(({ kid, key, period }) => [period, kid.uuid, key.hex]);

    for (const [number, text] of [cpix, JSON.stringify(sheet)].entries()) {
      const path = join(mkdtempSync(join(tmpdir(), 'boxlock-keys-')), `keys-${number}`);
      writeFileSync(path, text);
      await goTo(page, 'protect');
      await page.evaluate(() => (document.querySelector('#key-import').open = true));
      await page.fill('[name="keyRotation"]', '');
      await page.setFile('#key-list-file', path);
      await page.waitFor(() =>
        /keys were taken/.test(document.querySelector('#key-import [role="status"]').innerText),
      );
      const said = await page.text('#key-import [role="status"]');
      assert.match(said, new RegExp(`^${times} keys were taken from the list\\.$`));
      assert.match(await page.text('#later-keys'), /are used, in their order, when there is a number above/);
      await page.fill('[name="keyRotation"]', '2');
      await waitPlan(page);
      await protect(page);
      await page.waitDownload({ timeout: LONG });
      const again = await keySheet(page);
      assert.deepEqual(told(again.sheet), told(sheet));
    }

    // Fewer changes than keys: what is not used is said; and they can be left out.
    await goTo(page, 'protect');
    await page.fill('[name="keyRotation"]', '1000');
    await page.waitFor(() => /is not used/.test(document.querySelector('.plan-body')?.innerText ?? ''));
    await page.fill('[name="keyRotation"]', '2');
    await page.click('#later-keys button');
    await page.waitFor(() => document.querySelector('#later-keys').hidden);
    const before = sheet.keys.at(-1).kid.uuid;
    await page.waitFor(() => document.querySelector('.plan-body .later-keys'));
    await waitPlan(page);
    const planned = await page.evaluate(() => document.querySelector('.plan-body .later-keys').textContent);
    assert.ok(!planned.includes(before));
    // Keys for nothing here are told.
    const more = { keys: [...sheet.keys, { ...sheet.keys[0], kid: { uuid: KID2 }, track: 99, period: 0 }] };
    await page.evaluate(() => (document.querySelector('#key-import').open = true));
    await page.fill('[name="keyList"]', JSON.stringify(more));
    await page.waitFor(() =>
      /for nothing in this file/.test(document.querySelector('#key-import [role="status"]').innerText),
    );
  });
});
