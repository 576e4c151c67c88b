"""Settings from the environment (YUTANG_*). Every one has a default that works."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One installation's settings; `docs/operate.md` lists them (a test holds the two together)."""

    model_config = SettingsConfigDict(env_prefix="YUTANG_", extra="ignore")

    home: Path = Field(Path("yutang-home"), description="the installation's folder")
    host: str = Field("127.0.0.1", description="address the console listens on")
    port: int = Field(8787, description="port the console listens on")
    upload_limit_mb: int = Field(2_000, ge=1, description="largest file taken by upload")
    secure_cookies: bool = Field(False, description="set when the console stands behind HTTPS")
    log_level: str = Field("info", description="debug, info, warning or error")
    public_url: str = Field("", description="where trackers reach us, as https://t.example.com")
    console_url: str = Field("", description="where people open the console, for links in messages")
    webhook_private: bool = Field(False, description="webhooks may reach private addresses")
    ip_mode: Literal["truncate", "keep", "none"] = Field(
        "truncate", description="how much of a sender's address is stored"
    )
    trusted_proxies: int = Field(0, ge=0, description="our proxies that add to X-Forwarded-For")
    metrics_token: str = Field("", repr=False, description="opens /metrics to other machines")
    body_limit_mb: int = Field(10, ge=1, description="largest tracking request")
    inflated_limit_mb: int = Field(50, ge=1, description="largest after decompression")
    records_limit: int = Field(1_000, ge=1, description="records in one tracking request")
    properties_limit: int = Field(300, ge=1, description="properties of one record")
    nesting_limit: int = Field(5, ge=1, description="levels of lists and objects in a property")
    text_limit: int = Field(8_191, ge=1, description="characters of one text value")
    sql_seconds: float = Field(30, gt=0, description="longest a question in SQL may take")
    sql_memory_mb: int = Field(1_024, ge=64, description="memory a question in SQL may use")
    ray_address: str = Field("", description="Ray cluster that answers analyses, as HOST:6379")
    queue_limit_mb: int = Field(64, ge=1, description="requests that may wait in memory")
