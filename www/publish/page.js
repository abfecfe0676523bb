/** Where the publish page is put together: a file, a place, the upload, and the same as a script. */

import '../closed.js';
import { takeFiles } from '../files/pick.js';
import { byId, setText } from '../ui/dom.js';
import { FilePart } from './file-part.js';
import { PlacePart } from './place-part.js';
import { ScriptPart } from './script-part.js';
import { UploadPart } from './upload-part.js';

/** The parts are made one after the other, and tell of themselves meanwhile. */
let ready = false;

const connected = byId('connected', HTMLElement);
const input = byId('open-file', HTMLInputElement);

const script = new ScriptPart(byId('script-step', HTMLElement));
const upload = new UploadPart(byId('upload-step', HTMLElement), {
  lock(on) {
    file.lock(on);
    place.lock(on);
  },
  renew: () => place.renew(),
  connected: (host) => setText(connected, host ? `Connects to ${host} only` : 'Connects to nothing yet'),
});
const place = new PlacePart(byId('place-step', HTMLElement), () => changed());
const file = new FilePart(byId('file-step', HTMLElement), input, () => changed());

takeFiles({
  input,
  veil: byId('drop-veil', HTMLElement),
  take: (files) => {
    if (!upload.running) void file.take(files);
  },
});

/** Something was chosen, typed, or taken back. */
function changed() {
  if (!ready) return;
  const { taken } = file;
  if (taken) place.propose(taken.name);
  const fault = place.place && taken ? place.nameFault : null;
  const missing = !taken
    ? place.place
      ? 'Choose a file.'
      : 'Choose a file and give an address.'
    : !place.place
      ? 'Give an address.'
      : (fault ?? '');
  const job = taken && place.place && !fault ? { file: taken, place: place.place, name: place.name } : null;
  upload.update(job, missing);
  script.update(place.place, taken, place.name);
}

ready = true;
changed();
