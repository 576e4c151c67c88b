"""What the tables of one brand are listed in."""

from sqlalchemy import MetaData

metadata = MetaData()
