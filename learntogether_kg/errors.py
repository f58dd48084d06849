"""Every exception of the project, as one tree.

Each message says what is wrong, where, and what to do; the parts stand as attributes so that a caller can show them
its own way. The tree has no web or command-line parent: `ltkg` turns a class into an exit code, the API into a status.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class LearnTogetherError(Exception):
    """The root of all our errors. They pass whole from one process to another."""

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self.args, self.__dict__)


class OntologyError(LearnTogetherError):
    """A file of the ontology, the typology or the shapes cannot be loaded."""

    def __init__(self, file: Path | str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file}: {reason}")


class InconsistentOntologyError(OntologyError):
    """A file would make the ontology contradict itself, so nothing of it was loaded.

    Attributes:
        file: What was refused.
        terms: The terms in conflict, as IRIs.
        explanation: The statements that contradict each other, one a line.
    """

    def __init__(self, file: Path | str, terms: Iterable[str], explanation: str) -> None:
        self.terms, self.explanation = tuple(terms), explanation
        super().__init__(
            file,
            f"would make the ontology contradict itself, so nothing was loaded; in conflict: {', '.join(self.terms)}. "
            f"These statements cannot all hold; change or remove one of them:\n{explanation}",
        )


class UndescribedTermsError(LearnTogetherError):
    """Terms of an extension do not say of themselves what the rules of editing ask for, so it is not ready to be used.

    Attributes:
        file: The extension.
        gaps: What is missing, each a sentence that names the term.
    """

    def __init__(self, file: Path | str, gaps: Iterable[str]) -> None:
        self.file, self.gaps = file, tuple(gaps)
        lines = "\n  ".join(self.gaps)
        super().__init__(f"{file} is not ready: {len(self.gaps)} thing(s) are missing; add them\n  {lines}")


class UnknownVersionError(LearnTogetherError):
    """No file, folder or known version of the typology has that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(
            f"{name}: there is no such file or folder, and no version of that name; known are {', '.join(self.known)}"
        )


class UnreadableFileError(LearnTogetherError):
    """A file given to us is not what it should be, so nothing in it was read."""

    def __init__(self, file: Path | str, reason: str, where: str = "") -> None:
        self.file, self.reason, self.where = file, reason, where
        super().__init__(f"{file}{', ' + where if where else ''}: {reason}")


class InvalidReviewError(LearnTogetherError):
    """One or more reviews break a rule; nothing was stored. ``reports`` holds a validation report for each file."""

    def __init__(self, reports: Iterable[object]) -> None:
        self.reports = tuple(reports)
        super().__init__(f"{len(self.reports)} file(s) do not conform; nothing was stored")


class RepeatedReviewError(LearnTogetherError):
    """Two files of one submission are the same review."""

    def __init__(self, file: Path | str, other: Path | str) -> None:
        self.file, self.other = file, other
        super().__init__(
            f"{file}: it has the same review id as {other}; submit one of them, or start the other from a new template"
        )


class LibraryError(LearnTogetherError):
    """A library folder cannot be used as asked."""

    def __init__(self, library: Path | str, reason: str) -> None:
        self.library, self.reason = library, reason
        super().__init__(f"Library {library}: {reason}")


class LibraryMissingError(LibraryError):
    """There is no library where one was expected."""

    def __init__(self, library: Path | str) -> None:
        super().__init__(library, "there is none here; make one with `ltkg init --library DIR` or `ltkg demo`")


class LibraryBusyError(LibraryError):
    """Another process is changing the library."""

    def __init__(self, library: Path | str) -> None:
        super().__init__(library, "another process is changing it; wait until that is done and try again")


