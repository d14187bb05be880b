"""Kill -9 of every process of the venue under load, again and again: what is lost, for how long.

Run: `python bench/kills.py [ROUNDS] [SECONDS] [MINUTES]`: so many kills of each process (30), each
so many seconds after orders are answered again (5), for at most so long. It runs the whole venue
as `make run` does, in a passing folder and on a port of its own, with a second engine that stands
by. Traders place orders over HTTP from another process and repeat what was not answered under the
same client order id. At the end every answered order must be there, none twice, and engine,
projections and ledger must agree.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg

from bench.load import SYMBOL, signed
from bench.table import row
from bench.venue import ROOT, children_of, free_port, machine, wait_for
from godark.supervisor.launch import launched

TRADERS, AT_ONCE = 8, 6
TAKEOVER_AIM_S = 3.0
OPEN_S, SETTLE_S = 300, 120
# By which words in its command line a child of the supervisor is told.
TARGETS = {
    "web": "godark.web",
    "worker": "celery --quiet -A godark.celery worker",
    "beat": "celery --quiet -A godark.celery beat",
    "engine": "run_engine",
    "prices": "run_prices",
    "postgres": "bin/postgres -D",
    "a backend of postgres": "",
    "redis": "redis-server",
    "devchain": "chain.devchain",
}
STILL_WAITING = """
    SELECT count(*) FROM trading_command WHERE status = 'WAITING' AND kind = 'SubmitOrder'
