// Keyboard shortcuts, and the dialog that lists them.
(() => {
  const find = (selector) => document.querySelector(selector);
  const STORE = 'scoqa.keys';
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent('scoqa:' + name, { detail }));
  const keys = {
    '/': () => {
      // On a phone the source covers the box.
      if (find('#scoqa-chat').inert) tell('close', '#scoqa-box textarea');
      else find('#scoqa-box textarea').focus();
    },
    '?': () => tell('keys'),
    n: () => tell('step', 1),
    p: () => tell('step', -1),
    c: () => tell('copy', 'plain'),
    m: () => tell('copy', 'markdown'),
    l: () => tell('copy', 'link'),
    v: () => tell('look'),
    '[': () => tell('turn', -1),
    ']': () => tell('turn', 1),
    '+': () => tell('zoom', 1),
    '=': () => tell('zoom', 1), // the same key without Shift
    '-': () => tell('zoom', -1),
    0: () => tell('zoom', 0),
  };

  // Single-key shortcuts can be turned off (WCAG 2.1.4), because speech input can trigger them.
  function on() {
    try {
      return localStorage.getItem(STORE) !== 'off';
    } catch (error) {
      return true; // storage is forbidden: the choice lasts until the page is left
    }
  }

  function keep(checked) {
    try {
      localStorage.setItem(STORE, checked ? 'on' : 'off');
    } catch (error) {
      keys.off = !checked;
    }
  }

  document.addEventListener('scoqa:keys', () => {
    const list = find('.scoqa-keys');
    list.querySelector('.scoqa-keys-on').checked = on() && !keys.off;
    list.showModal();
  });

  document.addEventListener('change', (event) => {
    if (event.target.matches?.('.scoqa-keys-on')) keep(event.target.checked);
  });

  document.addEventListener('keydown', (event) => {
    if (find('.scoqa-keys')?.open) return; // its own Escape closes it
    if (event.key === 'Escape') {
      const stop = find('#scoqa-stop');
      if (stop?.offsetParent && !stop.closest('[inert]')) stop.click();
      else tell('close');
      return;
    }
    const typing = event.target.closest?.('textarea, input, select, [contenteditable]');
    // Many keyboards have the brackets on a third level, reached with AltGr or Alt.
    const held = (event.ctrlKey || event.altKey) && !(event.altKey && '[]'.includes(event.key));
    if (typing || held || event.metaKey || !on() || keys.off) return;
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (typeof act !== 'function') return;
    event.preventDefault();
    act();
  });
})();
