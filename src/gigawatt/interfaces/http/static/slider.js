// Sliders that answer as they move: the page's fragment is asked for with what the form holds, one at a time, and the
// newest question is asked as soon as the last one is answered. Without this script the form is sent as a form.
const SETTLED_MS = 400;
const DIGITS = 3;

const parsed = (text) => new DOMParser().parseFromString(text, "text/html").body;

// What a form asks: what is changed, and what belongs to it (data-keep); what is as it was is left out of the address.
const query = (form) => {
  const language = new URLSearchParams(location.search).get("lang");
  const found = new URLSearchParams(language ? { lang: language } : {});
  for (const field of form.elements) {
    const given = field.name && field.value !== "" && !field.disabled;
    const chosen = !["checkbox", "radio"].includes(field.type) || field.checked;
    const other = field.dataset.base === undefined ? "keep" in field.dataset : field.value !== field.dataset.base;
    if (given && chosen && other) found.append(field.name, field.value);
  }
  return found.toString();
};

// Numbers of a slider, to as many digits as it has room for.
const rounded = (value) => String(Number(Number(value).toPrecision(DIGITS)));

const live = (form) => {
  const answer = document.getElementById(form.dataset.answer);
  const status = document.querySelector("[data-status]");
  let wanted = null, busy = false, timer = 0;

  const say = (text) => { clearTimeout(timer); timer = setTimeout(() => { status.textContent = text; }, SETTLED_MS); };

  const wrong = (text) => { status.dataset.bad = ""; say(text || form.dataset.lost); };

  // The parts of an answer that somebody opened stay open.
  const show = (body) => {
    const name = (one) => one.closest("[data-name]")?.dataset.name;
    const open = new Set([...answer.querySelectorAll("details[open]")].map(name));
    const from = answer.contains(document.activeElement) ? name(document.activeElement) : undefined;
    body.querySelectorAll("details").forEach((one) => { one.open = open.has(name(one)); });
    answer.replaceChildren(...body.childNodes);
    if (from) answer.querySelector(`[data-name="${CSS.escape(from)}"] [tabindex]`)?.focus({ preventScroll: true });
  };

  const take = async (asked) => {
    const reply = await fetch(`${form.getAttribute("action")}?${asked}&part=1`, { headers: { Accept: "text/html" } });
    if (reply.redirected) { location.assign(`${form.getAttribute("action")}?${asked}`); return; }
    const body = parsed(await reply.text());
    if (!reply.ok) { wrong(body.querySelector("[role=alert]")?.textContent.trim()); return; }
    delete status.dataset.bad;
    say(body.querySelector("[data-said]")?.dataset.said ?? "");
    show(body);
    answer.dataset.shown = asked;
  };

  const ask = async () => {
    wanted = query(form);
    if (busy) return;
    busy = true;
    while (wanted !== null) {
      const asked = wanted;
      wanted = null;
      answer.setAttribute("aria-busy", "true");
      try { await take(asked); } catch { wrong(); }
      if (wanted === null) history.replaceState(null, "", `${form.getAttribute("action")}?${asked}`);
    }
    answer.removeAttribute("aria-busy");
    busy = false;
  };

  for (const range of form.querySelectorAll("[type=range]")) {
    const number = document.getElementById(range.dataset.of);
    const unit = number.parentElement.querySelector(".unit").textContent;
    const tell = () => range.setAttribute("aria-valuetext", `${rounded(range.value)} ${unit}`);
    range.hidden = false;
    range.addEventListener("input", () => { number.value = rounded(range.value); tell(); ask(); });
    number.addEventListener("input", () => { if (number.value !== "") { range.value = number.value; tell(); ask(); } });
  }
  form.addEventListener("change", ({ target }) => { if ("live" in target.dataset) ask(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const asked = new URLSearchParams(query(form)), was = form.elements.was;
    if (was && was.value !== form.elements.scenario.value) asked.set("was", was.value);
    location.assign(`${form.getAttribute("action")}?${asked}`);
  });
};

document.querySelectorAll("form[data-answer]").forEach(live);
