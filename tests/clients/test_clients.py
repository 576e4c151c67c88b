"""What other people's clients send is what is stored, also with the receiver killed in between."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.conftest import HERE, Receiving, run, sent_by

PYTHON = [sys.executable, str(HERE / "scripts" / "python_clients.py")]


def events(receiving: Receiving, name: str) -> int:
    rows = receiving.brand.workspace.lake.scan("events", ["event"])
    return rows.column("event").to_pylist().count(name) if rows.num_rows else 0


@pytest.mark.parametrize(
    ("client", "kind", "event", "logins"),
    [
        ("sensors", "sensors", "PyViewed", 1),
        ("segment", "segment", "SegViewed", 1),
        ("rudder", "segment", "RudderViewed", 0),
        ("posthog", "posthog", "HogViewed", 0),
    ],
)
def test_python_clients(
    receiving: Receiving, client: str, kind: str, event: str, logins: int
) -> None:
    key = receiving.key(kind)
    sent = sent_by(run([*PYTHON, client, receiving.url, key, "230"]))
    assert sent >= 230
    found = receiving.ingest()
    assert events(receiving, event) == 230
    assert found["events"] == 230 + logins
    assert found["quarantined"] == 0


@pytest.mark.parametrize(
    ("client", "kind", "event"),
    [("segment", "segment", "SegViewed"), ("rudder", "segment", "RudderViewed"),
     ("posthog", "posthog", "HogViewed")],
)  # fmt: skip
def test_python_clients_that_try_again_lose_and_double_nothing(
    receiving: Receiving, client: str, kind: str, event: str
) -> None:
    process = run([*PYTHON, client, receiving.url, receiving.key(kind), "1500"])
    receiving.kill_in_between(process)
    sent_by(process)
    receiving.ingest()
    assert events(receiving, event) == 1500


def test_sensors_node(receiving: Receiving, node_modules: Path) -> None:
    url = f"{receiving.url}/sa?project=default&token={receiving.key('sensors')}"
    script = str(HERE / "scripts" / "sa_node.js")
    sent = sent_by(run(["node", script, url, "60"], NODE_PATH=str(node_modules)))
    found = receiving.ingest()
    assert events(receiving, "NodeViewed") == 60
    assert found["events"] == sent - 1  # one was a profile
    member = receiving.brand.identities.find("login_id", "node-member")
    anonymous = receiving.brand.identities.find("distinct_id", "node-0")
    assert member is not None
    assert anonymous is not None
    assert member.customer_id == anonymous.customer_id


def test_sensors_mini_program(receiving: Receiving, node_modules: Path) -> None:
    """It believes any answer, and tries again only where the connection breaks."""
    url = f"{receiving.url}/sa?project=default&token={receiving.key('sensors')}"
    script = str(HERE / "scripts" / "sa_miniprogram.js")
    process = run(["node", script, url, "30"], NODE_PATH=str(node_modules))
    receiving.kill_in_between(process, times=1)
    sent_by(process)
    receiving.ingest()
    assert events(receiving, "MiniViewed") == 30
    assert events(receiving, "MiniPaid") == 30
    member = receiving.brand.identities.find("login_id", "mini-member")
    openid = receiving.brand.identities.find("openid", "oOPEN1")
    assert member is not None
    assert openid is not None
    assert member.customer_id == openid.customer_id
