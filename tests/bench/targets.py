"""What the project aims at, and why something falls short where it does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from measure import Measure


@dataclass(frozen=True)
class Target:
    """A bound for a client's median, or for that of its ratios: to a peer, or to another measure of its own."""

    measure: str
    why: str
    """What the limit is, and what it would take: told where the target is missed."""
    least: float | None = None
    most: float | None = None
    against: str | None = None
    beside: str | None = None
    client: str | None = None
    aim: float | None = None
    """What would be better still."""

    def values(self, measures: Mapping[str, Measure]) -> list[float]:
        one = measures[self.measure]
        client = self.client or one.ours
        if self.against:
            return one.ratios(client, self.against)
        if self.beside:
            other = measures[self.beside].values[client]
            return [mine / theirs for mine, theirs in zip(one.values[client], other, strict=True)]
        return one.values[client]

    def is_met(self, measures: Mapping[str, Measure]) -> bool:
        # As precise as they are told.
        reached = round(median(self.values(measures)), 2)
        return (self.least is None or reached >= self.least) and (self.most is None or reached <= self.most)

    @property
    def is_ratio(self) -> bool:
        return bool(self.against or self.beside)


NOISE = "nothing in it is near the target but this machine's noise: measure again where it is quiet"
ALONE = (
    "a call alone takes the machine's wake-ups, the server's and ours, which no client can shorten; a peer that is "
    "bound by its own CPU time gains where they are slow. Spinning would hide it, and burn a core"
)
TWO_THREADS = (
    "a call alone wakes the core's thread and then the event loop's, where undici needs only the loop; it would take a "
    "client that runs in the loop's own thread"
)
ONE_THREAD = (
    "one thread of the core is busy all the time, most of it in reqwest's layers and the kernel, and Go's stacks grow "
    "again after each collection; it would take hyper without reqwest (compare the two under Rust), or a second worker"
)
CROSSING = (
    "the way into the core and back, with the headers packed and the verdict read, takes a third of it or more; it "
    "would take deliveries that are verified in batches"
)
BURST = "a run is 2,000 tasks of two calls each, so that making the tasks counts too; it would take longer-lived ones"
LOADER = "the system maps and relocates a native library; it would take a smaller one"
MODEL = "simulated time, the same each time: a miss is a fault of the gate's"


def _limits() -> Iterator[Target]:
    for windows in ("fixed", "first request", "sliding"):
        yield Target(f"limits.{windows}.refused", MODEL, most=2, client="reactive")
        yield Target(f"limits.{windows}.refused", MODEL, most=0, client="proactive")
        for pacing in ("reactive", "proactive"):
            yield Target(f"limits.{windows}.used", MODEL, least=97, client=pacing)


TARGETS = (
    Target("rust.verify.1024", NOISE, least=0.6, against="sha2"),
    Target("rust.verify.65536", NOISE, least=0.95, against="sha2"),
    Target("rust.gate", NOISE, most=1),
    *_limits(),
    Target("python.sync.1.rate", ALONE, least=1, aim=1.3, against="pyreqwest"),
    Target("python.sync.1.rate", ALONE, least=5, against="httpx"),
    Target("python.sync.1.rate", ALONE, least=5, against="requests"),
    Target("python.async.1.rate", ALONE, least=1, against="pyreqwest, async"),
    Target("python.async.32.rate", NOISE, least=1.5, against="pyreqwest, async"),
    Target("python.async.32.rate", NOISE, least=2.5, against="aiohttp"),
    Target("python.async.2000.cpu", BURST, most=1.3, beside="python.async.32.cpu"),
    Target("python.verify.1024", CROSSING, least=2, against="hmac.digest"),
    Target("python.import", LOADER, most=15),
    Target("python.wheel", LOADER, most=3.5),
    Target("node.1.rate", TWO_THREADS, least=0.91, against="undici"),
    Target("node.32.rate", NOISE, least=1.4, against="undici"),
    Target("node.32.rate", NOISE, least=3, against="fetch"),
    Target("node.32.rate", NOISE, least=4, against="axios"),
    Target("node.256.rate", NOISE, least=1.8, against="undici"),
    Target("node.256.rate", NOISE, least=3, against="fetch"),
    Target("node.256.rate", NOISE, least=4, against="axios"),
    Target("node.1.cpu", TWO_THREADS, most=1, against="undici"),
    Target("node.32.cpu", NOISE, most=1, against="undici"),
    Target("node.256.cpu", NOISE, most=1, against="undici"),
    Target("node.verify.1024", CROSSING, least=2, against="node:crypto"),
    Target("node.require", LOADER, most=15),
    Target("node.addon", LOADER, most=7),
    Target("go.1.rate", ALONE, least=0.77, against="net/http, tuned"),
    Target("go.32.rate", ONE_THREAD, least=0.9, aim=1, against="net/http, tuned"),
    Target("go.32.rate", ONE_THREAD, least=1.1, against="net/http"),
    Target("go.256.rate", ONE_THREAD, least=0.9, aim=1, against="net/http, tuned"),
    Target("go.256.rate", ONE_THREAD, least=1.1, against="net/http"),
    Target("go.2000.rate", ONE_THREAD, least=1, against="net/http, tuned"),
    Target("go.threads", NOISE, most=32),
    Target("go.verify.1024", CROSSING, least=1.3, against="crypto/hmac"),
)