"""
NEXT_DECIDED = "SELECT min(decided_at_ms) FROM trading_command WHERE decided_at_ms > %s"
PENDING, LOST = 202, "lost"


# The load, a process of its own.


async def load(told: dict[str, Any], answers: Path) -> None:
    """Place orders until stopped; write down each answer."""
    import aiohttp  # noqa: PLC0415 - only here

    random = Random(told["seed"])
    timeout = aiohttp.ClientTimeout(total=10)
    with answers.open("a", buffering=1) as heard:
        async with aiohttp.ClientSession(timeout=timeout) as session:

            async def trade() -> None:
                while True:
                    body, trader = drawn(random, told["mid"]), random.choice(told["traders"])
                    said = None
                    while said is None:
                        said = await answer(session, told["url"], trader, body)
                    heard.write(json.dumps(said | {"at": time.time()}) + "\n")

            await asyncio.gather(*(trade() for _ in range(AT_ONCE)))


def drawn(random: Random, mid: float) -> bytes:
    """Draw an order: half rest far away, half meet one another."""
    is_buy = random.choice((True, False))
    factor = random.choice((0.95, 1.05))
    return json.dumps(
        {
            "symbol": SYMBOL,
            "side": "BUY" if is_buy else "SELL",
            "type": "LIMIT",
            "size": f"0.00{random.randint(1, 9)}",
            "limit_price": str(int(mid * factor)),
            "time_in_force": random.choice(("GTC", "GTC", "IOC")),
            "client_order_id": f"{random.getrandbits(120):030x}",
        }
    ).encode()


async def answer(
    session: Any, url: str, trader: dict[str, str], body: bytes
) -> dict[str, Any] | None:
    """Return what the venue says of an order, None where it says nothing that holds."""
    path = "/api/v1/orders"
    try:
        headers = signed(trader, "POST", path, body)
        async with session.post(url + path, data=body, headers=headers) as response:
            said = await response.json()
    except Exception:  # noqa: BLE001 - whatever breaks on the way, the order is sent again
        await asyncio.sleep(0.1)
        return None
    if response.status not in {200, 201, 202}:
        await asyncio.sleep(0.1)
        return None
    return {"id": said["id"], "client_order_id": said["client_order_id"], "status": response.status}


# The venue, its deaths, and what must hold.


class Victim:
    """A whole venue that is killed piece by piece."""

    def __init__(self, home: Path) -> None:
        self.home, self.var = home, home / "var"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        ours = {
            "GODARK_ENVIRONMENT": "development",
            "GODARK_VAR": str(self.var),
            "GODARK_PORT": str(self.port),
        }
        self.environment = dict(os.environ) | ours
        self.supervisor = self.start([sys.executable, "-m", "godark.supervisor"], "supervisor")
        self.standby: subprocess.Popen[bytes] | None = None
        self.loader: subprocess.Popen[bytes] | None = None

    def start(self, argv: list[str], name: str) -> subprocess.Popen[bytes]:
        """Start a process of ours; what it says is kept in NAME.log."""
        with (self.home / f"{name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - command lines of our own
                launched(argv, end_signal=signal.SIGTERM),
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def open(self) -> None:
        """Wait until the venue trades, and begin the load."""
        said = self.home / "supervisor.log"
        wait_for(lambda: b"GoDark is open" in said.read_bytes(), seconds=OPEN_S)
        made = json.loads(self.manage("make_traders", str(TRADERS), "--tier", "LOAD"))
        accounts = [trader["account_id"] for trader in made["traders"]]
        fund = {"accounts": accounts, "micro": 10**15}
        self.python("bench/load.py", "fund", told=fund)
        mid = float(wait_for(self.mid, seconds=OPEN_S))
        self.keep_standby()
        told = {"url": self.url, "seed": time.time_ns(), "mid": mid, **made}
        (self.home / "told.json").write_text(json.dumps(told))
        argv = [sys.executable, "bench/kills.py", "load", str(self.home)]
        self.loader = self.start(argv, "load")
        wait_for(lambda: len(self.answers()) > 5, seconds=OPEN_S)  # noqa: PLR2004 - it has begun

    def mid(self) -> float | None:
        """Return Bitcoin's index, once there is one."""
        found = self.ask(
            "SELECT index_half_ticks * tick_size / 2 FROM trading_marketticker"
            " JOIN trading_market ON market_id = trading_market.id WHERE base = 'BTC'"
        )
        return None if found is None else float(found)

    def manage(self, *words: str) -> str:
        """Run a management command on the running venue."""
        return self.python("manage.py", *words)

    def python(self, *words: str, told: Any = None) -> str:
        """Run Python to its end with the venue's servers."""
        done = subprocess.run(  # noqa: S603 - command lines of our own
            [sys.executable, *words],
            cwd=ROOT,
            env=self.environment | self.servers(),
            input=None if told is None else json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{words} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def servers(self) -> dict[str, str]:
        """Return the addresses that the supervisor gives its children."""
        web = self.pid_of("web")
        pairs = Path(f"/proc/{web}/environ").read_text().split("\0") if web else []
        wanted = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "GODARK_BASE_URL")
        found = {name: value for name, _, value in (one.partition("=") for one in pairs)}
        self.known = {name: found[name] for name in wanted if name in found} or self.known
        return self.known

    known: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed

    def ask(self, query: str, *parameters: Any) -> Any:
        """Return the first value of a query; None also where nobody answers."""
        try:
            with psycopg.connect(self.servers()["DATABASE_URL"], autocommit=True) as connection:
                found = connection.execute(query.encode(), parameters).fetchone()
        except psycopg.OperationalError:
            return None  # it was killed just now
        return None if found is None else found[0]

    def pid_of(self, name: str) -> int | None:
        """Return the process id of a child of the supervisor."""
        if name == "a backend of postgres":
            master = self.pid_of("postgres")
            clients = [pid for pid in children_of(master) if is_client(pid)] if master else []
            return clients[-1] if clients else None
        children = children_of(self.supervisor.pid)
        return next((pid for pid in children if TARGETS[name] in command_of(pid)), None)

    def keep_standby(self) -> None:
        """Have a second engine, whichever of the two acts."""
        if self.standby is None or self.standby.poll() is not None:
            self.environment |= self.servers()
            self.standby = self.start([sys.executable, "manage.py", "run_engine"], "standby")

    def acting_engine(self) -> int | None:
        """Return the engine that works: the one that the processor knows better just now."""
        engines = [self.pid_of("engine"), self.standby.pid if self.standby else None]
        living = [pid for pid in engines if pid is not None and command_of(pid)]
        before = {pid: ticks_of(pid) for pid in living}
        time.sleep(0.5)
        return max(living, key=lambda pid: ticks_of(pid) - before[pid], default=None)

    def kill(self, name: str) -> bool:
        """Kill a process; tell whether there was one."""
        pid = self.acting_engine() if name == "engine" else self.pid_of(name)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True

    def answers(self) -> list[dict[str, Any]]:
        """Return all answers so far."""
        path = self.home / "answers"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def answers_since(self, at: float) -> bool:
        """Tell whether an order was answered after a moment, looked at now and then."""
        time.sleep(0.2)
        return any(one["at"] > at + 0.3 for one in self.answers()[-3:])

    def close(self) -> None:
        """End everything."""
        for child in (self.loader, self.standby, self.supervisor):
            if child is not None and child.poll() is None:
                child.terminate()
                try:
                    child.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    child.kill()


def command_of(pid: int) -> str:
    """Return a process's command line; nothing of one that has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""


def is_client(pid: int) -> bool:
    """Tell whether a process of PostgreSQL serves a connection."""
    return "godark" in command_of(pid) and "[local]" in command_of(pid)


def ticks_of(pid: int) -> int:
    """Return what the processor has done for a process."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(words[11]) + int(words[12])


def kill_all(
    victim: Victim, *, rounds: int, apart_s: float, minutes: float
) -> dict[str, list[float]]:
    """Kill each process so many times; return when, by name."""
    killed: dict[str, list[float]] = defaultdict(list)
    end = time.time() + 60 * minutes
    while any(len(killed[name]) < rounds for name in TARGETS) and time.time() < end:
        for name in TARGETS:
            if len(killed[name]) < rounds and victim.kill(name):
                killed[name].append(time.time())
                wait_for(partial(victim.answers_since, killed[name][-1]), seconds=OPEN_S)
                time.sleep(apart_s)
            victim.keep_standby()
        print(f"  {len(victim.answers()):,} answers, kills: "
              f"{sum(map(len, killed.values()))}", flush=True)  # fmt: skip
    return killed


