// What the page says of itself: what is here, what it waits for, what to ask first.
// Gradio gives: element (this component's root), server (its Python functions), trigger.
const PAUSE_MS = 700; // while something goes on
const REST_MS = 5000; // else: to notice that scoqa ended, or that the index changed
const OFFLINE = 'scoqa does not answer. Start it again in the terminal, then reload this page.';
const RESTARTED = 'scoqa was started again. Save what you need, then reload this page.';
const LOGGED_OUT = 'Your login has ended. Reload this page to log in again.';
const find = (selector) => document.querySelector(selector);
const line = element.querySelector('.scoqa-state');
const NOTICE_MS = 10_000;
let notice = ''; // what is said for a while, when nothing else has to be
let shown = ''; // the state that is on the page, as JSON

function say(text) {
  if (line.textContent !== text) line.textContent = text;
}

function counted(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function words(state) {
  if (state.indexing) return ['Indexing the documents…', 'You can ask as soon as this is done.'];
  if (state.documents === 0) {
    return ['There are no documents here yet',
      `Put files (${state.kinds.join(', ')}) into this folder, then let scoqa look for them:`];
  }
  return [`${counted(state.documents, 'document')}, ${counted(state.passages, 'passage')}`,
    'Ask a question. You get their own words, and the place where they stand.'];
}

function button(question) {
  const item = document.createElement('li');
  const press = document.createElement('button');
  press.type = 'button';
  press.className = 'scoqa-suggestion';
  press.dir = 'auto';
  press.textContent = question;
  item.append(press);
  return item;
}

function welcome(state) {
  const room = find('#scoqa-welcome .welcome');
  const part = (name) => room.querySelector('.welcome-' + name);
  [part('holds').textContent, part('then').textContent] = words(state);
  part('add').hidden = state.documents > 0 || state.indexing !== null;
  part('folder').textContent = state.folder;
  part('indexing').hidden = state.indexing === null;
  if (state.indexing) {
    const bar = part('indexing').querySelector('progress');
    if (state.indexing.total) {
      bar.max = state.indexing.total;
      bar.value = state.indexing.done;
    } else {
      bar.removeAttribute('value');
    }
    part('doing').textContent = state.indexing.doing;
  }
  part('first').hidden = state.suggestions.length === 0 || state.indexing !== null;
  part('first').querySelector('ul').replaceChildren(...state.suggestions.map(button));
}

function picker(names) {
  const select = find('#scoqa-collection');
  const picked = select.value;
  const options = names.map((name) => new Option(name || 'files outside folders', '/' + name));
  select.replaceChildren(new Option('all documents', '*'), ...options);
  select.value = [...select.options].some((each) => each.value === picked) ? picked : '*';
  find('.picker').hidden = names.length < 2;
}

function draw(state) {
  const now = JSON.stringify(state);
  if (now === shown || !find('#scoqa-welcome .welcome') || !find('#scoqa-collection')) return;
  shown = now;
  element.querySelector('.scoqa-folder').textContent = state.name;
  element.querySelector('.scoqa-leave').hidden = !state.login;
  welcome(state);
  picker(state.collections);
}

// Gradio's call gives undefined where nobody answers, or nobody who knows this page.
async function why() {
  try {
    const reply = await fetch(location.pathname, { cache: 'no-store' });
    return reply.redirected ? LOGGED_OUT : RESTARTED;
  } catch (error) {
    return OFFLINE;
  }
}

async function look() {
  const state = await server.state().catch(() => undefined);
  if (!element.isConnected) return;
  const known = state?.documents !== undefined;
  const trouble = known ? '' : await why();
  document.documentElement.classList.toggle('scoqa-offline', trouble !== '');
  if (!known) {
    say(trouble);
  } else {
    draw(state);
    const loading = state.documents > 0 && !state.loaded;
    say(state.problem ?? (loading ? 'Loading the model…' : notice));
  }
  const busy = known && (state.indexing || (!state.loaded && !state.problem) || shown === ''
    || state.suggesting);
  setTimeout(look, busy ? PAUSE_MS : REST_MS);
}

const does = {
  anew() {
    document.dispatchEvent(new CustomEvent('scoqa:close'));
    trigger('clear');
    find('#scoqa-box textarea').focus();
  },
  save() { trigger('download'); },
  print() { window.print(); },
  keys() { document.dispatchEvent(new CustomEvent('scoqa:keys')); },
};

element.addEventListener('click', (event) => {
  does[event.target.closest('[data-does]')?.dataset.does]?.();
});

document.addEventListener('scoqa:notice', (event) => {
  notice = event.detail;
  say(notice);
  setTimeout(() => { notice = ''; }, NOTICE_MS);
});

document.addEventListener('click', async (event) => {
  const suggestion = event.target.closest?.('.scoqa-suggestion');
  if (suggestion) window.scoqa.ask(suggestion.textContent);
  if (event.target.closest?.('.welcome-look')) {
    await server.index();
    shown = '';
    look();
  }
});

look();
