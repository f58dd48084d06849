"""Draws one synthetic review, whole, and remembers what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from learntogether_kg.namespaces import CL, LT, REVIEW, TYP
from learntogether_kg.namespaces import CODER as CODERS
from learntogether_kg.synthetic.plan import Dice, label_of, literal, plan, type_of, types

CODER: Final = "synthetic-1"
"""Who coded every review; a person, as far as the record goes."""
_SECOND: Final = "synthetic-2"
_AGREE: Final = 0.8
"""The chance that the machine coder sees the same type."""
HEAD: Final = f"""\
# Synthetic: made up by a program. No person, place or case in it is real.
@prefix lt: <{LT}> .
@prefix typ: <{TYP}> .
@prefix cl: <{CL}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix coder: <{CODERS}> .
@prefix review: <{REVIEW}> .
"""

Code = tuple[str, str]


@dataclass(frozen=True)
class SyntheticReview:
    """One synthetic review.

    Attributes:
        name: The last part of its IRI.
        statements: Its triples in Turtle, under the prefixes of HEAD and ``r:`` for its parts.
        year: The last year of its period; None where it does not say.
        findings: The first coder's primary codes on findings: pattern, by local name, and influence.
        factors: Those on factors.
        further: The same coder's further codes, on findings.
    """

    name: str
    statements: str
    year: int | None
    findings: tuple[Code, ...]
    factors: tuple[Code, ...]
    further: tuple[Code, ...]

    @property
    def primary(self) -> tuple[Code, ...]:
        """The first coder's primary codes on findings and factors."""
        return self.findings + self.factors

    @property
    def turtle(self) -> str:
        """The review as a file of its own."""
        return f"{HEAD}{self._prefix}{self.statements}"

    @property
    def trig(self) -> str:
        """The review as a part of one large file, in a graph named by its IRI."""
        return f"{self._prefix}review:{self.name} {{\n{self.statements}}}\n"

    @property
    def _prefix(self) -> str:
        return f"@prefix r: <{REVIEW}{self.name}/> .\n"


def draw(number: int, seed: int) -> SyntheticReview:
    """Returns the synthetic review of that number. It depends on nothing but number and seed."""
    return _Draw(number, seed).review()


@dataclass
class _Coded:
    """An item with its first coder's primary code."""

    item: str
    pattern: str
    influence: str

    @property
    def code(self) -> Code:
        return self.pattern, self.influence.removeprefix("cl:")


@dataclass
class _Cast:
    """Who and what a review at full depth speaks of."""

    agencies: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    factors: list[str] = field(default_factory=list)


