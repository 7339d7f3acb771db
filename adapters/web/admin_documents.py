"""What is configured, as forms: a part of a document at a time, rehearsed before it is put in force.

Two presses for every change: the first shows what it would do, field by field; the second stores it. What changed
between the two is rehearsed again. Every version is kept and may be put in force again.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.http.problems import FieldError, Problem, problem
from adapters.web.admin_kinds import KINDS, Document, Kind
from adapters.web.admin_made import Wrong, located, make, named
from adapters.web.admin_shape import Draft, Shape, fill, read, rearranged
from adapters.web.admin_told import Line, Told
from adapters.web.admin_week import DAY_NAMES, week_of
from adapters.web.api import Refusal
from adapters.web.site import Form, Page, Visit, Visiting, said_of
from adapters.web.supervise_words import told_by
from domain.message import Text

NO_KIND = Text("没有这一类配置。", "There is no configuration of this kind.")
NO_PART = Text("没有这一部分。", "There is no such part.")

WINDOW_NOW = ("state", "pause")
VERSIONS_SHOWN = 50
BYTES_MAX = 2_000_000


class Standing(NamedTuple):
    """A configured thing as it stands: its document, none of a new one; its versions, the newest first."""

    kind: Kind
    word: str
    name: str
    document: Document
    versions: list[dict[str, Any]]
    sources: Mapping[str, list[tuple[str, str]]]

    @property
    def path(self) -> str:
        return self.kind.path.format(name=self.name)

    @property
    def version(self) -> int | None:
        return self.versions[0]["version"] if self.versions else None

    @property
    def title(self) -> str:
        """What it is called, as its pages say it."""
        if self.word == "terms":
            return dict(self.sources["regions"]).get(self.name, self.name)
        return self.name

    @property
    def text(self) -> Mapping[str, str] | None:
        """Its own name, if it has one."""
        return self.document.get("name") or self.document.get("title")

    @property
    def shown(self) -> Document:
        return self.kind.shown(self.kind.begun(self.document))

    def with_part(self, made: Document) -> Document:
        """The whole document with a part of it filled in anew."""
        told = {"year": int(self.name)} if self.word == "calendars" else {}
        return self.kind.stored({**self.shown, **told, **made})

    def changes(self, visit: Visit, document: Document) -> list[Line]:
        """What a document would change, in the visitor's words."""
        return changes(visit, self, self.document, document)


class Rehearsal(NamedTuple):
    """What a change would do: ``lines`` in words, ``days`` of a hall; ``digest`` is of the document that it is for."""

    lines: list[Line]
    days: list[dict[str, Any]]
    digest: str
    moved_on: bool = False


