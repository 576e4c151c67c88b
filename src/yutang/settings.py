"""Settings from the environment (YUTANG_*). Every one has a default that works."""

from __future__ import annotations

from pathlib import Path

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
