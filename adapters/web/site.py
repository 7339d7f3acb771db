"""What every page works with: the site (templates, words, sessions) and a visit (one request with its visitor).

A page's module has ``routes(site) -> list of handlers``. A handler takes ``visit`` and answers ``visit.page(…)`` or,
after a form, ``visit.go(path)``. What the API refuses and a handler does not catch becomes a page that says why.
"""

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, UploadFile
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from adapters.http import errors
from adapters.http.identity import Identity, Role
from adapters.http.problems import FieldError, Problem, problem
from adapters.http.sentences import SENTENCES
from adapters.http.session import SAFE, Sessions, must_be_ours
from adapters.web.api import Api, Refusal, carried, client_of
from adapters.web.assets import Assets
from adapters.web.saying import Saying, day_in
from adapters.web.words import LANGUAGES, Language, translations
from domain.message import Text
from domain.workdays import local_date

TEMPLATES = Path(__file__).parent / "templates"
HTML_LANGUAGES = {"zh": "zh-CN", "en": "en"}
THEMES = ("light", "dark")
PREFERENCES = {"language": LANGUAGES, "size": ("normal", "large"), "theme": ("auto", *THEMES)}
"""What a visitor may choose about how pages look, each kept in a cookie of that name."""

DEVICE = re.compile(r"/halls/(?P<hall>[^/]+)/((?P<kiosk>kiosk)(/.*)?|(windows/[^/]+/)?(?P<screen>screen))")
"""The paths of devices, which have no way back of their own."""
AGAIN = (429, 500, 502, 503)
AGAIN_S = 10

Page = Response[str]


class SignInNeeded(Exception):
    """The page is for people who have signed in, or for devices that were enrolled: ``where`` that is done."""

    def __init__(self, where: str = "/sign-in") -> None:
        super().__init__(where)
        self.where = where