class BackupError(LibraryError):
    """A backup cannot be written, or a library cannot be made of it."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(file, reason)
        self.args = (f"Backup {file}: {reason}",)


class UnknownReleaseError(LibraryError):
    """The library has no release of that name."""

    def __init__(self, library: Path | str, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        hint = f"it has {', '.join(self.known)}" if self.known else "it has none yet; make one with `ltkg publish`"
        super().__init__(library, f"no release named {name!r}; {hint}" if name else f"no release to read; {hint}")


class PurgedReleaseError(LibraryError):
    """The release was purged: a review in it had to be removed for good."""

    def __init__(self, library: Path | str, name: str, successor: str = "") -> None:
        self.name, self.successor = name, successor
        hint = f"without what was purged it is {successor!r}" if successor else "`ltkg releases` lists those it has"
        super().__init__(library, f"release {name!r} was purged and cannot be read any more; {hint}")


class UnfinishedPurgeError(LibraryError):
    """A purge was begun and not ended, so that the library cannot be changed."""

    def __init__(self, library: Path | str, review: str) -> None:
        self.review = review
        super().__init__(
            library,
            f"a purge of {review!r} was interrupted, and nothing else can be done before it has ended; "
            f"run `ltkg purge` for it again",
        )


class ReleaseExistsError(LibraryError):
    """A release is never overwritten."""

    def __init__(self, library: Path | str, name: str) -> None:
        self.name = name
        super().__init__(library, f"release {name!r} exists already and is never overwritten; choose another name")


class ForeignLibraryError(LibraryError):
    """A bundled library would be mixed with reviews that are not its own."""

    def __init__(self, library: Path | str, bundle: str, count: int) -> None:
        self.bundle, self.count = bundle, count
        super().__init__(
            library, f"it holds {count} review(s) that are not the {bundle}'s; give `--library` another folder"
        )


class ExposureError(LearnTogetherError):
    """Reviews that are not published would be shown to others."""

    def __init__(self, release: str, host: str, count: int) -> None:
        self.release, self.host, self.count = release, host, count
        super().__init__(
            f"Release {release} holds {count} review(s) captured from your own work without a year of publication, and "
            f"others could reach {host}; serve it on 127.0.0.1, or publish a release without them"
        )


class ProfileError(LearnTogetherError):
    """A profile of disclosure control is missing or not fit to be used."""

    def __init__(self, profile: Path | str, reason: str) -> None:
        self.profile, self.reason = profile, reason
        super().__init__(f"Profile {profile}: {reason}")


class DisclosureError(LearnTogetherError):
    """Disclosure control does not allow what was asked.

    Attributes:
        rule: The key of the profile that refuses, or "guarantee" where small counts cannot be kept from being solved
        for.
        reason: Why, in words.
        instead: What can be asked or done instead.
    """

    def __init__(self, rule: str, reason: str, instead: str) -> None:
        self.rule, self.reason, self.instead = rule, reason, instead
        super().__init__(f"Disclosure control ({rule}): {reason}; {instead}")


class UnknownReviewError(LearnTogetherError):
    """No review of that IRI or label is in the library, or more than one."""

    def __init__(self, review: str, found: Iterable[str] = ()) -> None:
        self.review, self.found = review, tuple(found)
        hint = f"; give one of {', '.join(self.found)}" if self.found else "; `ltkg list` shows those there are"
        super().__init__(f"{len(self.found) or 'No'} reviews are named {review!r} in the library{hint}")


class AgreementError(LearnTogetherError):
    """Codings cannot be compared, or a coding cannot be added to a review, as asked."""


class DuplicateReviewError(LearnTogetherError):
    """The same published report would be counted twice."""

    def __init__(self, file: str, other: str, same: str) -> None:
        self.file, self.other, self.same = file, other, same
        super().__init__(
            f"{file}: its source has the same {same} as review {other}, so one report would be counted twice; "
            f"correct the Source sheet, or submit it under that review's id to replace it"
        )


class QueryFileError(LearnTogetherError):
    """A named query's file is not fit to be served."""

    def __init__(self, file: Path | str, line: int, reason: str) -> None:
        self.file, self.line, self.reason = file, line, reason
        super().__init__(f"{file}, line {line}: {reason}")


