"""`python -m local.event_sources`: drives the Kinesis event source mappings of the embedded AWS until SIGTERM."""

from local.clients import Clients
from local.event_sources.checkpoints import Checkpoints
from local.event_sources.metrics import MappingMetrics
from local.event_sources.service import EventSources
from local.event_sources.worker import Services
from local.private import private_umask
from local.process import beat, start_logging, stop_signal
from local.settings import Settings

LOOK_EVERY_SECONDS = 2.0
STOP_SECONDS = 5.0


def main() -> None:
    """Look for mappings every two seconds; their workers run in threads."""
    private_umask()
    start_logging()
    stopping = stop_signal()
    settings = Settings.from_environment()
    clients = Clients(settings.behind_proxy(), "event-source-mapping", "lambda.amazonaws.com")
    checkpoints = Checkpoints(settings.state / "event_sources.sqlite")
    sources = EventSources(Services(clients, checkpoints, MappingMetrics(clients)))
    while not stopping.is_set():
        sources.tick()
        beat(settings, "event-sources")
        stopping.wait(LOOK_EVERY_SECONDS)
    sources.stop(STOP_SECONDS)
    checkpoints.close()


if __name__ == "__main__":
    main()
