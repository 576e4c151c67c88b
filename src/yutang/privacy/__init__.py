"""Personal data: erasing a person to the last trace."""

from yutang.privacy.service import Privacy, Receipt

__all__ = ["Privacy", "Receipt"]
