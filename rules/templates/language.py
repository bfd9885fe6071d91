"""The template language: python-liquid with a closed list of tags and filters, and a meter that runs along.

What python-liquid leaves open is closed here: no template loads another, nothing reads the clock (its ``now`` and
``today``), ranges such as ``(1..1000000000)`` do not exist, and every node and filter costs steps of a budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from inspect import signature
from typing import Any, ClassVar, Final, TextIO, cast

from liquid import BoundTemplate, Environment, Node, RenderContext
from liquid.builtin import content, illegal
from liquid.builtin.expressions import Filter, FilteredExpression, KeywordArgument
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import assign_tag, capture_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.builtin.tags.inline_comment_tag import InlineCommentTag
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.token import Token
from liquid.undefined import UNDEFINED, Undefined, is_undefined
from liquid.utils import ReadOnlyChainMap

from rules.templates.filters import FILTERS
from rules.templates.values import Refused, text

OUTPUT_MOST: Final = 65_536  # bytes of UTF-8
STEPS_MOST: Final = 10_000  # one for each node that is rendered
FILTER_STEPS: Final = 10  # what a filter costs
VARIABLES_MOST: Final = 1_048_576  # bytes held in variables of the template's own

TAGS: Final = (
    *(if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag),
    *(for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag),
    *(assign_tag.AssignTag, capture_tag.CaptureTag),
    *(comment_tag.CommentTag, InlineCommentTag),
)
TAG_NAMES: Final = tuple(sorted(tag.name for tag in TAGS))


class _OutputNode(OutputNode):
    """``{{ … }}``: writes a value as a person expects it."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        cast("Rendering", context).miss(value)
        return buffer.write(text(value))


class _Output(Output):
    node_class = _OutputNode


class Rendering(RenderContext):
    """One rendering: what it may still spend, and which fields it did not find."""

    def __init__(self, template: BoundTemplate, *, scope: Mapping[str, object]) -> None:
        self.steps = 0
        self.missing: dict[str, None] = {}  # an ordered set
        super().__init__(template, globals=scope)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)

    @property
    def disabled_tags(self) -> list[str]:
        """None are. Every node asks this before it renders, which makes it the one place to count them all."""
        self.spend(1)
        return []

    @disabled_tags.setter
    def disabled_tags(self, _: list[str]) -> None: ...

    def spend(self, steps: int) -> None:
        """Take steps from the budget. Raises ``Refused`` when it is used up."""
        self.steps += steps
        if self.steps > STEPS_MOST:
            raise Refused("it takes too many steps: make its loops shorter")

    def miss(self, *values: object) -> None:
        """Remember the fields among these values that are not there."""
        self.missing.update((value.name, None) for value in values if isinstance(value, Undefined))

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        """The value at a path; a field that is not there carries its whole path."""
        found = super().get(path, token=token, default=default)
        if not is_undefined(found) or path[0] in self.locals:
            return found
        return Undefined(".".join(map(str, path)), token=token)

    def get_item(self, obj: Any, key: Any) -> Any:
        """As in conditions, an object is read by key even where the key is a number."""
        return super().get_item(obj, str(key) if isinstance(obj, dict) else key)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """A filter that costs steps and reports the missing fields it is given; ``default`` is there for them."""
        function = super().filter(name, token)

        def metered(value: object, *arguments: object, **options: object) -> object:
            self.spend(FILTER_STEPS)
            if name != "default":
                self.miss(value, *arguments)
            return function(value, *arguments, **options)

        return metered


class _Language(Environment):
    local_namespace_limit: ClassVar[int | None] = VARIABLES_MOST
    output_stream_limit: ClassVar[int | None] = OUTPUT_MOST
    shorthand_indexes = True  # lines.0.sku, as in conditions

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (content.Literal, illegal.Illegal, _Output, *TAGS):
            self.add_tag(tag)
        self.filters.update(FILTERS)

    def error(self, exc: Any, msg: str | None = None, token: Token | None = None) -> None:
        """Raise; a fault at the end of an expression, which has no place, takes the place of its tag."""
        if isinstance(exc, LiquidError) and exc.token and exc.token.start_index < 0 and token:
            exc.token = token
        super().error(exc, msg, token)


_LANGUAGE: Final = _Language()


def parse(source: str) -> BoundTemplate:
    """Parse a template and look at everything in it once. Raises ``LiquidError`` for what it cannot be."""
    template = _LANGUAGE.from_string(source)
    for expression in _expressions(template.nodes, RenderContext(template)):
        _check_expression(expression)
    return template


def fill(template: BoundTemplate, scope: Mapping[str, object]) -> tuple[str, tuple[str, ...]]:
    """The text, and the paths of the fields that were missing. Raises ``LiquidError`` or ``Refused``."""
    rendering, buffer = Rendering(template, scope=scope), LimitedStringIO(limit=OUTPUT_MOST)
    template.render_with_context(rendering, buffer)
    return buffer.getvalue(), tuple(rendering.missing)


# --------------------------------------------------------------------------- what the parser does not look at


def _expressions(nodes: list[Node], context: RenderContext) -> Iterator[Expression]:
    for node in nodes:
        for expression in node.expressions():
            yield from _with_children(expression)
        yield from _expressions(list(node.children(context)), context)


def _with_children(expression: Expression) -> Iterator[Expression]:
    yield expression
    for child in expression.children():
        yield from _with_children(child)


def _check_expression(expression: Expression) -> None:
    if isinstance(expression, RangeLiteral):
        raise LiquidError("ranges such as (1..5) are not possible: loop over a list", token=expression.token)
    if isinstance(expression, FilteredExpression):
        for applied in expression.filters or ():
            _check_filter(applied)


def _check_filter(applied: Filter) -> None:
    name = applied.name
    if name not in FILTERS:
        near = get_close_matches(name, FILTERS, n=1)
        meant = f"perhaps {near[0]} was meant" if near else f"possible are {', '.join(sorted(FILTERS))}"
        raise LiquidError(f"there is no filter called {name}: {meant}", token=applied.token)
    named = {argument.name: None for argument in applied.args if isinstance(argument, KeywordArgument)}
    positional = [None] * (len(applied.args) - len(named))
    try:
        for follow in (True, False):  # the function that does the work, and what is wrapped round it
            signature(FILTERS[name], follow_wrapped=follow).bind(None, *positional, **named)
    except TypeError:
        raise LiquidError(f"the filter {name} has too many or too few arguments", token=applied.token) from None
