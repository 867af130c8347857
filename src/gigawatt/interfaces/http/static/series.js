// A long series that is moved about in: a stretch of it is picked by dragging, the wheel with Ctrl comes nearer, keys
// and buttons step. The server draws every window anew at the width of the screen; the address always says which.
const root = document.querySelector("[data-series]");
const KEYS = { "+": "in", "=": "in", "-": "out", "_": "out", "0": "all" };
const ARROWS = { ArrowLeft: "earlier", ArrowRight: "later" };
const LEAST = 6; // pixels of a drag that picks something
const PAUSE = 70; // milliseconds for which a wheel has to rest
let asking = null, wheel = null, picked = null;

const now = () => root.querySelector(".series");
const view = () => { const { first, last, count } = now().dataset; return [first, last, count].map(Number); };
const place = () => new URL(now().dataset.place, location.href);
const drawing = () => [...root.querySelectorAll("svg.gw-chart")].find((svg) => svg.getBoundingClientRect().width > 0);
const field = () => drawing()?.querySelector(".field")?.getBoundingClientRect();

// Which step lies at a place on the screen.
const stepAt = (x) => {
  const { left, width } = field(), [first, last] = view();
  return first + Math.min(Math.max((x - left) / width, 0), 1) * (last - first);
};

// What has the focus goes on having it in the new drawing; a drawing that was pointed at needs no ring around it.
const focused = (pointed) => {
  const on = document.activeElement;
  if (!now().contains(on)) return "";
  return on.dataset.step ? `[data-step="${on.dataset.step}"]` : pointed ? "" : "svg.gw-chart";
};

const show = async (address, pointed = false) => {
  asking?.abort();
  asking = new AbortController();
  const given = new URLSearchParams(address.search), on = focused(pointed);
  given.set("width", Math.round(now().clientWidth));
  root.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`/fleet/series?${given}`, { signal: asking.signal, headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) { location.assign(address); return; }
    const opened = now().querySelector("details").open;
    now().outerHTML = await answer.text();
    now().querySelector("details").open = opened;
    history.replaceState(null, "", place());
    await null; // so that read-outs have seen the new drawing, which takes the focus then
    if (on) now().querySelector(on)?.focus({ preventScroll: true });
    root.querySelector("[data-said]").textContent = now().querySelector("figcaption").textContent;
    for (const name of ["from", "to"]) {
      const entry = root.querySelector(`[name="${name}"]`);
      if (entry) entry.value = now().dataset[name];
    }
    root.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") { location.assign(address); }
  }
};

const span = (first, last) => {
  const address = place(), count = view()[2];
  const [begin, end] = [Math.max(Math.floor(first), 0), Math.min(Math.ceil(last), count)];
  for (const [name, at, edge] of [["from", begin, 0], ["to", end, count]]) {
    if (begin === 0 && end === count) address.searchParams.delete(name);
    else address.searchParams.set(name, `step:${at}`);
  }
  return show(address, true);
};
const step = (name) => show(new URL(now().querySelector(`[data-step="${name}"]`).href));

root.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-step]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  step(link.dataset.step);
});

// Before read-outs hear of them: arrows alone go from datum to datum on a drawing, with Shift they move it.
root.addEventListener("keydown", (event) => {
  const { target, key, shiftKey } = event;
  if (!now().contains(target) || event.altKey || event.ctrlKey || event.metaKey) return;
  const chart = target.closest("svg.gw-chart"), bar = target.closest(".zoom");
  const name = (chart || bar) && (KEYS[key] ?? ((bar || shiftKey) && ARROWS[key]));
  if (key === "Escape" && picked) drop();
  if (!name) return;
  event.preventDefault();
  event.stopPropagation();
  step(name);
});

root.addEventListener("wheel", (event) => {
  if (!event.ctrlKey || !event.target.closest("svg.gw-chart")) return;
  event.preventDefault();
  const [first, last, count] = view();
  wheel ??= { at: stepAt(event.clientX), size: last - first, share: (stepAt(event.clientX) - first) / (last - first) };
  wheel.size = Math.min(Math.max(wheel.size * Math.exp(event.deltaY / 300), 6), count);
  clearTimeout(wheel.timer);
  wheel.timer = setTimeout(() => {
    const { at, size, share } = wheel, begin = Math.min(Math.max(at - share * size, 0), count - size);
    wheel = null;
    span(begin, begin + size);
  }, PAUSE);
}, { passive: false });

const drop = () => { picked?.box.remove(); picked = null; };

root.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest("svg.gw-chart");
  if (!svg || event.button !== 0) return;
  const box = document.createElement("div");
  box.className = "picked";
  picked = { x: event.clientX, box, frame: svg.parentElement };
});
root.addEventListener("pointermove", (event) => {
  if (!picked || Math.abs(event.clientX - picked.x) < LEAST) return;
  const { left, right, top, height } = field(), around = picked.frame.getBoundingClientRect();
  const [from, to] = [picked.x, event.clientX].map((x) => Math.min(Math.max(x, left), right)).sort((a, b) => a - b);
  if (!picked.box.isConnected) picked.frame.append(picked.box);
  const size = { left: from - around.left, top: top - around.top, width: to - from, height };
  Object.entries(size).forEach(([name, value]) => { picked.box.style[name] = `${value}px`; });
});
document.addEventListener("pointerup", (event) => {
  if (!picked) return;
  const { x } = picked, ends = [x, event.clientX].sort((a, b) => a - b);
  drop();
  if (ends[1] - ends[0] >= LEAST) span(...ends.map(stepAt));
});
document.addEventListener("pointercancel", drop);

// What the form asks for is drawn in place; its button is for browsers without scripts.
const form = root.querySelector("form");
const asked = () => {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) address.searchParams.append(name, value);
  return address;
};
form.addEventListener("submit", (event) => { event.preventDefault(); show(asked()); });
form.addEventListener("change", ({ target }) => { if (target.tagName === "SELECT") show(asked()); });
