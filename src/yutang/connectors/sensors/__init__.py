"""Sensors Analytics (神策) SDKs: web, mini program, mobile and server. protocols.md §1."""

from yutang.connectors.sensors.protocol import SENSORS

__all__ = ["SENSORS"]
