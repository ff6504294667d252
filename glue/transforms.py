"""The job's steps: DataFrame in, DataFrame out. They read no file, write none, and know no AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from glue.rows import Parser
from glue.table import COLUMNS, PARSED_SPARK
from shared.card_keys.ring import CardKeys

MONTH = "occurred_month"
ROWS_PER_FILE = 1_000_000  # about 70 MB of Parquet: within the 1 MB to 1 GB that COPY likes

# Which of several rows with one id stays: what redshift/merge.sql takes of equally old ones. Content decides, never
# the order in which tasks end.
_FIRST = ("occurred_at", *(name for name in COLUMNS if name not in ("transaction_id", "occurred_at")))


class Counts(NamedTuple):
    """What became of the lines: ``lines`` has headers and empty lines, too.

    ``oldest`` and ``newest`` are the bounds of occurred_at in whole seconds since 1970, 0 when nothing was accepted.
    """

    accepted: int
    rejected: int
    lines: int
    oldest: int = 0
    newest: int = 0


def parsed(lines: DataFrame, headers: Mapping[str, Sequence[str]], card_keys: CardKeys, mount: str = "") -> DataFrame:
    """Turn lines (value: binary, file: string, block: bigint) into glue.table's PARSED_SPARK.

    The lines must come as the files have them: after a shuffle no line would have its number.
    """
    return lines.select("value", "file", "block").mapInArrow(Parser(headers, card_keys, mount), PARSED_SPARK)


def accepted(rows: DataFrame) -> DataFrame:
    """Keep the transactions, with the table's columns alone."""
    return rows.where(F.col("transaction_id").isNotNull()).select(*COLUMNS)


def counts(rows: DataFrame) -> Counts:
    """Count, in one pass."""
    found = rows.agg(
        F.count("transaction_id").alias("accepted"),
        F.count("reasons").alias("rejected"),
        F.coalesce(F.sum("lines"), F.lit(0)).alias("lines"),
        F.coalesce(F.unix_timestamp(F.min("occurred_at")), F.lit(0)).alias("oldest"),
        F.coalesce(F.unix_timestamp(F.max("occurred_at")), F.lit(0)).alias("newest"),
    ).first()
    if found is None:
        raise ValueError("an aggregate without a row")
    return Counts(*(found[name] for name in Counts._fields))


def deduplicated(transactions: DataFrame) -> DataFrame:
    """Keep one row per transaction_id, the same one whatever the order they come in."""
    order = Window.partitionBy("transaction_id").orderBy(*(F.col(name).asc_nulls_first() for name in _FIRST))
    return transactions.withColumn("_place", F.row_number().over(order)).where("_place = 1").drop("_place")


def has_duplicates(transactions: DataFrame) -> bool:
    """Tell whether an id occurs twice; looks at ids alone, several times cheaper than to deduplicate."""
    return not transactions.groupBy("transaction_id").count().where("count > 1").isEmpty()


def rejected(rows: DataFrame) -> DataFrame:
    """List the refused lines: (file, line, field, reason, reasons as JSON), with lines numbered from 1 as editors do.

    A task knows a line's number within its block only; what the blocks before it hold is added here.
    """
    before = Window.partitionBy("file").orderBy("block").rowsBetween(Window.unboundedPreceding, -1)
    blocks = (
        rows.where(F.col("lines").isNotNull())
        .select("file", "block", F.coalesce(F.sum("lines").over(before), F.lit(0)).alias("before"))
        .withColumnRenamed("file", "of_file")
        .withColumnRenamed("block", "of_block")
    )
    refused = rows.where(F.col("reasons").isNotNull())
    of_block = (refused["file"] == blocks["of_file"]) & (refused["block"] == blocks["of_block"])
    reasons = F.from_json("reasons", "array<array<string>>")
    return refused.join(F.broadcast(blocks), of_block).select(
        "file",
        (F.col("before") + F.col("row")).alias("line"),
        reasons[0][0].alias("field"),
        reasons[0][1].alias("reason"),
        F.transform(reasons, lambda e: F.struct(e[0].alias("field"), e[1].alias("reason"))).alias("errors"),
    )


def by_month(transactions: DataFrame, rows: int) -> DataFrame:
    """Add ``occurred_month``, and cut along time into pieces of at most about ROWS_PER_FILE, sorted by time.

    Months, not days: a history of years would fall into thousands of small files. A reader that wants a day is led
    there by the row groups' bounds of ``occurred_at``, which is why the rows are sorted and the column stays in.
    """
    pieces = max(1, -(-rows // ROWS_PER_FILE))
    cut = transactions.withColumn(MONTH, F.date_format("occurred_at", "yyyy-MM"))
    cut = cut.coalesce(1) if pieces == 1 else cut.repartitionByRange(pieces, "occurred_at", "transaction_id")
    return cut.sortWithinPartitions("occurred_at", "transaction_id")


def lines_of(spark: SparkSession, paths: Iterable[str]) -> DataFrame:
    """Read files as lines: bytes, since a line may be no text, with the file and the block that it stands in."""
    return spark.read.text(list(paths)).select(
        F.col("value").cast("binary").alias("value"),
        F.col("_metadata.file_path").alias("file"),
        F.col("_metadata.file_block_start").alias("block"),
    )
