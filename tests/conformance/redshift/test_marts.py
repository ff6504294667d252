"""The marts of redshift/marts on local/redshift, as the stage's functions install and refresh them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks import core_files
from benchmarks.marts_check import CHECKS, differences
from benchmarks.warehouse import ROLE, Own, own
from client.simulator import Settings, batches
from fraud.alert import Alert, Flagged, to_item, to_line
from fraud.verdict import VERDICT_COLUMNS, Verdict
from fraud.verdict import to_line as verdict_line
from shared.warehouse.data_api import StatementFailedError
from shared.warehouse.marts import install, rebuild
from shared.warehouse.migrations import read_migrations
from shared.warehouse.sql import read_statements
from tests.conformance.redshift.test_merge import Row, row

ROWS = 4_000
EVERYTHING = "SELECT * FROM mart.purchase ORDER BY transaction_id"


def alert_of(transaction: Row, *, is_alert: bool = True) -> Alert:
    names = ("transaction_id", "occurred_at", "card_id", "card_last4", "merchant_id", "category")
    labelled = {name: str(transaction[name]) for name in names}
    return Alert(
        **labelled,
        amount=Decimal(str(transaction["amount"])),
        score=Decimal("0.9"),
        threshold=Decimal("0.5"),
        reasons="a reason",
        model="m1",
        shadow_score=None,
        shadow_model=None,
        is_alert=is_alert,
        alerted_at=str(transaction["occurred_at"]),
    )


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    with own(tmp_path_factory.mktemp("marts")) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def empty(warehouse: Own) -> Own:
    """The same warehouse, without a row."""
    core = ("core.transaction", "core.customer", "core.merchant", "core.alert", "core.verdict", "core.superseded")
    staging = ("staging.transaction", "staging.alert_event")
    warehouse.run(*(f"DELETE FROM {table}" for table in (*core, *staging)))
    rebuild(warehouse.warehouse, 60)
    return warehouse


def stage(warehouse: Own, *rows: Row) -> None:
    """Put rows into staging and merge them; the values are the tests' own."""
    names = ", ".join(rows[0])
    values = ", ".join(f"({', '.join(map(literal, one.values()))})" for one in rows)
    warehouse.run(f"INSERT INTO staging.transaction ({names}) VALUES {values}")
    warehouse.merge()


def literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''").replace("Z", "") + "'"


def load_alerts(warehouse: Own, folder: Path, *alerts: Alert) -> None:
    load_lines(warehouse, folder, core_files.ALERT_COLUMNS, map(to_line, alerts))


def load_verdicts(warehouse: Own, folder: Path, alert: Alert, *given: Verdict) -> None:
    """Of an alert, as the API's reviewers give them."""
    lines = [verdict_line(to_item(Flagged(alert, "a merchant", plain=False)), verdict) for verdict in given]
    load_lines(warehouse, folder, ",".join((core_files.ALERT_COLUMNS, *VERDICT_COLUMNS)), lines)


def load_lines(warehouse: Own, folder: Path, columns: str, lines: Iterable[bytes]) -> None:
    path = folder / f"alerts-{len(list(folder.iterdir()))}.json.gz"
    path.write_bytes(gzip.compress(b"".join(lines)))
    warehouse.load_alerts(path, columns)


def test_every_mart_says_what_the_source_file_says(empty: Own, tmp_path: Path) -> None:
    source = tmp_path / "source.parquet"
    table = pa.Table.from_batches(batches(Settings.of(rows=ROWS, seed=7, customers=60)))
    pq.write_table(table, source)
    (parquet,) = core_files.transactions([source], folder=tmp_path / "made")
    assert int(empty.load(parquet)["inserted"]) == ROWS
    loaded = pq.read_table(parquet)
    flagged = loaded.filter(pc.or_(loaded["is_fraud"], pc.greater(loaded["amount"], 500))).to_pylist()[::2]
    load_alerts(empty, tmp_path, *(alert_of(one | {"occurred_at": one["occurred_at"].isoformat()}) for one in flagged))
    empty.refresh()
    ids = [one["transaction_id"] for one in flagged]
    assert 3 < len(ids) < ROWS
    assert differences(empty, [source], ids) == dict.fromkeys(CHECKS, 0)
    # A check that cannot fail is none: a transaction and an alert less are noticed.
    pq.write_table(table.slice(1), source)
    found = differences(empty, [source], ids[1:])
    assert [name for name in CHECKS if not found[name]] == []


