// Opens a source at the characters that a number points to.
// Gradio gives: element (this component's root), server (its Python functions).
// Whatever comes from a document is put in as text, never as markup.
const find = (name) => element.querySelector('.' + name);
const sheet = find('source-sheet');
const area = find('source-text');
let opener = null; // the link that was followed, as its href: messages may be drawn anew
let asked = 0; // only the last click counts, however late an earlier one is answered

function request(link) {
  const place = new URLSearchParams(link.getAttribute('href').slice(1));
  return {
    document: place.get('document'),
    start: Number(place.get('start')),
    end: Number(place.get('end')),
    digest: place.get('digest'),
  };
}

// Offsets come in UTF-16 units, as slice() counts.
function fill(source) {
  find('source-title').textContent = source.title || 'Source';
  find('source-path').textContent = source.path;
  find('source-place').textContent = source.place;
  find('source-problem').textContent = source.problem ?? '';
  if (source.start === null || source.end === null) {
    area.replaceChildren(source.text);
    return null;
  }
  const mark = document.createElement('mark');
  mark.tabIndex = -1;
  mark.textContent = source.text.slice(source.start, source.end);
  area.replaceChildren(source.text.slice(0, source.start), mark, source.text.slice(source.end));
  return mark;
}

function point(link) {
  document.querySelectorAll('.scoqa-number[aria-current]').forEach((each) => {
    each.removeAttribute('aria-current');
  });
  link?.setAttribute('aria-current', 'true');
}

async function open(link) {
  const turn = ++asked;
  let source;
  try {
    source = await server.source(request(link));
  } catch (error) {
    source = { title: '', path: '', place: '', text: '', start: null, end: null,
      problem: 'The source could not be fetched. Is scoqa still running?' };
  }
  if (turn !== asked) return;
  opener = link.getAttribute('href');
  sheet.hidden = false;
  point(link);
  const mark = fill(source);
  if (mark) {
    mark.scrollIntoView({ block: 'center' });
    mark.focus({ preventScroll: true });
  } else {
    find('source-scroll').scrollTop = 0;
    find('source-close').focus();
  }
}

function close() {
  if (sheet.hidden) return;
  asked += 1;
  sheet.hidden = true;
  area.replaceChildren();
  const links = [...document.querySelectorAll('.scoqa-number')];
  const link = links.find((each) => each.hasAttribute('aria-current'))
    ?? links.find((each) => each.getAttribute('href') === opener);
  point(null);
  link?.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.scoqa-number');
  if (!link) return;
  event.preventDefault();
  if (event.detail > 1) return; // the second half of a double click
  open(link);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') close();
});
find('source-close').addEventListener('click', close);

// A new question, or its answer, is brought to the top of what is seen: the words that were
// looked for come first, not the end of the list of sources.
let heard = '';

function follow() {
  // Gradio names each message by its markup, which a screen reader would read out.
  document.querySelectorAll('#scoqa-talk [data-testid][aria-label]').forEach((each) => {
    each.removeAttribute('aria-label');
  });
  // A number alone says little; Gradio's sanitiser lets no label through.
  document.querySelectorAll('.scoqa-number:not([aria-label])').forEach((each) => {
    each.setAttribute('aria-label', `Source ${each.textContent}`);
  });
  const questions = document.querySelectorAll('.scoqa-question');
  const last = questions[questions.length - 1];
  const now = `${questions.length}:${document.querySelectorAll('.scoqa-pending').length}`;
  if (!last || now === heard) return;
  heard = now;
  last.scrollIntoView({ block: 'start' });
}

// The conversation is drawn after this component: watch what holds them both.
new MutationObserver(follow).observe(document.querySelector('main') ?? document.body, {
  attributeFilter: ['aria-label'],
  childList: true,
  subtree: true,
});
