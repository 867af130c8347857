// How a job goes on, as the server sends it; when it has ended, the page is read anew. Without script the page does
// that by itself, every few seconds.

const shown = document.querySelector("[data-job]");

/** Put into the page how a job stands. */
function tell(job) {
  const bar = document.getElementById("share");
  if (job.share_frac === null) bar.removeAttribute("value");
  else bar.value = job.share_frac;
  document.getElementById("state").textContent = shown.dataset[job.state] ?? job.state;
  const words = document.getElementById("words");
  if (job.words && words.textContent !== job.words) words.textContent = job.words;
}

/** Count the seconds that a job takes, from what the server said. */
function count() {
  const spent = document.getElementById("spent");
  const before = /^(\d+) s$/.exec(spent.textContent);
  const begun = performance.now() - 1000 * Number(before?.[1] ?? 0);
  if (before) setInterval(() => (spent.textContent = `${Math.round((performance.now() - begun) / 1000)} s`), 1000);
}

/** Listen to a job until it has ended. */
function follow(id) {
  const stream = new EventSource(`/api/jobs/${id}/events`);
  stream.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    if (job.ended) {
      stream.close();
      location.reload();
    } else tell(job);
  });
  // A server that stopped, or a session that ended: the page itself says which.
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
  addEventListener("pagehide", () => stream.close());
}

if (shown) {
  count();
  follow(shown.dataset.job);
}
if (!shown) setTimeout(() => location.reload(), 5000);
