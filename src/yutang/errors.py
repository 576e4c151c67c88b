"""The one error tree.

YutangError            anything we say to a person on purpose
├── BadInput           the caller gave something we cannot take (HTTP 422, exit 2)
├── NotFound           no such thing (404)
├── Conflict           it is already there, or changed meanwhile (409)
├── Forbidden          not allowed for this role (403)
├── Busy               somebody else holds the brand's lock (503, try again)
└── Damaged            stored data contradict themselves; `yutang doctor` says how to mend (500)

`message` and `hint` are English templates with %(name)s parameters; the console translates the
template, then fills it in, so one sentence serves every language.
"""

from __future__ import annotations


class YutangError(Exception):
    """An error with a stable code, a human sentence and a remedy.

    `message` and `hint` are templates for `params`; `str(error)` is the filled English sentence.
    """

    code = "error"
    status = 500

    def __init__(self, message: str, *, hint: str = "", code: str = "", **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.params = params
        if code:
            self.code = code

    def __str__(self) -> str:
        text = self.message % self.params if self.params else self.message
        if self.hint:
            text += " " + (self.hint % self.params if self.params else self.hint)
        return text


class BadInput(YutangError):
    code = "bad_input"
    status = 422


class NotFound(YutangError):
    code = "not_found"
    status = 404


class Conflict(YutangError):
    code = "conflict"
    status = 409


class Forbidden(YutangError):
    code = "forbidden"
    status = 403


class Busy(YutangError):
    code = "busy"
    status = 503


class Damaged(YutangError):
    code = "damaged"
    status = 500
