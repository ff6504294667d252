// The views: dashboards, alarms, queries, traces, the alert threshold, one transaction.
import { clock, el, pill, short } from "./dom.js";
import { markdown } from "./markdown.js";
import { alarmChip, table, widget } from "./widget.js";

// The same findings as `swipeline doctor`: the worst areas first, nothing green that is not known to be.
const WORST_FIRST = ["problem", "unknown", "warning", "ok"];

export async function now(ask) {
  const report = await ask("doctor");
  const areas = new Map();
  report.findings.forEach((one) => areas.set(one.area, [...(areas.get(one.area) || []), one]));
  const rank = (ones) => Math.min(...ones.map((one) => WORST_FIRST.indexOf(one.state)));
  const ordered = [...areas].sort(([, a], [, b]) => rank(a) - rank(b));
  const counts = WORST_FIRST.filter((state) => report.counts[state]).map((state) => statePill(state, `${report.counts[state]} ${state}`));
  return el("div", { id: "now", "data-state": report.state },
    el("p", { class: "row" }, counts, el("span", { class: "dim" }, `as of ${clock(Date.parse(report.at) / 1000, true)}; `, el("code", {}, "swipeline doctor"), " shows the same")),
    el("div", { class: "areas" }, ordered.map(([area, ones]) => el("section", { class: "card", "data-area": area, "data-state": WORST_FIRST[rank(ones)] },
      el("h2", {}, area), ones.map(finding)))));
}

const statePill = (state, text) => el("span", { class: `pill state-${state}` }, text);

function finding(one) {
  return el("div", { class: "finding", "data-state": one.state },
    statePill(one.state, one.state),
    el("div", {},
      el("strong", {}, one.name), " ", el("span", {}, one.text),
      one.help && one.state !== "ok" ? command(one.help) : null,
      one.entry && one.state !== "ok" ? el("details", {}, el("summary", {}, `Runbook: ${one.runbook}`), markdown(one.entry)) : null));
}

function command(text) {
  const button = el("button", { type: "button", "aria-label": `Copy: ${text}`, onclick: async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } }, "Copy");
  return el("div", { class: "command" }, el("code", {}, text), button);
}

export async function dashboards(ask, [name], seconds) {
  const names = await ask("dashboards");
  if (!names.length) return el("p", { class: "dim" }, "This stage has no dashboards.");
  const shown = names.includes(name) ? name : names.find((one) => one.endsWith("health")) || names[0];
  const data = await ask("dashboard", { name: shown, seconds });
  return el("div", {},
    el("div", { class: "subtabs" }, names.map((one) => el("a", { href: `#/dashboards/${encodeURIComponent(one)}`, "aria-current": one === shown ? "page" : null }, one))),
    el("div", { class: "board", "data-dashboard": shown }, data.widgets.map((one) => widget(one, data))));
}

