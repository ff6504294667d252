"""A crawler that is started, as an AWS client sees it: states, tables, partitions, changes, and what its role lacks."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local.tests.conformance.emulator import Emulator, wait_until

BUCKET = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:ListBucket"]
CATALOG = ["GetTable", "GetTables", "CreateTable", "UpdateTable", "GetPartitions", "BatchCreatePartition"]


class World:
    """A bucket, a database and a crawler of a test's own."""

    def __init__(self, emulator: Emulator, name: str) -> None:
        self.name, self.s3, self.glue = name, emulator.client("s3"), emulator.client("glue")
        self.bucket = emulator.bucket(f"crawled-{name}")
        self.glue.create_database(DatabaseInput={"Name": name})
        self.role = emulator.role(f"crawler-{name}", "glue")
        self.emulator = emulator

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def grant(self) -> None:
        arn = f"arn:aws:s3:::{self.bucket}"
        self.emulator.grant(self.role, "list", BUCKET, arn)
        self.emulator.grant(self.role, "read", ["s3:GetObject"], f"{arn}/*")
        self.emulator.grant(self.role, "catalog", [f"glue:{action}" for action in CATALOG], "*")

    def crawler(self, **more: Any) -> None:
        targets = {"S3Targets": [{"Path": f"s3://{self.bucket}/sales/"}]}
        self.glue.create_crawler(
            **{"Name": self.name, "Role": self.role, "DatabaseName": self.name, "Targets": targets} | more
        )

    def crawl(self) -> dict[str, Any]:
        """Start, wait for the end, and give LastCrawl."""
        self.glue.start_crawler(Name=self.name)
        return dict(wait_until(self._ended, "the crawl has ended", 60))

    def _ended(self) -> dict[str, Any] | None:
        crawler = self.glue.get_crawler(Name=self.name)["Crawler"]
        return crawler["LastCrawl"] if crawler["State"] == "READY" else None

    def table(self) -> dict[str, Any]:
        return dict(self.glue.get_table(DatabaseName=self.name, Name="sales")["Table"])

    def columns(self) -> dict[str, str]:
        return {column["Name"]: column["Type"] for column in self.table()["StorageDescriptor"]["Columns"]}


@pytest.fixture
def world(emulator: Emulator, request: pytest.FixtureRequest) -> World:
    return World(emulator, f"w{abs(hash(request.node.name)) % 10**8}")


def test_csv_files_become_one_table_named_after_their_folder(world: World) -> None:
    world.grant()
    world.put("sales/a.csv", b"id,price\n1,2\n")
    world.put("sales/b.csv.gz", gzip.compress(b"id,price\n2,2.50\n"))
    world.put("sales/_SUCCESS", b"x")
    world.crawler()
    assert world.crawl()["Status"] == "SUCCEEDED"
    assert world.columns() == {"id": "bigint", "price": "double"}
    table = world.table()
    assert table["StorageDescriptor"]["Location"] == f"s3://{world.bucket}/sales/"
    assert table["Parameters"]["classification"] == "csv"
    assert table["Parameters"]["objectCount"] == "2"
    assert table["PartitionKeys"] == []


def test_folders_with_an_equals_sign_become_partitions_and_new_ones_are_added_by_the_next_crawl(world: World) -> None:
    world.grant()
    world.crawler()
    file = io.BytesIO()
    pq.write_table(pa.table({"id": [1]}), file)
    for month in ("2020-01", "2020-02"):
        world.put(f"sales/run=r1/month={month}/a.parquet", file.getvalue())
    world.crawl()
    assert [key["Name"] for key in world.table()["PartitionKeys"]] == ["run", "month"]
    world.put("sales/run=r2/month=2020-02/b.parquet", file.getvalue())
    world.crawl()
    partitions = world.glue.get_partitions(DatabaseName=world.name, TableName="sales")["Partitions"]
    assert sorted(p["Values"] for p in partitions) == [["r1", "2020-01"], ["r1", "2020-02"], ["r2", "2020-02"]]
    assert partitions[0]["StorageDescriptor"]["Location"].startswith(f"s3://{world.bucket}/sales/run=")


def test_folders_without_a_name_become_partition_0_and_so_on(world: World) -> None:
    world.grant()
    world.crawler()
    world.put("sales/2020/01/a.csv", b"id,n\n1,2\n")
    world.crawl()
    assert [key["Name"] for key in world.table()["PartitionKeys"]] == ["partition_0", "partition_1"]


def test_a_column_that_is_new_is_added_and_one_that_is_gone_stays(world: World) -> None:
    world.grant()
    world.crawler()
    world.put("sales/a.csv", b"id,old\n1,2\n")
    world.crawl()
    world.s3.delete_object(Bucket=world.bucket, Key="sales/a.csv")
    world.put("sales/b.csv", b"id,new\n1,2\n")
    world.crawl()
    assert world.columns() == {"id": "bigint", "old": "bigint", "new": "bigint"}


def test_a_policy_that_only_logs_changes_leaves_the_table_as_it_is(world: World) -> None:
    world.grant()
    world.crawler(SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    world.put("sales/a.csv", b"id,n\n1,2\n")
    world.crawl()
    world.put("sales/b.csv", b"id,n,more\n1,2,3\n")
    world.crawl()
    assert world.columns() == {"id": "bigint", "n": "bigint"}


def test_an_empty_target_is_no_failure_and_no_table(world: World) -> None:
    world.grant()
    world.crawler()
    assert world.crawl()["Status"] == "SUCCEEDED"
    assert world.glue.get_tables(DatabaseName=world.name)["TableList"] == []


def test_a_crawl_fails_with_the_reason_when_its_role_may_not_read(world: World) -> None:
    world.crawler()
    world.put("sales/a.csv", b"id,n\n1,2\n")
    ended = world.crawl()
    assert ended["Status"] == "FAILED"
    assert "AccessDenied" in ended["ErrorMessage"]


@pytest.mark.parametrize("lacking", BUCKET)
def test_a_crawl_fails_without_each_permission_on_the_bucket_that_aws_lists(world: World, lacking: str) -> None:
    world.put("sales/one.csv", b"a,b\n1,2\n")
    world.grant()
    world.emulator.grant(world.role, "list", [one for one in BUCKET if one != lacking], f"arn:aws:s3:::{world.bucket}")
    world.crawler()
    crawl = world.crawl()
    assert crawl["Status"] == "FAILED"
    assert "AccessDenied" in crawl["ErrorMessage"]


def test_what_is_not_supported_fails_by_name(world: World) -> None:
    world.grant()
    world.crawler(Targets={"DynamoDBTargets": [{"Path": "table"}]})
    ended = world.crawl()
    assert ended["Status"] == "FAILED"
    assert "DynamoDBTargets" in ended["ErrorMessage"]


def test_a_crawler_that_runs_is_not_started_twice(world: World) -> None:
    world.grant()
    world.crawler()
    world.glue.start_crawler(Name=world.name)
    with pytest.raises(ClientError) as error:
        world.glue.start_crawler(Name=world.name)
    assert error.value.response["Error"]["Code"] == "CrawlerRunningException"
    wait_until(world._ended, "the crawl has ended", 60)
    assert world.crawl()["Status"] == "SUCCEEDED"
