"""Card lookup: a card by its id or its last four digits, and what was bought with it. The filters do not apply here."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.figures.card import spending
from dashboard.lookup import PURCHASES_SHOWN, NotACardError, cards, purchases, read
from dashboard.panel import Figure, asking, figures, palette, panel
from dashboard.source import ask
from dashboard.states import state_name
from dashboard.words import category_name, short

_HOLDERS = {"F": "Woman", "M": "Man"}


def show() -> None:
    st.caption(
        "The filters do not apply on this page. The warehouse holds no card numbers: only ids and last four digits."
    )
    with st.form("lookup", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Last four digits, or the card's id",
            st.query_params.get("card", ""),
            key="card-text",
            max_chars=60,
            placeholder="0123 or 32 characters",
            autocomplete="off",
        )
        st.form_submit_button("Find", icon=":material/search:")
    if not typed.strip():
        st.query_params.pop("card", None)
        return
    try:
        lookup = read(typed)
    except NotACardError as error:
        st.query_params.pop("card", None)  # by no means a full number: addresses are kept in histories
        st.warning(str(error), icon=":material/credit_card_off:")
        return
    st.query_params["card"] = lookup.card_id or lookup.last4
    with asking():
        found = ask(cards(lookup), lookup.parameters)["cards"]
    if not len(found):
        st.info(
            "No card found with those digits: none of its purchases has reached the warehouse.",
            icon=":material/search_off:",
        )
        return
    labels = {card["card_id"]: _label(card) for card in found.to_dict("records")}
    chosen = next(iter(labels))
    if len(labels) > 1:
        chosen = st.selectbox(
            f"{len(labels)} cards end in {found['card_last4'].iloc[0]}", list(labels), format_func=labels.__getitem__
        )
    _card(found[found["card_id"] == chosen].iloc[0])


def _label(card: dict[str, object]) -> str:
    holder = _HOLDERS.get(str(card["gender"]), "Customer")
    home = f"{card['city']}, {state_name(str(card['state']))}"
    return f"{holder} born {card['birth_year']}, {home}: {card['transactions']:,} purchases"


def _card(card: pd.Series) -> None:
    with asking():
        bought = ask(purchases(), {"card_id": card["card_id"]})["purchases"]
    st.markdown(f"## Card …{card['card_last4']}\n{_label(card.to_dict())}. Id `{card['card_id']}`")
    figures(
        {
            "Spend": Figure(short(card["amount"], "$"), f"${card['amount']:,.2f}"),
            "Purchases": Figure(f"{card['transactions']:,}"),
            "First": Figure(f"{card['first_purchase_at']:%-d %b %Y}", f"{card['first_purchase_at']:%H:%M:%S} UTC"),
            "Last": Figure(f"{card['last_purchase_at']:%-d %b %Y}", f"{card['last_purchase_at']:%H:%M:%S} UTC"),
            "Frauds": Figure(f"{card['frauds']:,}", "by the labels"),
            "Alerts": Figure(f"{card['alerts']:,}", "raised by the model"),
        }
    )
    data = bought.assign(Category=[category_name(code) for code in bought["category"]])
    panel("card-over-time", "Purchases", "US dollars. Frauds are marked.", lambda: spending(data, palette()), data)
    panel(
        "card-purchases",
        "All transactions" if len(data) < PURCHASES_SHOWN else f"Latest {PURCHASES_SHOWN:,} transactions",
        "Times are UTC.",
        None,
        data[
            [
                "occurred_at",
                "merchant",
                "Category",
                "amount",
                "is_fraud",
                "is_alert",
                "score",
                "reasons",
                "transaction_id",
            ]
        ],
        columns={
            "occurred_at": st.column_config.DatetimeColumn("Time", format="YYYY-MM-DD HH:mm:ss"),
            "amount": st.column_config.NumberColumn("Amount", format="dollar"),
            "is_fraud": st.column_config.CheckboxColumn("Fraud"),
            "is_alert": st.column_config.CheckboxColumn("Alert"),
            "score": st.column_config.NumberColumn("Score", format="%.3f"),
            "reasons": st.column_config.TextColumn("Reasons", width="large"),
            "transaction_id": st.column_config.TextColumn("Id"),
        },
    )
