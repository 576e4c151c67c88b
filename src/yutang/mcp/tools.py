"""The tools, in the order in which somebody new to a brand needs them."""

from __future__ import annotations

from yutang.mcp import asking, explaining, words
from yutang.mcp.contract import Nothing, Tool

TOOLS: tuple[Tool, ...] = (
    Tool(
        "list_brands",
        "Brands",
        "The brand this key opens: its name, zone, newest business day, whether its data are"
        " simulated, and the rights of the key.",
        "see",
        Nothing,
        words.list_brands,
    ),
    Tool(
        "list_events",
        "Events",
        "Events that came in: name, label, description, volume today and of 30 days, when last"
        " seen. Use these names in models and filters.",
        "analyse",
        words.Searched,
        words.list_events,
    ),
    Tool(
        "list_properties",
        "Properties of events",
        "Properties of events: type, label, examples (none where personal values are guarded);"
        " with `event`, those it carries and in what share.",
        "analyse",
        words.OfEvent,
        words.list_properties,
        ("event",),
    ),
    Tool(
        "list_attributes",
        "Attributes of customers",
        "Customer attributes for filters and groups, written customer.NAME.",
        "analyse",
        words.Searched,
        words.list_attributes,
    ),
    Tool(
        "read_overview",
        "Overview",
        "The brand's main numbers of a period, each with its formula, the change against the"
        " period before, what is normal, and what needs somebody today.",
        "see",
        asking.Period,
        asking.read_overview,
    ),
    Tool(
        "list_models",
        "Analysis models",
        "The analysis models and the question each answers.",
        "analyse",
        Nothing,
        asking.list_models,
    ),
    Tool(
        "describe_model",
        "One model",
        "The JSON Schema of a model's parameters and its page: what is counted, a worked example,"
        " how to read it, what is normal, traps. Read it before run_model.",
        "analyse",
        asking.OneModel,
        asking.describe_model,
        ("model",),
    ),
    Tool(
        "run_model",
        "Ask a model",
        "Ask an analysis model. Tell the reader the caveats with the numbers, and give the link.",
        "analyse",
        asking.Question,
        asking.run_model,
        ("model",),
    ),
    Tool(
        "people_of_cell",
        "People behind a number",
        "How many customers stand behind a cell of a model's answer; with `persons` (needs the"
        " right to export) some of them, phones masked. The page opens the whole list.",
        "analyse",
        asking.Cell,
        asking.people_of_cell,
        ("model", "persons"),
    ),
    Tool(
        "explain_number",
        "Explain a number",
        "What a number means: formula, source, what is normal, traps. Of a metric of the overview,"
        " or of a column of a model's answer.",
        "see",
        explaining.Number,
        explaining.explain_number,
        ("metric", "model", "column"),
    ),
    Tool(
        "list_segments",
        "Segments",
        'Segments of customers and how many are in each. In a filter: {"property":'
        ' "customer.segments", "op": "in", "value": ["ID"]}; beside each other: compare'
        ' {"segment": "ID", "against": "ID"}.',
        "analyse",
        Nothing,
        asking.list_segments,
    ),
    Tool(
        "list_reports",
        "Saved reports",
        "Questions the brand's staff saved.",
        "analyse",
        Nothing,
        asking.list_reports,
    ),
    Tool(
        "run_report",
        "Ask a saved report",
        "Answer a saved report with the data of now.",
        "analyse",
        asking.OneReport,
        asking.run_report,
        ("report",),
    ),
    Tool(
        "sql_tables",
        "Tables for SQL",
        "The tables that sql reads, with their columns.",
        "analyse",
        Nothing,
        asking.sql_tables,
    ),
    Tool(
        "sql",
        "Ask in SQL",
        "One SELECT (DuckDB) over the brand's tables: read only, within time and memory. Prefer a"
        " model where one answers the question: its definitions are those of the console.",
        "analyse",
        asking.Sql,
        asking.ask_sql,
        ("sql",),
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