def test_an_empty_warehouse_has_one_overview_and_no_other_row(empty: Own) -> None:
    assert empty.refresh() is None
    [overview] = empty.run("SELECT * FROM mart.overview")
    assert (overview["transactions"], overview["amount"], overview["last_date"]) == (0, "0.00", None)
    for name in views(empty) - {"overview"}:
        assert empty.run(f"SELECT * FROM mart.{name}") == []


def test_a_refresh_without_news_does_nothing_and_one_by_force_changes_nothing(empty: Own) -> None:
    stage(empty, row(1, 1, 1, 1, 1), row(2, 2, 1, 2, 1))
    assert empty.refresh().inserted == 2  # type: ignore[union-attr]
    before = empty.run(EVERYTHING)
    assert empty.refresh() is None
    for _ in range(2):
        [done] = empty.run(*read_statements("marts/refresh.sql"))
        assert (done["inserted"], done["missing"]) == (0, 0)
    assert empty.run(EVERYTHING) == before


def test_merges_of_one_second_are_all_taken_each_once(empty: Own) -> None:
    for number in range(1, 9):
        stage(empty, row(number, number % 3, 1, number, 1))
        assert empty.refresh().inserted == 1  # type: ignore[union-attr]
    [count] = empty.run("SELECT COUNT(*) AS n, COUNT(DISTINCT transaction_id) AS ids FROM mart.purchase")
    assert (count["n"], count["ids"]) == (8, 8)


def test_a_customer_who_changes_takes_the_whole_history_along(empty: Own) -> None:
    stage(empty, *(row(number, 1, 1, number, 1) for number in range(1, 6)), row(6, 2, 1, 6, 1))
    empty.refresh()
    moved = row(7, 1, 1, 30, 1) | {"state": "NY", "city_population": 300_000}
    stage(empty, moved)
    done = empty.refresh()
    assert done is not None
    assert (done.inserted, done.changed_customers, done.missing) == (1, 1, 0)
    found = empty.run("SELECT state, city_size, COUNT(*) AS n, SUM(amount) AS amount FROM mart.purchase GROUP BY 1, 2")
    assert {(one["state"], one["city_size"]): one["n"] for one in found} == {
        ("NY", "250,000+"): 6,
        ("SC", "under 2,500"): 1,
    }
    [core] = empty.run("SELECT SUM(amount) AS amount FROM core.transaction")
    assert sum(Decimal(one["amount"]) for one in found) == Decimal(core["amount"])


def test_what_comes_late_of_an_earlier_day_finds_its_day(empty: Own) -> None:
    stage(empty, row(1, 1, 1, 1, 1))
    empty.refresh()
    stage(empty, row(2, 1, 1, 1, 1) | {"occurred_at": "2019-01-02 03:04:05", "state": "NY"})
    done = empty.refresh()
    assert done is not None
    assert done.changed_customers == 0  # it is not the customer's latest
    found = empty.run("SELECT purchase_date, hour_of_day, state FROM mart.purchase ORDER BY 1")
    assert [tuple(one.values()) for one in found] == [("2019-01-02", 3, "SC"), ("2020-06-21", 12, "SC")]


