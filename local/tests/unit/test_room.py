"""Writes stop before the disk is full, say so, and resume by themselves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local import room
from local.emulator import refuse_when_full
from local.room import RESERVE_BYTES, RESUME_BYTES, Room, limit_from


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    found = SimpleNamespace(free=10**12)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: found)
    monkeypatch.setattr(room, "FREE_SECONDS", 0.0)
    monkeypatch.setattr(room, "USED_SECONDS", 0.0)
    return found


def test_a_full_disk_is_named_until_there_is_room_again(tmp_path: Path, disk: SimpleNamespace) -> None:
    space = Room(tmp_path, None)
    assert space.problem() == ""
    disk.free = RESERVE_BYTES - 1
    assert space.problem().startswith("disk full: no space left")
    disk.free = RESUME_BYTES - 1
    assert space.problem()
    disk.free = RESUME_BYTES
    assert space.problem() == ""


def test_a_limit_of_ones_own_is_kept(tmp_path: Path, disk: SimpleNamespace) -> None:
    space = Room(tmp_path, RESUME_BYTES + 2**20)
    assert space.problem() == ""
    (tmp_path / "rows").write_bytes(b"x" * (RESUME_BYTES - RESERVE_BYTES + 2**21))
    assert "the limit SWIPELINE_MAX_DISK is reached" in space.problem()
    (tmp_path / "rows").unlink()
    assert space.problem() == ""


@pytest.mark.parametrize(
    ("text", "limit"), [("", None), ("1000", 1000), ("2K", 2048), ("1.5g", 3 * 2**29), ("20GiB", 20 * 2**30)]
)
def test_a_limit_is_read(text: str, limit: int | None) -> None:
    assert limit_from({room.VARIABLE: text}) == limit


def test_a_limit_that_is_no_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a size, e\.g\. 20G"):
        limit_from({room.VARIABLE: "much"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/restapis/a/local/_user_request_/transactions", 503),
        ("POST", "/restapis/a/local/_user_request_/transactions/search", 200),
        ("GET", "/restapis/a/local/_user_request_/transactions", 200),
        ("POST", "/", 200),
    ],
)
def test_the_api_refuses_transactions_while_the_disk_is_full(method: str, path: str, status: int) -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> dict[str, Any]:
        return {"body": b"[]"}

    async def send(message: Any) -> None:
        sent.append(message)

    full = refuse_when_full(app, ("/transactions",), lambda: "disk full: no space left")
    asyncio.run(full({"type": "http", "method": method, "path": path}, receive, send))
    assert sent[0]["status"] == status
    if status == 503:
        assert json.loads(sent[1]["body"])["message"].startswith("disk full")
