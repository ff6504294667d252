// Makes elements: text is only ever set as text, never as HTML.
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const two = (number) => String(number).padStart(2, "0");

// UTC, as log lines and alarms have it: one clock on the page.
export function clock(seconds, withDay = false) {
  const at = new Date(seconds * 1000);
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  return withDay ? `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${time}Z` : time;
}

export function short(number) {
  if (number === null || number === undefined || Number.isNaN(number)) return "–";
  const size = Math.abs(number);
  if (size >= 1e9) return `${+(number / 1e9).toFixed(2)}G`;
  if (size >= 1e6) return `${+(number / 1e6).toFixed(2)}M`;
  if (size >= 1e4) return `${+(number / 1e3).toFixed(1)}k`;
  if (size >= 100 || Number.isInteger(number)) return String(Math.round(number));
  return String(+number.toPrecision(3));
}

export const pill = (state) => el("span", { class: `pill ${state}` }, state === "INSUFFICIENT_DATA" ? "no data" : state);