@pytest.mark.parametrize("order", ["alert first", "transaction first", "transaction refreshed first"])
def test_an_alert_is_seen_whichever_comes_first_and_a_shadow_models_is_not(
    empty: Own, tmp_path: Path, order: str
) -> None:
    one, other = row(1, 1, 1, 1, 1), row(2, 1, 1, 2, 1)
    alerts = (alert_of(one), alert_of(other, is_alert=False))
    if order == "alert first":
        load_alerts(empty, tmp_path, *alerts)
        empty.refresh()
    stage(empty, one, other)
    if order == "transaction refreshed first":
        empty.refresh()
    if order != "alert first":
        load_alerts(empty, tmp_path, *alerts)
    empty.refresh()
    found = empty.run("SELECT transaction_id, is_alert FROM mart.purchase ORDER BY 1")
    assert [one["is_alert"] for one in found] == [True, False]
    assert empty.refresh() is None


def test_an_alert_on_a_content_that_does_not_count_marks_the_purchase_that_does(empty: Own, tmp_path: Path) -> None:
    scored = row(1, 1, 1, 2, 1)
    earlier = scored | {"occurred_at": "2019-03-04 05:06:07"}
    stage(empty, scored, earlier)
    empty.refresh()
    load_alerts(empty, tmp_path, alert_of(scored))
    empty.refresh()
    found = empty.run("SELECT purchase_date, is_alert FROM mart.purchase")
    assert [(str(one["purchase_date"]), one["is_alert"]) for one in found] == [("2019-03-04", True)]


def verdict(finding: str, minute: int) -> Verdict:
    return Verdict(finding, "a reviewer", "", f"2020-07-01T12:{minute:02}:00.000Z")


def test_the_latest_verdict_counts_and_a_review_adds_up(empty: Own, tmp_path: Path) -> None:
    rows = [row(number, 1, 1, number, 1) | {"category": "home" if number < 4 else "travel"} for number in range(1, 6)]
    stage(empty, *rows)
    alerts = [alert_of(one) for one in rows[:4]] + [alert_of(rows[4], is_alert=False)]
    load_alerts(empty, tmp_path, *alerts)
    load_verdicts(empty, tmp_path, alerts[0], verdict("fraud", 5))
    load_verdicts(empty, tmp_path, alerts[1], verdict("genuine", 9), verdict("fraud", 7))  # the later line is older
    load_verdicts(empty, tmp_path, alerts[3], verdict("fraud", 1))
    load_verdicts(empty, tmp_path, alerts[3], verdict("genuine", 2))
    empty.refresh()
    found = empty.run("SELECT transaction_id, verdict FROM mart.verdict ORDER BY transaction_id")
    assert [(one["transaction_id"], one["verdict"]) for one in found] == [
        (rows[0]["transaction_id"], "fraud"),
        (rows[1]["transaction_id"], "genuine"),
        (rows[3]["transaction_id"], "genuine"),
    ]
    home, travel = empty.run("SELECT * FROM mart.review_by_category ORDER BY category")
    counts = ("alerts", "reviewed", "confirmed", "dismissed", "unreviewed", "confirmed_rate")
    assert [home[name] for name in counts] == [3, 2, 1, 1, 1, "0.500000"]
    assert [travel[name] for name in counts] == [1, 1, 0, 1, 0, "0.000000"]
    assert Decimal(home["confirmed_amount"]) == Decimal(str(rows[0]["amount"]))
    assert Decimal(travel["confirmed_amount"]) == 0
    [overview] = empty.run("SELECT verdicts FROM mart.overview")
    assert overview["verdicts"] == 5, "an open page notices a second thought, too"


def test_rows_merged_by_a_clock_that_went_back_are_found_by_the_refresh_after(empty: Own) -> None:
    stage(empty, row(1, 1, 1, 1, 1), row(2, 1, 1, 2, 1))
    empty.refresh()
    stage(empty, row(3, 1, 1, 3, 1))
    empty.run("UPDATE core.transaction SET merged_at = '2001-01-01' WHERE transaction_id = '" + f"{3:032x}'")
    first, second = empty.refresh(), empty.refresh()
    assert first is not None
    assert second is not None
    assert (first.inserted, first.missing) == (0, 1)
    assert (second.inserted, second.missing) == (1, 0)
    assert empty.refresh() is None


