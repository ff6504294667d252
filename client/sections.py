"""A list of commands in sections, as in `gh --help`: Typer has them in its colored help only."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class SectionedGroup(TyperGroup):
    """Commands under the title that each was registered with (``rich_help_panel``), in the order of registration."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections, their columns aligned."""
        longest = max(map(len, self.commands))
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            title = getattr(command, "rich_help_panel", None)
            summary = command.get_short_help_str(formatter.width - 6 - longest)
            sections.setdefault(title if isinstance(title, str) else "Commands", []).append(
                (name.ljust(longest), summary)
            )
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)