export async function alarms(ask, [name], seconds) {
  if (name) return alarm(ask, name, seconds);
  const found = await ask("alarms");
  if (!found.length) return el("p", { class: "dim" }, "This stage has no alarms.");
  return el("div", { class: "card" }, el("table", { id: "alarms" },
    el("thead", {}, el("tr", {}, ["State", "Alarm", "Since", "What it means", "Why it is in this state"].map((head) => el("th", {}, head)))),
    el("tbody", {}, found.map((one) => el("tr", { "data-state": one.state },
      el("td", {}, pill(one.state)),
      el("td", { class: "name" }, el("a", { href: `#/alarms/${encodeURIComponent(one.name)}` }, one.name)),
      el("td", { class: "when" }, clock(one.since, true)),
      el("td", {}, one.description.replace(/\s*\S*runbook\.md#\S+\s*$/, "")),
      el("td", { class: "dim" }, one.reason))))));
}

async function alarm(ask, name, seconds) {
  const data = await ask("alarm", { name, seconds });
  return el("div", {},
    el("p", {}, el("a", { href: "#/alarms" }, "All alarms")),
    el("div", { class: "card" }, el("h2", {}, `${data.name} `, pill(data.state)),
      el("p", {}, data.description), data.rule ? el("pre", {}, data.rule) : null, el("p", { class: "dim" }, data.reason)),
    data.graph ? graph(data.graph) : null,
    el("div", { class: "columns" },
      el("div", { class: "card", id: "runbook" }, el("h2", {}, "Runbook"),
        data.runbook ? markdown(data.runbook) : el("p", { class: "error" }, `docs/runbook.md has no entry "${data.anchor}".`)),
      el("div", { class: "card" }, el("h2", {}, "History"),
        el("table", {}, el("tbody", {}, data.history.map((item) => el("tr", {},
          el("td", { class: "when" }, clock(item.at, true)), el("td", {}, item.summary, item.reason ? el("div", { class: "dim" }, item.reason) : null))))))));
}

function graph(data) {
  const board = el("div", { class: "board" }, widget(data, data));
  board.style.marginBottom = "12px";
  return board;
}

export async function queries(ask, [index], seconds) {
  const { queries: saved, groups } = await ask("queries");
  const chosen = saved[Number(index)];
  const text = el("textarea", { id: "query", spellcheck: "false", "aria-label": "Query" }, chosen?.query || "fields @timestamp, level, message | sort @timestamp desc | limit 50");
  const from = el("select", { id: "groups", multiple: true, size: 6, "aria-label": "Log groups" },
    groups.map((group) => el("option", { selected: (chosen?.groups || []).includes(group) || null }, group)));
  const out = el("div", { id: "rows" });
  const run = async () => {
    out.replaceChildren(el("p", { class: "dim" }, "…"));
    try {
      const picked = [...from.selectedOptions].map((option) => option.value).join(",");
      const answer = await ask("query", { query: text.value, groups: picked, seconds });
      const { recordsMatched, recordsScanned } = answer.statistics;
      out.replaceChildren(el("p", { class: "dim" }, `${answer.rows.length} rows; ${short(recordsMatched)} of ${short(recordsScanned)} events matched`),
        answer.rows.length ? table(answer) : el("p", {}, "Nothing was found in this range."));
    } catch (error) {
      out.replaceChildren(el("p", { class: "error" }, error.message));
    }
  };
  const names = el("div", { class: "subtabs" }, saved.map((one, number) => el("a", { href: `#/queries/${number}`, "aria-current": one === chosen ? "page" : null }, one.name.split("/").at(-1))));
  const view = el("div", {}, names,
    el("div", { class: "card" }, text, el("div", { class: "row" }, from, el("span", { class: "dim" }, "All log groups"), el("button", { class: "primary", id: "run", onclick: run }, "Run"))),
    el("div", { class: "card" }, out));
  if (chosen) await run();
  view.dataset.still = "true"; // what was typed must not be drawn over
  return view;
}

export async function traces(ask, [id], seconds) {
  if (id) return trace(ask, id);
  const filter = el("input", { class: "grow", id: "filter", placeholder: 'annotation.request_id = "…" AND !fault', "aria-label": "Filter" });
  const out = el("div");
  const run = async () => {
    try {
      const found = await ask("traces", { seconds, filter: filter.value });
      out.replaceChildren(found.length ? list(found) : el("p", { class: "dim" }, "No traces in this range: one request a second and 5 % of the others are traced."));
    } catch (error) {
      out.replaceChildren(el("p", { class: "error" }, error.message));
    }
  };
  const form = el("form", { class: "row", onsubmit: (event) => { event.preventDefault(); run(); } }, filter, el("button", { class: "primary" }, "Find"));
  await run();
  const view = el("div", { class: "card" }, form, out);
  view.dataset.still = "true";
  return view;
}

function list(found) {
  const heads = ["Start", "Trace", "Request", "Status", "Response", "Total", "Services"];
  return el("table", { id: "traces" }, el("thead", {}, el("tr", {}, heads.map((head) => el("th", {}, head)))), el("tbody", {}, found.map((one) => el("tr", {},
    el("td", { class: "when" }, clock(one.at, true)),
    el("td", {}, el("a", { href: `#/traces/${one.id}` }, one.id)),
    el("td", {}, [one.method, one.url].filter(Boolean).join(" ")),
    el("td", { class: one.fault || one.error ? "error" : null }, one.status ?? (one.fault ? "fault" : "")),
    el("td", { class: "number" }, `${short(1000 * one.response)} ms`),
    el("td", { class: "number" }, `${short(1000 * one.duration)} ms`),
    el("td", { class: "dim" }, one.services.join(", "))))));
}

async function trace(ask, id) {
  const segments = await ask("trace", { id });
  const start = Math.min(...segments.map((one) => one.start_time));
  const end = Math.max(...segments.map((one) => one.end_time || one.start_time));
  const rows = [];
  const add = (node, depth) => {
    const bar = el("div", { class: node.fault ? "bar fault" : "bar" });
    const length = (node.end_time || node.start_time) - node.start_time;
    bar.style.marginLeft = `${(100 * (node.start_time - start)) / (end - start || 1)}%`;
    bar.style.width = `${(100 * length) / (end - start || 1)}%`;
    const name = el("div", { class: "name", title: node.name }, node.name, el("span", { class: "dim" }, node.origin ? ` ${node.origin}` : ""));
    name.style.paddingLeft = `${14 * depth}px`;
    rows.push(el("div", { class: "span" }, name, el("div", {}, bar), el("div", { class: "dim" }, `${short(1000 * length)} ms`)));
    const about = { ...node.annotations, ...(node.http?.response?.status ? { status: node.http.response.status } : {}) };
    if (Object.keys(about).length) {
      const line = el("div", { class: "dim" }, Object.entries(about).map(([key, value]) => `${key}: ${value}`).join("   "));
      line.style.cssText = `padding-left:${14 * depth}px;font-size:12px`;
      rows.push(line);
    }
    for (const child of [...(node.subsegments || [])].sort((a, b) => a.start_time - b.start_time)) add(child, depth + 1);
  };
  // A segment stands below the one that called it.
  const inside = new Map();
  const walk = (node, top) => { inside.set(node.id, top); (node.subsegments || []).forEach((child) => walk(child, top)); };
  segments.forEach((one) => walk(one, one.id));
  const below = (parent, depth) => segments
    .filter((one) => (inside.get(one.parent_id) || null) === parent && one.id !== parent)
    .sort((a, b) => a.start_time - b.start_time)
    .forEach((one) => { add(one, depth); below(one.id, depth + 1); });
  below(null, 0);
  const view = el("div", { class: "card", id: "trace" }, el("p", {}, el("a", { href: "#/traces" }, "All traces")), el("h2", {}, id),
    el("p", { class: "dim" }, `started ${clock(start, true)}, ${short(1000 * (end - start))} ms`), rows);
  view.dataset.still = "true";
  return view;
}

const share = (value) => (value === null ? "" : value.toFixed(2));

export async function threshold(ask) {
  const { in_force: now, last_days: days, transactions, outlook, decisions } = await ask("threshold");
  const shown = now.threshold === null ? `$${now.cost_per_review} / amount` : now.threshold.toFixed(4);
  const heads = ["Threshold", "Alerts a day", "Precision", "By"];
  return el("div", { class: "columns" },
    el("div", { class: "card" }, el("h2", {}, `In force: ${shown} `), el("p", {}, now.why, now.by ? `, by ${now.by}` : ""),
      el("p", { class: "dim" }, `What each value would have given in the last ${days} days (${transactions.toLocaleString("en-US")} transactions scored):`),
      el("table", { id: "outlook" }, el("thead", {}, el("tr", {}, heads.map((head) => el("th", {}, head)))),
        el("tbody", {}, outlook.map((one) => el("tr", { "data-now": one.threshold === now.threshold || null },
          [one.threshold.toFixed(4), short(one.alerts_per_day), share(one.precision)].map((text) => el("td", { class: "number" }, text)),
          el("td", { class: "dim" }, one.reviewed ? `${one.reviewed} verdicts` : "scores")))))),
    el("div", { class: "card" }, el("h2", {}, "Decisions"),
      decisions.length ? el("table", { id: "decisions" }, el("tbody", {}, [...decisions].reverse().map((one) => el("tr", {},
        el("td", { class: "when" }, clock(one.at, true)), el("td", {}, one.why), el("td", { class: "dim" }, `by ${one.by}`)))))
        : el("p", { class: "dim" }, "None: the model's own threshold is in force."),
      el("p", { class: "dim" }, "Change it: swipeline alerts threshold --alerts-per-day 50")));
}

export async function find(ask, [id]) {
  const input = el("input", { class: "grow", id: "transaction", value: id || "", placeholder: "Transaction id", "aria-label": "Transaction id" });
  const form = el("form", { class: "row", onsubmit: (event) => { event.preventDefault(); location.hash = `#/find/${encodeURIComponent(input.value.trim())}`; } },
    input, el("button", { class: "primary" }, "Find"));
  const view = el("div", { class: "card" }, form);
  view.dataset.still = "true";
  if (!id) return view;
  const found = await ask("find", { id });
  view.append(el("h2", {}, `${found.outcome} `), el("p", {}, found.explanation));
  if (found.stores.length) view.append(el("h2", {}, "Stores"), table({ columns: ["store", "has", "about"], rows: found.stores }));
  if (found.places.length) view.append(el("h2", {}, "Where it is"), table({ columns: ["store", "place", "about"], rows: found.places }));
  view.append(el("h2", {}, "Log lines"), found.lines.length ? table({ columns: ["at", "function", "message", "about"], rows: found.lines }) : el("p", { class: "dim" }, "No log line has this ID."));
  return view;
}

export { alarmChip };
