"""Questions in SQL over the brand's open tables: read only, within limits."""

from yutang.sql.service import Answer, Limits, SqlDesk
from yutang.sql.tables import Table, TableColumn, Tables

__all__ = ["Answer", "Limits", "SqlDesk", "Table", "TableColumn", "Tables"]
