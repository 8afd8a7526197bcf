"""Two filters by expressions, one after the other, become one.

The second is then computed for rows that the first drops, so it must be one that no value can make fail:
comparisons, tests and their combinations are, divisions and casts are not.

Nothing else needs a rule. Functions and expressions in a row are fused when they are opened: a block goes
through all of them in one pass, nothing is kept between them (see ``chain.py``), and what a `map` returns is
stacked into the batch without a step in between.
"""

from __future__ import annotations

from headwater.data.expression import Expression
from headwater.data.graph import Node
from headwater.data.operators.where import Where
from headwater.data.rules.walking import unless_errors_count
from headwater.data.term import Term

_NEVER_FAIL = {
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "is_in", "between"),
    *("and_kleene", "or_kleene", "and", "or", "xor", "invert", "is_null", "is_valid", "is_nan", "is_finite"),
}


def rewrite(node: Node) -> Node:
    """Join neighbouring filters where that is safe."""
    return unless_errors_count(node, _joined)


def _joined(node: Node) -> Node:
    if isinstance(node, Where) and isinstance(node.input, Where) and _never_fails(node.predicate.term):
        both = node.input.predicate.arrow & node.predicate.arrow
        return Where(node.input.input, Expression(both))
    return node


def _never_fails(term: Term) -> bool:
    return term.kind != "call" or (term.name in _NEVER_FAIL and all(map(_never_fails, term.arguments)))
