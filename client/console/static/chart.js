// Draws time series as SVG: lines, stacked areas or bars, two axes, thresholds; the pointer shows all values of a moment.
import { clock, el, short, svg } from "./dom.js";

const LIGHT = ["#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#0e7490", "#a16207", "#be185d", "#4d7c0f", "#475569", "#b91c1c"];
const DARK = ["#76aaf5", "#fb923c", "#4ade80", "#c084fc", "#22d3ee", "#facc15", "#f472b6", "#a3e635", "#94a3b8", "#f87171"];
const LEFT = 46, RIGHT = 46, TOP = 8, BOTTOM = 20;

const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark";
export const colorOf = (series, index) => series.color || (dark() ? DARK : LIGHT)[index % LIGHT.length];

function niceMax(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value);
}

function axis(series, options, thresholds) {
  const values = series.flatMap((one) => one.drawn.map((point) => point.top));
  const most = Math.max(0, ...values, ...thresholds);
  const least = Math.min(0, ...values);
  return { max: options?.max ?? niceMax(most), min: options?.min ?? (least < 0 ? -niceMax(-least) : 0) };
}

// A line breaks where points are missing: a gap is not a value.
function segments(points, gap) {
  const found = [];
  for (const point of points) {
    const last = found.at(-1)?.at(-1);
    if (last && point.at - last.at <= gap) found.at(-1).push(point);
    else found.push([point]);
  }
  return found;
}

export function chart(series, { start, end, stacked, bars, yAxis, thresholds = [] }) {
  const holder = el("div", { class: "holder" });
  holder.style.height = "100%";
  const draw = () => holder.replaceChildren(plot(series, holder.clientWidth, holder.clientHeight, { start, end, stacked, bars, yAxis, thresholds }));
  new ResizeObserver(draw).observe(holder);
  return holder;
}

function plot(series, width, height, { start, end, stacked, bars, yAxis, thresholds }) {
  const root = svg("svg", { class: "plot", viewBox: `0 0 ${width} ${height}` });
  if (width < 80 || height < 50) return root;
  const moments = [...new Set(series.flatMap((one) => one.points.map((point) => point[0])))].sort((a, b) => a - b);
  const steps = moments.slice(1).map((at, index) => at - moments[index]);
  const period = Math.max(10, Math.min(...steps, 300));
  const sums = new Map();
  for (const one of series) {
    one.drawn = one.points.map(([at, value]) => {
      const base = stacked && !one.right ? sums.get(at) || 0 : 0;
      if (stacked && !one.right) sums.set(at, base + value);
      return { at, value, base, top: base + value };
    });
  }
  const left = axis(series.filter((one) => !one.right), yAxis?.left, thresholds.filter((t) => t.yAxis !== "right").map((t) => t.value));
  const right = axis(series.filter((one) => one.right), yAxis?.right, thresholds.filter((t) => t.yAxis === "right").map((t) => t.value));
  const hasRight = series.some((one) => one.right);
  const x = (at) => LEFT + ((at - start) / (end - start)) * (width - LEFT - (hasRight ? RIGHT : 8));
  const y = (value, scale) => TOP + (1 - (value - scale.min) / (scale.max - scale.min || 1)) * (height - TOP - BOTTOM);

  for (let line = 0; line <= 4; line += 1) {
    const value = left.min + ((left.max - left.min) * line) / 4;
    root.append(svg("line", { class: "grid", x1: LEFT, x2: width - (hasRight ? RIGHT : 8), y1: y(value, left), y2: y(value, left) }));
    root.append(svg("text", { x: LEFT - 6, y: y(value, left) + 4, "text-anchor": "end" }, short(value)));
    if (hasRight) root.append(svg("text", { x: width - RIGHT + 6, y: y(value, left) + 4 }, short(right.min + ((right.max - right.min) * line) / 4)));
  }
  const ticks = Math.max(2, Math.min(6, Math.floor(width / 120)));
  for (let tick = 0; tick <= ticks; tick += 1) {
    const at = start + ((end - start) * tick) / ticks;
    const anchor = tick === 0 ? "start" : tick === ticks ? "end" : "middle";
    root.append(svg("text", { x: x(at), y: height - 5, "text-anchor": anchor }, clock(at).slice(0, 5)));
  }
  series.forEach((one, index) => {
    const scale = one.right ? right : left;
    const color = colorOf(one, index);
    if (bars) {
      const wide = Math.max(1.5, (x(start + period) - x(start)) * 0.8 / (stacked ? 1 : series.length));
      for (const point of one.drawn) {
        const top = y(point.top, scale);
        root.append(svg("rect", { x: x(point.at) + (stacked ? 0 : index * wide), y: top, width: wide, height: Math.max(0.5, y(point.base, scale) - top), fill: color }));
      }
      return;
    }
    for (const part of segments(one.drawn, (one.period || period) * 2.5)) {
      const along = part.map((point) => `${x(point.at).toFixed(1)},${y(point.top, scale).toFixed(1)}`).join(" ");
      if (stacked && !one.right) {
        const back = [...part].reverse().map((point) => `${x(point.at).toFixed(1)},${y(point.base, scale).toFixed(1)}`).join(" ");
        root.append(svg("polygon", { points: `${along} ${back}`, fill: color, "fill-opacity": 0.35 }));
      }
      if (part.length === 1) root.append(svg("circle", { cx: x(part[0].at), cy: y(part[0].top, scale), r: 2.5, fill: color }));
      else root.append(svg("polyline", { points: along, fill: "none", stroke: color, "stroke-width": 1.6, "stroke-linejoin": "round" }));
    }
  });
  for (const threshold of thresholds) {
    const scale = threshold.yAxis === "right" ? right : left;
    const at = y(threshold.value, scale);
    if (at < TOP || at > height - BOTTOM) continue;
    const color = threshold.color || "var(--bad)";
    root.append(svg("line", { class: "threshold", x1: LEFT, x2: width - (hasRight ? RIGHT : 8), y1: at, y2: at, stroke: color }));
    const label = { x: width - (hasRight ? RIGHT : 8) - 4, y: at < TOP + 16 ? at + 13 : at - 4, "text-anchor": "end" };
    if (threshold.label) root.append(svg("text", label, threshold.label));
  }
  pointer(root, series, moments, x, width, height);
  return root;
}

function pointer(root, series, moments, x, width, height) {
  const tip = document.getElementById("tip");
  const line = svg("line", { y1: TOP, y2: height - BOTTOM, stroke: "var(--dim)", visibility: "hidden" });
  root.append(line);
  root.addEventListener("pointermove", (event) => {
    if (!moments.length) return;
    const at = ((event.clientX - root.getBoundingClientRect().left) / root.getBoundingClientRect().width) * width;
    const near = moments.reduce((best, moment) => (Math.abs(x(moment) - at) < Math.abs(x(best) - at) ? moment : best));
    line.setAttribute("x1", x(near));
    line.setAttribute("x2", x(near));
    line.setAttribute("visibility", "visible");
    tip.replaceChildren(el("b", {}, clock(near, true)), ...series.flatMap((one, index) => {
      const point = one.points.find((each) => each[0] === near);
      const swatch = el("i");
      swatch.style.cssText = `display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:6px;background:${colorOf(one, index)}`;
      return point ? [el("div", {}, swatch, `${one.label}: ${short(point[1])}`)] : [];
    }));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - box.width - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - box.height - 8)}px`;
  });
  root.addEventListener("pointerleave", () => {
    tip.hidden = true;
    line.setAttribute("visibility", "hidden");
  });
}
