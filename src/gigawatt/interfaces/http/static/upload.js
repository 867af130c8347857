// Sends a file as it is to the server, which keeps it by its digest; then it can be named in the forms beside.
const form = document.getElementById("upload");

function begin() {
  for (const one of form.querySelectorAll("[data-without]")) one.hidden = true;
  for (const one of form.querySelectorAll("[data-within]")) one.hidden = false;
  form.addEventListener("submit", (event) => { event.preventDefault(); send(form.querySelector("input[type=file]").files[0]); });
}

async function send(file) {
  if (!file) return;
  const button = form.querySelector("button");
  button.disabled = true;
  say(form.dataset.sending);
  try {
    const headers = { "X-CSRF-Token": document.body.dataset.csrf, "Content-Type": "application/octet-stream" };
    const answer = await fetch(`/api/uploads?name=${encodeURIComponent(file.name)}`, { method: "POST", headers, body: file });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error.items.map((item) => `${item.given}; ${item.expected}`).join(" "));
    kept(found);
  } catch (error) {
    say(`${form.dataset.failed} ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

function kept(found) {
  say(`${form.dataset.kept} ${found.name}, ${found.digest.slice(0, 12)}`);
  const option = Object.assign(document.createElement("option"), { value: found.digest, label: found.name });
  document.getElementById("known-documents").append(option);
  for (const id of ["record-source", "import-file"]) {
    const field = document.getElementById(id);
    if (field && !field.value) field.value = found.digest;
  }
}

function say(text) {
  form.querySelector("[data-said]").textContent = text;
}

if (form) begin();
