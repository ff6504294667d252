// One widget of a dashboard: metric (time series, bars, single values, gauge, table), log, alarm, text.
import { chart, colorOf } from "./chart.js";
import { el, pill, short } from "./dom.js";
import { markdown } from "./markdown.js";

export function widget(data, { start, end }) {
  const { box, properties, type } = data;
  const title = properties.title || (type === "text" ? null : data.alarm?.name || "");
  const holder = el("section", { class: `widget ${type}`, "data-type": type, "aria-label": title || type });
  holder.style.gridColumn = `${box.x + 1} / span ${box.width}`;
  holder.style.gridRow = `${box.y + 1} / span ${box.height}`;
  if (title) holder.append(el("h2", { title }, title, data.alarm ? " " : null, data.alarm ? pill(data.alarm.state) : null));
  const body = el("div", { class: "body" });
  holder.append(body);
  if (data.error) {
    holder.dataset.state = "error";
    body.append(el("p", { class: "error" }, data.error));
  } else if (isEmpty(data)) {
    holder.dataset.state = "empty";
    body.append(el("p", { class: "nothing" }, "No data in this range"));
  } else {
    holder.dataset.state = "filled";
    fill(holder, body, data, { start, end });
  }
  return holder;
}

function isEmpty({ type, series, alarms, rows }) {
  if (type === "metric") return !series.some((one) => one.points.length);
  if (type === "alarm") return alarms.length === 0;
  if (type === "log") return rows.length === 0;
  return false;
}

function fill(holder, body, data, range) {
  if (data.type === "text") body.append(markdown(data.properties.markdown || ""));
  else if (data.type === "alarm") body.append(el("div", { class: "chips" }, data.alarms.map(alarmChip)));
  else if (data.type === "log") body.append(table(data));
  else metric(holder, body, data, range);
}

export const alarmChip = (alarm) =>
  el("a", { class: `pill ${alarm.state}`, href: `#/alarms/${encodeURIComponent(alarm.name)}`, title: alarm.reason },
    alarm.name.replace(/^swipeline-[^-]+-/, ""));

export function table({ columns, rows }) {
  const number = (value) => value !== undefined && value !== "" && !Number.isNaN(Number(value));
  return el("table", {}, el("thead", {}, el("tr", {}, columns.map((name) => el("th", {}, name)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, columns.map((name) => cell(name, row[name], number(row[name])))))));
}

function cell(name, value, isNumber) {
  const trace = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(value || "");
  if (name === "transaction_id" && value) return el("td", {}, el("a", { href: `#/find/${encodeURIComponent(value)}` }, value));
  return el("td", { class: isNumber ? "number" : ["@timestamp", "at"].includes(name) ? "when" : ["function", "message", "store"].includes(name) ? "name" : null },
    trace ? el("a", { href: `#/traces/${value}` }, value) : value ?? "");
}

function metric(holder, body, data, range) {
  const { properties, series } = data;
  const view = properties.view || "timeSeries";
  const thresholds = [...(properties.annotations?.horizontal || []).flat().filter((one) => one && one.value !== undefined), ...(data.thresholds || [])];
  if (view === "singleValue") return body.append(values(series));
  if (view === "gauge") return body.append(gauges(series, properties));
  if (view === "table") {
    const columns = ["metric", "last", "min", "max", "average", "sum"];
    return body.append(table({ columns, rows: series.map((one) => Object.fromEntries(columns.map((name) => [name, statistic(one, name)]))) }));
  }
  body.classList.add("chart");
  const bars = view === "bar";
  body.append(chart(series, { ...range, bars, stacked: properties.stacked, yAxis: properties.yAxis, thresholds }));
  if (properties.legend?.position !== "hidden" && series.length) holder.append(legend(series));
}

function legend(series) {
  return el("div", { class: "legend" }, series.map((one, index) => {
    const swatch = el("i");
    swatch.style.background = colorOf(one, index);
    return el("span", {}, swatch, one.label);
  }));
}

function statistic(one, name) {
  const found = one.points.map((point) => point[1]);
  if (name === "metric") return one.label;
  if (!found.length) return "";
  const sum = found.reduce((total, value) => total + value, 0);
  return short({ last: found.at(-1), min: Math.min(...found), max: Math.max(...found), average: sum / found.length, sum }[name]);
}

// The server asks for one number per series where the widget covers the whole range; no data is not 0.
function values(series) {
  return el("div", { class: "values" }, series.map((one) => {
    const value = one.points.at(-1)?.[1];
    return el("div", { title: value === undefined ? "No data in this range" : String(value) }, el("b", {}, short(value)), el("span", {}, one.label));
  }));
}

function gauges(series, properties) {
  const { min = 0, max = 100 } = properties.yAxis?.left || {};
  return el("div", { class: "values" }, series.map((one, index) => {
    const value = one.points.at(-1)?.[1];
    if (value === undefined) return el("div", { title: "No data in this range" }, el("b", {}, "–"), el("span", {}, one.label));
    const bar = el("div", { class: "bar" });
    bar.style.cssText = `width:${Math.max(0, Math.min(100, (100 * (value - min)) / (max - min)))}%;background:${colorOf(one, index)}`;
    const track = el("div", { class: "track" }, bar);
    track.style.cssText = "width:180px;background:var(--grid);border-radius:3px";
    return el("div", {}, el("b", {}, short(value)), track, el("span", {}, one.label));
  }));
}