class UnknownQueryError(LearnTogetherError):
    """No named query has that name."""

    def __init__(self, name: str, close: Iterable[str]) -> None:
        self.name, self.close = name, tuple(close)
        hint = f"; did you mean {' or '.join(self.close)}?" if self.close else ""
        super().__init__(f"No query named {name!r}{hint} `ltkg queries` lists them all")


class QueryArgumentError(LearnTogetherError):
    """An argument of a named query is unknown or is not of its type."""

    def __init__(self, query: str, parameter: str, reason: str) -> None:
        self.query, self.parameter, self.reason = query, parameter, reason
        super().__init__(f"Query {query}, parameter {parameter!r}: {reason}")


class TooLongError(LearnTogetherError):
    """A question took longer than is allowed here, and was stopped."""

    def __init__(self, query: str) -> None:
        self.query = query
        super().__init__(
            f"{query} takes longer than is allowed here and was stopped. Ask for less: give a review or a pattern, or "
            "a smaller limit; or ask the library's folder with `ltkg ask`, which has no limit"
        )


class ReachingQueryError(LearnTogetherError):
    """A query from outside would do more than read its own store."""


class MalformedQueryError(LearnTogetherError):
    """A query from outside is not SPARQL."""


class QueryTimeError(LearnTogetherError):
    """A query takes longer than is allowed."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"The query took longer than {seconds:g} seconds, which is the limit here, and was stopped. Ask for less: "
            "fewer patterns, a LIMIT, or a named query"
        )


class FormNotOfferedError(LearnTogetherError):
    """What was asked for cannot be given in any of the forms that are welcome."""

    def __init__(self, offered: Iterable[str], reason: str = "") -> None:
        self.offered = tuple(offered)
        super().__init__(f"{reason or 'This answer has none of the forms asked for'}; it has {', '.join(self.offered)}")


class StoreUnavailableError(LearnTogetherError):
    """A store cannot be opened or reached."""

    def __init__(self, store: Path | str, reason: str) -> None:
        self.store, self.reason = store, reason
        super().__init__(f"Store {store}: {reason}")


class DifferingServerError(LearnTogetherError):
    """A server is known to answer a named query wrongly, or not at all."""

    def __init__(self, query: str, kind: str, reason: str) -> None:
        self.query, self.kind, self.reason = query, kind, reason
        super().__init__(
            f"Query {query} is not asked of a {kind} server, which would not answer it rightly: {reason}. Ask a "
            "release of the library, made by `ltkg publish --to DIR`, or keep the library on another kind of server"
        )


class StateChangedError(StoreUnavailableError):
    """A live library was changed while it was asked."""

    def __init__(self, store: str, state: int, now: int) -> None:
        self.state, self.now = state, now
        super().__init__(store, f"it went from state {state} to {now} while it was asked; ask again")


class PassedStateError(LibraryError):
    """A live library is no longer at the state that was asked for."""

    def __init__(self, library: str, state: str, now: int) -> None:
        self.state, self.now = state, now
        super().__init__(
            library,
            f"it is a live library, at state {now} now, and keeps no earlier one such as {state}; ask without a "
            "release, or keep states as releases with `ltkg publish --to DIR`",
        )


class ServerError(LearnTogetherError):
    """A server of ours cannot be reached, or does not answer what was asked."""

    def __init__(self, address: str, reason: str) -> None:
        self.address, self.reason = address, reason
        super().__init__(f"Server {address}: {reason}")


class TokenError(LearnTogetherError):
    """A token cannot be made or revoked as asked."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"Token {name!r}: {reason}")


def _restore(kind: type[LearnTogetherError], args: tuple[object, ...], parts: dict[str, object]) -> LearnTogetherError:
    """Returns an error made from its parts, since its class would ask for those that the message was made of."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(parts)
    return error
