"""A comparison of codings as one page for a meeting: it stands alone, with no script and nothing to load."""

from __future__ import annotations

from learntogether_kg import __version__
from learntogether_kg.agreement.answers import overview, patterns_in_question, tell_figure, undefined
from learntogether_kg.agreement.coefficients import Resampling
from learntogether_kg.agreement.comparison import ALL, MEASURES, Comparison
from learntogether_kg.agreement.differences import KINDS, tell
from learntogether_kg.rendering import environment


def format_html(comparison: Comparison, resampling: Resampling) -> str:
    """Returns a comparison as a page to read, print and write on. All that a file says is escaped.

    Args:
        comparison: What was found.
        resampling: How its intervals were drawn.
    """
    typology = comparison.coded.typology
    return (
        environment("learntogether_kg.agreement")
        .get_template("agreement.html")
        .render(
            comparison=comparison,
            resampling=resampling,
            overview=overview(comparison),
            overall=[found for found in comparison.agreements if found.group == ALL],
            measures=MEASURES,
            kinds=KINDS,
            patterns=[
                (pattern, typology.name(pattern), typology.definitions.get(pattern, ""))
                for pattern in patterns_in_question(comparison)
            ],
            undefined=undefined(comparison),
            name=typology.name,
            tell=lambda codes: tell(typology, codes),
            tell_figure=tell_figure,
            definition=lambda pattern: typology.definitions.get(pattern, ""),
            version=__version__,
        )
    )
