"""What the client's tests share: a fake API, a stage that points to it, files to send."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client.send.run import Options, Summary, send_file
from tests.unit.client.fake_api import API_KEY, FakeApi, serve

HEADER = (
    "trans_date_trans_time,cc_num,merchant,category,amt,first,last,gender,street,city,state,zip,lat,long,city_pop,"
    "job,dob,trans_num,merch_lat,merch_long,is_fraud"
)


def line(number: int, card: str = "4992346398065154", amount: str = "2.86") -> str:
    """A good row; `number` makes its transaction number."""
    return (
        f'2020-06-21 12:14:25,{card},"fraud_Rippin, Kub and Mann",misc_net,{amount},Jeff,Elliott,M,351 Darlene Green,'
        f"Columbia,SC,29209,33.9659,-80.9355,333497,Engineer,1968-03-19,t{number:06d},33.986391,-81.200714,0"
    )


class FakeStage:
    """As client.aws.Stage, for a stage whose API is the fake one."""

    name = "local"
    local = True
    api_key = API_KEY

    def __init__(self, url: str, home: Path) -> None:
        self.transactions_url = url
        self.api_auth = None
        self.journals = home / "sends" / "local-0123456789abcdef"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command notes of the files that it writes is of this test alone."""
    monkeypatch.setenv("SWIPELINE_HOME", str(tmp_path / "home"))


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serve(FakeApi()) as running:
        yield running


@pytest.fixture
def stage(api: FakeApi, tmp_path: Path) -> FakeStage:
    return FakeStage(api.url, tmp_path / "home")


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., Path]:
    """Makes a CSV of rows numbered from 0; ``bad`` ones have a negative amount."""

    def make(rows: int, bad: set[int] | None = None, name: str = "file.csv") -> Path:
        path = tmp_path / name
        lines = [line(i, amount="-5.00" if bad and i in bad else "2.86") for i in range(rows)]
        path.write_text("\n".join([HEADER, *lines]) + "\n")
        return path

    return make


@pytest.fixture
def send(stage: FakeStage, tmp_path: Path) -> Callable[..., Summary]:
    """``send(path, batch_size=10)``: sends to the fake API; rejected rows go to rejected.csv."""

    def run(path: Path | str, **options: object) -> Summary:
        chosen = {"rejected": tmp_path / "rejected.csv", "retry_deadline": 5.0} | options
        return send_file(stage, str(path), Options(**chosen))  # type: ignore[arg-type]

    return run