def test_marts_are_rebuilt_when_core_has_lost_rows(empty: Own) -> None:
    stage(empty, row(1, 1, 1, 1, 1), row(2, 2, 1, 2, 1))
    empty.refresh()
    empty.run("DELETE FROM core.transaction WHERE transaction_id = '" + f"{1:032x}'")
    assert empty.refresh().missing == -1  # type: ignore[union-attr]
    empty.refresh()
    assert [one["transaction_id"] for one in empty.run(EVERYTHING)] == [f"{2:032x}"]
    assert empty.refresh() is None


@pytest.mark.parametrize(
    ("born", "bought", "band"),
    [
        ("2000-06-21", "2018-06-20 23:59:59", "0-17"),
        ("2000-06-21", "2018-06-21 00:00:00", "18-24"),
        ("1995-12-31", "2020-12-30 10:00:00", "18-24"),
        ("1995-12-31", "2020-12-31 10:00:00", "25-34"),
        ("2000-02-29", "2018-02-28 12:00:00", "0-17"),
        ("2000-02-29", "2018-03-01 12:00:00", "18-24"),
        ("1930-01-01", "2020-01-01 00:00:00", "75+"),
    ],
)
def test_age_is_completed_years_on_the_day_of_the_purchase(empty: Own, born: str, bought: str, band: str) -> None:
    stage(empty, row(1, 1, 1, 1, 1) | {"date_of_birth": born, "occurred_at": bought})
    empty.refresh()
    [found] = empty.run("SELECT age_band, birth_year FROM mart.purchase")
    assert (found["age_band"], found["birth_year"]) == (band, int(born[:4]))