class Instead(Exception):
    """This page, and not the one that the handler was about to answer."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page


class Site:
    """The pages' common ground.

    Args:
        sessions: who browsers are.
        identify: turns a token into an identity.
        clock: the clock of the program, aware.
        public_url: how browsers reach the program, if it is told.
        development_tokens: whether anybody may sign in as anybody, and the demonstration's pages exist.
    """

    def __init__(
        self,
        sessions: Sessions,
        identify: Callable[[str], Awaitable[Identity]],
        clock: Callable[[], datetime],
        *,
        development_tokens: bool,
        public_url: str | None = None,
    ) -> None:
        self.sessions = sessions
        self.identify = identify
        self.public_url = public_url
        self.clock = clock
        self.development_tokens = development_tokens
        self.assets = Assets()
        self.words = {language: translations(language) for language in LANGUAGES}
        self.saying = {
            language: Saying(language, self.words[language].gettext, clock) for language in LANGUAGES
        }
        self.templates = {language: self._environment(language) for language in LANGUAGES}
        self._client: httpx.AsyncClient | None = None

    def today(self) -> date:
        """The day where the halls are."""
        return local_date(self.clock())

    def visit(self, request: Request[Any, Any, Any]) -> "Visit":
        """The visit that a request is."""
        return Visit(self, request, Api(self.client(request), carried(request)))

    def client(self, request: Request[Any, Any, Any]) -> httpx.AsyncClient:
        """Asks this program in process, for whoever has a token of their own."""
        if self._client is None:
            self._client = client_of(request.app)
        return self._client

    def refused(self, request: Request[Any, Any, Any], error: Exception) -> "Page":
        """The page for what a handler did not catch: the way to sign in, or what is the matter."""
        # What no route took was seen by nobody at the door of the routes.
        request.scope.setdefault("user", self.sessions.of("GET", request.scope["headers"]))
        visit = self.visit(request)
        match error:
            case Instead():
                return error.page
            case SignInNeeded():
                return visit.go(f"{error.where}?next={quote(visit.path, safe='')}")
            case Refusal():
                told, headers = error.problem, {"Retry-After": error.retry_after}
            case _:
                found = errors.rejection(error)
                told = problem(found.status, found.code, found.facts, errors=found.errors)
                headers = dict(found.headers)
        shown = visit.trouble(told)
        shown.headers |= {name: value for name, value in headers.items() if value is not None}
        return shown

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.policies["ext.i18n.trimmed"] = True
        environment.install_gettext_translations(self.words[language], newstyle=True)  # type: ignore[attr-defined]
        environment.globals |= {
            "static": self.assets.url,
            "language": language,
            "html_language": HTML_LANGUAGES[language],
            "development_tokens": self.development_tokens,
            "blank_form": Form,
        }
        saying = self.saying[language]
        environment.filters |= {
            "said": saying.said,
            "day": saying.day,
            "day_in": day_in,
            "clock": saying.clock,
            "moment": saying.moment,
            "duration": saying.duration,
        }
        return environment


class Form:
    """What somebody filled in, and what was wrong with it. An empty one is a form not yet sent.

    Its fields carry the names of the API body's fields (``person.name``), so that what the API says of a field stands
    beside it. ``key`` goes along hidden: a form that is sent twice does one thing. ``ids`` is what the ids of its
    fields begin with, for pages that have several forms. A handler reads as if nothing could go wrong::

        form = await visit.form()
        async with form.back_to(lambda wrong: shown(visit, wrong)):
            form.needs("reason")
            await visit.api.post(path, form.given("reason"), key=form.key)
        return visit.go("/where/it/is/seen")
    """

    ids = "f"

    def __init__(self, sent: Iterable[tuple[str, str]] = (), problem: Problem | None = None) -> None:
        self.sent = [(name, text.strip()) for name, text in sent]
        self.problem = problem
        self.key = self["key"] or secrets.token_urlsafe(12)

    def __getitem__(self, name: str) -> str:
        """A field's trimmed text; empty if it was not sent."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Every value of a field that may have several, as ticked boxes have."""
        return [text for known, text in self.sent if known == name and text]

    def given(self, *names: str) -> dict[str, str]:
        """The named fields that were filled in."""
        return {name: self[name] for name in names if self[name]}

    def wrong(self, refusal: Refusal) -> "Form":
        """The same form, to be shown again with what was wrong."""
        return Form(self.sent, refusal.problem)

    def needs(self, *names: str) -> None:
        """Raises:
        Refusal: 422, a named field is empty.
        """
        if missing := [FieldError(name, "field-missing") for name in names if not self[name]]:
            raise Refusal(problem(422, "form-incomplete", errors=missing))

    @asynccontextmanager
    async def back_to(self, show: Callable[["Form"], Page | Awaitable[Page]]) -> AsyncIterator[None]:
        """What is refused within leads back to the form: ``show`` is told it with what was wrong.

        Raises:
            Instead: with the page that ``show`` makes.
        """
        try:
            yield
        except Refusal as refusal:
            page = show(self.wrong(refusal))
            raise Instead(await page if isinstance(page, Awaitable) else page) from refusal

    def error(self, name: str) -> Text | None:
        """What is wrong with a field."""
        for found in self.problem.errors if self.problem else ():
            if found.field == name:
                return said_of(found)
        return None


