"""The contract: committed, served, made by the code; and the fourteen rules that clients' generators taught us."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.docs import DOCUMENT, PROBLEMS
from api.openapi.document import contract, contract_text
from api.openapi.registry import PACKAGES, problem_classes
from api.openapi.schemas import SAFE_INTEGER, reachable, references
from api.problems import status_of
from api.words import WORDS
from compliance.access.permissions import PERMISSIONS, PUBLIC
from domain.kernel.errors import DomainError
from openapi.differ import breakages, unwaived

Node = dict[str, Any]
METHODS = {"get", "post", "put", "patch", "delete"}
BASELINE = DOCUMENT.with_name("baseline.json")
DOC = contract()
SCHEMAS: Node = DOC["components"]["schemas"]
OPERATIONS: list[tuple[str, str, Node]] = [
    (path, method, operation)
    for path, item in DOC["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def nodes(node: Any) -> Iterator[Node]:
    """Every object of a schema, examples left out."""
    if isinstance(node, dict):
        yield node
        for key, below in node.items():
            if key not in {"examples", "example", "default", "enum", "const", "value"}:
                yield from nodes(below)
    elif isinstance(node, list):
        for below in node:
            yield from nodes(below)


def requests() -> set[str]:
    return reachable(SCHEMAS, set().union(*(references(op.get("requestBody", {})) for _, _, op in OPERATIONS)))


def answers() -> set[str]:
    return reachable(SCHEMAS, set().union(*(references(op["responses"]) for _, _, op in OPERATIONS)) | {"Problem"})


def resolved(node: Node) -> Node:
    while "$ref" in node:
        target: Any = DOC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def test_the_committed_contract_is_what_the_code_makes() -> None:
    """`make openapi` writes it; a change of the contract is seen in review."""
    assert DOCUMENT.read_text(encoding="utf-8") == contract_text(), "run: make openapi"


def test_the_contract_is_valid_openapi() -> None:
    """3.1, as the specification's own schema says."""
    OpenAPIV31SpecValidator(DOC).validate()


def test_nothing_breaks_for_the_clients_of_the_last_release() -> None:
    """Breakages need a waiver with reason and date; before the first release there is nothing to break."""
    if BASELINE.exists():
        waivers = json.loads(DOCUMENT.with_name("waivers.json").read_text(encoding="utf-8"))
        assert unwaived(breakages(json.loads(BASELINE.read_text(encoding="utf-8")), DOC), waivers) == []


def test_rule_1_status_codes_are_explicit() -> None:
    """Ranges give TypeScript that does not compile."""
    for _, _, operation in OPERATIONS:
        assert all(re.fullmatch("[1-5][0-9]{2}", status) for status in operation["responses"])


def test_rule_2_integers_have_no_format_and_fit_every_client() -> None:
    """Generators make bigint of int64; a double holds 2^53 - 1."""
    for node in nodes(DOC):
        if node.get("type") == "integer":
            assert "format" not in node
            assert abs(node.get("maximum", node.get("exclusiveMaximum", 0))) <= SAFE_INTEGER
        assert node.get("type") != "number", "no float anywhere"


def test_rule_3_unions_are_discriminated_or_anyof() -> None:
    """`oneOf` has a mapping, and its tag is required in every arm."""
    for node in nodes(SCHEMAS):
        if "oneOf" in node:
            tag = node["discriminator"]["propertyName"]
            assert node["discriminator"]["mapping"]
            assert all(tag in resolved(arm)["required"] for arm in node["oneOf"])


def test_rule_4_pages_enums_and_problems_are_named() -> None:
    """Client types get names that do not move; no module path, no generic brackets, no Input/Output twins."""
    for name, schema in SCHEMAS.items():
        assert re.fullmatch("[A-Z][A-Za-z0-9]+", name)
        assert not name.endswith(("Input", "Output"))
        for field in schema.get("properties", {}).values():
            inline = [node for node in nodes(field) if len(node.get("enum", ())) > 1]
            assert not inline, f"{name} has an enum without a name"
    for path, method, operation in OPERATIONS:
        content = operation["responses"].get("200", {}).get("content", {})
        if method == "get" and "next_cursor" in str(content):
            assert "$ref" in content["application/json"]["schema"], path


def test_rule_5_operation_ids_are_verb_and_noun_and_unique() -> None:
    """They become the methods of every client."""
    assert len(NAMES) == len(set(NAMES))
    assert [name for name in NAMES if not re.fullmatch("[a-z]+([A-Z][a-z0-9]*)+|getMe|me", name)] == []


def test_rule_6_every_array_says_what_it_holds() -> None:
    """An array without items is an array of anything."""
    assert all("items" in node for node in nodes(DOC) if node.get("type") == "array")


def test_rule_7_and_8_odd_media_types_have_a_twin_or_a_format() -> None:
    """NDJSON stands beside JSON only; a file is `format: binary`."""
    for _, _, operation in OPERATIONS:
        for answer in operation["responses"].values():
            kinds = set(resolved(answer).get("content", {}))
            assert "application/x-ndjson" not in kinds or "application/json" in kinds


def test_rule_9_names_are_snake_case() -> None:
    """One manner of writing in the whole contract."""
    for schema in SCHEMAS.values():
        assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in schema.get("properties", {}))


def test_rule_10_answers_are_open_and_requests_closed() -> None:
    """Clients ignore what they do not know; we do not."""
    for name in answers():
        assert SCHEMAS[name].get("additionalProperties") is not False, f"{name} is an answer and closed"
    for name in requests():
        if "properties" in SCHEMAS[name]:
            assert SCHEMAS[name].get("additionalProperties") is False, f"{name} is a request and open"