def test_towns_and_days_are_cut_where_the_documentation_says(empty: Own) -> None:
    people = {
        2_499: "under 2,500",
        2_500: "2,500-9,999",
        10_000: "10,000-49,999",
        50_000: "50,000-249,999",
        250_000: "250,000+",
    }
    stage(
        empty,
        *(
            row(number, number, 1, number, 1)
            | {"city_population": size, "occurred_at": f"2020-06-{20 + number} 0{number}:59:59.999"}
            for number, size in enumerate(people, start=1)
        ),
    )
    empty.refresh()
    found = empty.run("SELECT city_size, weekday, hour_of_day FROM mart.purchase ORDER BY purchase_date")
    assert [one["city_size"] for one in found] == list(people.values())
    assert [(one["weekday"], one["hour_of_day"]) for one in found] == [(7, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


def test_a_label_or_another_content_that_comes_later_is_in_the_marts(empty: Own) -> None:
    first = row(1, 1, 1, 2, 1) | {"is_fraud": None}
    stage(empty, first, row(2, 1, 1, 1, 1))
    empty.refresh()
    stage(empty, first | {"is_fraud": True})
    assert empty.refresh() is not None
    assert [one["is_fraud"] for one in empty.run(EVERYTHING.replace("*", "is_fraud"))].count(True) == 1
    stage(empty, first | {"amount": "0.01", "is_fraud": True, "state": "NY"})
    empty.run(*read_statements("resolve.sql"))
    empty.refresh()
    found = empty.run("SELECT amount, state FROM mart.purchase ORDER BY transaction_id")
    assert str(found[0]["amount"]) == "0.01"
    assert {one["state"] for one in found} == {"NY"}
    assert empty.refresh() is None


def test_the_distance_of_a_purchase_that_was_there_before_the_column_is_that_of_a_new_one(empty: Own) -> None:
    places = ((40.0, -75.0), (40.1, -75.0), (40.0, -76.0), (41.0, -76.0), (-40.0, 105.0), (90.0, 0.0))
    for number, (latitude, longitude) in enumerate(places, start=1):
        ends = {"latitude": 40, "longitude": -75, "merchant_latitude": latitude, "merchant_longitude": longitude}
        stage(empty, row(number, 1, 1, number, 1) | ends)
    # A row from before core had the home of a purchase.
    empty.run("UPDATE core.transaction SET latitude = NULL, longitude = NULL WHERE merchant_latitude = 41")
    empty.refresh()
    ask = "SELECT distance_km, distance_band FROM mart.purchase ORDER BY distance_km"
    found = [(round(float(one["distance_km"])), one["distance_band"]) for one in empty.run(ask)]
    assert found == [
        (0, "under 25"), (11, "under 25"), (85, "75-99"), (140, "100-149"), (5560, "500+"), (20015, "500+")
    ]  # fmt: skip
    before = empty.run(EVERYTHING)
    for column in ("distance_km", "distance_band"):
        empty.run(f"ALTER TABLE mart.purchase DROP COLUMN {column} CASCADE")
    empty.run(*read_migrations()[2].statements)
    install(empty.warehouse, 60)
    assert empty.run(EVERYTHING) == before


def test_installing_again_keeps_what_is_there(empty: Own) -> None:
    stage(empty, row(1, 1, 1, 1, 1))
    empty.refresh()
    before = empty.run(EVERYTHING)
    install(empty.warehouse, 60)
    assert empty.run(EVERYTHING) == before
    assert empty.run("SELECT role_name FROM svv_roles") == [{"role_name": "analyst"}]


def test_every_column_of_a_mart_is_documented_and_none_holds_a_name_or_a_street(warehouse: Own) -> None:
    columns = warehouse.run("SELECT table_name, column_name, remarks FROM svv_columns WHERE table_schema = 'mart'")
    assert {one["table_name"] for one in columns} == views(warehouse) | {"purchase"}
    assert [one for one in columns if not one["remarks"]] == []
    personal = re.compile(r"first_name|last_name|street|zip|date_of_birth|job|latitude|longitude")
    assert [one for one in columns if personal.search(one["column_name"])] == []
    tables = warehouse.run("SELECT table_name, remarks FROM svv_tables WHERE table_schema = 'mart'")
    assert [one for one in tables if not one["remarks"]] == []


def views(warehouse: Own) -> set[str]:
    return {
        table["name"]
        for table in warehouse.client.list_tables(
            WorkgroupName="swipeline-local", Database="swipeline", SchemaPattern="mart"
        )["Tables"]
        if table["type"] == "VIEW"
    }


@pytest.mark.parametrize("unit", [1, 1000, 1_000_000])
def test_a_load_whose_times_were_read_in_another_unit_is_rolled_back(empty: Own, tmp_path: Path, unit: int) -> None:
    """Reports of COPY and Parquet's INT64 microseconds conflict: the job's own bounds decide before the commit."""
    source = tmp_path / "source.parquet"
    pq.write_table(pa.Table.from_batches(batches(Settings.of(rows=200, seed=3, customers=20))), source)
    (parquet,) = core_files.transactions([source], folder=tmp_path / "made")
    table = pq.read_table(parquet)
    times = table["occurred_at"]
    bounds = [str(int(pc.min_max(times)[name].as_py().timestamp())) for name in ("min", "max")]
    wrong = pc.divide(times.cast(pa.int64()), unit).cast(times.type)
    pq.write_table(table.set_column(table.schema.get_field_index("occurred_at"), "occurred_at", wrong), parquet)
    values = {"MANIFEST": f"s3://files{parquet.resolve()}", "COPY_ROLE_ARN": ROLE}
    load = read_statements("load_batch.sql", **values, OLDEST=bounds[0], NEWEST=bounds[1])[:-1]
    load = [sql.replace(" FORMAT AS PARQUET MANIFEST", " FORMAT AS PARQUET") for sql in load]
    if unit == 1:
        empty.run(*load)
    else:
        with pytest.raises(StatementFailedError, match="Invalid digit"):
            empty.run(*load)
    assert empty.run("SELECT COUNT(*) AS rows FROM staging.transaction") == [{"rows": 200 if unit == 1 else 0}]
