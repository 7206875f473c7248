"""The one catalogue that every table registers in."""

from sqlalchemy import MetaData

metadata = MetaData()