class _Draw:
    def __init__(self, number: int, seed: int) -> None:
        self._dice = Dice(f"{seed}/{number}")
        self._rng = self._dice.random
        self._label = f"Synthetic review {number:05}"
        self._name = f"{self._rng.getrandbits(64):016x}"
        self._lines: list[str] = []
        known = not self._dice.happens("year_not_known")
        self._year = self._rng.randint(plan()["first_year"], plan()["last_year"]) if known else None
        self._light = self._dice.happens("captured_lightly")
        self._cast = _Cast()
        self._findings: list[_Coded] = []
        self._factors: list[_Coded] = []
        self._further: list[Code] = []

    def review(self) -> SyntheticReview:
        patterns = self._patterns()
        self._study(len(patterns))
        if not self._light:
            self._people()
            self._team()
            self._events()
            self._views()
            self._conditions(patterns)
        for number, pattern in enumerate(patterns, start=1):
            self._finding(number, pattern)
        if not self._light:
            self._follow_ups()
        self._coding()
        findings, factors = (tuple(each.code for each in items) for items in (self._findings, self._factors))
        statements = "".join(self._lines)
        return SyntheticReview(self._name, statements, self._year, findings, factors, tuple(self._further))

    def _add(self, name: str, kind: str, **statements: str | int) -> str:
        """Adds a part of the review and returns how others refer to it."""
        number = {} if "-" in name else {"localId": literal(name)}
        said = {"inReview": f"review:{self._name}", **number, **statements}
        self._lines.append(f"r:{name} a lt:{kind} ; {_joined(said)} .\n")
        return f"r:{name}"

    def _patterns(self) -> list[str]:
        """Draws the sub-patterns that the review reports, in no order."""
        chances: dict[str, float] = dict(plan()["frequencies"])
        first, last = plan()["first_year"], plan()["last_year"]
        if self._year is not None:
            gone = (self._year - first) / (last - first)
            chances |= {each["pattern"]: each["from"] + gone * (each["to"] - each["from"]) for each in plan()["trend"]}
        drawn = {pattern: self._rng.random() for pattern in chances}
        for each in plan()["association"]:
            if drawn[each["first"]] < chances[each["first"]]:
                chances[each["second"]] = each["chance"]
        found = [pattern for pattern in chances if drawn[pattern] < chances[pattern]] or [next(iter(chances))]
        self._rng.shuffle(found)
        return found

    def _study(self, findings: int) -> None:
        entry = self._dice.entry
        kind = entry("question-kind")
        said: dict[str, str | int] = {
            "publicLabel": literal(self._label),
            "synthetic": "true",
            "question": self._dice.text("question"),
            "questionKind": kind,
            "capturedFrom": "cl:abstract-or-statement" if self._light else "cl:full-report",
            "depth": "cl:depth-findings" if self._light else "cl:depth-full",
            "method": entry("method"),
            "statutoryKind": entry("statutory-kind"),
            "tier": entry("tier"),
            "askedForBy": "cl:safeguarding-board",
            "outcome": entry("outcome-of-harm") if kind == "cl:harm" else "cl:no-serious-harm",
            "ageBand": entry("age-band"),
            "findingsDeclared": findings,
            "familyInvolvement": entry("family-involvement"),
            "introductionGiven": "cl:yes",
            "confidentialityExplained": "cl:yes",
            "organisationalBacking": entry("backing"),
            "findingsDiscussed": "cl:yes",
        }
        match kind:
            case "cl:harm":
                said["harm"] = ", ".join(sorted({entry("harm"), entry("harm")}))
            case "cl:innovation":
                said["innovation"] = self._dice.text("innovation")
            case "cl:valued-practice":
                said["valuedBy"] = "cl:valued-by-professionals"
        if self._year is not None:
            said["periodStartYear"] = self._year - self._rng.randint(0, 4)
            said["periodEndYear"] = self._year
            said["reportYear"] = self._year + 1
            said["publicationYear"] = self._year + self._rng.randint(1, 2)
        self._lines.append(f"review:{self._name} a lt:Review ; {_joined(said)} .\n")

    def _people(self) -> None:
        roles: Mapping[str, str] = plan()["agencies"]
        first, *others = roles
        kinds = [first, *self._rng.sample(others, self._rng.randint(2, 4))]
        cast = self._cast
        cast.agencies = [self._add(f"A{i}", "Agency", agencyKind=f"cl:{kind}") for i, kind in enumerate(kinds, start=1)]
        cast.roles = [f"cl:{roles[kind]}" for kind in kinds]
        workers = [(role, agency, "front-line") for role, agency in zip(cast.roles, cast.agencies, strict=True)]
        workers.append(("cl:social-work-manager", cast.agencies[0], "first-line-manager"))
        for number, (role, agency, level) in enumerate(workers, start=1):
            worker = self._add(
                f"W{number}",
                "Professional",
                role=role,
                agency=agency,
                organisationalLevel=f"cl:{level}",
                keyAccordingTo=self._dice.entry("key"),
                participation="cl:took-part",
            )
            cast.people.append(worker)
        for number, role in enumerate(("mother", "father"), start=1):
            member = self._add(
                f"K{number}",
                "FamilyMember",
                familyRole=f"cl:{role}",
                pseudonym=literal(role.capitalize()),
                keyAccordingTo="cl:key-to-both",
                participation=self._dice.entry("family-participation"),
            )
            cast.people.append(member)

    def _team(self) -> None:
        team = self._add("Team", "ReviewTeam")
        members = [
            {"role": role, "agency": agency, "lead": "cl:no", "independent": "cl:no"}
            for role, agency in zip(self._cast.roles, self._cast.agencies, strict=True)
        ]
        members.append({"role": "cl:independent-reviewer", "lead": "cl:yes", "independent": "cl:yes"})
        for number, member in enumerate(members, start=1):
            self._add(f"M{number}", "TeamMember", memberOf=team, **member)

    def _events(self) -> None:
        entry, text, cast = self._dice.entry, self._dice.text, self._cast
        for number, person in enumerate(cast.people, start=1):
            talk = self._add(f"S{number}", "Conversation", withParticipant=person, yielded=text("yielded"))
            cast.sources.append(talk)
        self._add(f"S{len(cast.people) + 1}", "DocumentarySource", yielded=text("yielded"))
        for number in range(1, self._rng.randint(4, 5) + 1):
            event = self._add(
                f"E{number}",
                "KeyPracticeEpisode",
                description=text("episode"),
                order=number,
                involved=", ".join(self._rng.sample(cast.people, 2)),
                timescale=entry("timescale"),
                actOrOmission=entry("act"),
                appraisal=entry("appraisal"),
                appraisalReason=text("reason"),
            )
            cast.events.append(event)

    def _views(self) -> None:
        """Adds two views of each event, and sees to it that everybody has one where there are enough."""
        text, cast = self._dice.text, self._cast
        for number in range(2 * len(cast.events)):
            person = number % len(cast.people)
            view = self._add(
                f"V{number + 1}",
                "Perspective",
                ofEvent=cast.events[number // 2],
                ofParticipant=cast.people[person],
                standpoint=self._dice.entry("standpoint"),
                knew=text("knew"),
                aimedAt=text("aimed"),
                reasoned=text("reasoned"),
                competingDemands=text("demands"),
                felt=text("felt"),
                drawnFrom=cast.sources[person],
            )
            cast.views.append(view)
        self._add("N1", "Narrative", description=text("narrative"), bringsTogether=", ".join(cast.views[:3]))

    def _conditions(self, patterns: Sequence[str]) -> None:
        """Adds factors, what they concern, and how two of them act together. Factors show patterns of the findings."""
        rng, entry, text, cast = self._rng, self._dice.entry, self._dice.text, self._cast
        felt = {"feltAt": "cl:front-line-level"}
        form = self._add("T1", "Tool", artefactKind="cl:assessment-form", geographicLevel="cl:national-level", **felt)
        rule = self._add("G1", "Guidance", artefactKind="cl:local-procedure", geographicLevel="cl:local-level", **felt)
        goals = ", ".join(literal(goal) for goal in rng.sample(plan()["texts"]["goal"], 2))
        tension = self._add("O1", "TradeOff", goal=goals)
        special = [{"concerns": form}, {"concerns": rule}, {"tradeOff": tension}]
        for number in range(1, rng.randint(9, 13) + 1):
            more: dict[str, str] = special.pop(0) if special else {}
            influence = entry("factor-influence")
            factor = self._add(
                f"X{number}",
                "ContributoryFactor",
                statement=text("factor"),
                heading=entry("heading"),
                systemLevel=entry("system-level"),
                influence=influence,
                agency=rng.choice(cast.agencies),
                bearsOn=rng.choice(cast.events),
                seenFrom=rng.choice(cast.views),
                **more,
            )
            cast.factors.append(factor)
            self._factors.append(_Coded(factor, rng.choice(patterns), influence))
        self._add(
            "I1",
            "FactorInteraction",
            factor=", ".join(rng.sample(cast.factors, 2)),
            influence=entry("interaction-influence"),
            reach=entry("reach"),
            description=text("interaction"),
        )
        self._add("Z1", "Safeguard", description=text("safeguard"), safeguardEffect="cl:could-catch-the-error")

    def _finding(self, number: int, pattern: str) -> None:
        text, influence = self._dice.text, self._dice.entry("influence")
        said: dict[str, str] = {
            "statement": text("finding", pattern=label_of(pattern)),
            "statedAs": "cl:theme-in-statement" if self._light else "cl:numbered-finding",
            "influence": influence,
        }
        if not self._light:
            support = self._rng.sample([*self._cast.factors, *self._cast.views], 2)
            against = self._rng.choice(self._cast.events)
            said |= {"howItShowed": text("showed"), "whyUnderlying": text("underlying")}
            said |= {"robustness": self._dice.entry("robustness"), "supportedBy": ", ".join(support)}
            said |= {"contradictedBy": against} if self._dice.happens("counter_evidence") else {}
        coded = type_of(pattern) if self._dice.happens("coded_as_type") else pattern
        self._findings.append(_Coded(self._add(f"F{number}", "Finding", **said), coded, influence))

    def _follow_ups(self) -> None:
        entry, text = self._dice.entry, self._dice.text
        for number, finding in enumerate(self._findings[:3], start=1):
            addressee = entry("addressee")
            national = addressee == "cl:national-body"
            self._add(
                f"R{number}",
                "Recommendation",
                statement=text("recommendation"),
                respondsTo=finding.item,
                recommendationKind=entry("recommendation-kind"),
                addressee=addressee,
                systemLevel="cl:national-system-level" if national else "cl:local-strategic-level",
                repeatsEarlier=entry("repeats"),
                response=text("response"),
            )
        first = self._findings[0].item
        self._add("B1", "BoardQuestion", statement=text("board"), respondsTo=first, addressee="cl:local-board")

    def _coding(self) -> None:
        self._coder(CODER, "human", "cl:types-and-sub-patterns")
        coded = {item.pattern for item in (*self._findings, *self._factors)}
        for item in (*self._findings, *self._factors):
            self._code(item, CODER, item.pattern, primary=True)
        for finding in self._findings:
            second = self._rng.choice(list(plan()["frequencies"]))
            if self._dice.happens("further_code") and second != finding.pattern:
                self._code(finding, CODER, second, primary=False)
                self._further.append((second, finding.code[1]))
                coded.add(second)
        if not self._light:
            self._looked_in_vain(coded)
        if self._dice.happens("second_coder"):
            self._coder(_SECOND, "machine", "cl:types-only")
            for finding in self._findings:
                agrees = self._rng.random() < _AGREE
                kind = type_of(finding.pattern) if agrees else self._rng.choice(types())
                self._code(finding, _SECOND, kind, primary=True)

    def _looked_in_vain(self, coded: set[str]) -> None:
        for number, pattern in enumerate(sorted(set(plan()["frequencies"]) - coded)[:4], start=1):
            if self._dice.happens("looked_in_vain"):
                self._add(
                    f"look-{number}",
                    "PatternAssessment",
                    assesses=f"typ:{pattern}",
                    assessmentResult="cl:looked-for-not-found",
                    **_by(CODER),
                )

    def _coder(self, code: str, kind: str, level: str) -> None:
        said: dict[str, str | int] = {"coderCode": literal(code), "coderKind": f"cl:{kind}"}
        self._lines.append(f"coder:{code} a lt:Coder ; {_joined(said)} .\n")
        extent = "cl:captured-statements" if self._light else "cl:whole-report"
        self._add(f"scope-{code}", "CodingScope", extent=extent, codingLevel=level, **_by(code))

    def _code(self, item: _Coded, code: str, pattern: str, *, primary: bool) -> None:
        self._add(
            f"{item.item.removeprefix('r:')}-{code}-{'primary' if primary else 'further'}",
            "Classification",
            classifies=item.item,
            pattern=f"typ:{pattern}",
            primary=str(primary).lower(),
            influence=item.influence,
            explains=self._dice.entry("explains"),
            confidence=self._dice.entry("confidence"),
            **_by(code),
        )


def _joined(statements: Mapping[str, str | int]) -> str:
    return " ; ".join(f"lt:{name} {value}" for name, value in statements.items())


def _by(code: str) -> dict[str, str]:
    return {
        "codedBy": f"coder:{code}",
        "underTypology": "typ:version-2008",
        "dateAsStated": '"2024"',
        "earliest": '"2024-01-01T00:00:00Z"^^xsd:dateTime',
        "latest": '"2024-12-31T23:59:59Z"^^xsd:dateTime',
    }
