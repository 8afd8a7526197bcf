"""YAML, JSON and --set into frozen dataclasses; what is wrong is named with its line."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core import config
from headwater.core.errors import ConfigError, TriggersError
from headwater.core.registry import Registered


class Rule(Registered, family="config-test"):
    """A family of this file alone."""


@dataclass(frozen=True)
class Every(Rule, kind="every"):
    amount: int
    share: float = 0.5

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise TriggersError("amount must be at least 1.", where=f"Every(amount={self.amount})")


@dataclass(frozen=True)
class Never(Rule, kind="never"):
    because: str | None = None


@dataclass(frozen=True)
class AnyOf(Rule, kind="any_of"):
    of: tuple[Rule, ...]
    otherwise: Rule | None = None


@dataclass(frozen=True)
class Part:
    name: str = "x"
    size: int = 1


@dataclass(frozen=True)
class Top:
    when: Rule = Every(5)
    also: tuple[Rule, ...] = (Never(),)
    until: Rule | None = None
    on: str = "here"
    rate: float = 0.1
    mode: Literal["fast", "exact"] = "fast"
    folder: Path = Path("runs")
    since: datetime.date | None = None
    rates: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    pair: tuple[int, str] = (1, "a")
    parts_in_order: tuple[Part, ...] = ()
    either: int | str = 0
    flag: bool = False


def refusal(text: str, *settings: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.loads(Top, text, settings=settings, name="loop.yaml")
    return str(caught.value)


# --- what is accepted


def test_a_member_is_one_word_with_its_parameters() -> None:
    top = config.loads(Top, "when: {any_of: {of: [{every: {amount: 3}}, {never: {because: why}}]}}")
    assert top.when == AnyOf((Every(3), Never("why")))


def test_a_member_without_parameters_may_be_its_bare_word_anywhere() -> None:
    top = config.loads(Top, "when: never\nalso: [never, {never: {}}]\nuntil: never")
    assert (top.when, top.also, top.until) == (Never(), (Never(), Never()), Never())


def test_an_optional_member_may_be_null() -> None:
    assert config.loads(Top, "until: null\nwhen: {any_of: {of: [], otherwise: ~}}").until is None


def test_the_key_on_is_a_text_and_so_are_yes_and_dates() -> None:
    assert config.loads(Top, "on: yes").on == "yes"
    assert config.loads(Top, "on: 2013-01-01").on == "2013-01-01"
    assert config.loads(Top, "since: 2013-01-01").since == datetime.date(2013, 1, 1)


@pytest.mark.parametrize("text", ["1e-3", "0.001", "1.0E-03", ".001"])
def test_floats_are_read_in_every_way_people_write_them(text: str) -> None:
    assert config.loads(Top, f"rate: {text}").rate == 0.001


def test_a_whole_number_serves_as_a_float_and_underscores_group_digits() -> None:
    top = config.loads(Top, "rate: 2\nrates: {a: 1}\nwhen: {every: {amount: 20_000}}")
    assert (top.rate, top.rates, top.when) == (2.0, {"a": 1.0}, Every(20_000))
    assert isinstance(top.rate, float)


def test_json_is_read_like_yaml() -> None:
    assert config.loads(Top, json.dumps({"when": {"every": {"amount": 7}}, "pair": [2, "b"]})).pair == (2, "b")


def test_a_missing_key_keeps_its_default() -> None:
    assert config.loads(Top, "{}") == Top()


def test_a_family_itself_can_be_loaded_and_dumped_with_its_word() -> None:
    rule = AnyOf((Every(2), Never()), Never("x"))
    assert config.validate(Rule, config.to_family_tree(rule)) == rule  # type: ignore[type-abstract, comparison-overlap, unused-ignore]


# --- what is refused


def test_an_unknown_key_of_a_plain_dataclass_is_refused_with_its_line_and_the_nearest() -> None:
    assert refusal("rate: 1.0\nwhn: never\n") == "loop.yaml, line 2: unknown key `whn`. Did you mean `when`?"


def test_an_unknown_key_in_a_nested_list_has_the_line_of_that_list_entry() -> None:
    text = "when:\n  any_of:\n    of:\n      - every: {amount: 1}\n      - every:\n          amuont: 2\n"
    said = refusal(text)
    assert said.startswith(
        "loop.yaml, line 6: unknown key `when.any_of.of.1.every.amuont`. Did you mean `amount`?"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts: {a: {nmae: x}}", "unknown key `parts.a.nmae`. Did you mean `name`?"),
        ("parts_in_order: [{}, {sise: 1}]", "unknown key `parts_in_order.1.sise`. Did you mean `size`?"),
        ("until: {every: {amount: 1, shar: 1.0}}", "unknown key `until.every.shar`. Did you mean `share`?"),
        ("when: {evry: {amount: 1}}", "`when`: there is no `evry`. Did you mean `every`?"),
        ("when: nevr", "`when`: there is no `nevr`. Did you mean `never`?"),
        ("when: zzz", "`when`: there is no `zzz`. Known here: any_of, every, never."),
        ("when: every", "`when`: `every` needs `amount`. Write every: {amount: ...}."),
        ("when: {every: {}}", "`when.every.amount` is missing. Add `amount: ...`."),
        (
            "when: {every: 5}",
            "`when.every`: Input should be an object (found 5). Write `every: {amount: ...}`.",
        ),
        ("parts: {a: x}", "`parts.a`: Input should be an object (found 'x'). It takes: name, size."),
        ("parts: x", "`parts`: Input should be an object (found 'x'). Write `parts: {key: value}`."),
        ("until: {any_of: {}}", "`until.any_of.of` is missing. Add `of: ...`."),
        ("when: {every: {amount: 1}, never: {}}", "`when` takes one word with its parameters"),
        ("when: 3", "`when` takes one word with its parameters, found 3."),
        ("when: null", "`when` takes one word with its parameters, found None."),
        ("when: {every: {amount: 1.5}}", "`when.every.amount`: Input should be a valid integer"),
        ("when: {every: {amount: '1'}}", "`when.every.amount`: Input should be a valid integer"),
        (
            "when: {every: {amount: '3000'}}",
            "`when.every.amount`: Input should be a valid integer (found '3000'). Write it without quotes.",
        ),
        ("rate: '0.5'", "`rate`: Input should be a valid number (found '0.5'). Write it without quotes."),
        ("flag: 'true'", "`flag`: Input should be a valid boolean (found 'true'). Write it without quotes."),
        ("rate: true", "`rate`: Input should be a valid number (found True)."),
        ("on: 5", "`on`: Input should be a valid string (found 5). Write it in quotes."),
        ("flag: 1", "`flag`: Input should be a valid boolean (found 1)."),
        ("mode: fats", "`mode`: there is no `fats`. Did you mean `fast`?"),
        ("pair: [1]", "`pair.1` is missing."),
        ("pair: [x, y]", "`pair.0`: Input should be a valid integer"),
        ("either: 1.5", "`either`: "),
        ("also: never", "`also`: Input should be a valid array (found 'never'). Write `also: [...]`."),
    ],
)
def test_a_wrong_value_is_named_with_its_key(text: str, said: str) -> None:
    assert refusal(text).startswith(f"loop.yaml, line 1: {said}")


def test_what_a_member_refuses_itself_is_given_file_and_line() -> None:
    text = "rate: 1.0\nalso:\n  - never\n  - any_of:\n      of:\n        - every: {amount: 0}\n"
    assert refusal(text) == (
        "loop.yaml, line 6: `also.1.any_of.of.0.every`: Every(amount=0): amount must be at least 1."
    )


@dataclass(frozen=True)
class Picky:
    size: int = 1

    def __post_init__(self) -> None:
        if self.size < 1:
            raise TriggersError(f"size={self.size} is too small.", remedy="Write 1 or more.")


@dataclass(frozen=True)
class Holder:
    first: Picky = Picky()
    several: tuple[Picky, ...] = ()
    named: Mapping[str, Picky] = field(default_factory=dict)
    perhaps: Picky | None = None
    either: int | Picky = 0
    rule: Rule = Never()


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("first:\n  size: 0", "first", 1),
        ("several:\n  - size: 1\n  - size: 0", "several.1", 3),
        ("named:\n  default:\n    size: 0", "named.default", 2),
        ("rule: never\nperhaps: {size: 0}", "perhaps", 2),
        ("rule: never\neither: {size: 0}", "either", 2),
    ],
)
def test_what_a_plain_dataclass_refuses_has_its_line_its_key_and_its_own_remedy(
    text: str, key: str, line: int
) -> None:
    with pytest.raises(ConfigError) as caught:
        config.loads(Holder, text, name="loop.yaml")
    assert caught.value.where == f"loop.yaml, line {line}"
    assert caught.value.problem == f"`{key}`: size=0 is too small."
    assert caught.value.remedy.startswith("Write 1 or more.")


@dataclass(frozen=True)
class Opened:
    size: int
    most: dataclasses.InitVar[int] = 3

    def __post_init__(self, most: int) -> None:
        if self.size > most:
            raise TriggersError("too large.", remedy=f"Write {most} or less.")


@dataclass(frozen=True)
class Needy:
    opened: Opened


def test_a_check_that_takes_arguments_of_its_own_is_given_them() -> None:
    assert config.loads(Opened, "{size: 4, most: 4}").size == 4
    with pytest.raises(ConfigError) as caught:
        config.loads(Opened, "{size: 4}", name="opened.yaml")
    assert (caught.value.where, caught.value.remedy) == ("opened.yaml", "Write 3 or less.")


def test_what_the_whole_refuses_has_no_key_and_what_a_setting_brought_is_named_by_it() -> None:
    with pytest.raises(ConfigError) as caught:
        config.loads(Picky, "size: 0", name="picky.yaml")
    assert (caught.value.problem, caught.value.remedy) == ("size=0 is too small.", "Write 1 or more.")
    assert caught.value.where == "picky.yaml"
    with pytest.raises(ConfigError, match=r"^--set first=") as caught:
        config.loads(Holder, "{}", settings=["first={size: 0}"])
    assert caught.value.remedy == "Write 1 or more."


def test_a_key_that_stands_twice_is_refused_with_both_lines() -> None:
    said = refusal("rate: 1.0\non: a\nrate: 2.0\n")
    assert said == "loop.yaml, line 3: `rate` stands here again, first in line 1. Keep one of the two."


def test_no_remedy_is_offered_that_would_not_help() -> None:
    assert refusal("rate: fast").endswith("Input should be a valid number (found 'fast').")
    assert refusal("when: {every: {amount: '1.5'}}").endswith("Input should be a valid integer (found '1.5').")


def test_a_missing_part_shows_the_keys_that_it_needs() -> None:
    with pytest.raises(ConfigError) as caught:
        config.loads(Needy, "{}", name="needy.yaml")
    assert (caught.value.problem, caught.value.remedy) == ("`opened` is missing.", "Add `opened: {size: ...}`.")


def test_several_mistakes_are_counted() -> None:
    assert refusal("ratee: 1.0\non: 5\n").endswith("(1 more to mend after it.)")


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "? [1]\n: 2", "on: !!python/object:os.system x", "a: &x [*x]"]
)
def test_what_is_not_plain_yaml_is_refused(text: str) -> None:
    assert refusal(text).startswith("loop.yaml")


@pytest.mark.parametrize("text", ["", "3", "[1]", "null", "word"])
def test_a_configuration_is_a_mapping(text: str) -> None:
    assert refusal(text) == "loop.yaml: a configuration is a mapping of keys to values."


def test_values_that_json_cannot_say_are_refused() -> None:
    assert "JSON cannot say a bytes" in refusal("on: !!binary aGVsbG8=")


def test_a_missing_file_and_one_of_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: there is no such file\. Relative paths start from "):
        config.load(Top, tmp_path / "nowhere.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"bytes\.yaml: cannot be read as a text"):
        config.load(Top, tmp_path / "bytes.yaml")


def test_a_file_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text("on: é\nrat: 1.0", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load(Top, path)
    assert str(caught.value).startswith(f"{path}, line 2: unknown key `rat`. Did you mean `rate`?")


# --- --set


def test_settings_change_values_in_nested_lists() -> None:
    text = "when: {any_of: {of: [{every: {amount: 1}}, never]}}"
    top = config.loads(Top, text, settings=["when.any_of.of.0.every.amount=9", "rate=1e-2", "on=yes"])
    assert (top.when, top.rate, top.on) == (AnyOf((Every(9), Never())), 0.01, "yes")


def test_settings_make_what_is_not_there_yet() -> None:
    assert config.loads(Top, "until:\n", settings=["until.every.amount=2"]).until == Every(2)
    assert config.loads(Top, "{}", settings=["parts.a={name: y}"]).parts == {"a": Part("y")}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("rate", "'rate' sets nothing. Write --set key.path=value."),
        ("=3", "'=3' sets nothing. Write --set key.path=value."),
        ("a..b=3", "'a..b=3' sets nothing. Write --set key.path=value."),
        ("rate.x=3", "--set rate.x=3: `rate` holds 1.0, not keys. Set it as a whole."),
        (
            "also.7.never.because=x",
            "--set also.7.never.because=x: `7` is no place in a list of 1. Count from 0 to 0.",
        ),
        ("also.one=x", "--set also.one=x: `one` is no place in a list of 1. Count from 0 to 0."),
        ("rate=[", "--set rate=[: not YAML"),
        ("ratee=3.0", "--set ratee=3.0: unknown key `ratee`. Did you mean `rate`?"),
        ("on=3", "--set on=3: `on`: Input should be a valid string (found 3)."),
    ],
)
def test_a_wrong_setting_is_named_as_it_was_typed(setting: str, said: str) -> None:
    assert refusal("rate: 1.0\nalso: [never]\n", setting).startswith(said)


# --- round trip and schema

texts = st.text(max_size=12)
numbers = st.integers(-(2**53), 2**53)
floats = st.floats(allow_nan=False)
leaves = st.one_of(
    st.builds(Every, amount=st.integers(1, 2**53), share=floats), st.builds(Never, because=st.none() | texts)
)
rules: st.SearchStrategy[Rule] = st.recursive(
    leaves,
    lambda inner: st.builds(AnyOf, of=st.lists(inner, max_size=3).map(tuple), otherwise=st.none() | inner),
    max_leaves=5,
)
parts = st.builds(Part, name=texts, size=numbers)
tops = st.builds(
    Top,
    when=rules,
    also=st.lists(rules, max_size=2).map(tuple),
    until=st.none() | rules,
    on=texts,
    rate=floats,
    mode=st.sampled_from(["fast", "exact"]),
    since=st.none() | st.dates(),
    rates=st.dictionaries(texts, floats, max_size=3),
    parts=st.dictionaries(texts, parts, max_size=2),
    pair=st.tuples(numbers, texts),
    parts_in_order=st.lists(parts, max_size=2).map(tuple),
    either=numbers | texts,
    flag=st.booleans(),
)


@given(top=tops)
def test_what_is_dumped_is_loaded_back_equal(top: Top) -> None:
    assert config.loads(Top, config.dumps(top)) == top


def json_can_say(top: Top) -> bool:
    return ".inf" not in config.dumps(top)


@given(top=tops.filter(json_can_say))
def test_what_is_written_as_json_is_loaded_back_equal(top: Top) -> None:
    assert config.loads(Top, json.dumps(config.to_tree(top), allow_nan=False)) == top


@given(
    word=st.sampled_from(
        ["on", "off", "yes", "no", "1e3", "0x1f", "007", "1:30", "~", "null", "true", ".inf", "<<"]
    )
    | st.text("\x85\u2028\u2029\n\r\t a#:'-", max_size=9)
)
def test_texts_that_look_like_something_else_stay_texts(word: str) -> None:
    top = Top(on=word, rates={word: 1.0})
    assert config.loads(Top, config.dumps(top)) == top


def accepts(schema: dict[str, Any], root: dict[str, Any], value: Any) -> bool:
    """As much of JSON Schema as ours use."""
    if "$ref" in schema and not accepts(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, value):
        return False
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if "type" in schema:
        is_number = schema["type"] in ("integer", "number")
        if not isinstance(value, kinds[schema["type"]]) or (is_number and isinstance(value, bool)):
            return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(accepts(one, root, value) for one in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(accepts(one, root, value) for one in schema["oneOf"]) != 1:
        return False
    if isinstance(value, dict) and schema.get("type") == "object":
        known, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        return all(word in value for word in schema.get("required", ())) and all(
            accepts(known[word], root, inner)
            if word in known
            else rest is True or (isinstance(rest, dict) and accepts(rest, root, inner))
            for word, inner in value.items()
        )
    if isinstance(value, list) and schema.get("type") == "array":
        first = schema.get("prefixItems", [])
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        rest = schema.get("items", {})
        return all(accepts(first[i] if i < len(first) else rest, root, one) for i, one in enumerate(value))
    return True


@given(top=tops.filter(json_can_say))
def test_the_json_schema_accepts_what_is_dumped(top: Top) -> None:
    schema = config.schema(Top)
    assert accepts(schema, schema, config.to_tree(top))


WRONG = [
    {"whn": "never"},
    {"when": "nevr"},
    {"when": "every"},
    {"when": {"evry": {}}},
    {"when": {"every": {"amount": 1, "x": 2}}},
    {"when": {"every": {"amount": "1"}}},
    {"when": {"every": {"amount": 1}, "never": {}}},
    {"rate": "1"},
    {"mode": "slow"},
    {"pair": [1]},
    {"pair": [1, "a", 2]},
    {"parts": {"a": {"nmae": "x"}}},
    {"also": "never"},
    {"either": 1.5},
]
RIGHT = [{}, {"when": "never"}, {"until": None}, {"also": ["never", {"every": {"amount": 1}}]}, {"rate": 1}]


@pytest.mark.parametrize("tree", [*WRONG, *RIGHT])
def test_the_json_schema_and_loads_agree(tree: dict[str, Any]) -> None:
    schema = config.schema(Top)
    assert accepts(schema, schema, tree) == (tree in RIGHT)
    try:
        config.validate(Top, tree)
        loaded = True
    except ConfigError:
        loaded = False
    assert loaded == (tree in RIGHT)


def test_the_json_schema_shows_default_members_with_their_word() -> None:
    schema = config.schema(Top)
    properties = schema["$defs"]["Top"]["properties"]
    assert properties["when"]["default"] == {"every": {"amount": 5, "share": 0.5}}
    assert properties["also"]["default"] == [{"never": {"because": None}}]
    assert json.loads(json.dumps(schema)) == schema


def test_every_default_of_the_schema_is_accepted_by_it() -> None:
    schema = config.schema(Top)
    top: dict[str, Any] = schema["$defs"]["Top"]
    for name, inner in top["properties"].items():
        if "default" in inner:
            assert accepts(inner, schema, inner["default"]), name
    assert {item.name for item in dataclasses.fields(Top)} == set(top["properties"])
