// The part of Markdown that text widgets and the runbook use, built of elements: nothing in a text becomes HTML.
import { el } from "./dom.js";

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\*[^*\s][^*]*\*)|\[([^\]]+)\]\(([^)\s]+)\)/g;

function inline(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(from, match.index));
    if (match[1]) parts.push(el("code", {}, match[1].slice(1, -1)));
    else if (match[2]) parts.push(el("strong", {}, ...inline(match[2].slice(2, -2))));
    else if (match[3]) parts.push(el("em", {}, match[3].slice(1, -1)));
    else parts.push(link(match[4], match[5]));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part !== "");
}

function link(text, target) {
  const outside = /^https?:\/\//.test(target);
  if (!outside && !target.startsWith("#/")) return el("span", {}, text);
  return el("a", { href: target, rel: "noreferrer", target: outside ? "_blank" : null }, text);
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

export function markdown(text) {
  const out = el("div", { class: "markdown" });
  const lines = text.replaceAll("\r", "").split("\n");
  let index = 0;
  while (index < lines.length) {
    const line = lines[index];
    const heading = line.match(/^(#{1,6})\s+(.*)$/);
    if (!line.trim()) index += 1;
    else if (heading) {
      out.append(el(`h${Math.min(6, heading[1].length + 1)}`, {}, ...inline(heading[2])));
      index += 1;
    } else if (line.startsWith("```")) {
      const code = [];
      for (index += 1; index < lines.length && !lines[index].startsWith("```"); index += 1) code.push(lines[index]);
      out.append(el("pre", {}, code.join("\n")));
      index += 1;
    } else if (line.trim().startsWith("|") && /^\s*\|[\s|:-]+\|?\s*$/.test(lines[index + 1] || "")) {
      const head = cells(line);
      const rows = [];
      for (index += 2; index < lines.length && lines[index].trim().startsWith("|"); index += 1) rows.push(cells(lines[index]));
      out.append(el("table", {}, el("thead", {}, el("tr", {}, head.map((cell) => el("th", {}, ...inline(cell))))),
        el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => el("td", {}, ...inline(cell))))))));
    } else if (/^\s*([-*]|\d+\.)\s+/.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const items = [];
      while (index < lines.length && /^\s*([-*]|\d+\.)\s+|^\s{2,}\S/.test(lines[index])) {
        const item = lines[index].match(/^\s*(?:[-*]|\d+\.)\s+(.*)$/);
        if (item) items.push(item[1]);
        else items[items.length - 1] += ` ${lines[index].trim()}`;
        index += 1;
      }
      out.append(el(ordered ? "ol" : "ul", {}, items.map((item) => el("li", {}, ...inline(item)))));
    } else {
      const paragraph = [];
      while (index < lines.length && lines[index].trim() && !/^(#{1,6}\s|```|\s*\|)/.test(lines[index])) {
        if (paragraph.length && /^\s*([-*]|\d+\.)\s+/.test(lines[index])) break;
        paragraph.push(lines[index].trim());
        index += 1;
      }
      if (!paragraph.length) { paragraph.push(line); index += 1; }
      out.append(el("p", {}, ...inline(paragraph.join(" "))));
    }
  }
  return out;
}
