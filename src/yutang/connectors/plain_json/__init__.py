"""Our own batch of JSON: the lines of our event files, sent to /collect."""

from yutang.connectors.plain_json.protocol import PLAIN_JSON

__all__ = ["PLAIN_JSON"]
