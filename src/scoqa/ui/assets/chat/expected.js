// Shows the question in the page's address, and the answers that its question set expects.
// Gradio provides: element (this component's root), server (its Python functions).
// The address may be forged: it can only put words into the box and name places.
const MOST = 12;
const FROM = '/evaluate/'; // only links on these pages ask the question automatically
const NOTES = {
  none: 'The documents do not answer this.',
  lost: 'The expected words do not occur in the documents.',
};
const LOST = 'The expected places could not be loaded.';
const part = element.querySelector('.expected');
const asked = new URLSearchParams(location.search);
const find = (selector) => document.querySelector(selector);
let question = ''; // the question of the address; the places are removed with the next question

function place(gold) {
  const [document_, start, end, digest] = gold.split(':');
  return { document: document_, start: Number(start), end: Number(end), digest };
}

function row({ words, title, place: where, link, problem }) {
  const item = document.createElement('li');
  if (link !== null) {
    const open = document.createElement('a');
    Object.assign(open, { className: 'expected-words', href: link, dir: 'auto' });
    open.textContent = words;
    open.title = 'Show it in its document';
    item.append(open);
  }
  const about = document.createElement('span');
  about.dir = 'auto';
  about.textContent = problem ?? [title, where].filter(Boolean).join(' · ');
  item.append(about);
  return item;
}

async function show(golds) {
  const note = part.querySelector('.expected-note');
  note.textContent = NOTES[golds[0]] ?? '';
  part.hidden = false;
  const places = golds.filter((gold) => !Object.hasOwn(NOTES, gold)).map(place);
  if (places.length) {
    const found = await server.places(places).catch(() => undefined);
    if (Array.isArray(found)) part.querySelector('ul').replaceChildren(...found.map(row));
    else note.textContent = LOST;
  }
  note.hidden = note.textContent === '';
}

function end() {
  if (!question) return;
  question = '';
  part.hidden = true;
  watching.disconnect();
  // Otherwise a reload would ask it again.
  if (new URLSearchParams(location.search).has('question')) history.replaceState(null, '', location.pathname);
}

// Removed with the conversation, and with the next question.
function look() {
  const questions = document.querySelectorAll('.scoqa-question');
  if (questions.length > 1) end();
}

const watching = new MutationObserver(look);

// Returns whether the user came from a report of this server, and not by a reload.
function trusted() {
  try {
    const from = new URL(document.referrer);
    const way = performance.getEntriesByType('navigation')[0]?.type;
    return from.origin === location.origin && from.pathname.startsWith(FROM) && way === 'navigate';
  } catch (error) {
    return false; // there is no referrer
  }
}

function begin() {
  const box = find('#scoqa-box textarea');
  if (!box || !find('#scoqa-button') || !find('#scoqa-collection')) {
    requestAnimationFrame(begin);
    return;
  }
  if (trusted()) {
    window.scoqa.ask(question);
  } else {
    box.value = question;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    box.focus();
  }
}

document.addEventListener('scoqa:anew', end);
if (asked.get('question')?.trim()) {
  question = asked.get('question');
  const golds = asked.getAll('gold').slice(0, MOST);
  if (golds.length) show(golds);
  watching.observe(document.body, { childList: true, subtree: true });
  begin();
}
