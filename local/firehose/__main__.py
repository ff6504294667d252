"""`python -m local.firehose`: runs the delivery streams of the embedded AWS until SIGTERM."""

from local.clients import Clients
from local.firehose.service import DeliveryStreams
from local.firehose.store import Store
from local.private import private_umask
from local.process import beat, start_logging, stop_signal
from local.settings import Settings

LOOK_EVERY_SECONDS = 3.0
STOP_SECONDS = 3.0


def main() -> None:
    """Look for delivery streams every three seconds; each runs in two threads."""
    private_umask()
    start_logging()
    stopping = stop_signal()
    settings = Settings.from_environment()
    store = Store(settings.state / "firehose.sqlite")
    streams = DeliveryStreams(Clients(settings.behind_proxy(), "firehose", "firehose.amazonaws.com"), store)
    while not stopping.is_set():
        streams.tick()
        beat(settings, "firehose")
        stopping.wait(LOOK_EVERY_SECONDS)
    streams.stop(STOP_SECONDS)
    store.close()


if __name__ == "__main__":
    main()
