"""What the house must know of a kind of step beyond how to run it: the kind says it itself, by names of its module.

Each may be left out; `Traits` has what is so then. `traits(kind)` is the one way to ask. No other room knows a kind by
its name: what holds of the built-in ones holds of any that a row in `KINDS` adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from runbook.common.frozen import Frozen
from runbook.steps import KINDS
from runbook.steps.base import Args, Detail, Kind
from runbook.steps.weaker import fewer, given

OptionPath = tuple[str, ...]
"""The keys that lead from a kind's options to one of them; none for the options as a whole."""


class Fields(Frozen):
    """Which fields an outcome has. `open`: it may have others, which only the run tells."""

    names: frozenset[str] = frozenset()
    open: bool = False
    perhaps: frozenset[str] = frozenset()
    """Names that it could have beside: they are not wrong, and nobody is told that he meant them."""

    @property
    def known(self) -> frozenset[str]:
        return self.names | self.perhaps

    def __or__(self, other: Fields) -> Fields:
        """Those of an outcome that is one or the other, or both."""
        return Fields(self.names | other.names, self.open or other.open, self.perhaps | other.perhaps)


NO_FIELDS = Fields()


class SetVariable(Frozen):
    """A variable that a step sets for those behind it, and where it says so."""

    name: str
    at: OptionPath
    value: Any = "(known when the step has run)"


class SourceFile(Frozen):
    """A file of the controller that a step reads, relative to the playbook. The path may hold a template."""

    path: Any
    at: OptionPath
    language: str = ""
    """As what a plan shows its text: sh, template. Empty: its text is not shown, only its checksum."""
    rendered: bool = False
    """Is it a template, which sees the step's variables?"""


class Query(Frozen):
    """A question to a database of the playbook. The name may hold a template; empty: there is only one."""

    database: Any
    at: OptionPath


class Conditions(Frozen):
    """An option that holds bare expressions, one or a list, which must all hold."""

    at: OptionPath
    sees: Fields = NO_FIELDS
    """What they read beside the variables."""


class CommandLine(Frozen):
    """An option that holds a command as free text."""

    option: str
    by_shell: bool
    """Does a shell read it? Else it is split into words."""
    words: str = ""
    """The option that holds the same as a list of words."""


def option(args: Args, at: OptionPath) -> Any:
    """The value that the keys lead to; None where they lead nowhere."""
    found: Any = args
    for key in at:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


class Traits:
    """What is so of a kind that does not say otherwise.

    Its functions are asked of options as they are written: these may be of any type, hold templates or placeholders,
    and lack what they must have. They never raise.
    """

    ASKS_PERSON: bool = False
    """Does a step wait for a person's answer? A check and a verification ask nobody."""
    PATIENT: bool = False
    """Does it go on while its host is away, until its own time is over?"""
    TELLING: bool = False
    """Is a step's message what it is for? Then reports show it also where all is well."""
    IN_LINE: tuple[str, ...] = ()
    """Options that the line of `plan` tells in other words."""
    OWN_VERDICT: tuple[str, ...] = ()
    """Fields of the outcome by which the kind judges itself: an `expect` that reads one takes the judgement over."""
    FIELDS: Fields = Fields(open=True)
    """Those of its outcome, where they are the same whatever its options are. Not those of every outcome (`failed`)."""
    CHECKED_BY: tuple[str, ...] = ()
    """Options that each ask for something: without one, or with fewer of its values, less is checked."""
    COMMAND_LINE: CommandLine | None = None
    """The option that is a command, where it has one."""

    def detail(self, args: Args) -> tuple[Detail, ...]:
        """What it does on more than one line: in the place of the line of `plan`, where it tells an option."""
        del args
        return ()

    def fields(self, args: Args) -> Fields:
        """Those of its outcome, with these options."""
        del args
        return self.FIELDS

    def sets(self, args: Args) -> Iterable[SetVariable]:
        """The variables that it sets. The outcome's field `variables` has their values."""
        del args
        return ()

    def files(self, args: Args) -> Iterable[SourceFile]:
        """What it reads on the controller: a plan shows it, and is bound to it."""
        del args
        return ()

    def queries(self, args: Args) -> Iterable[Query]:
        """Which databases of the playbook it asks."""
        del args
        return ()

    def conditions(self, args: Args) -> Iterable[Conditions]:
        """Which of its options are expressions, and no templates."""
        del args
        return ()

    def checks(self, args: Args) -> bool:
        """Can it find something wrong with the host, so that less is known without it?"""
        return given(args, self.CHECKED_BY) or bool(tuple(self.conditions(args)))

    def weaker(self, before: Args, after: Args) -> Iterable[str]:
        """In which ways it checks less with the options `after`, in words. Conditions are compared elsewhere."""
        return fewer(before, after, self.CHECKED_BY)


NAMES = tuple(name for name in vars(Traits) if not name.startswith("_"))
_UNSAID = Traits()


def traits(kind: str) -> Traits:
    """Of a kind by its name. What is no kind (a block, a kind of another version in an old record) says nothing."""
    return _by_name(kind) if kind in KINDS else _UNSAID


@lru_cache(maxsize=128)
def _by_name(kind: str) -> Traits:
    return said_by(KINDS[kind])


def said_by(kind: Kind) -> Traits:
    """What a kind says, and for the rest what is so without a word."""
    said = Traits()
    for name in NAMES:
        if hasattr(kind, name):
            setattr(said, name, getattr(kind, name))
    return said
