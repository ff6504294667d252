"""Alert queue: open alerts by the money at risk, one after the other, each reviewed with one key."""

from __future__ import annotations

from datetime import datetime, timedelta
from getpass import getuser
from typing import Any

import pandas as pd
import streamlit as st
from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError as AwsError

from client.alerts.queue import Entry, Queue, load
from client.alerts.show import damaged_text
from client.alerts.table import AlertsTable
from client.aws import Stage, explained
from client.errors import ClientError
from dashboard.figures.card import spending
from dashboard.lookup import around
from dashboard.panel import Figure, asking, figures, palette, panel
from dashboard.source import ask, stage_name
from dashboard.words import category_name, percent, short

_QUEUE, _PLACE, _DONE, _NOTE = "queue", "queue-place", "queue-done", "queue-note"
DAYS_AROUND = 7
_FIRST, _LAST = datetime.fromisoformat("0001-01-01"), datetime.fromisoformat("9999-12-31 23:59:59.999999")


def show() -> None:
    st.caption(
        "Press F for fraud, G for genuine, N for the next, U to undo your last verdict, A to take the alert. "
        "The filters do not apply on this page."
    )
    try:
        with asking():
            queue = _loaded()
    except (ClientError, AwsError, BotoCoreError) as error:
        st.error(f"The alerts cannot be read: {error}", icon=":material/error:")
        return
    if problem := st.session_state.pop("queue-problem", None):
        st.error(problem, icon=":material/error:")
    if queue.damaged:
        st.warning(damaged_text(queue.damaged), icon=":material/warning:")
    reviewed = queue.reviewed
    low, high = reviewed.between or (None, None)
    certain = f"{percent(low, 1)} to {percent(high, 1)} with 95% confidence" if reviewed.between else ""
    waiting = _waiting(queue)
    figures(
        {
            "Open alerts": Figure(f"{len(waiting):,}", "At most 1,000, the newest"),
            "Money at risk": Figure(short(float(sum(one.at_risk for one in waiting)), "$"), "Score times amount"),
            "Reviewed": Figure(f"{reviewed.reviewed:,}", f"{reviewed.fraud:,} fraud, {reviewed.genuine:,} genuine"),
            "Precision so far": Figure(percent(reviewed.precision, 1), f"Share of reviewed that were fraud. {certain}"),
        }
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.text_input("Reviewer", getuser(), key="queue-reviewer", max_chars=100)
        st.text_input("Note for the next verdict", key=_NOTE, max_chars=500, placeholder="Optional, a line")
        if st.button("Reload", icon=":material/refresh:", key="queue-reload", help="Look for new alerts"):
            _reload()
            st.rerun()
    if not waiting:
        st.info("No open alerts: everything is reviewed.", icon=":material/task_alt:")
        _buttons(None, who)
        return
    entry = waiting[min(st.session_state.get(_PLACE, 0), len(waiting) - 1)]
    _buttons(entry, who)
    _one(entry, queue)
    _list(waiting)


def _loaded() -> Queue:
    """As it was when the page was opened: it must not change its order under the reader's hands."""
    if _QUEUE not in st.session_state:
        _reload()
    queue: Queue = st.session_state[_QUEUE]
    return queue


def _reload() -> None:
    stage = Stage(stage_name())
    with explained(stage):
        st.session_state[_QUEUE] = load(stage)
    st.session_state[_DONE] = []
    st.session_state[_PLACE] = 0


def _waiting(queue: Queue) -> list[Entry]:
    done = {name for name, _ in st.session_state[_DONE]}
    return [entry for entry in queue.entries if entry.alert["transaction_id"] not in done]


def _buttons(entry: Entry | None, who: str) -> None:
    alert_id = entry.alert["transaction_id"] if entry else ""
    with st.container(horizontal=True, gap="small", key="queue-buttons"):
        for label, finding, key in (("Fraud", "fraud", "f"), ("Genuine", "genuine", "g")):
            st.button(
                label, key=f"queue-{finding}", shortcut=key, disabled=not entry, on_click=_give_verdict,
                args=(alert_id, finding, who),
            )  # fmt: skip
        st.button("Next", key="queue-next", shortcut="n", disabled=not entry, on_click=_next)
        undoable = bool(st.session_state[_DONE])
        st.button("Undo", key="queue-undo", shortcut="u", disabled=not undoable, on_click=_undo, args=(who,))
        st.button("Assign to me", key="queue-assign", shortcut="a", disabled=not entry, on_click=_assign,
                  args=(alert_id, who))  # fmt: skip


def _give_verdict(alert_id: str, finding: str, who: str) -> None:
    def act(table: AlertsTable) -> None:
        table.give_verdict(alert_id, finding, who.strip() or getuser(), st.session_state.get(_NOTE, ""))
        st.session_state[_DONE] = [*st.session_state[_DONE], (alert_id, finding)]
        st.session_state[_NOTE] = ""
        _count(finding, 1)

    _tried(act)


def _undo(who: str) -> None:
    def act(table: AlertsTable) -> None:
        *before, (alert_id, finding) = st.session_state[_DONE]
        table.give_verdict(alert_id, "open", who.strip() or getuser(), "undo")
        st.session_state[_DONE] = before
        _count(finding, -1)
        waiting = _waiting(st.session_state[_QUEUE])
        places = [number for number, entry in enumerate(waiting) if entry.alert["transaction_id"] == alert_id]
        st.session_state[_PLACE] = places[0] if places else 0

    if st.session_state[_DONE]:
        _tried(act)


def _assign(alert_id: str, who: str) -> None:
    def act(table: AlertsTable) -> None:
        changed = table.assign(alert_id, who.strip() or getuser())
        queue: Queue = st.session_state[_QUEUE]
        entries = [
            one._replace(alert=changed) if one.alert["transaction_id"] == alert_id else one for one in queue.entries
        ]
        st.session_state[_QUEUE] = queue._replace(entries=entries)

    _tried(act)


def _next() -> None:
    waiting = _waiting(st.session_state[_QUEUE])
    st.session_state[_PLACE] = (st.session_state.get(_PLACE, 0) + 1) % max(len(waiting), 1)


def _count(finding: str, change: int) -> None:
    """The table's counts, and what was said since they were read."""
    queue: Queue = st.session_state[_QUEUE]
    reviewed = queue.reviewed._replace(**{finding: getattr(queue.reviewed, finding) + change})
    st.session_state[_QUEUE] = queue._replace(reviewed=reviewed)


def _tried(act: Any) -> None:
    stage = Stage(stage_name())
    try:
        with explained(stage):
            act(AlertsTable(stage))
    except (ClientError, AwsError, BotoCoreError) as error:
        st.session_state["queue-problem"] = f"Not saved. {error}"


def _one(entry: Entry, queue: Queue) -> None:
    alert = entry.alert
    with st.container(border=True, key="queue-alert"):
        st.markdown(f"## Card …{alert['card_last4']}: ${alert['amount']:,.2f}")
        facts = {
            "Merchant": alert["merchant"],
            "Category": category_name(alert["category"]),
            "Time": f"{alert['occurred_at'][:19].replace('T', ' ')} UTC",
            "Score": f"{float(alert['score']):.3f} (alerts from {float(alert['threshold']):.3f})",
            "Money at risk": f"${entry.at_risk:,.2f}",
            "Reasons": "; ".join(alert["reasons"]),
            "Assigned to": alert.get("assigned_to", "nobody"),
            "Earlier verdicts": "; ".join(
                f"{one['verdict']} by {one['by']} at {one['at'][:19]} UTC {one['note']}".strip()
                for one in alert.get("verdicts", [])
            ),
            "Id": alert["transaction_id"],
        }
        table = pd.DataFrame({"Fact": list(facts), "Value": list(facts.values())})
        st.dataframe(table[table["Value"] != ""], hide_index=True, width="stretch", alt="The alert")
    begin, end = _around(alert["occurred_at"])
    history = ask(around(), {"card_id": alert["card_id"], "begin": begin, "end": end})["purchases"]
    history = history.assign(Category=[category_name(code) for code in history["category"]])
    left, right = st.columns([1.6, 1])
    with left:
        panel(
            "card-around",
            "The card around it",
            f"Purchases of {DAYS_AROUND} days before and after, US dollars. Frauds by the labels are marked.",
            lambda: spending(history, palette()),
            history,
            empty="The warehouse has no purchases of this card on these days yet.",
        )
    with right:
        similar = [_row(one) for one in queue.similar(entry)]
        panel(
            "similar-alerts",
            "Other alerts of the card or merchant",
            "Open when the page was loaded.",
            None,
            pd.DataFrame(similar),
            empty="No other open alert of this card or merchant.",
        )


def _around(occurred_at: str) -> tuple[str, str]:
    """The times, UTC, of some days before and after; at the calendar's end, its end."""
    moment = datetime.fromisoformat(occurred_at).replace(tzinfo=None)
    days = timedelta(days=DAYS_AROUND)
    begin = moment - min(days, moment - _FIRST)
    end = moment + min(days, _LAST - moment)
    return begin.isoformat(sep=" ", timespec="seconds"), end.isoformat(sep=" ", timespec="seconds")


def _list(waiting: list[Entry]) -> None:
    panel(
        "open-alerts",
        "Open alerts",
        "Most money at risk first.",
        None,
        pd.DataFrame([_row(one) for one in waiting]),
    )


def _row(entry: Entry) -> dict[str, Any]:
    alert = entry.alert
    return {
        "at_risk": float(entry.at_risk),
        "score": float(alert["score"]),
        "amount": float(alert["amount"]),
        "card_last4": alert["card_last4"],
        "merchant": alert["merchant"],
        "reasons": "; ".join(alert["reasons"]),
        "assigned_to": alert.get("assigned_to", ""),
        "transaction_id": alert["transaction_id"],
    }
