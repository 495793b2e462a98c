// Filters and sorts the list of questions. Text is compared and displayed, never used as markup.
"use strict";
(() => {
  const STEP = 200; // questions shown at a time: laying out thousands would block the page for seconds
  const controls = document.getElementById("controls");
  const also = document.getElementById("also");
  const count = document.getElementById("count");
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  const items = [...list.children];
  const failed = items.filter((item) => item.dataset.blame).length;
  const texts = new Map(); // the text of each item in lower case, filled on first use

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
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  }

  // Ties keep the order of the set. Compared instead of subtracted: Infinity - Infinity is NaN.
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
    // While the list is hidden it changes in one step instead of item by item.
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

  function restart() {
    limit = STEP;
    update();
  }

  // A link to a question shows it, regardless of the current filter.
  function follow() {
    const item = /^#q-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!item) return;
    if (!item.dataset.blame) also.checked = true;
    update(item);
    if (item.hidden) {
      controls.reset();
      update(item);
    }
    // Scroll again after the layout of the items around it, which may have moved it.
    item.scrollIntoView();
    requestAnimationFrame(() => requestAnimationFrame(() => item.scrollIntoView()));
  }

  let waiting = 0; // timer: the list is updated after a pause in typing
  controls.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(restart, 120);
  });
  controls.addEventListener("submit", (event) => event.preventDefault());
  also.addEventListener("change", restart);
  more.addEventListener("click", () => {
    const shown = limit;
    limit += STEP;
    update();
    const first = list.querySelectorAll(":scope > :not([hidden])")[shown];
    first?.querySelector("a").focus(); // keyboard navigation continues at the first new item
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
