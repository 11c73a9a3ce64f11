"""Servers that load an application, which makes a client and a call, and fork their workers after that."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sandbox import Sandbox

NAMES = [f"n{number}" for number in range(20)]

APPLICATION = """
import json, os
from linktor import Linktor

client = Linktor(os.environ["KEY"], base_url=os.environ["BASE"])
assert client.get("/me").status_code == 200

def ask(name):
    return os.getpid(), client.get("/things/{name}", path_params={"name": name}).data()
"""

WSGI = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(ask(environ["PATH_INFO"].removeprefix("/"))).encode()]
"""

TASKS = """
from celery import Celery

os.makedirs("queue", exist_ok=True)
celery = Celery("application", broker="filesystem://", backend="file://" + os.getcwd())
celery.conf.broker_transport_options = {
    "data_folder_in": "queue", "data_folder_out": "queue", "polling_interval": 0.05
}
celery.conf.worker_prefetch_multiplier = 1
ask = celery.task(ask)
"""

PRODUCER = """
import json
from application import ask

calls = [ask.delay(f"n{number}") for number in range(20)]
print(json.dumps([call.get(timeout=20, interval=0.05) for call in calls]))
"""


@contextmanager
def server(sandbox: Sandbox, folder: Path, code: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A server of the application in its folder. It ends by itself when it is told to."""
    for name in NAMES:
        sandbox.script({"json": {"data": name}, "delay_ms": 100, "match": {"path": f"/api/v1/things/{name}"}})
    (folder / "application.py").write_text(APPLICATION + code)
    with subprocess.Popen(
        [sys.executable, "-m", *command], cwd=folder, env=environment(sandbox), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=10)
            assert process.returncode == 0, log
        finally:
            process.kill()


def environment(sandbox: Sandbox) -> dict[str, str]:
    return os.environ | {"BASE": sandbox.base_urls["linktor"], "KEY": sandbox.credentials["linktor"]["api_key"]}


def is_answered_by_several(server: subprocess.Popen[str], answers: list[list[object]]) -> bool:
    workers = {worker for worker, _ in answers}
    return [name for _, name in answers] == NAMES and len(workers) > 1 and server.pid not in workers


def test_gunicorn_s_workers_share_a_client_that_was_loaded_before_them(sandbox: Sandbox, tmp_path: Path) -> None:
    command = ["gunicorn", "--preload", "--workers=3", "--bind=127.0.0.1:0", "application"]
    with server(sandbox, tmp_path, WSGI, *command) as process:
        assert process.stderr
        base = next(line.split()[-2] for line in process.stderr if "Listening at" in line)

        def ask(name: str) -> list[object]:
            with urllib.request.urlopen(f"{base}/{name}", timeout=20) as answer:
                told: list[object] = json.load(answer)
            return told

        with ThreadPoolExecutor(6) as pool:
            assert is_answered_by_several(process, list(pool.map(ask, NAMES)))


def test_celery_s_workers_share_a_client_that_was_loaded_before_them(sandbox: Sandbox, tmp_path: Path) -> None:
    command = ["celery", "--app=application", "worker", "--pool=prefork", "--concurrency=3"]
    with server(sandbox, tmp_path, TASKS, *command) as process:
        producer = [sys.executable, "-c", PRODUCER]
        out = subprocess.run(
            producer, cwd=tmp_path, env=environment(sandbox), capture_output=True, text=True, check=True, timeout=30
        ).stdout
        assert is_answered_by_several(process, json.loads(out))
