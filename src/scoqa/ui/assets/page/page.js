// Shows the state of the application: documents, progress and suggested first questions.
// Gradio provides: element (this component's root), server (its Python functions), trigger.
const PAUSE_MS = 700; // between two requests while work is in progress
const REST_MS = 5000; // otherwise: to notice that scoqa has stopped or that the index has changed
const OFFLINE = 'scoqa does not answer. Start it again in the terminal, then reload this page.';
const RESTARTED = 'scoqa was started again. Print what you need, then reload this page.';
const NOTHING = 'No documents were found in this folder.';
const UNREADABLE = ['The index cannot be read', 'The message above says why.'];
const LOGGED_OUT = 'Your login has ended. Reload this page to log in again.';
const find = (selector) => document.querySelector(selector);
const line = element.querySelector('.scoqa-state');
const NOTICE_MS = 10_000;
let run = null; // the start of scoqa that this page belongs to
let looked = false; // whether documents were searched for
let timer = 0;
let noticed = 0; // the timer that removes a notice
let notice = ''; // a temporary message, shown if there is no other
let shown = ''; // the displayed state, as JSON

function say(text) {
  if (line.textContent !== text) line.textContent = text;
}

function counted(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function words(state) {
  if (state.indexing) return ['Indexing the documents…', 'You can ask as soon as this is done.'];
  if (state.documents === null) return UNREADABLE;
  if (state.documents === 0) {
    return ['There are no documents here yet',
      `Put files (${state.kinds.join(', ')}) into this folder, then let scoqa look for them:`];
  }
  return [`${counted(state.documents, 'document')}, ${counted(state.passages, 'passage')}`,
    'Ask a question. Each answer is a quote from them, with its place.'];
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
  part('add').hidden = state.documents !== 0 || state.indexing !== null;
  part('found').textContent = state.found ?? '';
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

// Gradio's call returns undefined if no server responds, or one that does not know this page.
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
  run ??= state?.run ?? null;
  const trouble = !known ? await why() : state.run === run ? '' : RESTARTED;
  if (trouble !== '') window.scoqa.giveBack();
  document.documentElement.classList.toggle('scoqa-offline', trouble !== '');
  if (trouble !== '') {
    say(trouble);
  } else {
    draw(state);
    if (looked && !state.indexing) {
      looked = false;
      if (state.documents === 0) tell(NOTHING);
    }
    const loading = state.documents > 0 && !state.loaded;
    say(state.problem ?? (loading ? 'Loading the model…' : notice));
  }
  const busy = trouble === '' && (state.indexing || (!state.loaded && !state.problem) || shown === ''
    || state.suggesting);
  clearTimeout(timer);
  timer = setTimeout(look, busy ? PAUSE_MS : REST_MS);
}

const does = {
  anew() {
    document.dispatchEvent(new CustomEvent('scoqa:anew'));
    document.dispatchEvent(new CustomEvent('scoqa:close', { detail: '#scoqa-box textarea' }));
    trigger('clear');
    find('#scoqa-box textarea').focus();
  },
  save() { trigger('download'); },
  print() { window.print(); },
  keys() { document.dispatchEvent(new CustomEvent('scoqa:keys')); },
};

element.addEventListener('click', (event) => {
  const away = event.target.closest('.scoqa-evaluate');
  // Leaving the page deletes the conversation on it.
  if (away && document.documentElement.classList.contains('scoqa-begun')) away.target = '_blank';
  does[event.target.closest('[data-does]')?.dataset.does]?.();
});

function tell(words) {
  notice = words;
  say(notice);
  clearTimeout(noticed);
  noticed = setTimeout(() => { notice = ''; }, NOTICE_MS);
}

document.addEventListener('scoqa:notice', (event) => tell(event.detail));

document.addEventListener('click', async (event) => {
  const suggestion = event.target.closest?.('.scoqa-suggestion');
  if (suggestion) window.scoqa.ask(suggestion.textContent);
  if (event.target.closest?.('.welcome-look')) {
    await server.index();
    looked = true;
    shown = '';
    look();
  }
});

look();
