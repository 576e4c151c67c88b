"""What a model's number means, what is normal, what to do next: the help beside every answer.

The whole definition stands in docs/models; here is what an operator needs to read the page right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yutang.console.language import mark


@dataclass(frozen=True)
class Guide:
    """Messages: how it counts, what is normal, what to do with it."""

    counts: str
    normal: str
    next: str


GUIDES: Mapping[str, Guide] = {
    "event": Guide(
        mark(
            "An event belongs to the day of its own time, however late it came in; people are"
            " distinct, in totals too; what has several values counts in each."
        ),
        mark(
            "Compare with the same weekday: campaigns and big sales days stand out by many times."
        ),
        mark("Something jumps? Group by channel or shop, then open the people."),
    ),
    "funnel": Guide(
        mark(
            "Everybody counts once, with the attempt that gets furthest; steps of one moment count"
            " as one after the other; what is done after the last day but within the window still"
            " counts, and an unfinished window is said."
        ),
        mark("From adding a contact to a first order 20% within 30 days is a good private domain."),
        mark("Work on the step that loses most people; open those who stopped there."),
    ),
    "retention": Guide(
        mark(
            "Each cohort is those who began in one day, week or month; a cell is the share of them"
            " who came back then. A cell that is not over yet is pale and left out of the mean."
        ),
        mark(
            "The curve falls and then runs level; where it levels off is what stays with you."
            " Consumables level higher than durable goods."
        ),
        mark("Group by first channel: the source that levels off higher is worth more."),
    ),
    "distribution": Guide(
        mark(
            "Each person counts once, in the bucket of what he did in the period: how often, on"
            " how many days, or how much."
        ),
        mark("Most people are in the lowest bucket; a few at the top bring most of the money."),
        mark("Click the top bucket: these are the people to cultivate."),
    ),
    "path": Guide(
        mark(
            "Visits are cut by idle time; each goes from the start event on, or back from the end"
            " event. Small nodes of a layer are summed as “others”."
        ),
        mark("Most visits are short: “left” is large in every layer."),
        mark("Click a node to follow only the visits through it."),
    ),
    "smart_path": Guide(
        mark(
            "The last steps before the first time somebody reached the target, and how often people"
            " who did not reach it took the same way. The lift is one way's share among the ones"
            " over its share among the others."
        ),
        mark("Above 1 the way goes with success; it does not prove that it causes it."),
        mark("Turn a way into a funnel to see where it loses people."),
    ),
    "interval": Guide(
        mark(
            "From each first event to the next second one of the same person, within the limit;"
            " long intervals of late beginnings are not over yet and are missing."
        ),
        mark("The median is the typical person, the mean is drawn up by a few slow ones."),
        mark("Remind people a little before the median: later most have gone already."),
    ),
    "attribution": Guide(
        mark(
            "Each conversion's credit is shared among the touches before it, by a rule; it says"
            " who was there, not what would have happened without them."
        ),
        mark("First and last touch disagree; a channel that is high in both is safe to praise."),
        mark("Before moving money, prove it with a holdout."),
    ),
    "ltv": Guide(
        mark(
            "What a starter brought in after so many days, on average; only starters count for"
            " whom these days are over."
        ),
        mark("Worth three times its cost, and back within the year, is healthy."),
        mark("Enter the cost per starter under finer points to see the day it is back."),
    ),
    "session": Guide(
        mark(
            "A visit is a row of events without a longer pause than the idle time; depth is how"
            " many events it has. One event alone lasts 0 seconds."
        ),
        mark("Many visits of one event are messages or orders that came in by themselves."),
        mark("Choose page views as the events, to see visits of the shop only."),
    ),
    "activity": Guide(
        mark(
            "New: active for the first time; returning: active again after being dormant; inflow is"
            " both. Outflow: active in the period before, not in this one."
        ),
        mark("A pond whose outflow stays above its inflow dries up."),
        mark("Click the returning and the dormant to reach them."),
    ),
    "stickiness": Guide(
        mark(
            "On how many days of a month a person was active; stickiness is the daily active share"
            " of the month's active people."
        ),
        mark(
            "A shop is low, for nobody buys daily; a community with daily content is several"
            " times higher."
        ),
        mark("Click the people of many days: they are your KOC candidates."),
    ),
    "property": Guide(
        mark("Customers by what is known of them today, not by what was so in the days chosen."),
        mark("“Unknown” is large at first; it shows where to collect more."),
        mark("Add a second grouping for a cross table."),
    ),
    "rfm": Guide(
        mark(
            "Recency, frequency and money of each buyer against the mean or an edge of yours; 1 is"
            " the better half. 111 are the best, 000 the ones to win back last."
        ),
        mark("A small part of the buyers brings most of the money."),
        mark("Give each layer its own offer; begin with 011 and 001, who were good and are late."),
    ),
    "page": Guide(
        mark(
            "Views and people by page, or people by channel code from scan to first order. An exit"
            " is the last page of a visit."
        ),
        mark("Entry pages have the highest exit rates."),
        mark("Look at pages with many views and many exits first."),
    ),
    "form": Guide(
        mark(
            "An attempt begins when the form is shown and ends when it succeeds, or after the idle"
            " time; the last field touched is where it was given up."
        ),
        mark("The longer the form, the fewer finish it: each field that can wait should wait."),
        mark("Drop or ease the field at which most give up."),
    ),
}
