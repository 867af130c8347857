"use strict";
// Read-outs of charts: what the title of a mark says is shown beside it, by pointer, touch and arrow keys.
(() => {
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [0, 0], End: [0, 0] };
  const NEAR = 32; // pixels from which a mark answers
  const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });
  const box = document.body.appendChild(make("div"));
  box.className = "gw-readout";
  box.setAttribute("role", "status");
  const marksOf = new WeakMap(), words = new WeakMap();
  let on = null;

  // Browsers show titles by themselves, so they are taken out; a chart keeps its name in a label.
  const ready = () => document.querySelectorAll("svg.gw-chart:not([tabindex])").forEach((svg) => {
    const names = [...svg.querySelectorAll(":scope > title, :scope > desc")].map((one) => one.textContent);
    const label = { "aria-label": names.join(". "), "aria-roledescription": { id: "bagan" }[document.documentElement.lang] ?? "chart", role: "application", tabindex: "0" };
    Object.entries(label).forEach(([name, value]) => svg.setAttribute(name, value));
    svg.removeAttribute("aria-labelledby");
    svg.querySelector(":scope > title")?.remove();
    const titles = [...svg.querySelectorAll("title")];
    marksOf.set(svg, titles.map((title) => title.parentNode));
    titles.forEach((title) => { words.set(title.parentNode, title.textContent); title.remove(); });
  });
  const middle = (mark) => { const r = mark.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; };
  // How far a mark is from a point, across and down: nothing inside it.
  const gaps = (mark, x, y) => {
    const r = mark.getBoundingClientRect();
    return [Math.max(r.left - x, 0, x - r.right), Math.max(r.top - y, 0, y - r.bottom)];
  };
  const least = (marks, size) => marks.map((mark) => [size(mark), mark]).sort((a, b) => a[0] - b[0])[0]?.[1];
  const line = (text) => {
    const [, name, figure] = /^(.*?)(?:: ([^:]*))?$/.exec(text), row = make("span", name);
    const key = [...on.ownerSVGElement.querySelectorAll(".key, .end")].find((one) => one.textContent === name);
    const { fill, stroke } = key ? getComputedStyle(key.previousElementSibling) : {};
    if (key) row.prepend(make("s")), row.firstChild.style.setProperty("background", fill === "none" ? stroke : fill);
    if (figure) row.append(make("i", figure));
    return row;
  };
  const show = (mark, x = 0, y = 0) => {
    on?.classList.remove("on");
    on = mark ?? null;
    on?.classList.add("on");
    const [head, ...lines] = on ? words.get(on).split("\n") : [];
    box.replaceChildren(...(on ? [make("b", head), ...lines.map(line)] : []));
    const right = x + 16 + box.offsetWidth < innerWidth - 4;
    box.style.left = `${Math.max(4, right ? x + 16 : x - 16 - box.offsetWidth)}px`;
    box.style.top = `${Math.max(4, y - 12 - box.offsetHeight)}px`;
  };
  const point = ({ target, clientX: x, clientY: y }) => {
    const marks = marksOf.get(target.closest?.("svg.gw-chart")) ?? [];
    const mark = words.has(target) ? target : least(marks, (one) => Math.hypot(...gaps(one, x, y)));
    if (mark ? Math.hypot(...gaps(mark, x, y)) < NEAR : on) show(mark, x, y);
    else if (on) show(null);
  };
  const key = (event) => {
    const marks = marksOf.get(document.activeElement), way = WAYS[event.key];
    if (event.key === "Escape") show(null);
    if (!marks?.length || !way || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [x, y] = on ? middle(on) : [0, 0], [dx, dy] = way;
    const along = (mark) => { const [a, b] = middle(mark); return (a - x) * dx + (b - y) * dy; };
    const aside = (mark) => Math.abs(gaps(mark, x, y)[dx ? 1 : 0]);
    const ahead = on ? marks.filter((mark) => along(mark) > Math.max(0.5, aside(mark))) : [];
    const beside = marks[Math.min(Math.max(marks.indexOf(on) + dx + dy, 0), marks.length - 1)];
    const end = { Home: marks[0], End: marks.at(-1) }[event.key];
    const next = end ?? least(ahead, (mark) => 1000 * aside(mark) + along(mark)) ?? beside;
    show(next, ...middle(next));
  };
  ready();
  const renew = () => { ready(); if (on && !on.isConnected) show(null); };
  new MutationObserver(renew).observe(document.body, { childList: true, subtree: true });
  for (const kind of ["pointermove", "pointerdown"]) document.addEventListener(kind, point);
  document.addEventListener("keydown", key);
  document.addEventListener("focusout", ({ target }) => { if (target.contains(on)) show(null); });
  document.addEventListener("scroll", () => show(null), { passive: true });
})();
