// The page: which view is shown, how far back, how often it refreshes.
import { el, pill } from "./dom.js";
import * as views from "./views.js";

const VIEWS = { now: "What is wrong now", dashboards: "Dashboards", alarms: "Alarms", queries: "Log queries", traces: "Traces", threshold: "Alert threshold", find: "Find" };
const RANGES = { 900: "15 min", 3600: "1 h", 10800: "3 h", 43200: "12 h", 86400: "1 day", 604800: "7 days" };
const REFRESHES = { 5: "5 s", 10: "10 s", 30: "30 s", 60: "1 min", 0: "off" };
const page = (id) => document.getElementById(id);

async function ask(name, parameters = {}) {
  const answer = await fetch(`/api/${name}?${new URLSearchParams(parameters)}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

function choice(id, options, standard) {
  const select = page(id);
  select.append(...Object.entries(options).map(([value, text]) => el("option", { value }, text)));
  select.value = new URLSearchParams(location.search).get(id) || localStorage.getItem(`swipeline-${id}`) || standard;
  if (!select.value) select.value = standard;
  inAddress(id, select.value);
  select.addEventListener("change", () => { localStorage.setItem(`swipeline-${id}`, select.value); inAddress(id, select.value); again(); });
}

// A link shows the range that its sender saw.
function inAddress(id, value) {
  if (id !== "range") return;
  const address = new URL(location.href);
  address.searchParams.set(id, value);
  history.replaceState(null, "", address);
}

function place() {
  const [name, ...rest] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  return { name: VIEWS[name] ? name : "now", rest };
}

let drawing = 0;
let timer;

async function draw(isRefresh) {
  const turn = (drawing += 1);
  const { name, rest } = place();
  page("tabs").replaceChildren(...Object.entries(VIEWS).map(([key, title]) => el("a", { href: `#/${key}`, "aria-current": key === name ? "page" : null }, title)));
  document.body.dataset.ready = "false";
  try {
    const [all] = await Promise.all([ask("alarms"), null]);
    summarise(all);
    const still = isRefresh && page("view").firstElementChild?.dataset.still;
    if (!still) {
      const scrolled = scrollY;
      const shown = await views[name](ask, rest, page("range").value);
      if (turn !== drawing) return;
      page("view").replaceChildren(shown);
      scrollTo(0, isRefresh ? scrolled : 0);
    }
    page("trouble").hidden = true;
  } catch (error) {
    if (turn !== drawing) return;
    page("trouble").textContent = error.message;
    page("trouble").hidden = false;
  }
  document.body.dataset.ready = "true";
}

function summarise(all) {
  const counts = ["ALARM", "INSUFFICIENT_DATA", "OK"].map((state) => [state, all.filter((one) => one.state === state).length]);
  page("summary").replaceChildren(...counts.filter(([, count]) => count).map(([state, count]) => {
    const made = pill(state);
    made.textContent = `${count} ${made.textContent}`;
    return made;
  }));
}

async function again(isRefresh = false) {
  clearTimeout(timer);
  await draw(isRefresh);
  const seconds = Number(page("refresh").value);
  clearTimeout(timer);
  if (seconds) timer = setTimeout(() => again(true), 1000 * seconds);
}

page("theme").addEventListener("click", () => {
  const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("swipeline-theme", document.documentElement.dataset.theme);
  again();
});
addEventListener("hashchange", () => again());
choice("range", RANGES, "900");
choice("refresh", REFRESHES, "10");
ask("stage").then(({ stage, region }) => { page("stage").textContent = `console · ${stage} · ${region}`; document.title = `Swipeline console: ${stage}`; });
again();
