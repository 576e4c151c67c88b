"""Follow-ups 跟进: what guides and service staff write down of a customer."""

from yutang.followups.service import KINDS, MOST_TEXT, FollowUp, FollowUps, forget, written_about

__all__ = ["KINDS", "MOST_TEXT", "FollowUp", "FollowUps", "forget", "written_about"]