def test_rule_11_enums_of_answers_say_that_they_may_grow() -> None:
    """A new state of an account must not crash a till."""
    for name in answers():
        if len(SCHEMAS[name].get("enum", ())) > 1:
            assert "New values may come" in SCHEMAS[name]["description"], name


def test_rule_12_webhooks_use_the_same_components() -> None:
    """There are none yet; when they come, they refer."""
    assert references(DOC.get("webhooks", {})) <= set(SCHEMAS)


def examples() -> Iterator[tuple[str, Node, Any]]:
    for path, method, operation in OPERATIONS:
        body = operation.get("requestBody")
        places = [("body", body)] if body else []
        places += [(status, resolved(answer)) for status, answer in operation["responses"].items()]
        for place, told in places:
            for content in told.get("content", {}).values():
                for name, example in content.get("examples", {}).items():
                    yield f"{method} {path} {place} {name}", content["schema"], example["value"]


def test_rule_13_every_example_matches_its_schema() -> None:
    """What a reader copies must work; formats are checked too."""
    checks = jsonschema.FormatChecker()
    wrong = []
    for where, schema, value in examples():
        whole = {**schema, "components": DOC["components"]}
        found = jsonschema.Draft202012Validator(whole, format_checker=checks).iter_errors(value)
        wrong += [f"{where}: {error.json_path}: {error.message}" for error in found]

    assert wrong == []


def test_rule_13_every_body_and_every_answer_has_an_example() -> None:
    """2xx and problems alike."""
    for path, method, operation in OPERATIONS:
        for status, answer in operation["responses"].items():
            for kind, content in resolved(answer).get("content", {}).items():
                assert content.get("examples") or "json" not in kind, f"{method} {path} {status}"
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content["examples"]


def test_rule_14_security_names_the_permission() -> None:
    """`x-permission` is a row of the table of permissions; public operations say so."""
    for path, method, operation in OPERATIONS:
        permission = operation["x-permission"]
        assert permission in PERMISSIONS | {PUBLIC}, f"{method} {path}"
        assert operation["security"] == ([] if permission == PUBLIC else [{"apiKey": [permission]}])


def test_every_operation_tells_its_manners() -> None:
    """Problems, headers and parameters that the edge gives are in the contract."""
    for path, method, operation in OPERATIONS:
        where, statuses = f"{method} {path}", set(operation["responses"])
        shown = [resolved(one)["name"] for one in operation.get("parameters", [])]
        assert operation["tags"], where
        assert operation["summary"], where
        assert operation["description"], where
        assert {"406", "500", "503"} <= statuses, where
        if operation["x-permission"] != PUBLIC:
            assert {"400", "401", "403"} <= statuses, where
        if "{" in path:
            assert "404" in statuses, f"{where} names no 404"
        if "requestBody" in operation:
            assert {"413", "415"} <= statuses, where
        assert ("Idempotency-Key" in shown) == (method == "post"), where
        assert any(status.startswith("2") for status in statuses), where
        assert all(len(name) == len(set(name)) or name for name in shown)


def test_lists_take_limit_and_cursor() -> None:
    """1 to 200, default 50; `next_cursor` in the answer."""
    for path, _, operation in OPERATIONS:
        shown = {resolved(one)["name"]: resolved(one) for one in operation.get("parameters", [])}
        if "cursor" in shown:
            limit = shown["limit"]["schema"]
            assert (limit["minimum"], limit["maximum"], limit["default"]) == (1, 200, 50), path


def test_every_problem_code_has_a_page_and_every_page_a_code() -> None:
    """`type` never leads nowhere."""
    pages = {page.stem for page in PROBLEMS.glob("*.md")}

    assert set(problem_classes()) - pages == set(), "codes without a page"
    assert pages - set(problem_classes()) == set(), "pages without a code"


def test_every_page_begins_with_a_title_and_explains() -> None:
    """What it means, when it comes, what to do."""
    for page in PROBLEMS.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert text.startswith("# "), page.name
        assert len(text.split()) >= 20, page.name


def test_every_code_has_a_family_with_a_status() -> None:
    """A status code stands in one table only."""
    strays = {code for code, error in problem_classes().items() if status_of(error) == 500} - {"internal-error"}

    assert strays == set()


def test_one_code_is_one_meaning() -> None:
    """Two classes may share a code only with one status."""

    def below(error: type[DomainError]) -> Iterator[type[DomainError]]:
        for child in error.__subclasses__():
            yield child
            yield from below(child)

    told: dict[str, int] = {}
    for error in below(DomainError):
        if error.__module__.partition(".")[0] in PACKAGES and error.code != DomainError.code:
            assert told.setdefault(error.code, status_of(error)) == status_of(error), error


def test_details_are_told_in_three_languages() -> None:
    """A problem is read to customers in Russian, Ukrainian or English."""
    assert set(problem_classes()) - set(WORDS) == set(), "codes without words"
    assert set(WORDS) - set(problem_classes()) == set(), "words without a code"
    for words in WORDS.values():
        assert all(text.endswith(".") and text[0].isupper() for text in words)


def test_no_tool_leaves_a_trace_of_a_registry() -> None:
    """Lock files of the contract's tools name no host."""
    for lock in (DOCUMENT.parent / "tools").glob("**/package-lock.json"):
        if "node_modules" not in lock.parts:
            packages: Mapping[str, Node] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
            assert not [name for name, package in packages.items() if "resolved" in package]
    assert Path(DOCUMENT.parent / "tools" / ".npmrc").read_text().startswith("omit-lockfile-registry-resolved=true")
