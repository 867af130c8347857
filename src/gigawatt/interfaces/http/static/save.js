// What a page shows, saved as a file: a chart as PNG or SVG, a table as CSV. Buttons for it stand in the rows that
// saving.html.j2 makes; where there is a file of a kept result, its row has a link instead.
const TWICE = 2; // pixels of a picture for one of the drawing
const MARGIN = 12;
const SVG = "http://www.w3.org/2000/svg";

const part = (row) => row.closest("figure, .part") ?? row.parentElement;
const drawing = (row) => part(row).querySelector(".wide > svg.gw-chart, svg.gw-chart");

// The rules of charts on paper: what is dark by choice of a reader's machine is not so in a file.
const styles = () => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])
  .filter((rule) => rule.selectorText?.includes(".gw-chart")).map((rule) => rule.cssText).join("\n");

// A chart by itself: with its styles, paper around it, and no mark left from pointing at it.
const alone = (svg) => {
  const copy = svg.cloneNode(true), [x, y, width, height] = svg.getAttribute("viewBox").split(/[ ,]+/).map(Number);
  const size = [width + 2 * MARGIN, height + 2 * MARGIN];
  copy.querySelectorAll(".on").forEach((mark) => mark.classList.remove("on"));
  ["tabindex", "aria-roledescription"].forEach((name) => copy.removeAttribute(name));
  const title = document.createElementNS(SVG, "title");
  const style = document.createElementNS(SVG, "style");
  title.textContent = svg.getAttribute("aria-label") ?? "";
  style.textContent = styles();
  copy.prepend(title, style);
  const given = { xmlns: SVG, role: "img", width: size[0], height: size[1], viewBox: [x - MARGIN, y - MARGIN, ...size].join(" ") };
  Object.entries(given).forEach(([name, value]) => copy.setAttribute(name, value));
  return { text: new XMLSerializer().serializeToString(copy), size };
};

const svg = async (row) => new Blob([alone(drawing(row)).text], { type: "image/svg+xml" });

const png = async (row) => {
  const { text, size } = alone(drawing(row));
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const picture = Object.assign(new Image(), { src: address });
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: size[0] * TWICE, height: size[1] * TWICE });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  } finally {
    URL.revokeObjectURL(address);
  }
};

// A cell that a spreadsheet would take for a formula is text, as in the files of a kept result.
const FIGURE = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const cell = (text) => {
  const safe = /^'*[=+\-@\t\r]/.test(text) && !FIGURE.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const csv = async (row) => {
  const lines = [...part(row).querySelectorAll("tr")].map((line) => [...line.cells].map((one) => cell(one.textContent.trim())));
  return new Blob([lines.map((line) => `${line.join(",")}\n`).join("")], { type: "text/csv" });
};

const MADE = { csv, svg, png };

const save = async (button) => {
  const row = button.closest(".saving"), kind = button.dataset.save;
  const address = URL.createObjectURL(await MADE[kind](row));
  Object.assign(document.createElement("a"), { href: address, download: `${row.dataset.name}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
};

const ready = () => document.querySelectorAll("[data-save][hidden]").forEach((button) => { button.hidden = false; });

ready();
new MutationObserver(ready).observe(document.body, { childList: true, subtree: true });
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-save]");
  if (button) save(button);
});