def routes() -> list[HTTPRouteHandler]:
    """The handlers."""

    @get("/admin/documents/{kind:str}/{name:str}")
    async def first(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        return await _part(visit, kind, name, KINDS[kind].first)

    @get("/admin/documents/{kind:str}/{name:str}/{part:str}")
    async def shown(visit: Visiting, kind: FromPath[str], name: FromPath[str], part: FromPath[str]) -> Page:
        visit.require("admin")
        return await _part(visit, kind, name, part)

    @post(
        "/admin/documents/{kind:str}/{name:str}/{part:str}",
        request_max_body_size=BYTES_MAX,
    )
    async def change(visit: Visiting, kind: FromPath[str], name: FromPath[str], part: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS or part not in KINDS[kind].parts:
            return visit.missing(NO_PART)
        form = await visit.form()
        standing = await stands(visit, kind, name)
        shape = standing.kind.shape.part(standing.kind.parts[part].fields)
        draft = read(shape, _sent(form))
        if form["do"]:
            what, _, path = form["do"].partition(" ")
            rearranged(shape, draft, what, path)
            return show(visit, standing, part, shape, draft, form, opened=path)
        wrong: Wrong = {}
        made = make(shape, draft, wrong)
        if wrong:
            incomplete = form.wrong(Refusal(problem(422, "form-wrong")))
            return show(visit, standing, part, shape, draft, incomplete, wrong)
        document = standing.with_part(made)
        digest = digested(document)
        try:
            if form["act"] == "save" and form["rehearsed"] == digest:
                await visit.api.put(standing.path, document, key=form.key, version=standing.version)
                return visit.go(f"/admin/documents/{kind}/{name}/{part}?saved=1")
            told = await visit.api.put(f"{standing.path}?dry_run=true", document)
        except Refusal as refusal:
            said, wrong = explained(visit, standing.kind.shape, shape, draft, refusal.problem)
            return show(visit, standing, part, shape, draft, form.wrong(Refusal(said)), wrong)
        lines = standing.changes(visit, standing.kind.normal(document))
        rehearsal = Rehearsal(lines, told.get("days", []), digest, form["act"] == "save")
        return show(visit, standing, part, shape, draft, form, rehearsal=rehearsal)

    async def _part(visit: Visit, kind: str, name: str, part: str) -> Page:
        if kind not in KINDS or part not in KINDS[kind].parts:
            return visit.missing(NO_PART)
        standing = await stands(visit, kind, name)
        shape = standing.kind.shape.part(standing.kind.parts[part].fields)
        draft = fill(shape, standing.shown)
        days: Any = None
        if part == "plan" and standing.document:
            days = (await visit.api.get(f"{standing.path}/plan/days"))["days"]
        return show(visit, standing, part, shape, draft, Form(), days=days)

    # --- as JSON ----------------------------------------------------------------------------------------------

    @get("/admin/json/{kind:str}/{name:str}")
    async def raw(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        standing = await stands(visit, kind, name)
        return _raw(visit, standing, Form([("document", _written(standing.document))]))

    @post("/admin/json/{kind:str}/{name:str}", request_max_body_size=BYTES_MAX)
    async def write(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        form = await visit.form()
        standing = await stands(visit, kind, name)
        try:
            document = json.loads(form["document"])
        except ValueError:
            no = problem(422, "invalid", errors=[FieldError("document", "malformed-json")])
            return _raw(visit, standing, form.wrong(Refusal(no)))
        digest = digested(document)
        async with form.back_to(lambda wrong: _raw(visit, standing, wrong)):
            if form["act"] == "save" and form["rehearsed"] == digest:
                await visit.api.put(standing.path, document, key=form.key, version=standing.version)
                return visit.go(f"/admin/json/{kind}/{name}?saved=1")
            told = await visit.api.put(f"{standing.path}?dry_run=true", document)
        lines = standing.changes(visit, standing.kind.normal(document))
        again = form["act"] == "save"
        return _raw(visit, standing, form, Rehearsal(lines, told.get("days", []), digest, again))

    # --- versions ---------------------------------------------------------------------------------------------

    @get("/admin/versions/{kind:str}/{name:str}")
    async def versions(visit: Visiting, kind: FromPath[str], name: FromPath[str]) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        standing = await stands(visit, kind, name)
        told = [
            {**version, "by": told_by(visit, version["by"]), "fields": _fields(visit, standing, version)}
            for version in standing.versions[:VERSIONS_SHOWN]
        ]
        return visit.page("admin/versions.html", standing=standing, versions=told)

    @get("/admin/versions/{kind:str}/{name:str}/{version:int}")
    async def version(
        visit: Visiting, kind: FromPath[str], name: FromPath[str], version: FromPath[int]
    ) -> Page:
        visit.require("admin")
        return await _version(visit, kind, name, version, Form())

    @post("/admin/versions/{kind:str}/{name:str}/{version:int}")
    async def restore(
        visit: Visiting, kind: FromPath[str], name: FromPath[str], version: FromPath[int]
    ) -> Page:
        visit.require("admin")
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        form = await visit.form()
        standing = await stands(visit, kind, name)
        kept = await visit.api.get(f"{standing.path}/history/{version}")
        async with form.back_to(lambda wrong: _version(visit, kind, name, version, wrong)):
            await visit.api.put(standing.path, kept["document"], key=form.key, version=standing.version)
        return visit.go(f"/admin/documents/{kind}/{name}?saved=1")

    async def _version(visit: Visit, kind: str, name: str, version: int, form: Form) -> Page:
        if kind not in KINDS:
            return visit.missing(NO_KIND)
        standing = await stands(visit, kind, name)
        kept = await visit.api.get(f"{standing.path}/history/{version}")
        earlier = next((one["version"] for one in standing.versions if one["version"] < version), None)
        before: Document = {}
        if earlier is not None:
            before = (await visit.api.get(f"{standing.path}/history/{earlier}"))["document"]
        return visit.page(
            "admin/version.html",
            standing=standing,
            version=kept | {"by": told_by(visit, kept["by"])},
            lines=changes(visit, standing, before, kept["document"]),
            back=standing.changes(visit, kept["document"]),
            newest=version == standing.version,
            form=form,
        )

    return [first, shown, change, raw, write, versions, version, restore]


async def stands(visit: Visit, kind: str, name: str) -> Standing:
    """A configured thing as it stands.

    Raises:
        Refusal: nothing of the kind can be called so.
    """
    if kind == "calendars" and not (name.isascii() and name.isdigit() and len(name) == 4):
        raise Refusal(problem(404, "unknown-calendar"))
    document = await _now(visit, KINDS[kind], name)
    try:
        versions = (await visit.api.get(f"{KINDS[kind].path.format(name=name)}/history"))["versions"]
    except Refusal:
        versions = []  # a thing that is not there yet has none
    return Standing(KINDS[kind], kind, name, document, versions, await _sources(visit, kind, name, document))


def changes(visit: Visit, standing: Standing, was: Document, becomes: Document) -> list[Line]:
    """What becomes of one document in another."""
    kind = standing.kind
    before, after = kind.shown(kind.begun(was)), kind.shown(kind.begun(becomes))
    return list(Told(visit.say, standing.sources).changes(kind.shape, before, after))


def digested(document: Any) -> str:
    """So that a document is stored as it was rehearsed."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()[:16]


def explained(visit: Visit, whole: Shape, shape: Shape, draft: Draft, told: Problem) -> tuple[Problem, Wrong]:
    """A refusal with its fields by their names, and what to say beside the fields of a form."""
    wrong: Wrong = {}
    field = told.facts.get("field")
    if field is not None:
        name = " · ".join(visit.say(word) for word in named(whole, str(field)))
        facts = told.facts | {"field": name or field}
        told = problem(told.status, told.code, facts, errors=told.errors)
        names = told.facts.get("names", ())
        for path in located(shape, draft, str(field)):
            if told.code != "named-twice" or _at(draft, path) in names:
                wrong[path] = told.text
    for error in told.errors:
        for path in located(shape, draft, error.field):
            wrong[path] = said_of(error)
    return told, wrong


def _at(draft: Draft, path: str) -> Any:
    for name in path.split("."):
        draft = draft[int(name)] if isinstance(draft, list) else draft[name]
    return draft


def show(
    visit: Visit,
    standing: Standing,
    part: str,
    shape: Shape,
    draft: Draft,
    form: Form,
    wrong: Wrong | None = None,
    *,
    rehearsal: Rehearsal | None = None,
    days: Sequence[Any] | None = None,
    opened: str = "",
    taken: bool = False,
) -> Page:
    """The form of a part of a document.

    Args:
        rehearsal: what the change would do, if it was asked.
        days: what a hall's plan in force offers.
        opened: the path of the row that a button has made.
        taken: whether it was filled in from a file.
    """
    return visit.page(
        "admin/document.html",
        standing=standing,
        part=part,
        shape=shape,
        draft=draft,
        wrong=wrong or {},
        faults=[
            (path, " · ".join(visit.say(name) for name in named(shape, path)), text)
            for path, text in (wrong or {}).items()
        ],
        form=form,
        rehearsal=rehearsal,
        days=days,
        week=week_of(shape, draft) if part == "plan" else [],
        day_names=DAY_NAMES,
        opened=opened,
        taken=taken,
        telling=Told(visit.say, standing.sources),
        saved="saved" in visit.request.query_params,
        status=HTTPStatus.OK,
    )


def _raw(visit: Visit, standing: Standing, form: Form, rehearsal: Rehearsal | None = None) -> Page:
    saved = "saved" in visit.request.query_params
    return visit.page("admin/json.html", standing=standing, form=form, rehearsal=rehearsal, saved=saved)


async def _now(visit: Visit, kind: Kind, name: str) -> Document:
    """The document in force; nothing for a new one."""
    try:
        found: Document = await visit.api.get(kind.path.format(name=name))
    except Refusal as refusal:
        if refusal.problem.status != HTTPStatus.NOT_FOUND or refusal.problem.code == "unknown-region":
            raise
        return {}
    if kind is KINDS["terms"]:
        terms: Document = found["terms"]
        return terms
    for word in kind.beside:
        found.pop(word, None)
    for window in found.get("windows", ()) if kind is KINDS["halls"] else ():
        for word in WINDOW_NOW:
            window.pop(word, None)
    return found


async def _sources(
    visit: Visit, kind: str, name: str, document: Document
) -> Mapping[str, list[tuple[str, str]]]:
    """What the fields of a document are chosen from."""
    if kind == "calendars":
        return {}
    regions = (await visit.api.get("/regions", limit=100))["regions"]
    named = [(one["region"], f"{visit.say(one['name'])} {one['region']}") for one in regions]
    if kind == "terms":
        return {"regions": named}
    halls = (await visit.api.get("/halls", limit=100))["halls"]
    if kind == "items":
        queues = {q["queue"]: visit.say(q["name"]) for hall in halls for q in hall["queues"]}
        return {"queues": [(queue, f"{title}（{queue}）") for queue, title in queues.items()]}
    return {
        "halls": [(hall["hall"], visit.say(hall["name"])) for hall in halls if hall["hall"] != name],
        "regions": named,
        "queues": [
            (queue["queue"], f"{queue['prefix']} {visit.say(queue['name'])}")
            for queue in document.get("queues", ())
        ],
        "skills": [(skill, visit.say(text)) for skill, text in document.get("skills", {}).items()],
    }


def _fields(visit: Visit, standing: Standing, version: Mapping[str, Any]) -> list[str]:
    """Which fields a version changed, by their names."""
    heads = {field.partition(".")[0] for field, _, _ in version["changes"]}
    return [visit.say(field.word.name) for field in standing.kind.shape.fields if field.name in heads]


def _sent(form: Form) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for name, text in form.sent:
        sent.setdefault(name, []).append(text)
    return sent


def _written(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)
