// Finds and orders the questions of the list. Text is compared and shown, never made markup.
"use strict";
(() => {
  const STEP = 200; // questions laid out at a time: thousands would hold the page up for seconds
  const controls = document.getElementById("controls");
  const also = document.getElementById("also");
  const count = document.getElementById("count");
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const items = [...list.children];
  const failed = items.filter((item) => item.dataset.blame).length;
  const words = new Map(); // of each item, in lower case, once they are asked for

  const number = (item, key, missing) => Number(item.dataset[key] ?? missing);
  const keys = {
    set: (item) => number(item, "number"),
    surest: (item) => -number(item, "confidence"),
    doubtful: (item) => number(item, "confidence"),
    near: (item) => number(item, "rank", Infinity),
    far: (item) => -number(item, "rank", Infinity),
  };
  let order = "set";
  let ordered = items;
  let limit = STEP;

  function textOf(item) {
    if (!words.has(item)) words.set(item, item.textContent.toLowerCase());
    return words.get(item);
  }

  // Equals stay as they are in the set. Two infinities cannot be subtracted.
  function sort(wanted) {
    if (wanted === order) return;
    order = wanted;
    const key = keys[order];
    ordered = [...items].sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      return a < b ? -1 : a > b ? 1 : 0;
    });
    list.replaceChildren(...ordered);
  }

  function update(linked = null) {
    const wanted = Object.fromEntries(new FormData(controls));
    const text = wanted.text.trim().toLowerCase();
    let fitting = 0;
    // Taken out of the layout, the list changes in one step and not item by item.
    list.hidden = true;
    document.body.getBoundingClientRect();
    sort(wanted.order);
    for (const item of ordered) {
      const { blame, kind } = item.dataset;
      const fits =
        (blame || also.checked) &&
        (!wanted.blame || blame === wanted.blame) &&
        (!wanted.kind || kind === wanted.kind) &&
        (!text || textOf(item).includes(text));
      if (fits) fitting += 1;
      item.hidden = !fits || (fitting > limit && item !== linked);
    }
    list.hidden = false;
    const of = also.checked ? items.length : failed;
    count.textContent = `${fitting.toLocaleString("en")} of ${of.toLocaleString("en")} questions`;
    const left = fitting - limit;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(left, STEP)} more of ${left.toLocaleString("en")}`;
  }

  function again() {
    limit = STEP;
    update();
  }

  // A link to a question shows it, whatever was looked for.
  function follow() {
    const item = /^#q-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!item) return;
    if (!item.dataset.blame) also.checked = true;
    update(item);
    if (item.hidden) {
      controls.reset();
      update(item);
    }
    // Once more when those around it have been laid out, and it may have moved.
    item.scrollIntoView();
    requestAnimationFrame(() => requestAnimationFrame(() => item.scrollIntoView()));
  }

  let waiting = 0; // typing: the list follows once the hand rests
  controls.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(again, 120);
  });
  controls.addEventListener("submit", (event) => event.preventDefault());
  also.addEventListener("change", again);
  more.addEventListener("click", () => {
    const shown = limit;
    limit += STEP;
    update();
    const first = list.querySelectorAll(":scope > :not([hidden])")[shown];
    first?.querySelector("a").focus(); // the keyboard goes on where it was
  });
  addEventListener("beforeprint", () => {
    limit = Infinity;
    update();
  });
  addEventListener("hashchange", follow);
  controls.hidden = false;
  update();
  follow();
})();
