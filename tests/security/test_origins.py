"""Which hosts, origins and sites a local server lets in."""

from __future__ import annotations

import pytest

from local.door.origins import Door

OWN = ("Host", "127.0.0.1:4566")
door, buckets = Door((4566,)), Door((4566, 5000), virtual_hosts=True)


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost:4566", "LOCALHOST:4566", "[::1]:4566"])
def test_its_own_names_may_come_in(host: str) -> None:
    assert door.refusal([("host", host)]) is None
    assert door.refusal([("Host", host), ("Origin", f"http://{host.lower()}")]) is None
    assert door.refusal([("Host", host), ("Sec-Fetch-Site", "same-origin")]) is None
    assert door.refusal([("Host", host), ("Sec-Fetch-Site", "none")]) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:80",
        "127.0.0.1:45660",
        "127.0.0.1:4566 ,evil.example",
        "evil.example:4566",
        "localhost.evil.example:4566",
        "localhost.:4566",
        "127.1:4566",
        "2130706433:4566",
        "0.0.0.0:4566",
        "[::]:4566",
        "user@127.0.0.1:4566",
        "bucket.localhost:4566",
    ],
)
def test_other_names_may_not(host: str) -> None:
    assert door.refusal([("Host", host)])


def test_a_request_without_a_host_or_with_two_may_not() -> None:
    assert door.refusal([])
    assert door.refusal([OWN, OWN])
    assert door.refusal([OWN, ("Origin", "http://127.0.0.1:4566"), ("origin", "http://evil.example")])


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://evil.example",
        "http://localhost:4566",
        "http://127.0.0.1",
        "http://127.0.0.1:4567",
        "https://127.0.0.1:4566",
        "http://127.0.0.1:4566/",
        "http://127.0.0.1:4566.evil.example",
        "http://127.0.0.1:4566@evil.example",
        "http://evil.example#http://127.0.0.1:4566",
        "file://",
    ],
)
def test_another_origin_may_not(origin: str) -> None:
    assert door.refusal([OWN, ("Origin", origin)])


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "anything else"])
def test_another_site_may_not(site: str) -> None:
    assert door.refusal([OWN, ("Sec-Fetch-Site", site)])


@pytest.mark.parametrize(
    "host",
    [
        "bucket.s3.localhost:4566",
        "my.bucket.localhost:4566",
        "bucket.s3.us-east-1.localhost:5000",
        "abcd1234.execute-api.127.0.0.1:4566",
        "127.0.0.1:5000",
    ],
)
def test_buckets_and_apis_have_names_of_their_own_where_they_are_served(host: str) -> None:
    assert buckets.refusal([("Host", host)]) is None
    assert buckets.refusal([("Host", host.rpartition(":")[0] + ":1")])
    assert buckets.refusal([("Host", host), ("Origin", "http://evil.example")])


@pytest.mark.parametrize("host", ["bucket.s3.amazonaws.com:4566", "bucket.evil.example:4566", ".localhost:4566"])
def test_names_on_the_network_are_nobodys(host: str) -> None:
    assert buckets.refusal([("Host", host)])
