"""The protocol's server over the tools: who calls, may he, what he is told, what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import mcp_types as types
import structlog
from anyio import CapacityLimiter, to_thread
from mcp.server.lowlevel import Server
from pydantic import ValidationError

from yutang import __version__
from yutang.errors import BadInput, NotFound, YutangError
from yutang.identity.masking import mask_text
from yutang.mcp.bounds import TEXT
from yutang.mcp.contract import Call, Tool
from yutang.mcp.tools import BY_NAME, TOOLS

log = structlog.get_logger("mcp")
# As many questions at once as a person at a console would have; the models use every processor.
AT_ONCE = 2
INSTRUCTIONS = """\
Yutang 鱼塘 answers questions about one consumer brand's private domain: its customers, what they \
did and bought. Begin with list_brands, list_events and list_models; read describe_model before \
run_model. Numbers come with caveats (open windows, small cohorts, simulated data): pass them on. \
explain_number says what a number means and what is normal. Everything is read only; answers are \
cut at a length and say so."""

# A call's context in the protocol → who calls; raises YutangError.
CallOf = Callable[[Any], Call]


def server_for(call_of: CallOf) -> Server[Any]:
    """A server whose calls are answered for whom `call_of` finds."""
    limiter = CapacityLimiter(AT_ONCE)

    async def list_tools(context: Any, _params: Any) -> types.ListToolsResult:
        call = await to_thread.run_sync(call_of, context)
        return types.ListToolsResult(
            tools=[_described(one) for one in TOOLS if call.caller.may(one.right)]
        )

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        asked = partial(_answered, call_of, context, params.name, params.arguments or {})
        return await to_thread.run_sync(asked, limiter=limiter)

    return Server(
        "yutang",
        title="Yutang 鱼塘",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _described(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(),
        annotations=types.ToolAnnotations(
            read_only_hint=True, idempotent_hint=True, open_world_hint=False
        ),
    )


def _answered(
    call_of: CallOf, context: Any, name: str, arguments: dict[str, Any]
) -> types.CallToolResult:
    """A call's answer, or its refusal in words; either is written to the audit log."""
    try:
        call = call_of(context)
    except YutangError as error:
        return _refused(error)
    tool = BY_NAME.get(name)
    kept = _kept(tool, arguments)
    try:
        answer = _run(call, tool, name, arguments)
    except YutangError as error:
        call.caller.record("mcp_called", name[:80], {**kept, "refused": error.code})
        return _refused(error)
    except Exception as error:
        log.error("mcp.crashed", tool=name, exc_info=error)
        call.caller.record("mcp_called", name[:80], {**kept, "refused": "error"})
        wrong = YutangError(
            "Something went wrong on our side.",
            hint="It was written to the server's log. Asking for something simpler may help.",
        )
        return _refused(wrong)
    call.caller.record("mcp_called", name, kept or None)
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=json.loads(text)
    )


def _run(call: Call, tool: Tool | None, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    if tool is None:
        raise NotFound(
            "There is no tool “%(name)s”.",
            hint="There are: %(tools)s.",
            name=name[:80],
            tools=", ".join(BY_NAME),
        )
    call.caller.require(tool.right)
    try:
        asked = tool.arguments.model_validate(arguments)
    except ValidationError as error:
        raise _unreadable(error) from None
    return tool.run(call, asked)


def _unreadable(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False)[0]
    return BadInput(
        "The argument %(place)s: %(why)s.",
        hint="The tool's schema says what it takes.",
        place=".".join(str(part) for part in first["loc"]) or "object",
        why=first["msg"].removeprefix("Value error, "),
    )


def _kept(tool: Tool | None, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the audit log keeps of a call: no answers, and no personal values."""
    wanted = tool.audited if tool else ()
    return {key: mask_text(str(arguments[key]))[:TEXT] for key in wanted if arguments.get(key)}


def _refused(error: YutangError) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=str(error))], is_error=True
    )
