"""The pages as links: each has an address, opens in a new tab, and Back returns to the page before."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

# Streamlit listens for the browser's Back and Forward. A click on a link becomes one of them: nothing is loaded again.
# The address is read at the click: a filter changes it without a run of the script.
_JS = """
export default function ({ data, parentElement }) {
  const nav = parentElement.querySelector("nav");
  nav.replaceChildren(...data.pages.map(({ name, href }) => {
    const link = document.createElement("a");
    link.textContent = name;
    link.href = href;
    if (name === data.current) link.setAttribute("aria-current", "page");
    link.onclick = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
      event.preventDefault();
      const query = new URLSearchParams(window.location.search);
      query.set("page", name);
      window.history.pushState({}, "", "?" + query);
      window.dispatchEvent(new PopStateEvent("popstate"));
    };
    return link;
  }));
}
"""
_CSS = """
nav { display: flex; flex-wrap: wrap; gap: 0.25rem; font-family: var(--st-font); }
a {
  padding: 0.35rem 0.8rem; border: 1px solid var(--st-border-color); border-radius: 8px;
  color: var(--st-text-color); text-decoration: none;
}
a:hover { border-color: var(--st-primary-color); }
a:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
a[aria-current] { background: var(--st-text-color); color: var(--st-background-color); font-weight: 600; }
@media print { nav { display: none; } }
"""


def links(names: Sequence[str], current: str) -> None:
    """A link per page, with the filters of the address that is shown."""
    kept = [(name, value) for name in st.query_params if name != "page" for value in st.query_params.get_all(name)]
    pages = [{"name": name, "href": "?" + urlencode([("page", name), *kept])} for name in names]
    _component()(data={"pages": pages, "current": current}, key="pages")


@st.cache_resource(show_spinner=False)
def _component() -> st.components.v2.types.ComponentRenderer:
    return st.components.v2.component(
        "swipeline-pages", html='<nav aria-label="Pages"></nav>', css=_CSS, js=_JS, isolate_styles=True
    )
