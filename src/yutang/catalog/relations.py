"""What a platform of relations (WeCom, an official account) tells us, in our own words.

Connectors make these records from a platform's answers and callbacks; features keep them.
Ids are the platform's own, as text. Times are UTC milliseconds; ``None`` is "not told".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Department:
    """A unit of the staff tree."""

    id: str
    name: str
    parent: str | None = None
    order: int = 0


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff; ``serves`` says whether he may have customers as contacts."""

    id: str
    name: str = ""
    departments: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    position: str = ""
    avatar: str = ""
    active: bool = True
    serves: bool = False


@dataclass(frozen=True, slots=True)
class PlatformTag:
    """A tag of the platform's own cabinet."""

    id: str
    name: str
    order: int = 0
    created_at: int | None = None


@dataclass(frozen=True, slots=True)
class PlatformTagGroup:
    """A group of the platform's tags, with all of them."""

    id: str
    name: str
    order: int = 0
    created_at: int | None = None
    tags: tuple[PlatformTag, ...] = ()


@dataclass(frozen=True, slots=True)
class Follow:
    """One member of staff's relation to one contact.

    ``initiator`` says who asked first. ``add_way`` is the platform's number, kept also
    where we do not know it. ``own_tags`` are the member's private words without an id.
    """

    staff: str
    added_at: int | None
    remark: str = ""
    description: str = ""
    company: str = ""
    mobiles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    own_tags: tuple[str, ...] = ()
    add_way: int | None = None
    state: str = ""
    initiator: Literal["customer", "staff", "other", ""] = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer as the platform knows him.

    ``complete`` says that ``follows`` are all relations there are; a list read by member
    shows only that member's, so nothing may be concluded from the absence of others.
    """

    id: str
    name: str = ""
    kind: Literal["wechat", "company", ""] = ""
    gender: Literal["male", "female", ""] = ""
    avatar: str = ""
    company: str = ""
    unionid: str | None = None
    follows: tuple[Follow, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class GroupMember:
    """Somebody in a group chat; ``join_scene`` is the platform's number of a detail call."""

    id: str
    kind: Literal["staff", "customer"]
    joined_at: int | None = None
    join_scene: int | None = None
    state: str = ""
    inviter: str | None = None
    nickname: str = ""
    name: str = ""
    unionid: str | None = None


@dataclass(frozen=True, slots=True)
class GroupChat:
    """A customer group with everybody in it; ``version`` names this list of members."""

    id: str
    name: str = ""
    owner: str = ""
    created_at: int | None = None
    notice: str = ""
    status: int = 0
    admins: tuple[str, ...] = ()
    members: tuple[GroupMember, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class GroupDay:
    """Statistics of the groups of one owner on one business day."""

    owner: str
    day: str
    groups: int = 0
    new_groups: int = 0
    groups_with_messages: int = 0
    members: int = 0
    new_members: int = 0
    members_with_messages: int = 0
    messages: int = 0


@dataclass(frozen=True, slots=True)
class StaffDay:
    """What one member of staff did with his contacts on one business day.

    ``reply_rate`` is a share 0-1; ``reply_ms`` the mean time to the first answer;
    ``lost_contacts`` are customers who deleted or blocked him.
    """

    staff: str
    day: str
    chats: int = 0
    messages: int = 0
    reply_rate: float | None = None
    reply_ms: int | None = None
    lost_contacts: int = 0
    asked_contacts: int = 0
    new_contacts: int = 0


@dataclass(frozen=True, slots=True)
class ContactWay:
    """A code (活码) through which customers add staff; ``state`` is its channel key."""

    id: str
    state: str = ""
    remark: str = ""
    staff: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    picture: str = ""
    skip_verify: bool = True


@dataclass(frozen=True, slots=True)
class AcquisitionLink:
    """A link (获客链接) through which customers add staff."""

    id: str
    name: str = ""
    url: str = ""
    created_at: int | None = None
    staff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MassResult:
    """What became of one mass message for one receiver.

    ``receiver`` is a contact's or a group's id; ``status`` is ``waiting`` (the member has
    not confirmed), ``sent``, ``not_friend`` or ``limit_reached``.
    """

    message: str
    staff: str
    receiver: str
    status: Literal["waiting", "sent", "not_friend", "limit_reached"]
    sent_at: int | None = None


@dataclass(frozen=True, slots=True)
class RelationChange:
    """A relation changed, as a callback tells it.

    ``welcome_code`` may be answered once within 20 s of ``at``. ``reason`` is the
    platform's word (``DELETE_BY_TRANSFER``, ``customer_refused``).
    """

    kind: Literal[
        "added",
        "half_added",
        "edited",
        "deleted_by_staff",
        "deleted_by_customer",
        "transfer_failed",
    ]
    staff: str
    contact: str
    at: int
    state: str = ""
    welcome_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group changed. ``members`` may be missing: then the group must be read again."""

    kind: Literal[
        "created",
        "joined",
        "left",
        "owner_changed",
        "renamed",
        "notice_changed",
        "dismissed",
        "updated",
    ]
    group: str
    at: int
    members: tuple[str, ...] = ()
    join_scene: int | None = None
    quit_scene: int | None = None
    last_version: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class TagChange:
    """The cabinet changed; an empty ``id`` stands for all of it."""

    kind: Literal["created", "updated", "deleted", "shuffled"]
    what: Literal["tag", "group"]
    id: str
    at: int


@dataclass(frozen=True, slots=True)
class StaffChange:
    """The staff tree changed; ``new_id`` where a member's id was changed."""

    kind: Literal["created", "updated", "deleted"]
    what: Literal["member", "department"]
    id: str
    at: int
    new_id: str = ""


@dataclass(frozen=True, slots=True)
class FollowerChange:
    """A follower of an official account came, went, scanned, chose or wrote."""

    kind: Literal["subscribed", "unsubscribed", "scanned", "clicked", "viewed", "wrote"]
    openid: str
    at: int
    scene: str = ""
    ticket: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class OtherChange:
    """Something we store and count but do not act on."""

    name: str
    at: int
    fields: tuple[tuple[str, str], ...] = field(default=())


Change = RelationChange | GroupChange | TagChange | StaffChange | FollowerChange | OtherChange
