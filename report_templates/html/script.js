// Sorts and filters tables, switches between light and dark, marks the section in view. The page reads without it.
"use strict";
(() => {
  // Rows from which a table gets a filter, and rows shown of a very long one.
  const FEW = 6, MOST = 500;
  const words = document.body.dataset;
  const element = (name, properties) => Object.assign(document.createElement(name), properties);

  // Light and dark: the system's choice until somebody asks for the other.
  const bar = document.querySelector(".bar");
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const theme = element("button", { type: "button", title: words.theme });
  const name = () => { theme.textContent = dark() ? words.light : words.dark; };
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  system.addEventListener("change", name);
  name();
  bar.append(theme);

  const collator = new Intl.Collator(root.lang || "en", { numeric: true, sensitivity: "base" });
  const number = (text) => {
    const plain = text.replace(/[\s,\u00a0\u202f]/g, "").replace(/(USD|%)$/, "");
    return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
  };
  // Ranks, numbers, or texts; an empty cell is unknown and stands last either way.
  const keysOf = (rows, at) => {
    const cells = rows.map((row) => row.cells[at]);
    const texts = cells.map((cell) => (cell ? cell.dataset.sort ?? cell.textContent.trim() : ""));
    const numbers = texts.map(number);
    const numeric = texts.every((text, n) => text === "" || !Number.isNaN(numbers[n]));
    const compare = numeric ? (a, b) => numbers[a] - numbers[b] : (a, b) => collator.compare(texts[a], texts[b]);
    return { texts, compare };
  };

  for (const box of document.querySelectorAll(".table")) {
    const table = box.querySelector("table");
    const body = table.tBodies[0];
    const rows = [...body.rows];
    if (rows.length < 2) continue;

    // Of a very long table the first rows are shown until somebody asks for all: a browser takes seconds to lay out
    // ten thousand rows, and a moment for some hundred.
    let limit = rows.length > MOST ? MOST : Infinity;
    let order = rows.map((_, n) => n);
    let fits = () => true;
    let tell = () => {};
    const draw = () => {
      let found = 0;
      for (const n of order) {
        const hide = !fits(n) || ++found > limit;
        if (rows[n].hidden !== hide) rows[n].hidden = hide;
      }
      tell(found);
    };

    const heads = [...table.tHead.rows[0].cells];
    const sort = (at) => {
      const before = heads[at].getAttribute("aria-sort");
      const next = { ascending: "descending", descending: "" }[before] ?? "ascending";
      for (const head of heads) head.removeAttribute("aria-sort");
      order = rows.map((_, n) => n);
      if (next) {
        heads[at].setAttribute("aria-sort", next);
        const { texts, compare } = keysOf(rows, at);
        const sign = next === "ascending" ? 1 : -1;
        order.sort((a, b) => (texts[a] === "") - (texts[b] === "") || sign * compare(a, b) || a - b);
      }
      // Emptied at once and filled at once: to move thousands of rows one by one takes a browser half a minute.
      body.replaceChildren();
      draw();
      const sorted = document.createDocumentFragment();
      for (const n of order) sorted.append(rows[n]);
      body.append(sorted);
    };
    heads.forEach((head, at) => {
      const button = element("button", { type: "button", title: words.sort });
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(at));
      head.append(button);
    });

    if (rows.length < FEW) continue;
    let texts = null;
    const count = element("output", { ariaLive: "polite" });
    const more = element("button", { type: "button", textContent: words.more });
    more.addEventListener("click", () => { limit = Infinity; draw(); box.querySelector(".scroll").focus(); });
    tell = (found) => {
      const cut = found > limit;
      count.textContent = box.dataset.count.replace("{shown}", found) + (cut ? words.first.replace("{n}", limit) : "");
      more.hidden = !cut;
    };
    const input = element("input", { type: "search", placeholder: words.hint, autocomplete: "off", spellcheck: false });
    input.setAttribute("aria-label", `${words.filter}: ${box.dataset.label}`);
    input.addEventListener("input", () => {
      texts ??= rows.map((row) => [...row.cells].map((cell) => cell.textContent).join("\n").toLowerCase());
      const asked = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      fits = (n) => asked.every((word) => texts[n].includes(word));
      draw();
    });
    const label = element("label");
    label.append(element("span", { textContent: words.filter }), input);
    const tools = element("div", { className: "tools" });
    tools.append(label, count, more);
    box.prepend(tools);
    draw();
  }

  // The contents show where the reader is.
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
  let current = null;
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (!entry.isIntersecting || !link || link === current) continue;
      current?.removeAttribute("aria-current");
      (current = link).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -75% 0px" });
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);
})();
