"""Staff: accounts, passwords, sessions, lock-out, roles in brands, API keys, audit log."""

from yutang.staff.audit import AuditRow, BrandAudit
from yutang.staff.records import (
    Account,
    ApiKey,
    LoginFailed,
    LoginLocked,
    Member,
    Membership,
    Visit,
)
from yutang.staff.rules import RIGHTS, ROLES, Role, may, role_name
from yutang.staff.service import Staff, csrf_of

__all__ = [
    "RIGHTS",
    "ROLES",
    "Account",
    "ApiKey",
    "AuditRow",
    "BrandAudit",
    "LoginFailed",
    "LoginLocked",
    "Member",
    "Membership",
    "Role",
    "Staff",
    "Visit",
    "csrf_of",
    "may",
    "role_name",
]