def silence_after(at: float, moments: list[float]) -> float:
    """Return how long after a kill the next answer came that was asked for after it."""
    return next((moment - at for moment in moments if moment > at + 0.05), float("inf"))


def before(at: float, killed: dict[str, list[float]]) -> str:
    """Return what was killed before a moment, the last three, and how long before."""
    all_of = sorted((moment, name) for name, moments in killed.items() for moment in moments)
    last = [(moment, name) for moment, name in all_of if moment < at][-3:]
    return ", ".join(f"{name} {at - moment:.1f} s before" for moment, name in last)


def told_wrongly(victim: Victim, answers: list[dict[str, Any]]) -> tuple[Counter[str], int]:
    """Return which answers do not hold, and how many orders stand twice.

    A 202 promises that its id is found: the engine may still say no, and where the same order was
    sent before, the id means the first one.
    """
    with psycopg.connect(victim.servers()["DATABASE_URL"], autocommit=True) as connection:
        rows = connection.execute(
            "SELECT client_order_id, id::text, status FROM trading_order"
            " WHERE client_order_id IS NOT NULL"
        ).fetchall()
        firsts: dict[str, str] = dict(
            connection.execute("SELECT id::text, order_id::text FROM trading_repeatedorder")
        )
    standing: dict[str, set[str]] = defaultdict(set)
    rejected: dict[str, set[str]] = defaultdict(set)
    for client_order_id, order_id, status in rows:
        (rejected if status == "REJECTED" else standing)[client_order_id].add(order_id)
    wrong: Counter[str] = Counter()
    for one in answers:
        name, told, is_pending = one["client_order_id"], one["id"], one["status"] == PENDING
        if told in standing[name]:
            continue
        if is_pending and firsts.get(told) in standing[name]:
            wrong["202, found as the first one"] += 1
        elif is_pending and told in rejected[name]:
            wrong["202, then rejected"] += 1
        else:
            wrong[LOST] += 1
    return wrong, sum(len(ids) > 1 for ids in standing.values())


def judge(victim: Victim, killed: dict[str, list[float]]) -> None:
    """Print what was lost and how long each death was felt."""
    assert victim.loader is not None  # noqa: S101 - it was opened
    victim.loader.terminate()
    victim.loader.wait()
    wait_for(
        lambda: victim.ask(STILL_WAITING) == 0,
        seconds=SETTLE_S,
    )
    answers = victim.answers()
    moments = sorted(one["at"] for one in answers)
    row("kill -9 of", "kills", "median s", "longest s")
    for name, moment in killed.items():
        silences = sorted(silence_after(at, moments) for at in moment)
        row(f"  {name}", str(len(silences)), f"{silences[len(silences) // 2]:.2f}",
            f"{silences[-1]:.2f}")  # fmt: skip
    taken = [
        ((victim.ask(NEXT_DECIDED, int(at * 1_000) + 20) or float("inf")) / 1_000 - at, at)
        for at in killed["engine"]
    ]
    gaps = sorted(gap for gap, _ in taken)
    row("takeover by the standing-by engine, s", "median", "longest", "aim")
    row("  from the kill to the next decision", f"{gaps[len(gaps) // 2]:.2f}", f"{gaps[-1]:.2f}",
        f"{TAKEOVER_AIM_S}")  # fmt: skip
    for gap, at in taken:
        if gap > TAKEOVER_AIM_S:
            print(f"  {gap:.2f} s at {at:.3f}, after {before(at, killed)}")
    wrong, twice = told_wrongly(victim, answers)
    row("answered orders", f"{len(answers):,}")
    row("  lost / standing twice", str(wrong[LOST]), str(twice))
    for name, count in wrong.items():
        row(f"  {name}", str(count))
    print("reconcile:", victim.manage("reconcile").strip().splitlines()[-1])
    print("verify_log:", victim.manage("verify_log").strip().splitlines()[-1])
    if wrong[LOST] or twice:
        raise SystemExit("a kill has lost or doubled an order")


def main() -> None:
    """Kill, and say what came of it."""
    if sys.argv[1:2] == ["load"]:
        home = Path(sys.argv[2])
        asyncio.run(load(json.loads((home / "told.json").read_text()), home / "answers"))
        return
    given = [*map(float, sys.argv[1:]), *(30, 5, 24 * 60)[len(sys.argv) - 1 :]]
    rounds, apart_s, minutes = int(given[0]), given[1], given[2]
    print(machine())
    home = Path(tempfile.mkdtemp(prefix="godark-kills-"))
    home.chmod(0o711)
    victim = Victim(home)
    try:
        victim.open()
        judge(victim, kill_all(victim, rounds=rounds, apart_s=apart_s, minutes=minutes))
    finally:
        victim.close()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
