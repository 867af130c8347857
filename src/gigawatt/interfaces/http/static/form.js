// The form of a scenario: what is changed stands in the address, and is planned quickly as it changes. Without script
// the buttons of the form do the same.

const form = document.getElementById("asking");
const state = document.getElementById("state");
const looked = document.getElementById("looked");
const WAIT_MS = 350;
let waiting = 0;
let asking = null;

/** What a field was before anybody changed it. */
function was(field) {
  if (field.dataset.was !== undefined) return field.dataset.was;
  if (field.tagName !== "SELECT") return field.defaultValue;
  return [...field.options].find((option) => option.defaultSelected)?.value ?? field.options[0].value;
}

/** Text without what only separates it. */
const bare = (text) => text.trim().replace(/\s+/g, " ");

/** What is changed, as the query of a link. */
function changes() {
  const query = new URLSearchParams();
  for (const field of form.elements) {
    if (!field.name?.startsWith("set.")) continue;
    const changed = field.type === "hidden" || bare(field.value) !== bare(was(field));
    if (changed) query.set(field.name, field.value.trim());
    field.closest(".field")?.classList.toggle("changed", changed);
  }
  return query;
}

/** Take what was said of a field away from it, or say what is wrong. */
function mark(path, text) {
  const field = form.elements[`set.${path}`];
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  let told = document.getElementById(`${field.id}-fault`);
  if (!told) {
    told = Object.assign(document.createElement("p"), { id: `${field.id}-fault`, className: "tone bad" });
    field.after(told);
  }
  told.textContent = text;
  field.setAttribute("aria-describedby", `${told.id} ${field.id}-hint`);
}

/** Forget what was wrong with every field. */
function clear() {
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    document.getElementById(`${field.id}-fault`)?.remove();
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", `${field.id}-hint`);
  }
}

/** A field whose path is that of a fault, or around it. */
function fieldOf(path) {
  for (let at = path; at; at = at.slice(0, Math.max(at.lastIndexOf("."), 0))) {
    if (form.elements[`set.${at}`]) return at;
  }
  return path;
}

/** Say a text, or figures by what they are called, where everybody hears it. */
function say(...parts) {
  const bold = (text) => Object.assign(document.createElement("b"), { textContent: text });
  state.replaceChildren(...parts.flatMap((part) => (Array.isArray(part) ? [`${part[0]} `, bold(part[1]), " "] : [part])));
}

/** Plan what is filled in, and show it; an earlier question is given up. */
async function look() {
  asking?.abort();
  asking = new AbortController();
  const query = changes();
  say(looked.childElementCount ? form.dataset.stale : form.dataset.looking);
  looked.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${form.dataset.place}/look?${query}`, { signal: asking.signal });
    if (answer.redirected) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    const open = looked.querySelector("details")?.open;
    looked.innerHTML = await answer.text();
    if (open) looked.querySelector("details")?.setAttribute("open", "");
    say(...[...looked.querySelectorAll(".tile")].map((tile) => [...tile.children].slice(0, 2).map((one) => one.textContent)));
    const wrong = looked.querySelector("[role=alert] p");
    if (wrong) say(wrong.textContent);
    clear();
    for (const item of looked.querySelectorAll("[data-path]")) mark(fieldOf(item.dataset.path), item.textContent);
  } catch (error) {
    if (error.name === "AbortError") return;
    say(form.dataset.failed);
  }
  looked.removeAttribute("aria-busy");
}

/** Put the changes into the address, count them, and look after a moment's rest. */
function changed() {
  const query = changes();
  document.getElementById("count").textContent = form.dataset.count.replace("{}", [...query].length);
  document.getElementById("anew").hidden = ![...query].length;
  const text = query.toString();
  if (text.length < 6000) history.replaceState(null, "", form.dataset.place + (text && `?${text}`));
  clearTimeout(waiting);
  waiting = setTimeout(look, WAIT_MS);
}

/** Show the fields in which all words stand that are looked for, and the groups that have any. */
function find(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of form.querySelectorAll("details.group")) {
    const head = group.querySelector("summary").textContent.toLowerCase();
    let any = false;
    for (const field of group.querySelectorAll(".field")) {
      const own = `${head} ${field.dataset.path} ${field.textContent} ${field.querySelector("[name]").value}`.toLowerCase();
      field.hidden = !words.every((word) => own.includes(word));
      any ||= !field.hidden;
    }
    group.hidden = !any;
    if (words.length && any) for (const part of [group, ...group.querySelectorAll("details")]) part.open = true;
  }
}

form.addEventListener("input", (event) => {
  if (event.target.id === "find") find(event.target.value);
  else if (event.target.name?.startsWith("set.")) changed();
});
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
  event.preventDefault();
  if (event.target.id !== "find") changed();
});
form.addEventListener("submit", (event) => {
  if (event.submitter?.value !== "look") return;
  event.preventDefault();
  look();
});
if (!looked.childElementCount) look();