class Visit:
    """One request: its visitor, the language and look they chose, and the API as they may use it."""

    def __init__(self, site: Site, request: Request[Any, Any, Any], api: Api) -> None:
        self.site = site
        self.request = request
        self.api = api
        self.identity: Identity | None = request.scope.get("user")
        cookies = request.cookies
        self.language: Language = "en" if cookies.get("language") == "en" else "zh"
        asked = request.query_params.get("theme") or cookies.get("theme")
        self.theme = asked if asked in THEMES else None
        self.large = cookies.get("size") == "large"
        self._environment = site.templates[self.language]

    @property
    def path(self) -> str:
        """Where the visitor is, with the query, to be led back to."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    def address(self, path: str) -> str:
        """A path of this site as somebody elsewhere types it: for codes that are scanned."""
        return f"{self.site.public_url or self.request.base_url}".rstrip("/") + path

    def gettext(self, text: str, **told: Any) -> str:
        """A string of a module in the visitor's language. Name it ``_`` so that it is found:
        ``_ = visit.gettext``."""
        translated = self.site.words[self.language].gettext(text)
        return translated % told if told else translated

    def say(self, text: Text | Mapping[str, str]) -> str:
        """A text of the domain in the visitor's language."""
        return self.site.saying[self.language].said(text)

    def moment(self, at: datetime | str) -> str:
        """An instant as the visitor reads it."""
        return self.site.saying[self.language].moment(at)

    def require(self, *roles: Role) -> Identity:
        """The visitor, if they have one of the roles; any role, if none is named.

        Raises:
            SignInNeeded: nobody has signed in; they are led to the sign-in page and back.
            Refusal: somebody of another role has.
        """
        if self.identity is None:
            raise SignInNeeded
        if roles and self.identity.role not in roles:
            raise Refusal(problem(403, "not-yours", {"role": self.identity.role}))
        return self.identity

    async def form(self) -> Form:
        """What was sent, without its files."""
        sent = await self.request.form()
        return Form((name, value) for name, value in sent.multi_items() if isinstance(value, str))

    async def file(self, name: str) -> tuple[str, bytes] | None:
        """A file that was sent, its name and what is in it; none if none was chosen."""
        for known, value in (await self.request.form()).multi_items():
            if known == name and isinstance(value, UploadFile) and value.filename:
                return value.filename, await value.read()
        return None

    def page(self, template: str, *, status: int = HTTPStatus.OK, **told: Any) -> Page:
        """A template with what it is told; beside that it knows ``visit``, and ``form`` if it is told one."""
        if isinstance(form := told.get("form"), Form) and form.problem is not None:
            status = form.problem.status
        html = self._environment.get_template(template).render(visit=self, **told)
        headers = {"Content-Language": HTML_LANGUAGES[self.language]}
        return Response(html, media_type=MediaType.HTML, status_code=status, headers=headers)

    def trouble(self, told: Problem) -> Page:
        """The page for what no page of its own is made of. A kiosk leads back to its own first page, and a screen, at
        which nobody stands, asks again by itself."""
        device = DEVICE.fullmatch(self.request.url.path)
        if device is not None and device["kiosk"] and told.status not in (401, 403):
            name = device["hall"]
            return self.page("kiosk/sorry.html", status=told.status, name=name, problem=told, opening=None)
        shown = self.page("problem.html", status=told.status, problem=told)
        if device is not None and device["screen"] and told.status in AGAIN:
            shown.headers["Refresh"] = str(AGAIN_S)
        return shown

    def missing(self, about: Text) -> Page:
        """The page for what is not there."""
        return self.page("missing.html", status=HTTPStatus.NOT_FOUND, about=about)

    def go(self, path: str, *cookies: Cookie) -> Page:
        """Lead the browser on, as after every form that was accepted."""
        headers = {"Location": inside(path)}
        return Response("", status_code=HTTPStatus.SEE_OTHER, headers=headers, cookies=cookies)

    def leave(self, url: str, *cookies: Cookie) -> Page:
        """Lead the browser to another site: the identity provider, and nobody else."""
        return Response("", status_code=HTTPStatus.SEE_OTHER, headers={"Location": url}, cookies=cookies)


Visiting = NamedDependency[Visit]
"""How a handler takes its visit: ``async def page(visit: Visiting, …) -> Page``."""


def inside(path: str) -> str:
    """A path of this site; the first page for anything that leads elsewhere."""
    found = urlsplit(path)
    safe = path.startswith("/") and not re.match(r"/[/\\]", path) and not found.netloc and path.isprintable()
    return quote(path, safe="/?&=%#+:,;@!$'()*~.-_") if safe else "/"


def said_of(error: FieldError) -> Text:
    """What is wrong with a field, as it is said beside it."""
    return error.text or SENTENCES.get(error.message, SENTENCES["field-wrong"])


async def ours(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guards the pages: a form is taken only from a page of ours, whoever is signed in.

    Raises:
        Rejected: 403, it came from elsewhere.
    """
    if connection.scope.get("method", "GET") not in SAFE:
        must_be_ours(connection.scope["headers"])


def as_json(value: Any) -> str:
    """A value for a data attribute that a script reads."""
    return msgspec.json.encode(value).decode()
