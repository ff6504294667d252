"""The ledger as a table for people."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from client.reconcile.ledger import Hop, Ledger

_ALWAYS = ("received", "accepted", "rejected", "written", "missing", "duplicates")
_SOURCES = ("api", "batch")
_OF_SOURCES = ("received", "accepted", "rejected", "written", "duplicates")
_TITLES = {"api": "API", "batch": "batch path", "dynamodb": "DynamoDB", "lake": "lake", "warehouse": "warehouse"}
_MORE = {"archived_copies": "exact copies in the lake, of rows sent again", "staged": "rows in staging, to be merged"}
_MORE |= {"superseded": "other contents in the lake, which do not count (swipeline quarantine list --kind conflicts)"}


def ledger_table(ledger: Ledger) -> RenderableType:
    """The hops, what else there is to know, and the verdict."""
    columns = list(_ALWAYS)
    if any(hop.different for hop in ledger.hops.values()):
        columns.append("different")
    if any(hop.unexpected for hop in ledger.hops.values()):
        columns.append("unexpected")
    timed = any(hop.seconds is not None for hop in ledger.hops.values())
    table = Table(title=f"Stage {ledger.stage}" + (f", {ledger.file}" if ledger.file else ""), box=SIMPLE_HEAD)
    for column in ("hop", *columns, *(["complete after"] if timed else [])):
        table.add_column(column, justify="left" if column == "hop" else "right", no_wrap=True)
    for name, hop in ledger.hops.items():
        if name != "quarantine":
            cells = [f"{getattr(hop, c):,}" if name not in _SOURCES or c in _OF_SOURCES else "" for c in columns]
            table.add_row(_TITLES[name], *cells, *([_seconds(hop)] if timed else []))
    return Group(table, *_lines(ledger))


def _seconds(hop: Hop) -> str:
    return "" if hop.seconds is None else f"{hop.seconds:.1f} s"


def _lines(ledger: Ledger) -> list[Text]:
    lines = []
    for hop in ledger.hops.values():
        lines += [Text(f"{count:,} {_MORE[name]}") for name, count in hop.more.items() if count]
    lines.append(Text(f"{ledger.hops['quarantine'].quarantined:,} in quarantine"))
    lines += [Text(note) for note in ledger.notes]
    for name, hop in ledger.hops.items():
        if hop.missing_ids and ledger.moving:
            lines.append(Text(f"still arriving in {_TITLES[name]}: {hop.missing:,}", style="yellow"))
        elif hop.missing_ids:
            rest = hop.missing - len(hop.missing_ids)
            text = ", ".join(hop.missing_ids) + (f" and {rest:,} more" if rest else "")
            lines.append(Text(f"missing in {_TITLES[name]}: {text}", style="red"))
        for one in hop.differences:
            lines.append(Text(f"{_TITLES[name]}: {one.identity} differs in {', '.join(one.fields)}", style="red"))
    if ledger.balanced and ledger.stores_only:
        lines.append(Text("Balanced: the stores hold the same transactions and contents, each once.", style="green"))
    elif ledger.balanced:
        text = "Balanced: every acknowledged transaction is in every store, once, with the same content."
        lines.append(Text(text, style="green"))
    elif ledger.moving:
        text = f"Still arriving: {'; '.join(ledger.moving)}. Run it again, or wait longer with --wait."
        lines.append(Text(text, style="yellow"))
    else:
        lines.append(Text(f"Not balanced: {'; '.join(ledger.problems)}. `swipeline repair` fixes it.", style="red"))
    return lines
