"""Hooks of MkDocs (mkdocs.yml): pages from outside docs/, and links from a page to the repository's files.

README.md and its siblings become pages. A file or folder of the repository that a page links to is copied into the
site as text, so every link works offline; a link to nothing fails the build.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "scripts" / "prose" / "node_modules"
# What the theme would load from a CDN: Mermaid for diagrams, and the worker that searches in pages opened from disk.
SCRIPTS = {
    "assets/mermaid.js": PACKAGES / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js",
    "assets/iframe-worker.js": PACKAGES / "iframe-worker" / "shim" / "index.js",
}
SHIM_URL = "https://unpkg.com/iframe-worker/shim"
PAGES = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "benchmarks.md": "benchmarks/README.md",
    "model-card.md": "fraud/models/swipeline.card.md",
}
# api.md becomes api.html, so the page with the same name gets another.
MOVED = {"api-reference.html": "api.html"}
_PLACES = {path: page for page, path in PAGES.items()} | {f"docs/{path}": uri for uri, path in MOVED.items()}
_LINK = re.compile(r"(?P<before>\]\(|\b(?:src|href)=\")(?P<target>[^)\s\"#]+)(?P<anchor>#[^)\s\"]*)?(?P<after>[)\"])")
_FROM_NETWORK = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]+\"[^>]*>")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside docs/, Mermaid, and every file that a page links to."""
    for page, path in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text(encoding="utf-8")))
    for uri, path in SCRIPTS.items():
        files.append(File.generated(config, uri, content=path.read_text(encoding="utf-8")))
    for uri, original in MOVED.items():
        files.append(File.generated(config, uri, content=(ROOT / "docs" / original).read_text(encoding="utf-8")))
    linked: set[str] = set()
    for file in list(files.documentation_pages()):
        _rewrite(file.content_string, file.src_uri, linked.add)
    for path in sorted(linked):
        if (ROOT / path).is_dir():
            names = sorted(one.relative_to(ROOT).as_posix() for one in (ROOT / path).iterdir())
            files.append(File.generated(config, f"source/{path}.txt", content="\n".join(names) + "\n"))
        elif (ROOT / path).is_file():
            content = (ROOT / path).read_text(encoding="utf-8")
            files.append(File.generated(config, f"source/{path}.txt", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Point links that leave docs/ to the site's own copies."""
    return _rewrite(markdown, page.file.src_uri, lambda path: None)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Load the search worker from the site itself."""
    return _with_own_worker(output, page.file.dest_uri)


def on_post_template(output_content: str, template_name: str, config: Any) -> str:
    """Do the same in pages that are no document, such as 404.html."""
    return _with_own_worker(output_content, template_name)


def _with_own_worker(html: str, uri: str) -> str:
    return html.replace(SHIM_URL, os.path.relpath("assets/iframe-worker.js", posixpath.dirname(uri) or "."))


def on_post_build(config: Any) -> None:
    """Fail where a page loads anything from the network. Links that a reader follows are no such thing."""
    site = Path(config.site_dir)
    for path in site.rglob("*.html"):
        for match in _FROM_NETWORK.finditer(path.read_text(encoding="utf-8")):
            if 'rel="canonical"' not in match[0]:
                raise PluginError(f"{path.relative_to(site)} loads from the network: {match[0]}")


def _rewrite(markdown: str, page: str, linked: Callable[[str], object]) -> str:
    """Rewrite a page's links; ``linked`` is called with each path of the repository that is not a page."""
    origin = PAGES.get(page, f"docs/{page}")

    def point(match: re.Match[str]) -> str:
        target = match["target"]
        if re.match(r"[a-z]+:", target):
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
        if path in _PLACES:
            uri = _PLACES[path]
        elif path.startswith("docs/"):
            uri = path.removeprefix("docs/")
        else:
            linked(path)
            uri = f"source/{path}.txt"
        new = os.path.relpath(uri, posixpath.dirname(page) or ".")
        return f"{match['before']}{new}{match['anchor'] or ''}{match['after']}"

    return _LINK.sub(point, markdown)
