"""What pydantic is told about families."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from headwater.core import config
from headwater.core.errors import ConfigError
from headwater.core.registry import Registered
from headwater.core.tagged import dump


class Food(Registered, family="tagged-test-food"):
    """A family whose members all want a parameter."""


class Drink(Registered, family="tagged-test-drink"):
    """Another, which may hold members of the first and of itself."""


@dataclass(frozen=True)
class Soup(Food, kind="soup"):
    litres: float
    soup: str = "tomato"  # a parameter may be called like the member


@dataclass(frozen=True)
class Smoothie(Drink, kind="smoothie"):
    of: tuple[Food, ...] = ()
    with_: Drink | None = None
    by_name: dict[str, Food] = field(default_factory=dict)


@dataclass(frozen=True)
class Meal:
    food: Food
    drink: Drink
    more: tuple[Food, ...] = (Soup(0.1),)
    soup: Food | None = None


def test_two_fields_of_one_family_and_families_within_families() -> None:
    meal = Meal(
        Soup(1.0), Smoothie((Soup(2.0), Soup(3.0, "pea")), Smoothie(by_name={"a": Soup(1.0)})), soup=Soup(4.0)
    )
    tree = config.to_tree(meal)
    assert tree["drink"] == {
        "smoothie": {
            "of": [{"soup": {"litres": 2.0, "soup": "tomato"}}, {"soup": {"litres": 3.0, "soup": "pea"}}],
            "with_": {
                "smoothie": {
                    "of": [],
                    "with_": None,
                    "by_name": {"a": {"soup": {"litres": 1.0, "soup": "tomato"}}},
                }
            },
            "by_name": {},
        }
    }
    assert config.validate(Meal, tree) == meal


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (
            {"soup": {"soup": {"soup": 3, "litres": 1}}},
            "`soup.soup.soup`: Input should be a valid string (found 3)",
        ),
        ({"soup": {"soup": {"litres": 1, "sop": "x"}}}, "unknown key `soup.soup.sop`. Did you mean `soup`?"),
        ({"soup": {"sop": {"litres": 1}}}, "`soup`: there is no `sop`. Did you mean `soup`?"),
        ({"food": "soup"}, "`food`: `soup` needs `litres`. Write soup: {litres: ...}."),
        ({"food": {}}, "`food` takes one word with its parameters, found {}."),
        ({"food": {"soup": None}}, "`food.soup`: "),
        ({"food": {"soup": 1.0}}, "`food.soup`: "),
    ],
)
def test_a_location_is_never_mistaken_for_a_word(tree: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.validate(Meal, {"food": {"soup": {"litres": 1}}, "drink": "smoothie", **tree})
    assert str(caught.value).startswith(f"<value>: {said}")


def test_the_schema_of_a_family_without_bare_words_accepts_none() -> None:
    schema = config.schema(Meal)
    (bare,) = (one for one in schema["$defs"]["tagged-test-food"]["oneOf"] if one["type"] == "string")
    assert bare["minLength"] > bare["maxLength"]


def test_members_in_tuples_keep_their_words_and_other_values_are_left_alone() -> None:
    assert dump((Soup(1.0), 3)) == [{"soup": {"litres": 1.0, "soup": "tomato"}}, 3]


def test_infinity_is_not_lost_anywhere() -> None:
    meal = Meal(Soup(float("inf")), Smoothie((Soup(float("-inf")),)))
    assert config.validate(Meal, config.to_tree(meal)) == meal
    assert config.loads(Meal, config.dumps(meal)) == meal


def test_a_member_that_is_no_dataclass_is_named() -> None:
    class Odd(Registered, family="tagged-test-odd"):
        pass

    class Ball(Odd, kind="ball"):
        pass

    with pytest.raises(TypeError, match=r"Ball must be a dataclass"):
        config.validate(Odd, {"ball": {}})
