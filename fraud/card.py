"""The model card: written by the run that trained the model, as JSON for programs and Markdown for people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_LIMITS = """\
- **Simulated data are easier than real ones.** In this schema's data sets a fraudster uses a card in one burst of two
  days, at night, with amounts that hardly overlap with the holder's. Expect far lower figures on real transactions,
  and retrain.
- In the Kaggle data the holder's own purchases are missing on the days of the burst. The model does not count on it by
  name, but its sums over a day are cleaner for it. Some of its cards have nothing but frauds; see the segment "card".
- Left out on purpose, because they learn the simulator: the card's age, its number of purchases, and whether it was
  defrauded before. Left out because the model will meet others: merchant, city, state, job and card themselves.
- Gender and age are features, as amounts depend on them in these data. Check the segments, and the law, before using
  it on people.
- The hour is UTC, as in the data. Where cards live in other time zones, use local time and retrain.
"""


def headline(card: dict[str, Any]) -> str:
    """One line: what was learned from how much, and how well it does where it was measured last."""
    part, figures = ("test", card["test"]) if "test" in card else ("held-out time", card["held_out"])
    at = figures["at_threshold"]
    return (
        f"{card['version']}: {card['rows']:,} rows, {card['trees']} trees, {card['bytes']:,} bytes; on the {part}: "
        f"AUC {figures['auc']:.5f}, average precision {figures['average_precision']:.4f}, "
        f"recall at 0.1% false positives {figures['recall_at_01pct_fpr']:.4f}, "
        f"precision {at['precision']:.3f} and recall {at['recall']:.3f} at the threshold"
    )


def write(directory: Path, name: str, data: bytes, card: dict[str, Any]) -> None:
    """Write ``NAME.json`` (the model), ``NAME.card.json`` and ``NAME.card.md``."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.json").write_bytes(data)
    (directory / f"{name}.card.json").write_text(json.dumps(_rounded(card), indent=1) + "\n")
    (directory / f"{name}.card.md").write_text(markdown(card))


def markdown(card: dict[str, Any]) -> str:
    """The card as a page."""
    facts = [
        ("Learned from", f"`{card['data']}` (SHA-256 `{card['data_sha256']}`)"),
        ("Which came from", card["source"] or "not said"),
        ("Rows", f"{card['rows']:,}, of which {card['frauds']:,} frauds, on {card['cards']:,} cards"),
        *_verdicts(card),
        ("Time", f"{card['from']} to {card['to']}"),
        ("Trees", f"{card['trees']} of {card['parameters']['num_leaves']} leaves; file of {card['bytes']:,} bytes"),
        ("Threshold", f"{card['threshold']:.4f}, for a precision of {card['precision']} on the last tenth of the time"),
        ("Scores are for", f"{card['fraud_rate']:.2%} frauds"),
        ("Seed", str(card["seed"])),
        ("Made with", f"LightGBM {card['lightgbm']}, NumPy {card['numpy']}, Python {card['python']}"),
        ("Features", ", ".join(f"`{name}`" for name in card["features"])),
    ]
    parts = [f"# Fraud model {card['version']}", "Written by `python -m fraud.train`.", _table(("", ""), facts)]
    parts += ["## Limits", _LIMITS]
    parts += [
        "## Held-out time",
        "Learned from the first nine tenths of the time, measured on the last.",
        *_figures(card["held_out"]),
    ]
    if "test" in card:
        parts += ["## Test", f"History with SHA-256 `{card['test']['sha256']}`, profiles warmed by the training data."]
        parts += _figures(card["test"])
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _verdicts(card: dict[str, Any]) -> list[tuple[str, str]]:
    if "verdicts" not in card:
        return []
    given = card["verdicts"]
    said = f"{given['given']:,} given, {given['applied']:,} on these rows, {given['changed']:,} against their labels"
    return [("Verdicts", f"{said} (SHA-256 `{given['sha256']}`); rows with neither are taken to be genuine")]


def _figures(figures: dict[str, Any]) -> list[str]:
    at = figures["at_threshold"]
    overall = [
        ("Rows", f"{figures['rows']:,}, of which {figures['frauds']:,} frauds"),
        ("AUC", f"{figures['auc']:.5f}"),
        ("Average precision", f"{figures['average_precision']:.4f}"),
        (
            "Recall at 1% and 0.1% false positives",
            f"{figures['recall_at_1pct_fpr']:.4f}, {figures['recall_at_01pct_fpr']:.4f}",
        ),
        ("At the threshold", f"precision {at['precision']:.4f}, recall {at['recall']:.4f}, {at['alerts']:,} alerts"),
    ]
    if "card_precision_at_100" in figures:
        found, best = figures["card_precision_at_100"], figures["card_precision_at_100_best_possible"]
        overall.append(("Card precision at 100 a day", f"{found:.4f} (best possible {best:.4f})"))
        benchmark = figures["fraud_dataset_benchmark"]
        said = ", ".join(f"{k.replace('_', ' ')} {v['mean']:.4f} ± {v['sd']:.4f}" for k, v in benchmark.items())
        overall.append(("Fraud Dataset Benchmark (20,000 rows, 5 seeds)", said))
    parts = [_table(("", ""), overall)]
    parts.append("### Threshold")
    parts.append(_columns(("threshold", "precision", "recall", "alerts_per_thousand"), figures["threshold_curve"]))
    parts.append("### Calibration")
    parts.append(_columns(("from", "rows", "mean_score", "fraud"), figures["calibration"]))
    if "ablation" in figures:
        parts.append("### Importance: average precision lost without the feature, retrained on a sample of cards")
        ranked = sorted(figures["ablation"].items(), key=lambda item: -item[1])
        parts.append(_table(("feature", "lost"), ((f"`{name}`", f"{lost:+.4f}") for name, lost in ranked)))
    parts.append("### Segments")
    for name, labels in figures["segments"].items():
        rows = [{name: label} | row for label, row in labels.items()]
        parts.append(_columns((name, "rows", "frauds", "average_precision", "precision", "recall"), rows))
    return parts


def _columns(keys: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> str:
    return _table(keys, ([_short(row.get(key)) for key in keys] for row in rows))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = [name.replace("_", " ") for name in head]
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _short(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _rounded(value: Any) -> Any:
    """The same with floats to six digits: more would only make differences between cards harder to read."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
